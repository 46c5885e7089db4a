"""How large results will be, told without a pixel."""

from typing import Final, assert_never

import attrs

from domain.images.formats import ImageFormat
from domain.images.geometry import clipped, fit, pad, region, turn
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


def _step(step: Operation, size: _Size) -> _Size | None:  # noqa: C901, PLR0911  # one a case
    match step:
        case AutoOrient():
            if size.orientation >= _TURNED_ORIENTATION:
                return _Size(size.height, size.width, 1)
            return attrs.evolve(size, orientation=1)
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
            turned = turn(size.width, size.height, step)
            return attrs.evolve(size, width=turned.width, height=turned.height)
        case Trim():
            return None
        case Blur() | Sharpen() | Redact():
            for part in step.regions:
                clipped(size.width, size.height, part)  # refuses what lies outside
            return size
        case (
            Flip() | Grayscale() | Negate() | Normalize() | Gamma() | Threshold() | Modulate()
            | Contrast() | ColorProfile() | Tint() | Sepia() | Duotone() | Flatten()
            | Pixelate() | RoundCorners() | Watermark()
        ):  # fmt: skip
            return size
        case _:
            assert_never(step)
