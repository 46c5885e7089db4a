"""Operations that mix each pixel with its neighbours, everywhere or in regions."""

from collections.abc import Callable
from typing import assert_never

import pyvips

from adapters.imaging.vips_colors import alpha_weighed, ready_for
from domain.images.geometry import clipped
from domain.images.operations import (
    Blur,
    Filter,
    Outline,
    Pixelate,
    Redact,
    RedactMode,
    Region,
    Sharpen,
)

_LEAST_SIGMA = 0.3  # of what libvips calls a blur
_WIDEST_SIGMA = 100.0
# libvips cuts a Gaussian where it has fallen to a fifth, which blurs as one of 0.8 sigma would.
_LEAST_BLUR = 0.01


def filtered(step: Filter, frame: pyvips.Image) -> pyvips.Image:
    """
    Apply *step* to a frame.

    Raises:
        GeometryOutsideImage: A region lies outside the frame.
    """
    match step:
        case Blur():
            return _in_regions(frame, step.regions, lambda part: _blurred(part, step.sigma))
        case Sharpen():
            return _in_regions(frame, step.regions, lambda part: _sharpened(part, step))
        case Pixelate():
            return _pixelated(frame, step.size)
        case Redact():
            return _redacted(frame, step)
        case _:
            assert_never(step)


def _in_regions(
    frame: pyvips.Image,
    regions: tuple[Region, ...],
    draw: Callable[[pyvips.Image], pyvips.Image],
) -> pyvips.Image:
    """Let *draw* change these regions, one after the other; without any, the whole frame."""
    if not regions:
        return draw(frame)
    frame = frame.copy_memory()  # a part is read beside the rest
    for region in regions:
        area = clipped(frame.width, frame.height, region)
        part = frame.extract_area(area.left, area.top, area.width, area.height)
        drawn = draw(part).copy(interpretation=frame.interpretation)
        if region.shape is Outline.ELLIPSE:
            drawn = _ellipse(area.width, area.height).ifthenelse(drawn, part)
        frame = frame.insert(drawn, area.left, area.top)
    return frame


def _ellipse(width: int, height: int) -> pyvips.Image:
    """Return where the ellipse that touches all four sides is, without a soft edge."""
    place = pyvips.Image.xyz(width, height)
    across = (place[0] + 0.5) / (width / 2) - 1
    down = (place[1] + 0.5) / (height / 2) - 1
    return across * across + down * down <= 1


def _blurred(image: pyvips.Image, sigma: float) -> pyvips.Image:
    return alpha_weighed(image, lambda one: one.gaussblur(sigma, min_ampl=_LEAST_BLUR))


def _sharpened(image: pyvips.Image, step: Sharpen) -> pyvips.Image:
    return image.sharpen(
        sigma=step.sigma, m1=step.m1, m2=step.m2, x1=step.x1, y2=step.y2, y3=step.y3
    )


def _pixelated(image: pyvips.Image, size: int) -> pyvips.Image:
    return alpha_weighed(image, lambda one: _squares(one, size))


def _redacted(frame: pyvips.Image, step: Redact) -> pyvips.Image:
    fill: list[float] = []
    if step.mode is RedactMode.FILL:
        frame, fill = ready_for(frame, step.color)

    def hide(part: pyvips.Image) -> pyvips.Image:
        extent = min(part.width, part.height) * step.strength / 100
        match step.mode:
            case RedactMode.FILL:
                return (part * 0 + fill).cast("uchar")
            case RedactMode.PIXELATE:
                return _pixelated(part, max(2, round(extent)))
            case RedactMode.BLUR:
                return _blurred(part, min(max(extent / 2, _LEAST_SIGMA), _WIDEST_SIGMA))
            case _:
                assert_never(step.mode)

    return _in_regions(frame, step.regions, hide)


def _squares(image: pyvips.Image, size: int) -> pyvips.Image:
    across, down = min(size, image.width), min(size, image.height)
    columns, rows = -(-image.width // across), -(-image.height // down)
    means = image.cast("float").embed(0, 0, columns * across, rows * down).shrink(across, down)
    # At the right and at the bottom squares are cut: they hold the mean of what is left of them.
    place = pyvips.Image.xyz(columns, rows)
    wide = ((image.width - place[0] * across) / across).clamp()
    high = ((image.height - place[1] * down) / down).clamp()
    # Few pixels, each read many times.
    small = (means / (wide * high)).rint().cast("uchar").copy_memory()
    return small.zoom(across, down).extract_area(0, 0, image.width, image.height)
