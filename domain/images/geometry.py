"""Sizes and regions worked out before a pixel is touched; the engine draws what this says."""

import math

import attrs

from domain.errors import GeometryOutsideImage, OutputTooLarge
from domain.images.limits import MAX_SIDE_PX
from domain.images.operations import (
    Border,
    Crop,
    CutGravity,
    Fit,
    Focus,
    Gravity,
    Most,
    Pad,
    Region,
    Resize,
    Rotate,
    RoundCorners,
)
from domain.images.units import Length, Percent, in_pixels


@attrs.frozen
class Fitted:
    """
    What a resize does to a picture, in pixels.

    Attributes:
        scaled_width: Width that the pixels are resampled to, before any cut or pad.
        scaled_height: Height likewise.
        width: Final width, after the cut (`cover`) or the pad (`contain`).
        height: Final height likewise.
    """

    scaled_width: int
    scaled_height: int
    width: int
    height: int


@attrs.frozen
class Area:
    """A rectangle inside a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


def fit(width: int, height: int, resize: Resize) -> Fitted:
    """
    Work out what *resize* does to a picture of *width* × *height* pixels.

    Raises:
        OutputTooLarge: The result would have a side longer than `MAX_SIDE_PX`.
    """
    box_width = _box(resize.width, width, resize.dpr)
    box_height = _box(resize.height, height, resize.dpr)
    across = None if box_width is None else box_width / width
    down = None if box_height is None else box_height / height

    if across is None or down is None or box_width is None or box_height is None:
        one = across if across is not None else down
        assert one is not None  # Resize has a width, a height or both
        scale = _bounded(one, resize)
        fitted = _whole(_scaled(width, scale), _scaled(height, scale))
    elif resize.fit is Fit.FILL:
        fitted = _whole(
            _scaled(width, _bounded(across, resize)), _scaled(height, _bounded(down, resize))
        )
    elif resize.fit is Fit.INSIDE:
        scale = _bounded(min(across, down), resize)
        fitted = _whole(_scaled(width, scale), _scaled(height, scale))
    elif resize.fit is Fit.OUTSIDE:
        scale = _bounded(max(across, down), resize)
        fitted = _whole(_scaled(width, scale), _scaled(height, scale))
    elif resize.fit is Fit.COVER:
        scale = _bounded(max(across, down), resize)
        scaled_width, scaled_height = _scaled(width, scale), _scaled(height, scale)
        fitted = Fitted(
            scaled_width,
            scaled_height,
            min(box_width, scaled_width),
            min(box_height, scaled_height),
        )
    else:
        scale = _bounded(min(across, down), resize)
        scaled_width, scaled_height = _scaled(width, scale), _scaled(height, scale)
        fitted = Fitted(
            scaled_width,
            scaled_height,
            max(box_width, scaled_width),
            max(box_height, scaled_height),
        )
    if max(fitted.scaled_width, fitted.scaled_height, fitted.width, fitted.height) > MAX_SIDE_PX:
        raise OutputTooLarge(f"the result would be longer than {MAX_SIDE_PX} pixels")
    return fitted


def place(
    outer_width: int,
    outer_height: int,
    width: int,
    height: int,
    gravity: CutGravity,
    focus: Focus | None = None,
) -> Area:
    """
    Place a *width* × *height* rectangle in an outer one by *gravity*, in whole pixels.

    With a *focus* that point is in its middle, as far as the edges allow. What only looking at
    the picture can tell is placed in the middle.
    """
    if focus is not None:
        return Area(
            _around(focus.x * outer_width, width, outer_width),
            _around(focus.y * outer_height, height, outer_height),
            width,
            height,
        )
    across, down = (gravity if isinstance(gravity, Gravity) else Gravity.CENTER).share
    return Area(
        left=round((outer_width - width) * across),
        top=round((outer_height - height) * down),
        width=width,
        height=height,
    )


def region(width: int, height: int, crop: Crop) -> Area:
    """
    Work out the region that *crop* cuts from a picture of *width* × *height* pixels.

    Raises:
        GeometryOutsideImage: The region does not lie wholly inside the picture.
    """
    if crop.aspect_ratio is not None:
        ratio = crop.aspect_ratio.width / crop.aspect_ratio.height
        cut_width = max(1, min(width, round(height * ratio)))
        cut_height = max(1, min(height, round(width / ratio)))
        return place(width, height, cut_width, cut_height, crop.gravity, crop.focus)
    assert crop.width is not None and crop.height is not None  # checked by Crop
    if crop.left is None or crop.top is None:
        cut_width = max(1, in_pixels(crop.width, width))
        cut_height = max(1, in_pixels(crop.height, height))
        found = place(width, height, cut_width, cut_height, crop.gravity, crop.focus)
    else:
        left, cut_width = _span(crop.left, crop.width, width)
        top, cut_height = _span(crop.top, crop.height, height)
        found = Area(left, top, cut_width, cut_height)
    if (
        found.left < 0
        or found.top < 0
        or found.left + found.width > width
        or found.top + found.height > height
    ):
        raise GeometryOutsideImage(
            f"the crop {found.width}x{found.height}+{found.left}+{found.top} "
            f"does not lie inside the {width}x{height} picture"
        )
    return found


def clipped(width: int, height: int, part: Region) -> Area:
    """
    Work out what of *part* lies inside a picture of *width* × *height* pixels.

    Raises:
        GeometryOutsideImage: Nothing does.
    """
    left, across = _span(part.left, part.width, width)
    top, down = _span(part.top, part.height, height)
    if left >= width or top >= height:
        raise GeometryOutsideImage(
            f"the region {across}x{down}+{left}+{top} lies outside the {width}x{height} picture"
        )
    return Area(left, top, min(across, width - left), min(down, height - top))


@attrs.frozen
class Padded:
    """
    A canvas that has grown around a picture, in pixels.

    Attributes:
        left: Where the picture lies on it.
        top: Likewise.
    """

    left: int
    top: int
    width: int
    height: int


def pad(width: int, height: int, step: Pad | Border) -> Padded:
    """
    Work out the canvas that *step* makes of a picture of *width* × *height* pixels.

    Raises:
        OutputTooLarge: It would have a side longer than `MAX_SIDE_PX`.
    """
    if isinstance(step, Border):
        top = right = bottom = left = in_pixels(step.width, min(width, height))
    else:
        top, bottom = (_growth(step, own, height) for own in (step.top, step.bottom))
        left, right = (_growth(step, own, width) for own in (step.left, step.right))
    padded = Padded(left, top, left + width + right, top + height + bottom)
    if max(padded.width, padded.height) > MAX_SIDE_PX:
        raise OutputTooLarge(f"the result would be longer than {MAX_SIDE_PX} pixels")
    return padded


@attrs.frozen
class Turned:
    """
    A picture turned about its upper left corner, and the canvas that holds all of it, in pixels.

    Attributes:
        quarters: Quarter turns clockwise, 0 to 3, if it is turned by nothing else; else None.
        left: Where the canvas begins, seen from that corner.
        top: Likewise.
        cosine: Of the angle.
        sine: Likewise; x becomes x·cosine - y·sine, and y becomes x·sine + y·cosine.
    """

    quarters: int | None
    left: int
    top: int
    width: int
    height: int
    cosine: float
    sine: float


def turn(width: int, height: int, step: Rotate) -> Turned:
    """
    Work out the canvas of a picture of *width* × *height* pixels that *step* turns.

    Raises:
        OutputTooLarge: It would have a side longer than `MAX_SIDE_PX`.
    """
    angle = step.angle % 360
    if angle % 90 == 0:
        quarters = round(angle / 90) % 4  # a hair below 0 is rounded to 360
        across, down = (width, height) if quarters % 2 == 0 else (height, width)
        return Turned(quarters, 0, 0, across, down, *_QUARTERS[quarters])
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    corners = [
        (x * cosine - y * sine, x * sine + y * cosine) for x in (0, width) for y in (0, height)
    ]
    left, top = (min(corner[axis] for corner in corners) for axis in (0, 1))
    turned = Turned(
        None,
        round(left),
        round(top),
        max(1, round(width * abs(cosine) + height * abs(sine))),
        max(1, round(width * abs(sine) + height * abs(cosine))),
        cosine,
        sine,
    )
    if max(turned.width, turned.height) > MAX_SIDE_PX:
        raise OutputTooLarge(f"the result would be longer than {MAX_SIDE_PX} pixels")
    return turned


_QUARTERS = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))


def corner_radius(width: int, height: int, step: RoundCorners) -> float:
    """Return the radius of the corners in pixels, at most half of the shorter side."""
    shorter = min(width, height)
    if isinstance(step.radius, Most):
        return shorter / 2
    return min(in_pixels(step.radius, shorter), shorter / 2)


def _growth(step: Pad, own: Length | None, side_px: int) -> int:
    length = own if own is not None else step.all
    return 0 if length is None else in_pixels(length, side_px)


def _span(start: Length, extent: Length, side_px: int) -> tuple[int, int]:
    if not (isinstance(start, Percent) and isinstance(extent, Percent)):
        return in_pixels(start, side_px), max(1, in_pixels(extent, side_px))
    # The edges are rounded, not the extent: the second half of an odd side ends where it ends.
    first, end = start.of(side_px), Percent(start.value + extent.value).of(side_px)
    if end <= side_px:
        first = min(first, side_px - 1)  # a share of less than a pixel, at the very end
    return first, max(1, end - first)


def _box(length: Length | None, side_px: int, dpr: float) -> int | None:
    if length is None:
        return None
    box = max(1, round(in_pixels(length, side_px) * dpr))
    if box > MAX_SIDE_PX and not isinstance(length, Percent):
        raise OutputTooLarge(f"the result would be longer than {MAX_SIDE_PX} pixels")
    return box


def _around(point: float, extent: int, outer: int) -> int:
    return max(0, min(round(point - extent / 2), outer - extent))


def _whole(width: int, height: int) -> Fitted:
    return Fitted(width, height, width, height)


def _scaled(side_px: int, scale: float) -> int:
    return max(1, round(side_px * scale))


def _bounded(scale: float, resize: Resize) -> float:
    if resize.without_enlargement:
        scale = min(scale, 1.0)
    if resize.without_reduction:
        scale = max(scale, 1.0)
    return scale
