"""Operations as libvips calls; sizes and places come from the domain's geometry."""

from typing import assert_never

import pyvips

from adapters.imaging.vips_colors import (
    alpha_weighed,
    colored,
    in_srgb_values,
    ready_for,
)
from adapters.imaging.vips_filters import filtered
from adapters.imaging.vips_framing import framed
from adapters.imaging.vips_resizing import cropped, resized
from adapters.imaging.vips_tones import toned
from adapters.imaging.vips_watermarks import Marks, watermarked
from domain.images.geometry import turn
from domain.images.operations import (
    AutoOrient,
    Blur,
    Border,
    Crop,
    Filter,
    Flip,
    Framing,
    Operation,
    Pad,
    Pixelate,
    Redact,
    Resize,
    Rotate,
    RoundCorners,
    Sharpen,
    Tone,
    Trim,
    Watermark,
)


def apply(step: Operation, frames: list[pyvips.Image], marks: Marks) -> list[pyvips.Image]:
    """
    Apply *step* to every frame; all frames have one size, before and after.

    Raises:
        GeometryOutsideImage: A crop does not lie inside the frames.
        OutputTooLarge: A side would be longer than any result may be.
    """
    if isinstance(step, Tone):
        return toned(step, frames)  # of which one looks at all frames at once
    if isinstance(step, Resize):
        return resized(step, frames)
    if isinstance(step, Crop):
        return cropped(step, frames)
    if isinstance(step, Trim) and len(frames) > 1:
        return frames  # each would end up in a size of its own
    return [_apply_to_frame(step, frame, marks) for frame in frames]


def _apply_to_frame(  # noqa: PLR0911  # one return a case
    step: AutoOrient | Trim | Rotate | Flip | Filter | Framing | Watermark,
    frame: pyvips.Image,
    marks: Marks,
) -> pyvips.Image:
    match step:
        case AutoOrient():
            return upright(frame)
        case Trim():
            return _trimmed(frame, step)
        case Rotate():
            return _rotated(frame, step)
        case Flip():
            frame = frame.fliphor() if step.horizontal else frame
            return frame.copy_memory().flipver() if step.vertical else frame
        case Blur() | Sharpen() | Pixelate() | Redact():
            return filtered(step, frame)
        case Pad() | Border() | RoundCorners():
            return framed(step, frame)
        case Watermark():
            return watermarked(frame, step, marks)
        case _:
            assert_never(step)


def upright(frame: pyvips.Image) -> pyvips.Image:
    """Return *frame* turned as its EXIF orientation says."""
    orientation = frame.get("orientation") if frame.get_typeof("orientation") else 1
    # All but an upright or mirrored picture are read out of order.
    return (frame.copy_memory() if orientation > 2 else frame).autorot()


def _trimmed(frame: pyvips.Image, step: Trim) -> pyvips.Image:
    frame = frame.copy_memory()  # looked through, then drawn
    left, top, width, height = _inside(frame, step)
    if width == 0 or height == 0:  # nothing but background: there is no inside
        return frame
    right, bottom = frame.width - left - width, frame.height - top - height
    if step.equal_x:
        left = right = min(left, right)
    if step.equal_y:
        top = bottom = min(top, bottom)
    return frame.extract_area(left, top, frame.width - left - right, frame.height - top - bottom)


def _inside(frame: pyvips.Image, step: Trim) -> tuple[int, int, int, int]:
    """Return left, top, width and height of what is not background."""
    alpha = frame.extract_band(frame.bands - 1) if frame.hasalpha() else None
    background = step.background
    ground = frame(0, 0) if background is None else None
    if alpha is not None and (
        (ground is not None and ground[-1] == 0)
        or (background is not None and background.alpha == 0)
    ):
        found = _found(alpha, step.threshold, [0])
    else:
        if background is not None:
            frame = in_srgb_values(colored(frame))
            ground = [background.red, background.green, background.blue]
        assert ground is not None  # one of the two
        colors = frame if alpha is None else frame.flatten(background=ground[: frame.bands - 1])
        found = _found(colors, step.threshold, ground[: colors.bands])
    return found


def _found(
    image: pyvips.Image, threshold: float, background: list[float]
) -> tuple[int, int, int, int]:
    # Single odd pixels are taken for noise, by a median that needs room for three by three.
    is_thin = min(image.width, image.height) < 3
    left, top, width, height = image.find_trim(
        threshold=threshold, background=background, line_art=is_thin
    )
    return left, top, width, height


def _rotated(frame: pyvips.Image, step: Rotate) -> pyvips.Image:
    turned = turn(frame.width, frame.height, step)
    if turned.quarters == 0:
        return frame
    frame = frame.copy_memory()
    if turned.quarters is not None:
        return frame.rot(f"d{90 * turned.quarters}")
    frame, fill = ready_for(frame, step.background)
    if frame.hasalpha():
        alpha = step.background.alpha
        fill = [channel * alpha / 255 for channel in fill[:-1]] + [alpha]
    return alpha_weighed(
        frame,
        lambda image: image.affine(
            [turned.cosine, -turned.sine, turned.sine, turned.cosine],
            oarea=[turned.left, turned.top, turned.width, turned.height],
            interpolate=pyvips.Interpolate.new("bicubic"),
            extend="background",
            background=fill,
        ),
    )
