"""Watermarks laid over a frame: where they stand, how they repeat, and how they join it."""

import math
from collections.abc import Callable
from typing import Final

import attrs
import pyvips

from adapters.imaging.vips_colors import SRGB, colored, in_srgb_values, with_alpha
from domain.images.geometry import place
from domain.images.operations import Blend, Shadow, Watermark
from domain.images.units import in_pixels

# An opaque picture stays opaque under all but these.
_CLEARING: Final = (
    Blend.CLEAR,
    Blend.SOURCE,
    Blend.IN,
    Blend.OUT,
    Blend.DEST_IN,
    Blend.DEST_OUT,
    Blend.DEST_ATOP,
    Blend.XOR,
)
# These mix colours; all others only choose among them.
_MIXING: Final = (
    Blend.MULTIPLY,
    Blend.SCREEN,
    Blend.OVERLAY,
    Blend.DARKEN,
    Blend.LIGHTEN,
    Blend.COLOUR_DODGE,
    Blend.COLOUR_BURN,
    Blend.HARD_LIGHT,
    Blend.SOFT_LIGHT,
    Blend.DIFFERENCE,
    Blend.EXCLUSION,
)
_BLUR_REACH: Final = 3  # sigmas, beyond which a Gaussian is nothing
_BLOCK_PX: Final = 128
_LEAST_BLUR: Final = 0.01


@attrs.frozen
class Mark:
    """
    A mark ready to be laid over, as RGBA.

    Attributes:
        margin: Pixels on each side that only its shadow reaches.
    """

    image: pyvips.Image
    margin: int = 0


Marks = Callable[[Watermark, int, int], Mark]
"""Gives the mark of a watermark, sized for a frame of the given width and height."""


def watermarked(frame: pyvips.Image, step: Watermark, marks: Marks) -> pyvips.Image:
    """Return *frame* with the mark of *step* over it, or many of them."""
    # Base and mark are read together, and base rows twice: from memory.
    frame = in_srgb_values(colored(frame)).copy_memory()
    mark = marks(step, frame.width, frame.height)
    left, top = _corner(step, frame, mark)
    if step.blend in _CLEARING:
        frame = with_alpha(frame)
    if step.tile:
        return _joined(frame, _tiled(mark.image, step, left, top, frame), step.blend)
    left, top = left - mark.margin, top - mark.margin
    shown, left, top = _clipped(mark.image, left, top, frame)
    covered = frame.extract_area(left, top, shown.width, shown.height)
    return frame.insert(_joined(covered, shown, step.blend), left, top)


def finished(layer: pyvips.Image, step: Watermark) -> pyvips.Image:
    """Return the marks in *layer*, RGBA, with the shadow and the opacity that *step* asks for."""
    if step.shadow is not None:
        layer = _shadow(layer, step.shadow).composite2(layer, "over").cast("uchar")
    if step.opacity < 1:
        alpha = (layer.extract_band(3) * step.opacity).rint().cast("uchar")
        layer = layer.extract_band(0, n=3).bandjoin(alpha)
    return layer


def margin_of(shadow: Shadow) -> int:
    """Return how many pixels *shadow* reaches beyond its mark."""
    return math.ceil(_BLUR_REACH * shadow.sigma) + 1


def _joined(base: pyvips.Image, mark: pyvips.Image, blend: Blend) -> pyvips.Image:
    if blend in _MIXING:
        mark, blend = _mixed(base, mark, blend), Blend.OVER
    if blend is Blend.OVER and not base.hasalpha():  # which needs no more than whole numbers
        colors, alpha = mark.extract_band(0, n=3), mark.extract_band(3)
        return alpha.ifthenelse(colors, base, blend=True)
    whole = with_alpha(base)
    if blend is Blend.ATOP:
        joined = _atop(mark, whole)
    elif blend is Blend.DEST_ATOP:
        joined = _atop(whole, mark)
    elif blend is Blend.SATURATE:
        joined = whole.composite2(_finding_room(mark, whole), Blend.ADD.value).cast("uchar")
    else:
        joined = whole.composite2(mark, blend.value).cast("uchar")
    if not base.hasalpha():
        joined = joined.extract_band(0, n=3)
    return joined.copy(interpretation=base.interpretation)


# libvips 8.18 weighs the colours of these three otherwise than Porter and Duff where something
# shines through, so that they get too light or too dark.


