"""The pictures that other tests rely on are what they say they are."""

import io
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest
from PIL import ImageOps

from application.errors import PortFailure
from domain.errors import DomainError
from domain.images.formats import ImageFormat
from domain.tasks.task import FailureCode
from tests import pictures
from tests.bad_pictures import (
    MAX_BYTES,
    POLYGLOT_MARK,
    bad_options,
    bad_pictures,
    bit_flips,
    gif_of_frames,
    png_of_41_bytes,
    png_of_zeros,
    webp_of_frames,
    zeros_deflated,
)
from tests.odd_pictures import odd_pictures, odd_requests

BAD = bad_pictures()
ODD = odd_pictures()


def every_code_below(kind: type) -> set[str]:
    return {kind.code}.union(*(every_code_below(child) for child in kind.__subclasses__()))


class TestGoodPictures:
    def test_the_large_photo_is_as_heavy_as_a_cameras(self):
        data = pictures.photo_12mp()

        assert pictures.size_of(data) == (4000, 3000)
        assert pictures.format_of(data) == "jpeg"
        assert 1_900_000 < len(data) < 2_300_000
        assert b"\xff\xc0" in data[:1000], "not baseline"

    def test_the_large_photo_is_made_once_for_all_processes(self):
        pictures.photo_12mp()

        looked = subprocess.run(
            [sys.executable, "-c", "from tests import pictures as p; p.photo_12mp();"
             "print(p.photograph.cache_info().misses)"],
            cwd=Path(__file__).parents[1], capture_output=True, check=True, text=True,
        )  # fmt: skip

        assert looked.stdout.strip() == "0"

    @pytest.mark.parametrize(
        ("make", "format", "size", "frames"),
        [
            (pictures.small_jpeg, "jpeg", (320, 240), 1),
            (pictures.progressive_photo, "jpeg", (800, 600), 1),
            (pictures.png_photo, "png", (800, 600), 1),
            (pictures.png_with_alpha, "png", (800, 600), 1),
            (pictures.webp_photo, "webp", (800, 600), 1),
            (pictures.avif_photo, "avif", (800, 600), 1),
            (pictures.tiff_photo, "tiff", (800, 600), 1),
            (pictures.animated_gif, "gif", (480, 360), 30),
            (pictures.animated_webp, "webp", (240, 180), 10),
            (pictures.multipage_tiff, "tiff", (200, 150), 3),
            (pictures.one_pixel, "png", (1, 1), 1),
            (pictures.line, "png", (1, 16_384), 1),
            (lambda: pictures.line(16_384, 1), "png", (16_384, 1), 1),
            (pictures.cmyk_jpeg, "jpeg", (320, 240), 1),
            (pictures.grey_png16, "png", (320, 240), 1),
        ],
    )
    def test_each_has_its_format_size_and_frames(self, make, format, size, frames):
        data = make()

        assert (pictures.format_of(data), pictures.size_of(data)) == (format, size)
        assert pictures.frames_of(data) == frames

    def test_there_is_one_in_every_format_that_is_read(self):
        assert {
            name: pictures.format_of(data) for name, data in pictures.all_formats().items()
        } == {format.value: format.value for format in ImageFormat}

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_all_orientations_look_the_same_upright(self, orientation):
        stored = pictures.opened(pictures.exif_oriented(orientation))

        assert pictures.similarity(ImageOps.exif_transpose(stored), pictures.upright()) > 0.95
        assert orientation == 1 or pictures.similarity(stored, pictures.upright()) < 0.5

    def test_the_traced_photo_tells_place_and_owner(self):
        data = pictures.gps_jpeg()

        assert pictures.opened(data).getexif().get_ifd(0x8825)[1] == "N"
        assert all(text.encode() in data for text in pictures.MADE_BY_CAMERA)

    def test_pixels_are_stored_as_promised(self):
        modes = {
            pictures.cmyk_jpeg: "CMYK",
            pictures.grey_jpeg: "L",
            pictures.grey_png16: "I;16",
            pictures.grey_alpha_png: "LA",
            pictures.palette_png: "P",
            pictures.bilevel_png: "1",
            pictures.float_tiff: "F",
            pictures.png_with_alpha: "RGBA",
        }

        assert {make: pictures.opened(make()).mode for make in modes} == modes
        assert pictures.opened(pictures.progressive_photo()).info["progressive"]


class TestSimilarity:
    def test_of_a_picture_with_itself_is_one(self):
        assert pictures.similarity(pictures.photo(), pictures.photo()) == pytest.approx(1)

    def test_forgives_scale_and_compression(self):
        smaller = pictures.photo(400, 300, quality=75)

        assert pictures.similarity(pictures.photo(), smaller) > 0.85

    @pytest.mark.parametrize("name", ["chelsea.png", "astronaut.png", "rocket.jpg"])
    def test_tells_photographs_apart(self, name):
        assert pictures.similarity(pictures.view(), pictures.view(name=name)) < 0.5

    def test_sees_colour_alpha_and_mirroring(self):
        photo = pictures.view()

        assert pictures.similarity(photo, ImageOps.mirror(photo)) < 0.5
        assert pictures.similarity(photo, pictures.png_with_alpha()) < 0.9
        assert pictures.similarity(pictures.single_colour(), pictures.transparent()) < 0.9


