"""Operations that mix each pixel with its neighbours."""

from typing import assert_never

import pyvips

from adapters.imaging.vips_colors import alpha_weighed
from domain.images.operations import Blur, Filter, Pixelate, Sharpen


def filtered(step: Filter, frame: pyvips.Image) -> pyvips.Image:
    """Apply *step* to a frame."""
    match step:
        case Blur():
            return alpha_weighed(frame, lambda image: image.gaussblur(step.sigma))
        case Sharpen():
            return frame.sharpen(
                sigma=step.sigma, m1=step.m1, m2=step.m2, x1=step.x1, y2=step.y2, y3=step.y3
            )
        case Pixelate():
            return alpha_weighed(frame, lambda image: _squares(image, step.size))
        case _:
            assert_never(step)


def _squares(image: pyvips.Image, size: int) -> pyvips.Image:
    # Few pixels, each read many times.
    small = image.shrink(size, size, ceil=True).rint().cast("uchar").copy_memory()
    return small.zoom(size, size).extract_area(0, 0, image.width, image.height)