def _atop(upper: pyvips.Image, lower: pyvips.Image) -> pyvips.Image:
    """Return *upper* over the colours of *lower*, seen where *lower* is; both RGBA."""
    ground = lower.extract_band(0, n=3).bandjoin(255).copy(interpretation=SRGB)
    drawn = ground.composite2(upper, Blend.OVER.value).cast("uchar")
    return drawn.extract_band(0, n=3).bandjoin(lower.extract_band(3))


def _finding_room(mark: pyvips.Image, base: pyvips.Image) -> pyvips.Image:
    """Return as much of *mark* as there is room for beside *base*; both RGBA."""
    room = base.extract_band(3).invert()
    alpha = mark.extract_band(3)
    return mark.extract_band(0, n=3).bandjoin((alpha < room).ifthenelse(alpha, room))


def _mixed(base: pyvips.Image, mark: pyvips.Image, blend: Blend) -> pyvips.Image:
    """
    Return *mark* in the colours that it mixes with those of *base* (compositing-1 §10.1).

    libvips multiplies colours that are weighed by their alpha already, so that what shines
    through would come out too dark: it is given opaque ones.
    """
    own, below = (image.extract_band(0, n=3) for image in (mark, base))
    mixed = below.bandjoin(255).composite2(own.bandjoin(255), blend.value).extract_band(0, n=3)
    if base.hasalpha():
        mixed = own + (mixed - own) * (base.extract_band(3) / 255)
    return mixed.rint().cast("uchar").copy(interpretation=SRGB).bandjoin(mark.extract_band(3))


def _shadow(layer: pyvips.Image, shadow: Shadow) -> pyvips.Image:
    color = shadow.color
    blurred = layer.extract_band(3).gaussblur(shadow.sigma, min_ampl=_LEAST_BLUR)
    alpha = (blurred * (color.alpha / 255)).rint().cast("uchar")
    ground = alpha.new_from_image([color.red, color.green, color.blue])
    return ground.copy(interpretation=SRGB).bandjoin(alpha)


def _tiled(
    tile: pyvips.Image, step: Watermark, left: int, top: int, frame: pyvips.Image
) -> pyvips.Image:
    """Return a layer as large as *frame*, on which one tile stands at *left* and *top*."""
    across = tile.width + in_pixels(step.spacing, frame.width)
    down = tile.height + in_pixels(step.spacing, frame.height)
    margin = margin_of(step.shadow) if step.shadow else 0
    width, height = frame.width + 2 * margin, frame.height + 2 * margin
    hidden_left, hidden_top = -(left + margin) % across, -(top + margin) % down
    cell = tile.embed(0, 0, across, down)
    # Single tiles of a few pixels would be fetched one by one.
    block = cell.replicate(1 + _BLOCK_PX // across, 1 + _BLOCK_PX // down)
    if min(across, down) < _BLOCK_PX:
        block = block.copy_memory()
    lattice = block.replicate(2 + width // block.width, 2 + height // block.height).extract_area(
        hidden_left, hidden_top, width, height
    )
    if step.shadow is None:
        return lattice
    return finished(lattice, step).extract_area(margin, margin, frame.width, frame.height)


def _clipped(
    mark: pyvips.Image, left: int, top: int, frame: pyvips.Image
) -> tuple[pyvips.Image, int, int]:
    """Return what of *mark* lies inside *frame*, and where that begins."""
    first_x, first_y = max(left, 0), max(top, 0)
    width = min(left + mark.width, frame.width) - first_x
    height = min(top + mark.height, frame.height) - first_y
    if (width, height) != (mark.width, mark.height):
        mark = mark.extract_area(first_x - left, first_y - top, width, height)
    return mark, first_x, first_y


def _corner(step: Watermark, frame: pyvips.Image, mark: Mark) -> tuple[int, int]:
    """
    Return left and top of the mark without its shadow: offsets count inwards from its side.

    On an axis where it is centred an offset has no inside to point to, and is ignored.
    """
    mark_width = mark.image.width - 2 * mark.margin
    mark_height = mark.image.height - 2 * mark.margin
    at = place(frame.width, frame.height, mark_width, mark_height, step.gravity)
    across, down = step.gravity.share
    left = at.left + _inwards(across) * in_pixels(step.offset_x, frame.width)
    top = at.top + _inwards(down) * in_pixels(step.offset_y, frame.height)
    return (
        min(max(left, 0), frame.width - mark_width),
        min(max(top, 0), frame.height - mark_height),
    )


def _inwards(share: float) -> int:
    return {0.0: 1, 0.5: 0, 1.0: -1}[share]
