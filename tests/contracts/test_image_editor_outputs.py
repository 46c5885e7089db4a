"""What results are written as, looked at with Pillow."""

import io
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageSequence

from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditFailed, ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Operation, Resize
from domain.images.output import Auto, Kept, Metadata, Output, Palette, Qualities, Subsampling
from domain.images.pipeline import MAIN, Pipeline
from domain.images.units import Color
from domain.tasks.task import FailureCode
from tests import pictures
from tests.limits import renderer_limits

JPEG, PNG, WEBP, AVIF, GIF, TIFF = ImageFormat
LOSSY = [JPEG, WEBP, AVIF]
EXIF_COPYRIGHT, EXIF_ARTIST, EXIF_MAKE, EXIF_ORIENTATION, EXIF_GPS = (
    0x8298,
    0x013B,
    0x010F,
    0x0112,
    0x8825,
)


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def written(editor: ImageEditor, source: bytes, output: Output, *operations: Operation) -> bytes:
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as target:
        file.write(source)
        file.seek(0)
        edited = editor.edit(file, Pipeline(operations, output), {}, {MAIN: target})
        data = target.read()
    assert edited.main.format.value == pictures.format_of(data)
    assert edited.main.byte_size == len(data)
    return data


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


class TestAuto:
    @pytest.mark.parametrize(
        ("source", "format"),
        [
            (pictures.photo, "webp"),
            (pictures.png_with_alpha, "webp"),
            (lambda: pictures.line(1, 16_384), "png"),
            (lambda: pictures.photo(16_384, 20), "jpeg"),
        ],
        ids=["photo", "transparent", "a long line", "a wide photo"],
    )
    def test_by_what_the_picture_needs(self, editor, source, format) -> None:
        data = source()
        if format == "png":
            data = pictures.encoded(pictures.opened(data).convert("RGBA"), "PNG")

        assert pictures.format_of(written(editor, data, Output(Auto.AUTO))) == format

    def test_an_animation_stays_one(self, editor: ImageEditor) -> None:
        data = written(editor, pictures.animated_gif(5), Output(Auto.AUTO), Resize(100))

        assert (pictures.format_of(data), pictures.frames_of(data)) == ("webp", 5)


class TestQuality:
    @pytest.mark.parametrize("format", LOSSY, ids=lambda one: one.value)
    def test_more_of_it_is_larger_and_nearer(self, editor: ImageEditor, format) -> None:
        source = pictures.png_photo()
        low, high = (written(editor, source, Output(format, quality)) for quality in (20, 90))

        assert len(low) < len(high)
        assert pictures.similarity(low, source) < pictures.similarity(high, source)

    def test_each_format_has_its_own(self, editor: ImageEditor) -> None:
        source = pictures.photo(400, 300)
        qualities = Qualities(jpeg=30, webp=90)

        by_map = written(editor, source, Output(JPEG, qualities))

        assert by_map == written(editor, source, Output(JPEG, 30))
        assert written(editor, source, Output(AVIF, qualities)) == written(
            editor, source, Output(AVIF)
        )

    @pytest.mark.parametrize("format", LOSSY, ids=lambda one: one.value)
    def test_as_good_as_fits(self, editor: ImageEditor, format) -> None:
        source = pictures.photo(640, 480)
        free = len(written(editor, source, Output(format, 90)))
        limit = free // 2

        data = written(editor, source, Output(format, 90, max_bytes=limit))

        assert 0.6 * limit < len(data) <= limit
        assert pictures.similarity(data, source) > 0.8

    def test_what_fits_anyhow_has_the_quality_asked_for(self, editor: ImageEditor) -> None:
        source = pictures.photo(200, 150)

        assert written(editor, source, Output(JPEG, 85, max_bytes=10**6)) == written(
            editor, source, Output(JPEG, 85)
        )

    def test_what_cannot_fit_fails(self, editor: ImageEditor) -> None:
        with pytest.raises(EditFailed) as failed:
            written(editor, pictures.photo(800, 600), Output(JPEG, max_bytes=500))

        assert failed.value.failure.code is FailureCode.OUTPUT_TOO_LARGE
        assert "500 bytes" in failed.value.failure.detail

    @pytest.mark.parametrize("format", [WEBP, AVIF, PNG, TIFF], ids=lambda one: one.value)
    def test_without_loss_no_pixel_differs(self, editor: ImageEditor, format) -> None:
        source = pictures.png_photo()

        data = written(editor, source, Output(format, lossless=True))

        assert np.array_equal(
            np.asarray(opened(data).convert("RGB")), np.asarray(opened(source).convert("RGB"))
        )

    @pytest.mark.parametrize(
        "format", [JPEG, PNG, WEBP, AVIF, TIFF, GIF], ids=lambda one: one.value
    )
    def test_effort_makes_small(self, editor: ImageEditor, format) -> None:
        source = pictures.encoded(pictures.view(320, 240), "PNG")
        quick, small = (written(editor, source, Output(format, effort=n)) for n in (0, 10))

        assert len(small) < len(quick)
        assert pictures.similarity(small, source) > 0.85


