"""One task from open files to written results, however many, by one decode."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs
import pyvips

from adapters.imaging import vips_steps
from adapters.imaging.messages import Done, Written
from adapters.imaging.vips_analysis import LOOK, analysed
from adapters.imaging.vips_loading import Opened, open_picture, resampled
from adapters.imaging.vips_marks import MarkCache, MarkMaker
from adapters.imaging.vips_resizing import cut_or_pad
from adapters.imaging.vips_saving import format_of, prepared, save
from adapters.imaging.vips_watermarks import Marks
from domain.images.geometry import Fitted, fit
from domain.images.operations import (
    AutoOrient,
    ColorProfile,
    Flip,
    Grayscale,
    Operation,
    Profile,
    Resize,
)
from domain.images.output import Auto, Output
from domain.images.pipeline import Origin, Pipeline, Sampling, Variant
from domain.images.upload_policy import UploadPolicy

Frames = list[pyvips.Image]

# An encoder goes on when it has all its pixels, and nobody can look into it.
_MOST_PERCENT: Final = 99
# Smaller pictures are done before anybody could look, and being told is not free.
_LONG_READ_PIXELS: Final = 16_000_000
_LONG_DRAWN_PIXELS: Final = 2_000_000


def draw(
    pipeline: Pipeline,
    source: int,
    targets: Sequence[int],
    assets: Mapping[str, int],
    families: Mapping[str, str],
    policy: UploadPolicy,
    cache: MarkCache,
    tell: Callable[[int], None],
) -> Done:
    """
    Run *pipeline* over the picture behind the descriptor *source* and write its results.

    *targets* are descriptors in the order of the results. *families* are those of the fonts among
    the *assets*, by their names. *tell* is called again and again with
    the percent of the pixels that have been written, where there are so many that it takes a
    while.
    """
    started = time.perf_counter()
    opened = open_picture(source, policy)
    writer = _Writer(opened, targets, tell)
    marks = MarkMaker(assets, families, policy, cache)
    fresh = [one for one in pipeline.variants if one.origin is Origin.UPLOAD]
    decoded = _decode(
        opened,
        [pipeline.operations, *(one.operations for one in fresh)],
        animated=_is_animated(opened, pipeline),
        looked_at=pipeline.is_looked_through,
        sampling=pipeline.sampling,
    )
    analysis, analysis_seconds = None, 0.0
    if pipeline.analyze:
        begun = time.perf_counter()
        analysis = analysed(pipeline.analyze, opened, lambda: decoded.look(opened))
        analysis_seconds = time.perf_counter() - begun
    frames = decoded.run(pipeline.operations, marks)
    if len(fresh) < len(pipeline.variants):
        frames = [frame.copy_memory() for frame in frames]
    planned = time.perf_counter()
    profile = _profile(pipeline.operations)
    writer.write(frames, pipeline.output, profile)
    for variant in pipeline.variants:
        with _told_as(variant):
            if variant.origin is Origin.UPLOAD:
                own, inherited = decoded.run(variant.operations, marks), None
            else:
                own, inherited = _applied(variant.operations, frames, marks), profile
            writer.write(own, variant.output, _profile(variant.operations) or inherited)
    # libvips draws while it writes, so that reading, drawing and encoding are one stage.
    stages = {
        "open": planned - started - analysis_seconds,
        "render": time.perf_counter() - planned,
    }
    if analysis is not None:
        stages["analyze"] = analysis_seconds
    return Done(tuple(writer.written), stages, peak_bytes=0, analysis=analysis)


@attrs.define
class _Writer:
    """Writes one result after the other to the targets."""

    opened: Opened
    targets: Sequence[int]
    tell: Callable[[int], None]
    written: list[Written] = attrs.field(factory=list)

    def write(self, frames: Frames, output: Output, profile: Profile | None) -> None:
        """Draw *frames*, and write them to the next target, in the space of *profile*."""
        written = format_of(output.format, self.opened.format, frames)
        if not written.may_be_animated:
            frames = frames[:1]
        image = prepared(frames, written, output, profile)
        width, height = frames[0].width, frames[0].height
        if (
            self.opened.width * self.opened.height >= _LONG_READ_PIXELS
            or width * height * len(frames) >= _LONG_DRAWN_PIXELS
        ):
            image = self._told_of(image)
        save(image, self.targets[len(self.written)], written, output, profile)
        self.written.append(Written(written, width, height, len(frames)))

    def _told_of(self, image: pyvips.Image) -> pyvips.Image:
        """Have each part of *image* that is computed told of."""
        before, results = len(self.written), len(self.targets)

        def on_eval(_: pyvips.Image, progress: Any) -> None:
            percent = (100 * before + progress.percent) // results
            self.tell(min(percent, _MOST_PERCENT))

        image = image.copy()  # the signal belongs to this picture alone
        image.set_progress(True)
        image.signal_connect("eval", on_eval)
        return image


@attrs.frozen
class _Rest:
    """What is left to do of a resize whose pixels were resampled while loading."""

    resize: Resize
    fitted: Fitted


@attrs.frozen
class _Start:
    """
    How the operations of one result begin, where a picture need not be decoded whole.

    Attributes:
        upright: Whether it is turned upright on the way.
        rest: The steps that are left once the picture has the size of *fitted*.
    """

    upright: bool
    fitted: Fitted
    rest: tuple[Operation | _Rest, ...]


@attrs.frozen
class _Decoded:
    """
    The picture as decoded, and how each result begins with it.

    Attributes:
        starts: By the result's operations; empty where each begins with the whole picture.
        upright: Whether it was turned upright on the way.
    """

    frames: Frames
    starts: dict[tuple[Operation, ...], _Start]
    upright: bool = False

    def look(self, opened: Opened) -> pyvips.Image:
        """Return the first frame in the size and position in which it is analysed."""
        width, height = _size_to_look_at(opened, upright=self.upright)
        frame = self.frames[0]
        if (frame.width, frame.height) != (width, height):
            frame = resampled(frame, width, height)
        return frame if self.upright else vips_steps.upright(frame)

    def run(self, operations: tuple[Operation, ...], marks: Marks) -> Frames:
        """Return the frames that come out of *operations*."""
        start = self.starts.get(operations)
        if start is None:
            return _applied(operations, self.frames, marks)
        fitted = start.fitted
        frames = [
            frame
            if (frame.width, frame.height) == (fitted.scaled_width, fitted.scaled_height)
            else resampled(frame, fitted.scaled_width, fitted.scaled_height)
            for frame in self.frames
        ]
        return _applied(start.rest, frames, marks)


def _decode(
    opened: Opened,
    uses: Sequence[tuple[Operation, ...]],
    *,
    animated: bool,
    looked_at: bool,
    sampling: Sampling,
) -> _Decoded:
    """
    Decode the picture once, for all *uses*, each a list of operations, and to be *looked_at*.

    Where the first operation of each to change the size is a resize, the picture is loaded at that
    size, or at the largest: decoders that can shrink need then not make most of the pixels. A
    picture with one use is read from top to bottom while it is written; more share it in memory.
    """
    if animated:
        return _Decoded(opened.every_frame(), {})
    starts = {operations: _start(opened, operations) for operations in uses}
    found = [start for start in starts.values() if start is not None]
    if len(found) == len(starts) and len({start.upright for start in found}) == 1:
        upright = found[0].upright
        sizes = [(start.fitted.scaled_width, start.fitted.scaled_height) for start in found]
        if looked_at:
            sizes.append(_size_to_look_at(opened, upright=upright))
        width, height = (max(sides) for sides in zip(*sizes, strict=True))
        image = opened.scaled(width, height, upright=upright, sampling=sampling)
        known = {operations: start for operations, start in starts.items() if start is not None}
    else:
        image, known, upright = opened.first_frame(), {}, False
    is_shared = looked_at or len(uses) > 1
    return _Decoded([image.copy_memory() if is_shared else image], known, upright)


def _size_to_look_at(opened: Opened, *, upright: bool) -> tuple[int, int]:
    """Return the sides of the picture as it is analysed, as stored unless *upright*."""
    width, height = opened.upright_size if upright else (opened.width, opened.height)
    fitted = fit(width, height, LOOK)
    return fitted.scaled_width, fitted.scaled_height


def _start(opened: Opened, operations: tuple[Operation, ...]) -> _Start | None:
    """
    Return how *operations* begin with a smaller picture; None where they need the whole.

    Turning upright happens on the way; flips and the loss of colour come out the same before and
    after.
    """
    upright = False
    for index, step in enumerate(operations):
        match step:
            case AutoOrient() if all(isinstance(one, AutoOrient) for one in operations[:index]):
                upright = True
            case Flip() | Grayscale():
                continue
            case Resize() if step.is_usual:
                width, height = opened.upright_size if upright else (opened.width, opened.height)
                fitted = fit(width, height, step)
                if (fitted.scaled_width, fitted.scaled_height) == (width, height):
                    return None
                steps: list[Operation | _Rest] = list(operations)
                steps[index] = _Rest(step, fitted)
                rest = [one for one in steps if not (upright and one == AutoOrient())]
                return _Start(upright, fitted, tuple(rest))
            case _:
                return None
    return None


def _applied(steps: Sequence[Operation | _Rest], frames: Frames, marks: Marks) -> Frames:
    for step in steps:
        if isinstance(step, _Rest):
            frames = cut_or_pad(frames, step.fitted, step.resize)
        else:
            frames = vips_steps.apply(step, frames, marks)
    return frames


def _profile(operations: Sequence[Operation]) -> Profile | None:
    """Return the last space of colours that *operations* name."""
    return next((step.to for step in reversed(operations) if isinstance(step, ColorProfile)), None)


def _is_animated(opened: Opened, pipeline: Pipeline) -> bool:
    outputs = [pipeline.output, *(variant.output for variant in pipeline.variants)]
    return (
        opened.frames > 1
        and opened.format.may_be_animated
        and any(_may_be_animated(opened, output) for output in outputs)
    )


def _may_be_animated(opened: Opened, output: Output) -> bool:
    chosen = output.format or opened.format
    return isinstance(chosen, Auto) or chosen.may_be_animated


@contextlib.contextmanager
def _told_as(variant: Variant) -> Iterator[None]:
    """Let whatever goes wrong name the variant."""
    try:
        yield
    except Exception as error:
        error.add_note(f'the variant "{variant.name}"')
        raise
