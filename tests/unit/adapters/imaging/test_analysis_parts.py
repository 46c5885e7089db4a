"""Hashes and colours, against whoever made them first."""

import colorsys
from collections.abc import Callable

import fast_thumbhash
import imagehash
import numpy as np
import pytest
import pyvips
from PIL import Image

from adapters.imaging.dominant_colors import dominant_colors
from adapters.imaging.exif_summary import exif_summary
from adapters.imaging.perceptual_hash import SIDE, perceptual_hash
from adapters.imaging.thumbhash import thumbhash
from domain.images.analysis import DominantColor, ExifSummary
from domain.images.units import Color
from tests import pictures

PHOTOGRAPHS = ("coffee.png", "astronaut.png", "chelsea.png", "rocket.jpg", "retina.jpg")
SHAPES = ((100, 75), (75, 100), (64, 64), (100, 1), (1, 100), (3, 2), (1, 1), (99, 37))


def seen(name: str, size: tuple[int, int]) -> Image.Image:
    return pictures.photograph(name).resize(size, Image.Resampling.LANCZOS)


def with_holes(picture: Image.Image) -> Image.Image:
    """Make *picture* transparent where it is dark, the more so towards the right."""
    width, height = picture.size
    fade = np.tile(np.linspace(1, 0.2, width), (height, 1))
    alpha = (np.asarray(picture.convert("L")) * fade).astype(np.uint8)
    picture = picture.convert("RGBA")
    picture.putalpha(Image.fromarray(alpha))
    return picture


class TestThumbHash:
    @pytest.mark.parametrize("change", [lambda one: one.convert("RGBA"), with_holes])
    @pytest.mark.parametrize("size", SHAPES)
    @pytest.mark.parametrize("name", PHOTOGRAPHS)
    def test_is_that_of_the_reference(
        self, name: str, size: tuple[int, int], change: Callable[[Image.Image], Image.Image]
    ) -> None:
        picture = change(seen(name, size))

        ours = thumbhash(*size, picture.tobytes())
        reference = bytes(fast_thumbhash.rgba_to_thumb_hash(*size, picture.tobytes()))

        # The reference adds up in single precision. No wave at all is 7.5 of 15, which the noise
        # of its sums rounds either way; elsewhere that may happen once in a while.
        assert len(ours) == len(reference)
        assert ours[:5] == reference[:5]
        both = list(zip(halves(ours), halves(reference), strict=True))
        assert all(abs(one - other) <= 1 for one, other in both)
        assert sum(one != other and {one, other} != {7, 8} for one, other in both) <= 1
        if min(size) > 8:  # smaller ones have no such waves
            assert sum(one != other for one, other in both) <= 2

    def test_of_one_colour_has_no_waves(self) -> None:
        picture = bytes((10, 200, 30, 255)) * 64

        ours = thumbhash(8, 8, picture)

        # What the reference tells beyond that is the noise of its sums, of no strength.
        assert ours[:5] == bytes(fast_thumbhash.rgba_to_thumb_hash(8, 8, picture)[:5])
        assert set(ours[5:]) == {0}

    def test_of_nothing_at_all(self) -> None:
        assert 5 <= len(thumbhash(4, 4, bytes(64))) <= 25


def halves(hash: bytes) -> list[int]:
    return [half for byte in hash[5:] for half in (byte & 15, byte >> 4)]


class TestPerceptualHash:
    @pytest.mark.parametrize("name", PHOTOGRAPHS)
    def test_is_that_of_imagehash(self, name: str) -> None:
        picture = seen(name, (SIDE, SIDE))

        assert perceptual_hash(picture.tobytes()) == str(imagehash.phash(picture))

    def test_of_one_colour_is_the_same_for_all(self) -> None:
        hashes = {perceptual_hash(bytes(color) * SIDE**2) for color in ((9, 80, 7), (255,) * 3)}

        assert hashes == {"8000000000000000"}
        assert perceptual_hash(bytes(3 * SIDE**2)) == "0" * 16