class TestMake:
    def test_a_progressive_jpeg(self, editor: ImageEditor) -> None:
        source = pictures.photo(400, 300)

        assert opened(written(editor, source, Output(JPEG, progressive=True))).info["progressive"]
        assert "progressive" not in opened(written(editor, source, Output(JPEG))).info

    def test_a_png_in_passes(self, editor: ImageEditor) -> None:
        source = pictures.photo(400, 300)
        interlaced, plain = (
            opened(written(editor, source, Output(PNG, progressive=one))) for one in (True, False)
        )

        assert (interlaced.info.get("interlace"), plain.info.get("interlace")) == (1, None)
        assert np.array_equal(np.asarray(interlaced), np.asarray(plain))

    @pytest.mark.parametrize(
        ("subsampling", "quality", "sampled"),
        [
            (Subsampling.AUTO, 80, (2, 2)),
            (Subsampling.AUTO, 95, (1, 1)),
            (Subsampling.FINE, 50, (1, 1)),
            (Subsampling.COARSE, 95, (2, 2)),
        ],
    )
    def test_chroma(self, editor, subsampling, quality, sampled) -> None:
        data = written(
            editor, pictures.photo(), Output(JPEG, quality, chroma_subsampling=subsampling)
        )

        assert opened(data).layer[0][1:3] == sampled

    @pytest.mark.parametrize(
        ("format", "colors", "at_most"),
        [(PNG, 256, 256), (PNG, 100, 16), (PNG, 2, 2), (GIF, 100, 64), (GIF, 8, 8)],
    )
    def test_few_colours(self, editor, format, colors, at_most) -> None:
        data = written(editor, pictures.photo(), Output(format, palette=Palette(colors)))

        picture = opened(data)
        assert picture.mode == "P" or (at_most == 2 and picture.mode in "1L")
        used = picture.convert("RGB").getcolors(300)
        assert used is not None and 2 <= len(used) <= at_most

    def test_dither_spreads_what_a_palette_lacks(self, editor: ImageEditor) -> None:
        source = pictures.photo()

        def grain(dither: float) -> float:
            data = written(editor, source, Output(PNG, palette=Palette(16, dither)))
            rows = np.asarray(opened(data).convert("L"), dtype=float)
            return float((np.diff(rows) != 0).mean())

        assert grain(1.0) > 1.2 * grain(0.0)

    @pytest.mark.parametrize("color", ["white", "#336699"])
    def test_transparency_is_laid_on_the_background(self, editor, color) -> None:
        background = Color.parse(color)
        data = written(editor, pictures.transparent(), Output(JPEG, background=background))

        red, green, blue = opened(data).convert("RGB").getpixel((5, 5))
        expected = (background.red, background.green, background.blue)
        assert max(abs(a - b) for a, b in zip((red, green, blue), expected, strict=True)) <= 4

    def test_so_is_that_of_grey_pictures(self, editor: ImageEditor) -> None:
        grey = pictures.encoded(Image.new("LA", (20, 20), (255, 0)), "PNG")

        data = written(editor, grey, Output(JPEG, background=Color(0, 255, 0)))

        assert abs(opened(data).convert("L").getpixel((5, 5)) - 182) <= 4


class TestAnimations:
    def timing(self, data: bytes) -> tuple[list[int], int]:
        picture, delays = opened(data), []
        for frame in ImageSequence.Iterator(picture):
            frame.load()
            delays.append(frame.info["duration"])
        return delays, picture.info.get("loop", 1)

    @pytest.mark.parametrize("format", [GIF, WEBP], ids=lambda one: one.value)
    def test_delays_and_loops_as_asked_for(self, editor: ImageEditor, format) -> None:
        source = pictures.animated_gif(4)

        data = written(editor, source, Output(format, delay=(100, 250), loop=0))

        delays, loop = self.timing(data)
        assert (delays, loop) == ([100, 250, 250, 250], 0)

    @pytest.mark.parametrize("format", [GIF, WEBP], ids=lambda one: one.value)
    def test_as_before_where_nothing_is_said(self, editor: ImageEditor, format) -> None:
        frames = [Image.new("RGB", (40, 30), (n * 60, 0, 90)) for n in range(4)]
        source = io.BytesIO()
        frames[0].save(
            source,
            "GIF",
            save_all=True,
            append_images=frames[1:],
            duration=[50, 70, 90, 110],
            loop=0,
        )

        data = written(editor, source.getvalue(), Output(format), Resize(20))

        assert self.timing(data) == ([50, 70, 90, 110], 0)

    def test_one_delay_for_all(self, editor: ImageEditor) -> None:
        data = written(editor, pictures.animated_webp(3), Output(GIF, delay=120))

        assert self.timing(data)[0] == [120, 120, 120]


