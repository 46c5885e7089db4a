"""
Writing results: what each format is asked for, and what it is not left to decide.

Efforts stand at the knee of their curves: AVIF 2 costs an eighth of the encoder's own default,
GIF 1 a third, WebP 2 half, for some per cent of bytes. Progressive JPEG and palettes are made only
when they are asked for.
"""

import os
from collections.abc import Callable
from typing import Any, Final

import pyvips

from adapters.imaging.vips_colors import in_profile, in_srgb_values
from adapters.imaging.vips_metadata import KEEP_ICC, with_metadata
from domain.errors import OutputTooLarge
from domain.images.formats import ImageFormat
from domain.images.operations import Profile
from domain.images.output import Auto, Format, Output, Subsampling
from domain.images.units import Color

DEFAULT_QUALITIES: Final = {ImageFormat.JPEG: 80, ImageFormat.WEBP: 80, ImageFormat.AVIF: 53}
WEBP_MAX_SIDE_PX: Final = 16_383  # RFC 9649 §2.6: fourteen bits

_PAGE_HEIGHT: Final = "page-height"
# Our one scale of effort ends here on each encoder's own, and begins at 0, for GIF at 1.
_MOST_EFFORT: Final = {
    ImageFormat.PNG: 9,
    ImageFormat.WEBP: 6,
    ImageFormat.AVIF: 9,
    ImageFormat.GIF: 10,
    ImageFormat.TIFF: 9,
}
_USUAL_EFFORT: Final = {
    ImageFormat.PNG: 6,
    ImageFormat.WEBP: 2,
    ImageFormat.AVIF: 2,
    ImageFormat.GIF: 1,
    ImageFormat.TIFF: 6,
}
_SEARCHING_JPEG_EFFORT: Final = 8
"""From here on JPEG's quantization is searched for the smallest file, as mozjpeg does."""

_Options = dict[str, Any]


def format_of(chosen: Format, uploaded: ImageFormat, frames: list[pyvips.Image]) -> ImageFormat:
    """
    Return the format that *chosen* means for a picture.

    `auto` is WebP, which every current browser reads, and which holds transparency and animation;
    where its sides are too long for that it is JPEG, or PNG if something shines through.
    """
    if chosen is None:
        return uploaded
    if not isinstance(chosen, Auto):
        return chosen
    first = frames[0]
    if max(first.width, first.height) <= WEBP_MAX_SIDE_PX:
        return ImageFormat.WEBP
    return ImageFormat.PNG if first.hasalpha() else ImageFormat.JPEG


def prepared(
    frames: list[pyvips.Image],
    written: ImageFormat,
    output: Output,
    profile: Profile | None = None,
) -> pyvips.Image:
    """
    Return one picture that the format *written* can hold, made of all *frames*.

    It is in the space of *profile*, if the format can hold that.

    Raises:
        OutputTooLarge: The format cannot hold sides that long.
    """
    first = frames[0]
    if written is ImageFormat.WEBP and max(first.width, first.height) > WEBP_MAX_SIDE_PX:
        raise OutputTooLarge(f"WebP cannot hold sides longer than {WEBP_MAX_SIDE_PX} pixels")
    if not holds(written, profile):
        profile = None
    if written is ImageFormat.JPEG or profile is Profile.CMYK:
        frames = [_flattened(frame, output.background) for frame in frames]
    if profile is not None:
        frames = [in_profile(frame, profile.value) for frame in frames]
    if written is ImageFormat.GIF:  # which has no place for a profile
        frames = [in_srgb_values(frame) for frame in frames]
    if len(frames) == 1:
        return _still(frames[0])
    strip = pyvips.Image.arrayjoin(frames, across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, _PAGE_HEIGHT, first.height)
    if output.loop is not None:
        strip.set_type(pyvips.GValue.gint_type, "loop", output.loop)
    if output.delay is not None:
        given = output.delay if isinstance(output.delay, tuple) else (output.delay,)
        delays = [given[min(number, len(given) - 1)] for number in range(len(frames))]
        strip.set_type(pyvips.GValue.array_int_type, "delay", delays)
    return strip


def _still(frame: pyvips.Image) -> pyvips.Image:
    """Return *frame* as one picture: not as many as were as high as it was stored."""
    if frame.get_typeof(_PAGE_HEIGHT):
        frame = frame.copy()
        frame.remove(_PAGE_HEIGHT)
    return frame


def holds(written: ImageFormat, profile: Profile | None) -> bool:
    """Tell whether a format has a place for pictures in the space of *profile*."""
    if profile is Profile.CMYK:
        return written in (ImageFormat.JPEG, ImageFormat.TIFF)
    return profile is not None and written is not ImageFormat.GIF


