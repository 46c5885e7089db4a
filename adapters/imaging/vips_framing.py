"""Operations that draw around the picture, or cut its corners off."""

from typing import assert_never

import pyvips

from adapters.imaging.vips_colors import alpha_weighed, ready_for, with_alpha
from adapters.imaging.vips_loading import resampled
from domain.images.geometry import corner_radius, pad
from domain.images.operations import Border, Extend, Framing, Pad, RoundCorners


def framed(step: Framing, frame: pyvips.Image) -> pyvips.Image:
    """Apply *step* to a frame."""
    match step:
        case Pad():
            return _padded(frame, step)
        case Border():
            return _bordered(frame, step)
        case RoundCorners():
            return _rounded_off(frame, step)
        case _:
            assert_never(step)


def _padded(frame: pyvips.Image, step: Pad) -> pyvips.Image:
    canvas = pad(frame.width, frame.height, step)
    if (canvas.width, canvas.height) == (frame.width, frame.height):
        return frame
    if step.extend_with is Extend.BACKGROUND:
        frame, background = ready_for(frame, step.background)
        return frame.embed(
            canvas.left, canvas.top, canvas.width, canvas.height,
            extend="background", background=background,
        )  # fmt: skip
    frame = frame.copy_memory()  # its edges are read again and again
    if step.extend_with is not Extend.BLUR:
        return frame.embed(
            canvas.left, canvas.top, canvas.width, canvas.height, extend=step.extend_with.value
        )
    sigma = max(1.0, max(canvas.width, canvas.height) / 50)
    behind = alpha_weighed(
        resampled(frame, canvas.width, canvas.height), lambda image: image.gaussblur(sigma)
    )
    return behind.insert(frame, canvas.left, canvas.top)


def _bordered(frame: pyvips.Image, step: Border) -> pyvips.Image:
    canvas = pad(frame.width, frame.height, step)
    frame, color = ready_for(frame, step.color)
    return frame.embed(
        canvas.left, canvas.top, canvas.width, canvas.height, extend="background", background=color
    )


def _rounded_off(frame: pyvips.Image, step: RoundCorners) -> pyvips.Image:
    radius = corner_radius(frame.width, frame.height, step)
    # Distances are measured from the middles of pixels.
    distance = pyvips.Image.sdf(
        frame.width, frame.height, "rounded-box", a=[-0.5, -0.5],
        b=[frame.width - 0.5, frame.height - 0.5], corners=[radius] * 4,
    )  # fmt: skip
    seen = (0.5 - distance).clamp()
    frame = with_alpha(frame)
    colors = frame.extract_band(0, n=frame.bands - 1)
    alpha = (frame.extract_band(frame.bands - 1) * seen).rint().cast("uchar")
    return colors.bandjoin(alpha).copy(interpretation=frame.interpretation)
