"""Resizing and cutting; what is kept is the same of every frame."""

import math
from typing import Final

import attrs
import pyvips

from adapters.imaging.vips_colors import alpha_weighed, ready_for
from adapters.imaging.vips_loading import resampled
from domain.images.geometry import Area, Fitted, fit, place, region
from domain.images.operations import Crop, Interest, Kernel, Resize

Frames = list[pyvips.Image]

_SUPPORT: Final = 3  # rows of the result that a Lanczos kernel looks at, to each side
# One strip of all frames is worth it as long as its padding is less than half of it, as libvips
# need not make it smaller in two goes, and as there is room for it.
_MOST_PADDING: Final = 0.5
_MOST_SHRINK: Final = 4
_MOST_STRIP_PIXELS: Final = 20_000_000

_FOUND: Final = {Interest.ATTENTION: "attention", Interest.ENTROPY: "entropy"}


def resized(step: Resize, frames: Frames) -> Frames:
    """
    Resize every frame, then cut or pad it.

    Raises:
        OutputTooLarge: A side would be longer than any result may be.
    """
    first = frames[0]
    fitted = fit(first.width, first.height, step)
    if (fitted.scaled_width, fitted.scaled_height) != (first.width, first.height):
        size = fitted.scaled_width, fitted.scaled_height
        frames = _all_resampled(frames, *size, step)
    return cut_or_pad(frames, fitted, step)


def cut_or_pad(frames: Frames, fitted: Fitted, step: Resize) -> Frames:
    """Finish a resize whose pixels have been resampled: cut what juts out, pad what is missing."""
    given = frames[0].width, frames[0].height
    width, height = min(fitted.width, given[0]), min(fitted.height, given[1])
    if (width, height) != given:
        kept = place(*given, width, height, step.gravity, step.focus)
        frames = _cut(frames, kept, step)
    if (width, height) != (fitted.width, fitted.height):
        at = place(fitted.width, fitted.height, width, height, step.gravity)
        frames = [_padded(frame, at, fitted, step) for frame in frames]
    return frames


def cropped(step: Crop, frames: Frames) -> Frames:
    """
    Cut the region of *step* out of every frame.

    Raises:
        GeometryOutsideImage: It does not lie inside them.
    """
    return _cut(frames, region(frames[0].width, frames[0].height, step), step)


def _cut(frames: Frames, area: Area, step: Resize | Crop) -> Frames:
    found = _FOUND.get(step.gravity) if isinstance(step.gravity, Interest) else None
    if found is not None:
        frames = [frames[0].copy_memory(), *frames[1:]]  # looked through, then drawn
        best = frames[0].smartcrop(area.width, area.height, interesting=found)
        area = attrs.evolve(area, left=-best.xoffset, top=-best.yoffset)
    return [frame.extract_area(area.left, area.top, area.width, area.height) for frame in frames]


def _padded(frame: pyvips.Image, at: Area, fitted: Fitted, step: Resize) -> pyvips.Image:
    frame, background = ready_for(frame, step.background)
    return frame.embed(
        at.left, at.top, fitted.width, fitted.height, extend="background", background=background
    )


def _all_resampled(frames: Frames, width: int, height: int, step: Resize) -> Frames:
    """Resample every frame; of an animation all together, which costs a fraction."""
    if len(frames) == 1:
        return [_resampled(frames[0], width, height, step)]
    first = frames[0]
    unit = first.height // math.gcd(first.height, height)
    shrink = first.height / height
    # Rows are repeated between the frames, so that none is mixed with its neighbour's, and as
    # many as become whole rows of the result.
    above = math.ceil((_SUPPORT * max(1, shrink) + 1) / unit) * unit
    stride = first.height + 2 * above
    if (
        not step.is_usual
        or 2 * above > _MOST_PADDING * first.height
        or max(shrink, first.width / width) >= _MOST_SHRINK
        or len(frames) * stride * first.width > _MOST_STRIP_PIXELS
    ):
        return [_resampled(frame, width, height, step).copy_memory() for frame in frames]
    strip = pyvips.Image.arrayjoin(
        [frame.embed(0, above, first.width, stride, extend="copy") for frame in frames], across=1
    ).copy_memory()
    rows, start = stride * height // first.height, above * height // first.height
    strip = resampled(strip, width, len(frames) * rows).copy_memory()
    return [
        strip.extract_area(0, start + number * rows, width, height) for number in range(len(frames))
    ]


def _resampled(frame: pyvips.Image, width: int, height: int, step: Resize) -> pyvips.Image:
    if step.is_usual:
        return resampled(frame, width, height)
    if step.linear:
        return _in_light(frame, width, height, step.kernel)
    return alpha_weighed(frame, lambda pixels: _scaled(pixels, width, height, step.kernel))


def _in_light(frame: pyvips.Image, width: int, height: int, kernel: Kernel) -> pyvips.Image:
    """Mix light rather than numbers: small bright things on dark stay bright."""
    space, alpha = frame.interpretation, frame.hasalpha()
    light = frame.colourspace("scrgb")
    light = light.premultiply(max_alpha=255) if alpha else light
    light = _scaled(light, width, height, kernel)
    light = light.unpremultiply(max_alpha=255) if alpha else light
    return light.colourspace(space).cast("uchar").copy(interpretation=space)


def _scaled(frame: pyvips.Image, width: int, height: int, kernel: Kernel) -> pyvips.Image:
    scaled = frame.resize(width / frame.width, vscale=height / frame.height, kernel=kernel.value)
    if (scaled.width, scaled.height) != (width, height):  # rounded otherwise than we did
        scaled = scaled.embed(0, 0, width, height, extend="copy")
    return scaled