def shot() -> bytes:
    """A photograph that tells everything: whose, with what, where, and which way up."""
    exif = Image.Exif()
    exif[EXIF_COPYRIGHT] = "(c) 2026 Ada Lovelace (all rights)"
    exif[EXIF_ARTIST], exif[EXIF_MAKE], exif[EXIF_ORIENTATION] = "Ada Lovelace", "Leica", 6
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"
    exif.get_ifd(EXIF_GPS).update({1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 5.0)})
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:rights="Ada"%s/></rdf:RDF></x:xmpmeta>'
    )
    place = b' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="51,28.67N"'
    picture = pictures.view(320, 240)
    return pictures.encoded(picture, "JPEG", exif=exif, xmp=xmp % place, comment=b"my comment")


class TestMetadata:
    def told(self, data: bytes) -> dict[str, object]:
        picture = opened(data)
        exif = picture.getexif()
        return {
            "copyright": exif.get(EXIF_COPYRIGHT),
            "artist": exif.get(EXIF_ARTIST),
            "make": exif.get(EXIF_MAKE),
            "gps": bool(exif.get_ifd(EXIF_GPS)),
            "serial": b"SERIAL-4711" in data,
            "xmp": b"GPSLatitude" in data or "xmp" in picture.info,
            "comment": b"my comment" in data,
        }

    @pytest.mark.parametrize("format", [JPEG, PNG, WEBP, AVIF], ids=lambda one: one.value)
    def test_whose_it_is_stays_and_nothing_else(self, editor: ImageEditor, format) -> None:
        data = written(editor, shot(), Output(format), AutoOrient(), Resize(100))

        told = self.told(data)
        assert told["copyright"] == "(c) 2026 Ada Lovelace (all rights)"
        assert {name for name, value in told.items() if value} == {"copyright"}

    @pytest.mark.parametrize("operations", [(), (AutoOrient(), Resize(80))], ids=["whole", "small"])
    @pytest.mark.parametrize(
        ("metadata", "left"),
        [
            (Metadata((Kept.NONE,)), set()),
            (Metadata((Kept.ICC,)), set()),
            (Metadata((Kept.EXIF,)), {"copyright", "artist", "make", "serial"}),
            (Metadata((Kept.EXIF,), False), {"copyright", "artist", "make", "serial", "gps"}),
            (Metadata((Kept.XMP,)), set()),
            (Metadata((Kept.XMP,), False), {"xmp"}),
            (Metadata((Kept.ALL,)), {"copyright", "artist", "make", "serial", "comment"}),
        ],
        ids=["none", "icc", "exif", "exif, gps", "xmp", "xmp, gps", "all"],
    )
    def test_what_is_asked_for_stays(self, editor, metadata, left, operations) -> None:
        data = written(editor, shot(), Output(JPEG, metadata=metadata), *operations)

        told = {name for name, value in self.told(data).items() if value}
        assert told - {"comment"} == left - {"comment"}
        assert "comment" in left or "comment" not in told

    def test_xmp_without_a_place_stays(self, editor: ImageEditor) -> None:
        xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:rights>Ada</dc:rights></x:xmpmeta>'
        source = pictures.encoded(pictures.view(32, 24), "JPEG", xmp=xmp)

        data = written(editor, source, Output(JPEG, metadata=Metadata((Kept.XMP,))))

        assert b"<dc:rights>Ada" in data

    def test_a_picture_that_was_turned_is_not_told_to_be_turned(self, editor: ImageEditor) -> None:
        output = Output(JPEG, metadata=Metadata((Kept.EXIF,)))

        turned = opened(written(editor, shot(), output, AutoOrient()))
        as_it_was = opened(written(editor, shot(), output))

        assert (turned.size, turned.getexif().get(EXIF_ORIENTATION, 1)) == ((240, 320), 1)
        assert (as_it_was.size, as_it_was.getexif()[EXIF_ORIENTATION]) == ((320, 240), 6)

    def test_hostile_fields_are_no_trouble(self, editor: ImageEditor) -> None:
        exif = Image.Exif()
        exif[EXIF_COPYRIGHT] = "x (" * 5000
        source = pictures.encoded(pictures.view(32, 24), "JPEG", exif=exif)

        data = written(editor, source, Output(JPEG))

        assert len(str(opened(data).getexif()[EXIF_COPYRIGHT])) <= 1000
