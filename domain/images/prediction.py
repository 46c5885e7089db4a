"""How large results will be, told without a pixel."""

from typing import Final, assert_never

import attrs

from domain.images.formats import ImageFormat
from domain.images.geometry import fit, pad, region
from domain.images.image import Coding
from domain.images.operations import (
    AutoOrient,
    Blur,
    Border,
    ColorProfile,
    Contrast,
    Crop,
    Duotone,
    Flatten,
    Flip,
    Gamma,
    Grayscale,
    Modulate,
    Negate,
    Normalize,
    Operation,
    Pad,
    Pixelate,
    Redact,
    Resize,
    Rotate,
    RoundCorners,
    Sepia,
    Sharpen,
    Threshold,
    Tint,
    Trim,
    Watermark,
)
from domain.images.output import Auto, Output
from domain.images.pipeline import MAIN, Origin, Pipeline

_TURNED_ORIENTATION: Final = 5
"""EXIF orientations from here on lie on their side."""


@attrs.frozen
class Facts:
    """
    What is known of a picture beforehand.

    Attributes:
        width: Pixels as stored, before any turning upright.
        height: Likewise.
        orientation: EXIF orientation, 1 to 8.
        coding: What is known of how it is packed; sizes do not depend on it.
    """

    format: ImageFormat
    width: int
    height: int
    frames: int = 1
    orientation: int = 1
    coding: Coding = Coding()


@attrs.frozen
class Predicted:
    """
    What a result will be.

    Attributes:
        format: None where `auto` decides by the picture.
        width: None where only looking at the picture can tell, as is `height`.
    """

    format: ImageFormat | None
    width: int | None
    height: int | None
    frames: int


@attrs.frozen
class _Size:
    width: int
    height: int
    orientation: int


def predict(pipeline: Pipeline, facts: Facts) -> dict[str, Predicted]:
    """
    Return what each result of *pipeline* will be, by its name.

    Raises:
        GeometryOutsideImage: A region does not lie inside the picture.
        OutputTooLarge: A side would be longer than any result may be.
    """
    upload = _Size(facts.width, facts.height, facts.orientation)
    main = _after(pipeline.operations, upload)
    found = {MAIN: _predicted(main, pipeline.output, facts)}
    for variant in pipeline.variants:
        start = main if variant.origin is Origin.MAIN else upload
        size = None if start is None else _after(variant.operations, start)
        found[variant.name] = _predicted(size, variant.output, facts)
    return found


def _predicted(size: _Size | None, output: Output, facts: Facts) -> Predicted:
    chosen = output.format or facts.format
    written = None if isinstance(chosen, Auto) else chosen
    animated = facts.format.may_be_animated and (written is None or written.may_be_animated)
    return Predicted(
        written,
        None if size is None else size.width,
        None if size is None else size.height,
        facts.frames if animated else 1,
    )


def _after(operations: tuple[Operation, ...], size: _Size) -> _Size | None:
    for step in operations:
        grown = _step(step, size)
        if grown is None:
            return None
        size = grown
    return size


def _step(step: Operation, size: _Size) -> _Size | None:  # noqa: PLR0911  # one return a case
    match step:
        case AutoOrient():
            turned = size.orientation >= _TURNED_ORIENTATION
            return _Size(*(_turned(size) if turned else (size.width, size.height)), 1)
        case Resize():
            fitted = fit(size.width, size.height, step)
            return attrs.evolve(size, width=fitted.width, height=fitted.height)
        case Crop():
            cut = region(size.width, size.height, step)
            return attrs.evolve(size, width=cut.width, height=cut.height)
        case Pad() | Border():
            padded = pad(size.width, size.height, step)
            return attrs.evolve(size, width=padded.width, height=padded.height)
        case Rotate():
            return _rotated(step, size)
        case Trim():
            return None
        case (
            Flip() | Grayscale() | Negate() | Normalize() | Gamma() | Threshold() | Modulate()
            | Contrast() | ColorProfile() | Tint() | Sepia() | Duotone() | Flatten() | Blur()
            | Sharpen() | Pixelate() | Redact() | RoundCorners() | Watermark()
        ):  # fmt: skip
            return size
        case _:
            assert_never(step)


def _rotated(step: Rotate, size: _Size) -> _Size | None:
    angle = step.angle % 360
    if angle in (90, 270):
        width, height = _turned(size)
        return attrs.evolve(size, width=width, height=height)
    # How far other angles make it grow, the engine rounds in a way of its own.
    return size if angle in (0, 180) else None


def _turned(size: _Size) -> tuple[int, int]:
    return size.height, size.width
