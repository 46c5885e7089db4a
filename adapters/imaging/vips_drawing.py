"""One task from open files to a written result."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
import pyvips

from adapters.imaging import vips_steps
from adapters.imaging.messages import Done
from adapters.imaging.vips_loading import Opened, open_picture
from adapters.imaging.vips_marks import MarkCache, MarkMaker
from adapters.imaging.vips_saving import prepared, save
from domain.images.geometry import Fitted, fit
from domain.images.operations import AutoOrient, Flip, Grayscale, Operation, Resize
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy

# An encoder goes on when it has all its pixels, and nobody can look into it.
_MOST_PERCENT: Final = 99
# Smaller pictures are done before anybody could look; being told costs them over one per cent.
_LONG_READ_PIXELS: Final = 16_000_000
_LONG_DRAWN_PIXELS: Final = 2_000_000


def draw(
    pipeline: Pipeline,
    source: int,
    target: int,
    assets: dict[str, int],
    policy: UploadPolicy,
    cache: MarkCache,
    tell: Callable[[int], None],
) -> Done:
    """
    Run *pipeline* over the picture behind the descriptor *source* and write it to *target*.

    *tell* is called again and again with the percent of the pixels that have been written, where
    there are so many that it takes a while.
    """
    started = time.perf_counter()
    opened = open_picture(source, policy)
    output = pipeline.output
    written = output.format or opened.format
    frames, later = _load(opened, pipeline.operations, output)
    marks = MarkMaker(assets, policy, cache)
    for step in later:
        if isinstance(step, _Rest):
            frames = [vips_steps.cut_or_pad(frame, step.fitted, step.resize) for frame in frames]
        else:
            frames = vips_steps.apply(step, frames, marks)
    planned = time.perf_counter()
    image = prepared(frames, written)
    if (
        opened.width * opened.height >= _LONG_READ_PIXELS
        or image.width * image.height >= _LONG_DRAWN_PIXELS
    ):
        image = _told_of(image, tell)
    save(
        image,
        pyvips.Target.new_to_descriptor(target),
        written,
        output.quality,
    )
    return Done(
        written,
        frames[0].width,
        frames[0].height,
        len(frames),
        # libvips draws while it writes, so that reading, drawing and encoding are one stage.
        {"open": planned - started, "render": time.perf_counter() - planned},
        peak_bytes=0,
    )


def _told_of(image: pyvips.Image, tell: Callable[[int], None]) -> pyvips.Image:
    """Have *tell* told of each part of *image* that is computed."""

    def on_eval(_: pyvips.Image, progress: Any) -> None:
        tell(min(progress.percent, _MOST_PERCENT))

    image = image.copy()  # the signal belongs to this picture alone
    image.set_progress(True)
    image.signal_connect("eval", on_eval)
    return image


@attrs.frozen
class _Rest:
    """What is left to do of a resize whose pixels were resampled while loading."""

    resize: Resize
    fitted: Fitted


def _load(
    opened: Opened, operations: Sequence[Operation], output: Output
) -> tuple[list[pyvips.Image], list[Operation | _Rest]]:
    """
    Return the frames, and the steps that are still to be done.

    Where the first operation to change the size is a resize, the picture is loaded at that size:
    decoders that can shrink need then not make most of the pixels. Turning upright happens on
    the way; flips and the loss of colour come out the same before and after.
    """
    steps: list[Operation | _Rest] = list(operations)
    written = output.format or opened.format
    if opened.frames > 1 and opened.format.may_be_animated and written.may_be_animated:
        return opened.every_frame(), steps
    upright = False
    for index, step in enumerate(operations):
        match step:
            case AutoOrient() if all(isinstance(one, AutoOrient) for one in operations[:index]):
                upright = True
            case Flip() | Grayscale():
                continue
            case Resize():
                width, height = opened.upright_size if upright else (opened.width, opened.height)
                fitted = fit(width, height, step)
                if (fitted.scaled_width, fitted.scaled_height) == (width, height):
                    break
                image = opened.scaled(fitted.scaled_width, fitted.scaled_height, upright=upright)
                steps[index] = _Rest(step, fitted)
                return [image], [one for one in steps if not (upright and one == AutoOrient())]
            case _:
                break
    return [opened.first_frame()], steps
