"""
Writing results: what each format is asked for, and what it is not left to decide.

Efforts stand at the knee of their curves: AVIF 1 costs a fifteenth of the encoder's own default,
GIF 1 a third, WebP 2 half, for some per cent of bytes. Progressive JPEG and palettes are not made.
Of the metadata only the ICC profile is kept.
"""

from typing import Any, Final, assert_never

import pyvips

from adapters.imaging.vips_colors import in_srgb_values
from domain.errors import OutputTooLarge
from domain.images.formats import ImageFormat

DEFAULT_QUALITIES: Final = {ImageFormat.JPEG: 80, ImageFormat.WEBP: 79, ImageFormat.AVIF: 63}
SAVERS: Final = (
    "jpegsave_target",
    "pngsave_target",
    "webpsave_target",
    "heifsave_target",
    "gifsave_target",
    "tiffsave_target",
)
_KEEP: Final = "icc"
_WEBP_MAX_SIDE_PX: Final = 16_383  # RFC 9649 §2.6: fourteen bits


def prepared(frames: list[pyvips.Image], format: ImageFormat) -> pyvips.Image:
    """
    Return one picture that *format* can hold, made of all *frames*.

    Raises:
        OutputTooLarge: The format cannot hold sides that long.
    """
    width, height = frames[0].width, frames[0].height
    if format is ImageFormat.WEBP and max(width, height) > _WEBP_MAX_SIDE_PX:
        raise OutputTooLarge(f"WebP cannot hold sides longer than {_WEBP_MAX_SIDE_PX} pixels")
    if format is ImageFormat.JPEG:
        frames = [_on_white(frame) for frame in frames]
    if format is ImageFormat.GIF:  # which has no place for a profile
        frames = [in_srgb_values(frame) for frame in frames]
    if len(frames) == 1:
        return frames[0]
    strip = pyvips.Image.arrayjoin(frames, across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, "page-height", height)
    return strip


def save(
    image: pyvips.Image, target: pyvips.Target, format: ImageFormat, quality: int | None
) -> None:
    """Draw *image* and write it to *target*."""
    chosen = quality or DEFAULT_QUALITIES.get(format)
    options: dict[str, Any]
    match format:
        case ImageFormat.JPEG:
            image.jpegsave_target(target, Q=chosen, keep=_KEEP)
        case ImageFormat.PNG:
            image.pngsave_target(target, compression=6, keep=_KEEP)
        case ImageFormat.WEBP:
            image.webpsave_target(target, Q=chosen, effort=2, keep=_KEEP)
        case ImageFormat.AVIF:
            options = {"compression": "av1", "bitdepth": 8, "effort": 1}
            image.heifsave_target(target, Q=chosen, keep=_KEEP, **options)
        case ImageFormat.GIF:
            image.gifsave_target(target, effort=1, keep=_KEEP)
        case ImageFormat.TIFF:
            options = {"compression": "deflate", "predictor": "horizontal"}
            image.tiffsave_target(target, keep=_KEEP, **options)
        case _:
            assert_never(format)


def _on_white(frame: pyvips.Image) -> pyvips.Image:
    return frame.flatten(background=255) if frame.hasalpha() else frame
