"""One pipeline for all that mean the same: steps that change nothing are left out."""

import attrs

from domain.images.operations import (
    AutoOrient,
    Contrast,
    Crop,
    Gamma,
    Operation,
    Pad,
    Resize,
    Rotate,
)
from domain.images.output import Delay, Kept, Metadata, Output
from domain.images.pipeline import MAIN, USUAL_SAMPLING, Pipeline
from domain.images.units import Length, Percent

_WHOLE = Percent(100)
_LENGTHS_OF_PAD = ("all", "top", "right", "bottom", "left")


@attrs.frozen
class Canonical:
    """
    A pipeline in its one form.

    Attributes:
        dropped: How many steps were left out of each result's operations, by its name.
    """

    pipeline: Pipeline
    dropped: dict[str, int]


def canonical(pipeline: Pipeline) -> Canonical:
    """
    Return *pipeline* without the steps that change no pixel of any picture, angles from 0 to 360.

    Of outputs, delays are listed as far as they differ, and kinds of metadata in one order.

    A step goes only if drawing it copies every pixel. Some that look idle stay: a neutral
    `modulate` and `sepia` of nothing take the colours through another space and round them, a
    watermark of no opacity still needs its picture and works the profile in, a border or a
    corner of no size may add transparency. Where nothing is resized, sampling means nothing.
    """
    main = _kept(pipeline.operations)
    variants = [
        attrs.evolve(variant, operations=_kept(variant.operations), output=_written(variant.output))
        for variant in pipeline.variants
    ]
    dropped = {MAIN: len(pipeline.operations) - len(main)}
    for before, after in zip(pipeline.variants, variants, strict=True):
        dropped[before.name] = len(before.operations) - len(after.operations)
    by_name = tuple(sorted(variants, key=lambda variant: variant.name))
    runs = (main, *(variant.operations for variant in by_name))
    is_resized = any(isinstance(step, Resize) for run in runs for step in run)
    return Canonical(
        attrs.evolve(
            pipeline,
            operations=main,
            output=_written(pipeline.output),
            variants=by_name,
            sampling=pipeline.sampling if is_resized else USUAL_SAMPLING,
        ),
        dropped,
    )


def _written(output: Output) -> Output:
    return attrs.evolve(
        output,
        delay=_delay(output.delay),
        metadata=attrs.evolve(output.metadata, keep=_kinds(output.metadata)),
    )


def _delay(delay: Delay) -> Delay:
    if not isinstance(delay, tuple):
        return delay
    count = len(delay)
    while count > 1 and delay[count - 1] == delay[count - 2]:  # the last goes on anyhow
        count -= 1
    return delay[0] if count == 1 else delay[:count]


def _kinds(metadata: Metadata) -> tuple[Kept, ...]:
    # The copyright is a part of EXIF.
    dropped = {Kept.COPYRIGHT} if Kept.EXIF in metadata.keep else set()
    kinds = tuple(kind for kind in Kept if kind in metadata.keep and kind not in dropped)
    return kinds or (Kept.NONE,)


def _kept(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    kept: list[Operation] = []
    for step in operations:
        if _changes_nothing(step) or (step == AutoOrient() and AutoOrient() in kept):
            continue
        kept.append(_in_one_turn(step) if isinstance(step, Rotate) else step)
    return tuple(kept)


def _changes_nothing(step: Operation) -> bool:  # noqa: PLR0911  # one return a case
    match step:
        case Rotate():
            return step.angle % 360 in (0, 360)  # 360 is what rounding makes of a hair below 0
        case Resize():
            return step.dpr == 1 and all(
                side in (None, _WHOLE) for side in (step.width, step.height)
            )
        case Crop():
            return (
                step.width == step.height == _WHOLE and _is_zero(step.left) and _is_zero(step.top)
            )
        case Pad():
            return all(_is_zero(getattr(step, name)) for name in _LENGTHS_OF_PAD)
        case Contrast():
            return step.factor == 1
        case Gamma():
            return step.gamma == 1
        case _:
            return False


def _in_one_turn(step: Rotate) -> Rotate:
    return attrs.evolve(step, angle=step.angle % 360)


def _is_zero(length: Length | None) -> bool:
    return length in (None, 0, Percent(0))
