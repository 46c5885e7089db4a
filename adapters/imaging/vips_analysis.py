"""Analyses: what is told of a picture besides its results, made of its decoded pixels."""

import base64
from collections.abc import Callable
from typing import Any, Final

import blurhash
import pyvips

from adapters.imaging.dominant_colors import dominant_colors
from adapters.imaging.exif_summary import exif_summary
from adapters.imaging.perceptual_hash import SIDE, perceptual_hash
from adapters.imaging.thumbhash import thumbhash
from adapters.imaging.vips_colors import colored, in_srgb_values, with_alpha
from adapters.imaging.vips_loading import Opened, resampled
from domain.images.analysis import Analysis, Aspect, Dimensions
from domain.images.operations.shapes import Fit, Resize
from domain.images.units import Color

LOOK: Final = Resize(100, 100, Fit.INSIDE)
"""How a picture is made small enough to be analysed; smaller ones stay as they are."""

# Where each pixel costs: enough for seven waves a side, and for a hundredth of the picture.
_SMALL_SIDE: Final = 64
_BLURHASH_SIDE: Final = 32
# The longer side has more to tell.
_COMPONENTS: Final = (4, 3)


def analysed(
    asked: frozenset[Aspect], opened: Opened, look: Callable[[], pyvips.Image]
) -> Analysis:
    """
    Return what is *asked* of the picture.

    Args:
        look: Returns the picture as `LOOK` makes it, turned upright; called if it is needed.
    """
    known: dict[str, Any] = {}
    if Aspect.DIMENSIONS in asked:
        width, height = opened.upright_size
        known["dimensions"] = Dimensions(
            width, height, opened.frames, opened.orientation, opened.format, opened.has_alpha
        )
    if Aspect.EXIF in asked:
        known["exif"] = exif_summary(opened.exif_field, opened.orientation)
    if any(aspect.needs_pixels for aspect in asked):
        known |= _of_pixels(asked, with_alpha(in_srgb_values(colored(look()))).copy_memory())
    return Analysis(**known)


def _of_pixels(asked: frozenset[Aspect], image: pyvips.Image) -> dict[str, Any]:
    """Return what the pixels of *image*, sRGB with alpha, tell."""
    known: dict[str, Any] = {}
    small = _no_larger(image, _SMALL_SIDE).copy_memory()
    rgba = _bytes_of(small)
    if Aspect.THUMBHASH in asked:
        told = thumbhash(small.width, small.height, rgba)
        known["thumbhash"] = base64.b64encode(told).decode()
    if Aspect.DOMINANT_COLORS in asked:
        lab = _bytes_of(small.extract_band(0, n=3).colourspace("lab"))
        known["dominant_colors"] = dominant_colors(rgba, memoryview(lab).cast("f"))
    if Aspect.AVERAGE_COLOR in asked:
        known["average_color"] = _average_color(rgba)
    if Aspect.BLURHASH in asked:
        known["blurhash"] = _blurhash(small.flatten(background=255))
    if Aspect.PHASH in asked:
        square = resampled(image.flatten(background=255), SIDE, SIDE)
        known["phash"] = perceptual_hash(_bytes_of(square))
    return known


def _blurhash(image: pyvips.Image) -> str:
    small = _no_larger(image, _BLURHASH_SIDE)
    rgb = _bytes_of(small)
    pixels = list(zip(rgb[0::3], rgb[1::3], rgb[2::3], strict=True))
    rows = [pixels[start : start + small.width] for start in range(0, len(pixels), small.width)]
    across, down = _COMPONENTS if small.width >= small.height else reversed(_COMPONENTS)
    told: str = blurhash.encode(rows, across, down)
    return told


def _average_color(rgba: bytes) -> Color:
    seen = sum(rgba[3::4])
    if seen == 0:
        return Color(0, 0, 0, 0)
    red, green, blue = (
        round(sum(map(int.__mul__, rgba[band::4], rgba[3::4])) / seen) for band in range(3)
    )
    return Color(red, green, blue, round(4 * seen / len(rgba)))


def _no_larger(image: pyvips.Image, side: int) -> pyvips.Image:
    return image.thumbnail_image(side, height=side, size="down", no_rotate=True)


def _bytes_of(image: pyvips.Image) -> bytes:
    return bytes(image.write_to_memory())