class TestDominantColors:
    def test_areas_are_told_with_their_shares(self) -> None:
        picture = Image.new("RGB", (100, 100), (220, 30, 30))
        picture.paste((30, 60, 220), (0, 0, 100, 30))
        picture.paste((250, 250, 250), (0, 30, 50, 50))

        assert of(picture) == (
            DominantColor(Color(220, 30, 30), 0.6),
            DominantColor(Color(30, 60, 220), 0.3),
            DominantColor(Color(250, 250, 250), 0.1),
        )

    def test_shades_are_one_colour(self) -> None:
        picture = Image.linear_gradient("L").resize((64, 64)).point(lambda light: 100 + light // 16)

        [only] = of(picture.convert("RGB"))

        assert only.share == 1
        assert 100 <= only.color.red == only.color.green == only.color.blue <= 116

    def test_specks_are_not_told(self) -> None:
        picture = Image.new("RGB", (100, 100), "white")
        picture.paste("black", (0, 0, 10, 10))

        [only] = of(picture)

        assert only.share == 0.99

    def test_what_is_transparent_does_not_count(self) -> None:
        picture = Image.new("RGBA", (100, 100), (0, 255, 0, 0))
        picture.paste((200, 10, 10, 255), (0, 0, 50, 50))
        picture.paste((10, 10, 200, 128), (50, 0, 100, 50))

        red, blue = of(picture)

        assert (red.color, blue.color) == (Color(200, 10, 10), Color(10, 10, 200))
        assert red.share == pytest.approx(1 / (1 + 128 / 255), abs=0.001)
        assert of(Image.new("RGBA", (5, 5), (1, 2, 3, 0))) == ()

    @pytest.mark.parametrize("name", PHOTOGRAPHS)
    def test_they_are_the_nearest_of_most_pixels(self, name: str) -> None:
        picture = seen(name, (100, 75))

        found = of(picture)

        assert 1 <= len(found) <= 5
        assert list(found) == sorted(found, key=lambda one: -one.share)
        assert 0.9 < sum(one.share for one in found) <= 1.001
        # Pillow looks for the palette that shows the picture best, and tells shades apart for it.
        reference = picture.quantize(len(found), Image.Quantize.MEDIANCUT, kmeans=3)
        others = np.asarray(reference.getpalette()[: 3 * len(found)]).reshape(-1, 3)
        assert misfit(picture, palette_of(found)) < 2 * misfit(picture, others)

    def test_all_colours_of_the_wheel(self) -> None:
        picture = Image.new("RGB", (360, 1))
        for hue in range(360):
            red, green, blue = colorsys.hsv_to_rgb(hue / 360, 1, 1)
            picture.putpixel((hue, 0), (round(255 * red), round(255 * green), round(255 * blue)))

        assert len(of(picture)) == 5


def of(picture: Image.Image) -> tuple[DominantColor, ...]:
    rgba = picture.convert("RGBA")
    image = pyvips.Image.new_from_array(np.asarray(rgba.convert("RGB")), interpretation="srgb")
    lab = bytes(image.colourspace("lab").write_to_memory())
    return dominant_colors(rgba.tobytes(), memoryview(lab).cast("f"))


def palette_of(found: tuple[DominantColor, ...]) -> np.ndarray:
    return np.array([(one.color.red, one.color.green, one.color.blue) for one in found])


def misfit(picture: Image.Image, palette: np.ndarray) -> float:
    """Return how far pixels are from the nearest colour of *palette*, in the mean."""
    pixels = np.asarray(picture, dtype=float).reshape(-1, 1, 3)
    return float(np.linalg.norm(pixels - palette[None], axis=2).min(axis=1).mean())


class TestExif:
    """Fields as libvips tells of them."""

    def test_what_cameras_write(self) -> None:
        told = {
            "ifd0-Make": "Acme (Acme, ASCII, 5 components, 5 bytes)",
            "ifd0-Model": "A (b, ASCII) (A (b, ASCII), ASCII, 13 components, 13 bytes)",
            "ifd2-ExposureTime": "1/250 (1/250 sec., Rational, 1 components, 8 bytes)",
            "ifd2-FNumber": "28/10 (f/2.8, Rational, 1 components, 8 bytes)",
            "ifd2-ISOSpeedRatings": "400 (400, Short, 1 components, 2 bytes)",
            "ifd2-FocalLength": "35/1 (35.0 mm, Rational, 1 components, 8 bytes)",
            "ifd2-DateTimeOriginal": twice("2023:05:04 12:33:44"),
            "ifd2-OffsetTimeOriginal": twice("-03:30"),
        }

        summary = exif_summary(told.get, 6)

        assert summary.taken_at.isoformat() == "2023-05-04T12:33:44-03:30"
        assert summary == ExifSummary(
            "Acme", "A (b, ASCII)", summary.taken_at, 0.004, 2.8, 400, 35.0, 6
        )

    @pytest.mark.parametrize(
        ("field", "told"),
        [
            ("ifd0-Make", twice_empty := " (, ASCII, 1 components, 1 bytes)"),
            ("ifd0-Model", " (, Double, 1 components, 8 bytes)"),
            ("ifd0-Make", ""),
            ("ifd2-ExposureTime", "0/0 (NaN, Rational, 1 components, 8 bytes)"),
            ("ifd2-ExposureTime", "0/5 (0 sec., Rational, 1 components, 8 bytes)"),
            ("ifd2-ExposureTime", "1/4000000000 (x, Rational, 1 components, 8 bytes)"),
            ("ifd2-ExposureTime", "1/0 (inf, Rational, 1 components, 8 bytes)"),
            ("ifd2-ExposureTime", "1 250 (, Short, 2 components, 4 bytes)"),
            ("ifd2-ExposureTime", "-1/3 (-1/3, SRational, 1 components, 8 bytes)"),
            ("ifd2-ExposureTime", "4000000000/1 (x, Rational, 1 components, 8 bytes)"),
            ("ifd2-FNumber", "4294967295/1 (x, Rational, 1 components, 8 bytes)"),
            ("ifd2-ISOSpeedRatings", "0 (0, Short, 1 components, 2 bytes)"),
            ("ifd2-ISOSpeedRatings", "5/2 (x, Rational, 1 components, 8 bytes)"),
            ("ifd2-FocalLength", "wide (wide, ASCII, 5 components, 5 bytes)"),
            ("ifd2-DateTimeOriginal", "0000:00:00 00:00:00 (0000:00:00 00:00:00, ASCII, 20 c)"),
            ("ifd2-DateTimeOriginal", "2023:13:40 25:61:61 (2023:13:40 25:61:61, ASCII, 20 c)"),
            ("ifd2-DateTimeOriginal", twice_empty),
            ("ifd2-OffsetTimeOriginal", "+02:00 (+02:00, ASCII, 7 components, 7 bytes)"),
        ],
    )
    def test_nonsense_is_left_out(self, field: str, told: str) -> None:
        assert exif_summary({field: told}.get, 1) == ExifSummary()

    def test_odd_zones_and_names(self) -> None:
        told = {
            "ifd0-Make": twice("A\n\tB \x00\u202e" + "x" * 100),
            "ifd2-DateTimeOriginal": twice("2023:05:04 12:33:44"),
            "ifd2-OffsetTimeOriginal": twice("+99:99"),
        }

        summary = exif_summary(told.get, 1)

        assert summary.make is not None and summary.make.startswith("A B x")
        assert len(summary.make) == 64
        assert summary.taken_at is None


def twice(text: str) -> str:
    length = len(text) + 1
    return f"{text} ({text}, ASCII, {length} components, {length} bytes)"
