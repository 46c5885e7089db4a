"""Operations that change the colour of each pixel; transparency is left as it is."""

from collections.abc import Callable, Sequence
from typing import Final, assert_never

import pyvips

from adapters.imaging.vips_colors import GREY, SRGB, colored, grey, in_srgb_values, ready_for
from domain.images.operations import (
    ColorProfile,
    Contrast,
    Duotone,
    Flatten,
    Gamma,
    Grayscale,
    Modulate,
    Negate,
    Normalize,
    Sepia,
    Threshold,
    Tint,
    Tone,
)
from domain.images.units import Color

_FINE: Final = 100  # steps per unit of lightness in a histogram
_LEAST_RANGE: Final = 1.0  # of lightness; less is one tone, and noise if it is stretched


def toned(step: Tone, frames: list[pyvips.Image]) -> list[pyvips.Image]:
    """Apply *step* to every frame."""
    if isinstance(step, Normalize):
        return _normalized(frames, step)
    return [_toned_frame(step, frame) for frame in frames]


def _toned_frame(step: Tone, frame: pyvips.Image) -> pyvips.Image:  # noqa: C901, PLR0911, PLR0912
    match step:
        case Grayscale():
            return grey(frame)
        case Negate():
            return _on_colors(frame, lambda colors: colors.invert())
        case Gamma():
            return _looked_up(
                frame, [255 * (value / 255) ** (1 / step.gamma) for value in range(256)]
            )
        case Contrast():
            return _looked_up(
                frame, [127.5 + (value - 127.5) * step.factor for value in range(256)]
            )
        case Threshold():
            return _looked_up(
                grey(frame), [255 if value >= step.threshold else 0 for value in range(256)]
            )
        case Modulate():
            return _modulated(frame, step)
        case Tint():
            return _tinted(frame, step.color)
        case Sepia():
            return _on_colors(
                in_srgb_values(colored(frame)),
                lambda colors: _rounded(colors.recomb(_sepia_matrix(step.amount))),
            )
        case Duotone():
            return _duotone(frame, step)
        case Flatten():
            return _flattened(frame, step.background)
        case ColorProfile():
            return frame  # what is written is converted, not what is worked on
        case Normalize():  # which looks at all frames before it draws one
            return _normalized([frame], step)[0]
        case _:
            assert_never(step)


def _on_colors(image: pyvips.Image, draw: Callable[[pyvips.Image], pyvips.Image]) -> pyvips.Image:
    """Let *draw* change the colours, and put the alpha back beside them."""
    if not image.hasalpha():
        return draw(image).copy(interpretation=image.interpretation)
    drawn = draw(image.extract_band(0, n=image.bands - 1))
    return drawn.bandjoin(image.extract_band(image.bands - 1)).copy(
        interpretation=image.interpretation
    )


def _looked_up(image: pyvips.Image, values: Sequence[float]) -> pyvips.Image:
    table = bytes(min(max(round(value), 0), 255) for value in values)
    lut = pyvips.Image.new_from_memory(table, 256, 1, 1, "uchar")
    return _on_colors(image, lambda colors: colors.maplut(lut))


def _rounded(image: pyvips.Image) -> pyvips.Image:
    return image.rint().cast("uchar")


def _modulated(frame: pyvips.Image, step: Modulate) -> pyvips.Image:
    def modulate(colors: pyvips.Image) -> pyvips.Image:
        factors = [step.brightness, step.saturation, 1]
        changed = colors.colourspace("lch").linear(factors, [step.lightness, 0, step.hue])
        return changed.copy(interpretation="lch").colourspace(SRGB)

    return _as_grey_as(frame, _on_colors(in_srgb_values(colored(frame)), modulate))


def _tinted(frame: pyvips.Image, color: Color) -> pyvips.Image:
    pixel = pyvips.Image.new_from_memory(
        bytes((color.red, color.green, color.blue)), 1, 1, 3, "uchar"
    ).copy(interpretation=SRGB)
    _, *chroma = pixel.colourspace("lab")(0, 0)

    def tint(colors: pyvips.Image) -> pyvips.Image:
        lab = colors.colourspace("lab").extract_band(0).bandjoin(chroma)
        return lab.copy(interpretation="lab").colourspace(SRGB)

    return _on_colors(in_srgb_values(colored(frame)), tint)


def _sepia_matrix(amount: float) -> pyvips.Image:
    rest = 1 - amount
    return pyvips.Image.new_from_array(
        [
            [0.393 + 0.607 * rest, 0.769 - 0.769 * rest, 0.189 - 0.189 * rest],
            [0.349 - 0.349 * rest, 0.686 + 0.314 * rest, 0.168 - 0.168 * rest],
            [0.272 - 0.272 * rest, 0.534 - 0.534 * rest, 0.131 + 0.869 * rest],
        ]
    )


def _duotone(frame: pyvips.Image, step: Duotone) -> pyvips.Image:
    dark = (step.dark.red, step.dark.green, step.dark.blue)
    light = (step.light.red, step.light.green, step.light.blue)
    table = bytes(
        round(low + (high - low) * value / 255)
        for value in range(256)
        for low, high in zip(dark, light, strict=True)
    )
    lut = pyvips.Image.new_from_memory(table, 256, 1, 3, "uchar")

    def run(colors: pyvips.Image) -> pyvips.Image:
        drawn = colors.colourspace(GREY).maplut(lut)
        if step.intensity == 1:
            return drawn
        return _rounded(drawn * step.intensity + colors * (1 - step.intensity))

    return _on_colors(in_srgb_values(colored(frame)), run)


def _flattened(frame: pyvips.Image, background: Color) -> pyvips.Image:
    if not frame.hasalpha():
        return frame
    frame, fill = ready_for(in_srgb_values(frame), background)
    return frame.flatten(background=fill[:-1])


def _normalized(frames: list[pyvips.Image], step: Normalize) -> list[pyvips.Image]:
    """All frames by one measure: an animation does not flicker."""
    # Read twice: once to measure, once to draw.
    frames = [in_srgb_values(frame).copy_memory() for frame in frames]
    strip = pyvips.Image.arrayjoin(frames, across=1)
    if strip.hasalpha():
        strip = strip.extract_band(0, n=strip.bands - 1)
    levels = (strip.colourspace("lab").extract_band(0) * _FINE).rint().cast("ushort")
    low = (levels.percent(step.lower) if step.lower > 0 else levels.min()) / _FINE
    high = (levels.percent(step.upper) if step.upper < 100 else levels.max()) / _FINE
    if high - low <= _LEAST_RANGE:
        return frames
    factor = 100 / (high - low)

    def stretch(colors: pyvips.Image) -> pyvips.Image:
        lab = colors.colourspace("lab").linear([factor, 1, 1], [-low * factor, 0, 0])
        return lab.copy(interpretation="lab").colourspace(SRGB)

    return [_as_grey_as(frame, _on_colors(colored(frame), stretch)) for frame in frames]


def _as_grey_as(original: pyvips.Image, drawn: pyvips.Image) -> pyvips.Image:
    """Return *drawn* without the colour that the original did not have either."""
    return grey(drawn) if original.interpretation == GREY else drawn