def save(
    image: pyvips.Image,
    target: int,
    written: ImageFormat,
    output: Output,
    profile: Profile | None = None,
) -> None:
    """
    Draw *image* and write it to the descriptor *target*, with the *profile* that it was put in.

    Raises:
        OutputTooLarge: No quality makes it as small as it has to be.
    """
    image, keep = with_metadata(image, output.metadata)
    if holds(written, profile):
        keep |= KEEP_ICC  # without it the numbers would mean other colours
    write = _writer(written, output, keep)
    quality = getattr(output.quality, written.value, None) or DEFAULT_QUALITIES.get(written)
    if output.max_bytes is None or quality is None:
        write(image, pyvips.Target.new_to_descriptor(target), quality)
        return
    with os.fdopen(target, "wb", closefd=False) as file:
        file.write(_smaller_than(output.max_bytes, image.copy_memory(), quality, write))


def encode_sample(image: pyvips.Image, written: ImageFormat) -> bytes:
    """Return *image* as a file of the format, made as every result is."""
    memory = pyvips.Target.new_to_memory()
    _writer(written, Output(), 0)(image, memory, DEFAULT_QUALITIES.get(written))
    return bytes(memory.get("blob"))


_Write = Callable[[pyvips.Image, pyvips.Target, int | None], None]


def _smaller_than(max_bytes: int, image: pyvips.Image, quality: int, write: _Write) -> bytes:
    """Return *image* at the highest quality, up to *quality*, that fits; eight tries at most."""
    best = None
    low, high, tried = 1, quality, quality
    while low <= high:
        memory = pyvips.Target.new_to_memory()
        write(image, memory, tried)
        content = memory.get("blob")
        if len(content) <= max_bytes:
            best, low = content, tried + 1
        else:
            high = tried - 1
        tried = (low + high) // 2
    if best is None:
        raise OutputTooLarge(
            f"the result cannot be written in {max_bytes} bytes, at no quality; make it smaller"
        )
    return bytes(best)


def _writer(written: ImageFormat, output: Output, keep: int) -> _Write:
    saver, options_of = _ENCODERS[written]
    options = {
        name: value
        for name, value in options_of(output, _effort(written, output.effort)).items()
        if value is not False  # which each of them is unless told: telling takes microseconds
    }

    def write(image: pyvips.Image, target: pyvips.Target, quality: int | None) -> None:
        own = {} if quality is None else {"Q": quality}
        pyvips.Operation.call(saver, image, target, keep=keep, **own, **options)

    return write


def _jpeg(output: Output, _: int) -> _Options:
    small = output.effort is not None and output.effort >= _SEARCHING_JPEG_EFFORT
    return {
        "interlace": output.progressive,
        "subsample_mode": _SUBSAMPLING[output.chroma_subsampling],
        "optimize_coding": small,
        "trellis_quant": small,
        "overshoot_deringing": small,
        "optimize_scans": small and output.progressive,
    }


def _png(output: Output, effort: int) -> _Options:
    options = {"compression": effort, "interlace": output.progressive}
    if output.palette is None:
        return options
    bits = next(bits for bits in (8, 4, 2, 1) if 2**bits <= output.palette.colors)
    palette = {"palette": True, "bitdepth": bits, "dither": output.palette.dither}
    return options | palette | {"effort": max(1, effort)}


def _webp(output: Output, effort: int) -> _Options:
    return {"effort": effort, "lossless": output.lossless}


def _avif(output: Output, effort: int) -> _Options:
    return {
        "compression": "av1",
        "bitdepth": 8,
        "effort": effort,
        "lossless": output.lossless,
        # Colours cost AV1 little: what coarse ones save is lost again by a higher quality.
        "subsample_mode": "on" if output.chroma_subsampling is Subsampling.COARSE else "off",
    }


def _gif(output: Output, effort: int) -> _Options:
    options = {"effort": max(1, effort), "interlace": output.progressive}
    if output.palette is None:
        return options
    bits = output.palette.colors.bit_length() - 1
    return options | {"bitdepth": bits, "dither": output.palette.dither}


def _tiff(_: Output, effort: int) -> _Options:
    return {"compression": "deflate", "predictor": "horizontal", "level": max(1, effort)}


_ENCODERS: Final[dict[ImageFormat, tuple[str, Callable[[Output, int], _Options]]]] = {
    ImageFormat.JPEG: ("jpegsave_target", _jpeg),
    ImageFormat.PNG: ("pngsave_target", _png),
    ImageFormat.WEBP: ("webpsave_target", _webp),
    ImageFormat.AVIF: ("heifsave_target", _avif),
    ImageFormat.GIF: ("gifsave_target", _gif),
    ImageFormat.TIFF: ("tiffsave_target", _tiff),
}
SAVERS: Final = tuple(saver for saver, _ in _ENCODERS.values())

_SUBSAMPLING: Final = {
    Subsampling.AUTO: "auto",
    Subsampling.COARSE: "on",
    Subsampling.FINE: "off",
}


def _effort(written: ImageFormat, effort: int | None) -> int:
    if effort is None or written not in _MOST_EFFORT:
        return _USUAL_EFFORT.get(written, 0)
    return round(effort * _MOST_EFFORT[written] / 10)


def _flattened(frame: pyvips.Image, color: Color) -> pyvips.Image:
    if not frame.hasalpha():
        return frame
    ground = [color.red, color.green, color.blue]
    if frame.bands == 2:  # grey takes the colour's lightness
        ground = [round(0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue)]
    return frame.flatten(background=ground)
