"""Colour spaces, profiles and alpha: every picture is drawn as 8-bit sRGB or grey."""

import contextlib
import re
from collections.abc import Callable
from typing import Final

import pyvips

from domain.images.units import Color

_PROFILE: Final = "icc-profile-data"
_LONGEST_PROFILE: Final = 1024 * 1024
_SRGB_NAMES: Final = (b"sRGB", b"\0s\0R\0G\0B")  # ICC.1 §10: texts are ASCII or UTF-16
# A profile is kept, so nothing may come along in it that a careless server would run.
_SCRIPT: Final = re.compile(rb"<\?php|<script|<html|<svg", re.IGNORECASE)
GREY: Final = "b-w"
SRGB: Final = "srgb"
_GREYS: Final = (GREY, "grey16")
_MEANINGLESS: Final = ("multiband", "error", "histogram", "matrix", "fourier")


def normalized(image: pyvips.Image) -> pyvips.Image:
    """
    Return *image* as 8-bit sRGB or grey, alpha kept, whatever it came as.

    A fitting ICC profile stays attached, pixels untouched; CMYK is converted by its own profile;
    a profile that does not belong to the picture is dropped, which means sRGB.
    """
    found = image.interpretation  # asked for once: each question to libvips takes microseconds
    if found == "cmyk":
        return _converted(image, fallback="cmyk")
    if has_profile(image):
        image = _with_profile_alone(image) if _profile_fits(image) else without_profile(image)
    if found in _MEANINGLESS:
        found = GREY if image.bands < 3 else SRGB
        image = image.copy(interpretation=found)
    space = GREY if found in _GREYS else SRGB
    if found != space:
        image = image.colourspace(space)
    image = _of_few_bands(image, colors=1 if space == GREY else 3)
    return image if image.format == "uchar" else image.cast("uchar")


def _of_few_bands(image: pyvips.Image, colors: int) -> pyvips.Image:
    """Return *image* without the further channels, beside one of alpha, that a TIFF may have."""
    return image if image.bands <= colors + 1 else image.extract_band(0, n=colors)


def in_srgb_values(image: pyvips.Image) -> pyvips.Image:
    """Return *image* with its profile worked into the pixels, so that other colours can join."""
    if not has_profile(image):
        return image
    return without_profile(image) if _profile_is_srgb(image) else _converted(image)


def colored(image: pyvips.Image) -> pyvips.Image:
    """Return *image* with three colour bands, alpha kept."""
    if image.interpretation != GREY:
        return image
    return in_srgb_values(image).colourspace(SRGB)


def in_profile(image: pyvips.Image, name: str) -> pyvips.Image:
    """Return *image* in the space of libvips' built-in profile *name*, which is attached."""
    return colored(image).icc_transform(name, embedded=True, input_profile=SRGB)


def grey(image: pyvips.Image) -> pyvips.Image:
    """Return *image* with its light alone, alpha kept."""
    if image.interpretation == GREY:
        return image
    return in_srgb_values(image).colourspace(GREY)


def ready_for(image: pyvips.Image, color: Color) -> tuple[pyvips.Image, list[float]]:
    """Return *image* with the bands that *color* needs, and *color* in those bands."""
    if not color.is_opaque and not image.hasalpha():
        image = with_alpha(image)
    if not color.red == color.green == color.blue:
        image = colored(image)
    fill: list[float] = [color.red]
    if image.interpretation != GREY:
        fill += [color.green, color.blue]
    if image.hasalpha():
        fill.append(color.alpha)
    return image, fill


def with_alpha(image: pyvips.Image) -> pyvips.Image:
    """Return *image* with an alpha band."""
    return image if image.hasalpha() else image.bandjoin(255)


def alpha_weighed(
    image: pyvips.Image, draw: Callable[[pyvips.Image], pyvips.Image]
) -> pyvips.Image:
    """Let *draw* mix pixels by how much of them is seen, so that hidden colours do not leak."""
    if not image.hasalpha():
        return draw(image)
    drawn = draw(image.premultiply())
    return drawn.unpremultiply().cast("uchar").copy(interpretation=image.interpretation)


def has_profile(image: pyvips.Image) -> bool:
    """Tell whether an ICC profile is attached."""
    return bool(image.get_typeof(_PROFILE))


def without_profile(image: pyvips.Image) -> pyvips.Image:
    """Return *image* without its ICC profile, pixels untouched."""
    if has_profile(image):
        image = image.copy()  # metadata of what others may hold is not touched
        image.remove(_PROFILE)
    return image


def _converted(image: pyvips.Image, *, fallback: str = SRGB) -> pyvips.Image:
    with contextlib.suppress(pyvips.Error):  # a broken profile counts as none
        converted = image.icc_transform(SRGB, embedded=True, input_profile=fallback)
        return _of_few_bands(without_profile(converted.copy(interpretation=SRGB)), colors=3)
    return _of_few_bands(without_profile(image).colourspace(SRGB), colors=3)


def _profile_fits(image: pyvips.Image) -> bool:
    profile = image.get(_PROFILE)
    space = b"GRAY" if image.bands < 3 else b"RGB "
    return (
        128 < _told_bytes(profile) <= len(profile) <= _LONGEST_PROFILE
        and profile[36:40] == b"acsp"
        and profile[16:20] == space
        and _SCRIPT.search(profile) is None
    )


def _with_profile_alone(image: pyvips.Image) -> pyvips.Image:
    """Return *image* without what stands behind its ICC profile."""
    profile = image.get(_PROFILE)
    length = _told_bytes(profile)
    if length < len(profile):
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, _PROFILE, profile[:length])
    return image


def _told_bytes(profile: bytes) -> int:
    return int.from_bytes(profile[:4])  # ICC.1 §7.2.2


def _profile_is_srgb(image: pyvips.Image) -> bool:
    start = image.get(_PROFILE)[:4096]
    return any(name in start for name in _SRGB_NAMES)
