"""What every image probe promises."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.imaging.header_probe import HeaderProbe
from application.ports.image_probe import ImageProbe
from domain.errors import DomainError, UnsupportedCodec, UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader
from domain.images.upload_policy import UploadPolicy
from tests import pictures
from tests.bad_pictures import (
    BadPicture,
    bad_pictures,
    gif_of_frames,
    tiff_of_pages,
    webp_of_frames,
)
from tests.odd_pictures import odd_pictures

POLICY = UploadPolicy()


@pytest.fixture(params=[HeaderProbe], ids=["header"])
def probe(request: pytest.FixtureRequest) -> ImageProbe:
    return request.param()


def interlaced_png() -> bytes:
    """Return the header of one, with the flag that Pillow cannot set."""
    data = bytearray(pictures.png_photo())
    data[28] = 1
    return bytes(data)


class CountedFile(io.BytesIO):
    """A file that remembers how often and how much was read of it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = 0
        self.largest_read = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        self.largest_read = max(self.largest_read, size if size and size > 0 else 1 << 62)
        return super().read(size)


class TestImageProbe:
    @pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "gif", "tiff"])
    def test_every_format_is_known_by_its_bytes(self, probe: ImageProbe, name: str) -> None:
        header = probe.inspect(io.BytesIO(pictures.all_formats()[name]))

        assert header == PictureHeader(ImageFormat(name), 320, 240, frames=1)

    @pytest.mark.parametrize(
        ("make", "format", "frames"),
        [
            (lambda: pictures.animated_gif(5, (60, 40)), ImageFormat.GIF, 5),
            (lambda: pictures.animated_webp(4, (60, 40)), ImageFormat.WEBP, 4),
            (lambda: pictures.multipage_tiff(3, (60, 40)), ImageFormat.TIFF, 3),
        ],
    )
    def test_frames_are_counted(self, probe: ImageProbe, make, format, frames) -> None:
        assert probe.inspect(io.BytesIO(make())) == PictureHeader(format, 60, 40, frames)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: pictures.encoded(pictures.view(60, 40), "WEBP", lossless=True),
            lambda: pictures.encoded(pictures.view(60, 40).convert("RGBA"), "WEBP", quality=50),
            lambda: pictures.encoded(pictures.view(60, 40), "JPEG", progressive=True),
            lambda: pictures.encoded(pictures.view(60, 40).convert("CMYK"), "JPEG"),
            lambda: pictures.encoded(pictures.view(60, 40).convert("1"), "PNG"),
            lambda: pictures.encoded(pictures.view(60, 40), "TIFF", big_tiff=True),
        ],
        ids=["lossless WebP", "WebP with alpha", "progressive", "CMYK", "1 bit", "BigTIFF"],
    )
    def test_every_flavour_tells_its_size(self, probe: ImageProbe, make) -> None:
        header = probe.inspect(io.BytesIO(make()))

        assert (header.width, header.height) == (60, 40)

    def test_a_big_endian_tiff_tells_its_size(self, probe: ImageProbe) -> None:
        tiff = b"MM\0*" + struct.pack(">IHHHIHxxHHIII", 8, 2, 256, 3, 1, 60, 257, 4, 1, 40, 0)

        assert probe.inspect(io.BytesIO(tiff)) == PictureHeader(ImageFormat.TIFF, 60, 40, 1)

    def test_a_jpeg_is_read_past_megabytes_of_metadata(self, probe: ImageProbe) -> None:
        segment = b"\xff\xe2\xff\xff" + bytes(65_533)
        file = CountedFile(b"\xff\xd8" + 100 * segment + pictures.photo(60, 40)[2:])

        header = probe.inspect(file)

        assert (header.width, header.height) == (60, 40)
        assert file.reads <= 512

    @pytest.mark.parametrize("marker", [0xC3, 0xC9, 0xCB])
    def test_jpegs_that_few_can_read_are_an_unsupported_codec(self, probe, marker: int) -> None:
        data = pictures.photo(60, 40).replace(b"\xff\xc0", bytes((0xFF, marker)), 1)

        with pytest.raises(UnsupportedCodec):
            probe.inspect(io.BytesIO(data))

    def test_a_jpeg_of_twelve_bits_is_an_unsupported_codec(self, probe: ImageProbe) -> None:
        data = pictures.photo(60, 40).replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c", 1)

        with pytest.raises(UnsupportedCodec):
            probe.inspect(io.BytesIO(data))

    @pytest.mark.parametrize(
        "bad",
        [bad for bad in (*bad_pictures(), *odd_pictures()) if not bad.as_watermark],
        ids=str,
    )
    def test_bad_pictures_are_refused_as_documented(self, probe, bad: BadPicture) -> None:
        data = bad.data
        try:
            POLICY.check_size(len(data))
            POLICY.check_header(probe.inspect(io.BytesIO(data)))
        except DomainError as refusal:
            assert bad.allows_refusal(refusal.code), bad.expectation()
        else:
            assert not bad.must_be_refused, bad.expectation()

    @pytest.mark.parametrize(
        "make",
        [
            lambda: gif_of_frames(60_000),
            lambda: webp_of_frames(20_000),
            lambda: tiff_of_pages(20_000),
            lambda: (
                b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0) + b"!\xfe" + b"\1x" * 10_000_000
            ),
            lambda: b"\xff\xd8\xff\xe0" + b"\x00\x02\xff\xe0" * 5_000_000,
            lambda: b"\xff\xd8\xff" + bytes(5_000_000),
        ],
        ids=["GIF frames", "WebP frames", "TIFF pages", "GIF blocks", "JPEG segments", "garbage"],
    )
    def test_reading_is_bounded_whatever_the_file_says(self, probe: ImageProbe, make) -> None:
        file = CountedFile(make())

        try:
            probe.inspect(file)
        except UnsupportedMedia:
            pass

        assert file.reads <= 512
        assert file.largest_read <= 64 * 1024

    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda: pictures.small_jpeg(), {"in_passes": False, "alpha": False, "turned": False}),
            (lambda: pictures.progressive_photo(), {"in_passes": True, "samples": 1.5}),
            (lambda: pictures.grey_jpeg(), {"samples": 1, "bits": 8}),
            (lambda: pictures.cmyk_jpeg(), {"samples": 4}),
            (lambda: pictures.photo(80, 60, subsampling="4:4:4"), {"samples": 3}),
            (lambda: pictures.exif_oriented(6), {"turned": True}),
            (lambda: pictures.exif_oriented(2), {"turned": False}),
            (lambda: pictures.garbage_exif_jpeg(), {"in_passes": False}),
            (lambda: pictures.png_with_alpha(80, 60), {"samples": 4, "alpha": True, "bits": 8}),
            (lambda: pictures.png_photo(), {"in_passes": False, "samples": 3, "turned": False}),
            (lambda: pictures.grey_png16(), {"samples": 1, "bits": 16}),
            (lambda: interlaced_png(), {"in_passes": True}),
            (lambda: pictures.webp_photo(), {"lossless": False, "alpha": False}),
            (lambda: pictures.photo(80, 60, "WEBP", lossless=True), {"lossless": True}),
            (lambda: pictures.avif_photo(), {"bits": 8, "samples": 1.5, "alpha": False}),
            (lambda: pictures.tiff_photo(), {"samples": 3, "bits": 8, "turned": False}),
            (lambda: pictures.float_tiff(), {"samples": 1, "bits": 32}),
        ],
    )
    def test_how_the_pixels_are_packed_is_told(self, probe: ImageProbe, make, expected) -> None:
        coding = probe.inspect(io.BytesIO(make())).coding

        assert {name: getattr(coding, name) for name in expected} == expected

    @settings(max_examples=300, deadline=None)
    @given(
        name=st.sampled_from(["jpeg", "png", "webp", "avif", "gif", "tiff"]),
        cut=st.integers(0, 4000),
        where=st.integers(0, 1500),
        noise=st.binary(max_size=40),
    )
    def test_no_damage_makes_it_fail_otherwise_than_it_says(self, name, cut, where, noise) -> None:
        data = bytearray(pictures.all_formats()[name][:cut])
        data[where : where + len(noise)] = noise

        try:
            header = HeaderProbe().inspect(io.BytesIO(bytes(data)))
        except UnsupportedMedia:
            return

        assert header.width > 0
        assert header.height > 0