class TestBadPictures:
    def test_have_names_of_their_own(self):
        assert [name for name, count in Counter(bad.name for bad in BAD).items() if count > 1] == []

    def test_cover_the_catalogue(self):
        wanted = {1, *range(11, 22), *range(24, 37), 43, 44, 45, 53}

        assert wanted <= {bad.row for bad in BAD}

    def test_speak_of_codes_that_exist(self):
        problems = every_code_below(DomainError) | every_code_below(PortFailure)
        failures = {code.value for code in FailureCode}

        assert {code for bad in BAD for code in bad.at_upload or ()} <= problems
        assert {code for bad in BAD for code in bad.in_task} <= failures

    def test_can_each_be_answered_rightly(self):
        for bad in BAD:
            assert bad.at_upload or bad.in_task or bad.may_complete, bad
            assert bad.must_be_refused <= bool(bad.at_upload), bad

    def test_are_small_but_for_those_that_are_too_large(self):
        sizes = {bad.name: len(bad.data) for bad in BAD if bad.row not in (8, 44)}

        assert max(sizes.values()) < MAX_BYTES // 2
        assert sum(sizes.values()) < 60_000_000
        assert [len(bad.data) > MAX_BYTES for bad in BAD if bad.row in (8, 44)] == [True, True]

    def test_are_the_same_every_time(self):
        again = {bad.name: zlib.crc32(bad.data) for bad in bad_pictures() if bad.row > 21}

        assert again == {bad.name: zlib.crc32(bad.data) for bad in BAD if bad.row > 21}

    def test_polyglots_are_pictures_with_a_payload(self):
        for bad in BAD:
            if bad.row == 43:
                assert pictures.opened(bad.data).width > 0, bad
                assert POLYGLOT_MARK in bad.data, bad
        zipped = next(bad for bad in BAD if bad.name == "PNG and ZIP")
        with zipfile.ZipFile(io.BytesIO(zipped.data)) as archive:
            assert archive.read("index.html") == POLYGLOT_MARK

    def test_bit_flips_differ_from_the_picture_in_one_bit(self):
        for bad in bit_flips(5):
            good = pictures.all_formats()[bad.name.split()[0]]

            differing = int.from_bytes(bad.data) ^ int.from_bytes(good)
            assert differing.bit_count() == 1

    def test_zeros_are_compressed_as_zlib_would_inflate_them(self):
        for count in (0, 1, 1 << 20, 5_000_003):
            assert zlib.decompress(zeros_deflated(count)) == bytes(count)

    def test_pngs_of_zeros_are_valid(self):
        for interlaced in (False, True):
            for width, height in ((1, 1), (3, 9), (100, 61)):
                data = png_of_zeros(width, height, 8, 2, interlaced=interlaced)
                assert pictures.opened(data).size == (width, height)
        assert pictures.size_of(png_of_zeros(5_000, 5_000, 1, 0)) == (5_000, 5_000)
        assert len(png_of_41_bytes()) == 41

    def test_animations_have_the_frames_they_are_made_with(self):
        assert pictures.frames_of(webp_of_frames(1_000)) == 1_000
        assert pictures.frames_of(gif_of_frames(20)) == 20


class TestOddPictures:
    def test_have_names_of_their_own(self):
        names = Counter(str(odd) for odd in (*BAD, *ODD, *odd_requests()))

        assert [name for name, count in names.items() if count > 1] == []

    def test_cover_their_rows(self):
        assert {odd.row for odd in ODD} == {*range(37, 44), 46}
        assert {odd.row for odd in odd_requests()} == {50, 53}

    def test_carry_what_must_not_come_out(self):
        packed = ("png full of scripts", "compressed", "png with a profile")
        for odd in ODD:
            if odd.payload and not any(word in odd.name for word in packed):
                assert odd.payload in odd.data, odd

    def test_are_at_least_as_many_polyglots_as_the_catalogue_speaks_of(self):
        found = [odd.data for odd in ODD if odd.row == 43]

        assert len(found) >= 69
        assert all(pictures.opened(data).size == (64, 48) for data in found)


class TestBadOptions:
    def test_have_names_of_their_own(self):
        names = Counter(bad.name for bad in bad_options())

        assert [name for name, count in names.items() if count > 1] == []

    def test_cover_the_catalogue(self):
        assert {47, 48, 49, 51, 54, 55} <= {bad.row for bad in bad_options()}

    def test_speak_of_codes_that_exist(self):
        codes = {bad.code for bad in bad_options()} - {"malformed-json"}  # that one is the edge's

        assert codes <= every_code_below(DomainError)
