"""
How much memory a task will need, told from the picture's header and its pipeline.

The figures are fitted to what renderers were measured to need (`python -m benchmarks.memory`), and
lie a little above it: a task that is let in shall not need more than was promised.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from domain.errors import DomainError
from domain.images.formats import ImageFormat, UnknownFormat
from domain.images.geometry import Fitted, fit, pad, region
from domain.images.image import Coding, PictureHeader
from domain.images.operations import (
    AutoOrient,
    Border,
    Crop,
    Extend,
    Flip,
    Grayscale,
    Interest,
    Normalize,
    Operation,
    Pad,
    Resize,
    Rotate,
    RoundCorners,
    Trim,
    Watermark,
)
from domain.images.output import Auto, Output, Subsampling
from domain.images.pipeline import Origin, Pipeline
from domain.images.units import in_pixels

_MIB: Final = 1024 * 1024

_BASE_BYTES: Final = 22 * _MIB
"""Codecs, tables and buffers of any task, above what an idle renderer has."""

# Rows that are in hand at a time where a picture is read from top to bottom.
_READ_ROWS: Final = 1024
_RESAMPLED_ROWS: Final = 2048
_WORKED_ROWS: Final = 256
_WORKED_BYTES: Final = 12  # a pixel of three floating-point numbers

# Bytes a pixel, or a sample, that decoders hold of the whole picture.
_JPEG_COEFFICIENT: Final = 2
_GIF_CANVAS: Final = 5.5
_WEBP_CANVAS: Final = 8.2
_WEBP_LOSSLESS: Final = 4.6
_AVIF_PIXEL: Final = 13.0
_AVIF_SAMPLE: Final = 2.2
_AVIF_DEEP: Final = 1.75
"""Times as much with more than eight bits a sample."""
_WEBP_SHRUNK: Final = 2
"""Times the pixels that are wanted; a WebP picture is decoded at little more than their size."""

# Of all frames of an animation, which lie in memory together.
_ANIMATION: Final = 4.6
_ANIMATION_WORKED: Final = 3.4
_ANIMATION_FRAME: Final = 1_400_000
"""What each frame takes that is worked on, however small it is."""

# Bytes a pixel that encoders hold of the whole result.
_JPEG_OUT_WHOLE: Final = 6.3
_WEBP_OUT: Final = 6.5
_WEBP_OUT_LOSSLESS: Final = 39
_AVIF_OUT_PIXEL: Final = 11
_AVIF_OUT_SAMPLE: Final = 8.6
_GIF_OUT: Final = 13.5
_PALETTE_OUT: Final = 5.6

_MARK: Final = 8
"""Bytes a pixel of a watermark: laid out, made transparent, shadowed."""
_TEXT: Final = 3
"""Bytes a pixel of the frame that a text is laid over; how large it is, nobody knows before."""

_JPEG_SMALL_EFFORT: Final = 8


@attrs.frozen
class _Frame:
    """A picture under way: its sides in pixels, its channels, and how many frames."""

    width: int
    height: int
    channels: int
    frames: int = 1

    @property
    def bytes(self) -> int:
        """What it takes to have all of it in memory."""
        return self.width * self.height * self.channels * self.frames


def memory_bytes(
    pipeline: Pipeline,
    header: PictureHeader,
    assets: Mapping[str, PictureHeader] | None = None,
) -> int:
    """
    Return the bytes that a renderer will need for *pipeline*, above what it has when idle.

    What the header does not tell is taken for the worst that it may be. Of *assets*, the pictures
    that the pipeline names, those that are not known cost nothing.
    """
    animated = _is_animated(pipeline, header)
    upload = _Frame(
        header.width,
        header.height,
        _channels(header),
        frames=(header.frames or 1) if animated else 1,
    )
    fresh = [one for one in pipeline.variants if one.origin is Origin.UPLOAD]
    uses = [pipeline.operations, *(one.operations for one in fresh)]
    small = None if animated else _decoded_small(uses, header)
    start = upload if small is None else attrs.evolve(upload, width=small[0], height=small[1])
    needed = float(_BASE_BYTES) + _decoding(header, start, is_small=small is not None)
    if animated:
        needed += upload.bytes / upload.channels * _ANIMATION
    elif len(uses) > 1 or pipeline.is_looked_through:
        needed += start.bytes
    asset_headers = assets or {}
    main, held = _through(
        pipeline.operations, upload, header.coding, asset_headers, is_small=small is not None
    )
    needed += held
    if len(fresh) < len(pipeline.variants):
        needed += main.bytes
    # One result is written after the other.
    most = _encoding(pipeline.output, main, header.format)
    for variant in pipeline.variants:
        first = upload if variant.origin is Origin.UPLOAD else main
        made, held = _through(
            variant.operations,
            first,
            header.coding if variant.origin is Origin.UPLOAD else _UPRIGHT,
            asset_headers,
            is_small=small is not None and variant.origin is Origin.UPLOAD,
        )
        most = max(most, held + _encoding(variant.output, made, header.format))
    return round(needed + most)


_UPRIGHT: Final = Coding(turned=False)


def _is_animated(pipeline: Pipeline, header: PictureHeader) -> bool:
    if not header.format.may_be_animated or header.frames == 1:
        return False
    outputs = (pipeline.output, *(variant.output for variant in pipeline.variants))
    return any(
        isinstance(output.format, Auto) or (output.format or header.format).may_be_animated
        for output in outputs
    )


def _channels(header: PictureHeader) -> int:
    coding = header.coding
    if header.format is ImageFormat.JPEG:
        return 1 if coding.samples == 1 else 4 if coding.samples == 4 else 3
    if header.format is ImageFormat.GIF or (coding.alpha is None and coding.samples is None):
        return 4
    if header.format in (ImageFormat.PNG, ImageFormat.TIFF):
        return max(1, math.ceil(coding.samples or 4))
    return 4 if coding.alpha else 3


def _decoded_small(
    uses: Sequence[tuple[Operation, ...]], header: PictureHeader
) -> tuple[int, int] | None:
    """Return the sides at which the picture is loaded where it need not be decoded whole."""
    found = [_first_resize(operations, header) for operations in uses]
    fitted = [one for one in found if one is not None]
    if len(fitted) < len(found):
        return None
    return (
        max(one.scaled_width for one in fitted),
        max(one.scaled_height for one in fitted),
    )


def _first_resize(operations: Iterable[Operation], header: PictureHeader) -> Fitted | None:
    for step in operations:
        if isinstance(step, AutoOrient | Flip | Grayscale):
            continue
        if not isinstance(step, Resize) or not step.is_usual:
            return None
        try:
            return fit(header.width, header.height, step)
        except DomainError:
            return None
    return None


def _decoding(header: PictureHeader, start: _Frame, *, is_small: bool) -> float:
    """Return what a decoder holds, and what is read ahead of it."""
    pixels, coding = header.width * header.height, header.coding
    bits = coding.bits or (16 if header.format in (ImageFormat.PNG, ImageFormat.TIFF) else 8)
    samples = coding.samples or 4
    packed = samples * bits / 8
    whole = 0.0
    match header.format:
        case ImageFormat.JPEG:
            passes = coding.in_passes is not False
            whole = _JPEG_COEFFICIENT * (coding.samples or 3) * pixels if passes else 0
        case ImageFormat.PNG:
            whole = packed * pixels if coding.in_passes is not False else 0
        case ImageFormat.GIF:
            whole = _GIF_CANVAS * pixels
        case ImageFormat.WEBP:
            drawn = start.width * start.height * (_WEBP_SHRUNK if is_small else 1)
            drawn = min(pixels, drawn)
            whole = _WEBP_CANVAS * drawn
            if coding.lossless is not False:  # decoded at full size, then shrunk
                whole = _WEBP_LOSSLESS * (pixels + drawn)
        case ImageFormat.AVIF:
            deep = _AVIF_DEEP if bits > 8 else 1
            whole = (_AVIF_PIXEL + _AVIF_SAMPLE * samples) * pixels * deep
        case ImageFormat.TIFF:
            rows = min(header.height, coding.rows_at_once or header.height)
            whole = packed * header.width * rows
    shrinks = header.format in (ImageFormat.JPEG, ImageFormat.WEBP)
    rows = _RESAMPLED_ROWS if is_small and not shrinks else _READ_ROWS
    read = min(header.height, rows) * header.width * max(start.channels, packed)
    return whole + read


def _through(
    operations: tuple[Operation, ...],
    frame: _Frame,
    coding: Coding,
    assets: Mapping[str, PictureHeader],
    *,
    is_small: bool,
) -> tuple[_Frame, float]:
    """
    Return what comes out of *operations*, and the bytes that they hold together.

    With *is_small* the first resize has been done while loading, and turning upright with it.
    """
    held = 0.0
    turned = coding.turned is not False
    largest = frame.width * frame.height
    for step in operations:
        try:
            after = _after(step, frame)
        except DomainError:
            break  # the task will fail here, and go no further
        if isinstance(step, AutoOrient):
            held += frame.bytes if turned and not is_small else 0
        elif is_small:
            if isinstance(step, Resize):
                is_small = False
                held += after.bytes if turned else 0
                held += 2 * after.bytes if _is_sought(step) else 0
        else:
            held += _working(step, frame, after, assets)
        frame = after
        largest = max(largest, frame.width * frame.height)
    if frame.frames > 1 and any(not isinstance(step, AutoOrient) for step in operations):
        held += frame.frames * (largest * _ANIMATION_WORKED + _ANIMATION_FRAME)
    return frame, held


def _working(
    step: Operation, frame: _Frame, after: _Frame, assets: Mapping[str, PictureHeader]
) -> float:
    """Return what one step holds of a picture that flows through it."""
    held = 0.0
    if _has_to_lie_in_memory(step):
        held += frame.bytes
    if _is_sought(step):
        held += 2 * after.bytes
    if isinstance(step, Watermark):
        held += _marked(step, frame, assets)
    if isinstance(step, Resize):
        held += _rows(frame, _RESAMPLED_ROWS if step.linear else _WORKED_ROWS)
    elif not isinstance(step, Crop | Flip):
        held += _rows(frame, _WORKED_ROWS)
    return held


def _is_sought(step: Operation) -> bool:
    return getattr(step, "gravity", None) in _SOUGHT


_SOUGHT: Final = (Interest.ATTENTION, Interest.ENTROPY)


def _has_to_lie_in_memory(step: Operation) -> bool:
    return (
        isinstance(step, Trim | Normalize | Watermark)
        or bool(getattr(step, "regions", ()))
        or (isinstance(step, Pad) and step.extend_with is not Extend.BACKGROUND)
        or (isinstance(step, Rotate) and step.angle % 360 != 0)
        or (isinstance(step, Flip) and step.vertical)
        or _is_sought(step)
    )


def _rows(frame: _Frame, rows: int) -> int:
    return min(frame.height, rows) * frame.width * _WORKED_BYTES


def _after(step: Operation, frame: _Frame) -> _Frame:
    width, height = frame.width, frame.height
    match step:
        case Resize():
            fitted = fit(width, height, step)
            return attrs.evolve(frame, width=fitted.width, height=fitted.height)
        case Crop():
            area = region(width, height, step)
            return attrs.evolve(frame, width=area.width, height=area.height)
        case Pad() | Border():
            padded = pad(width, height, step)
            return _Frame(padded.width, padded.height, 4, frame.frames)
        case Rotate():
            turn = math.radians(step.angle)
            sine, cosine = abs(math.sin(turn)), abs(math.cos(turn))
            return _Frame(
                math.ceil(width * cosine + height * sine),
                math.ceil(width * sine + height * cosine),
                frame.channels if step.angle % 90 == 0 else 4,
                frame.frames,
            )
        case RoundCorners():
            return attrs.evolve(frame, channels=4)
        case _:  # of a trim, nobody knows how little will be left
            return frame


def _marked(step: Watermark, frame: _Frame, assets: Mapping[str, PictureHeader]) -> float:
    if step.image is None:
        return frame.width * frame.height * _TEXT
    header = assets.get(step.image)
    if header is None:
        return 0.0
    whole = _Frame(header.width, header.height, 4)
    share = Watermark.IMAGE_DEFAULT_WIDTH if step.width is None else step.width
    width = min(max(1, in_pixels(share, frame.width)), frame.width)
    mark = min(width * width * header.height / header.width, frame.width * frame.height)
    return _decoding(header, whole, is_small=False) + mark * _MARK


def _encoding(output: Output, frame: _Frame, uploaded: ImageFormat | UnknownFormat) -> float:
    """Return what the encoder holds; a format that is chosen later is taken for the dearest."""
    chosen = output.format or uploaded
    formats = tuple(_AUTO) if isinstance(chosen, Auto) else (chosen,)
    return max(_encoding_as(one, output, frame) for one in formats)


_AUTO: Final = (ImageFormat.WEBP, ImageFormat.JPEG, ImageFormat.PNG)


def _encoding_as(format: ImageFormat | UnknownFormat, output: Output, frame: _Frame) -> float:
    pixels = frame.width * frame.height
    held = 0.0
    if output.max_bytes is not None and format in (
        ImageFormat.JPEG,
        ImageFormat.WEBP,
        ImageFormat.AVIF,
    ):
        held += frame.bytes + 2 * min(output.max_bytes, frame.bytes)
    small = output.effort is not None and output.effort >= _JPEG_SMALL_EFFORT
    match format:
        case ImageFormat.JPEG if output.progressive or small:
            held += _JPEG_OUT_WHOLE * pixels
        case ImageFormat.PNG if output.palette is not None:
            held += _PALETTE_OUT * pixels
        case ImageFormat.PNG if output.progressive:
            held += (frame.channels + 0.4) * pixels
        case ImageFormat.WEBP:
            held += (_WEBP_OUT_LOSSLESS if output.lossless else _WEBP_OUT) * pixels
        case ImageFormat.AVIF:
            held += (_AVIF_OUT_PIXEL + _AVIF_OUT_SAMPLE * _samples_out(output, frame)) * pixels
        case ImageFormat.GIF:
            held += _GIF_OUT * pixels
        case _:
            pass
    return held


def _samples_out(output: Output, frame: _Frame) -> float:
    fine = output.lossless or output.chroma_subsampling is not Subsampling.COARSE
    return (3 if fine else 1.5) + (frame.channels in (2, 4))
