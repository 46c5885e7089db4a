"""
ThumbHash: a picture's colours, shape and transparency in 25 bytes at most.

The encoder of https://evanw.github.io/thumbhash/. Of the packages that have one, `thumbhash`
stumbles over transparency, `thumbhash-python` needs an old Pillow, and those in Rust would bring
half a megabyte of compiled code into the renderer for a few hundred sums.
"""

import math
from operator import mul
from typing import Final

_NOISE: Final = 1e-9
"""Waves weaker than that are the rounding of sums."""

_Channel = list[list[float]]
_Encoded = tuple[float, list[float], float]


def thumbhash(width: int, height: int, rgba: bytes) -> bytes:
    """Return the hash of *width* × *height* pixels of four bytes each; at most 100 a side do."""
    light, yellow, red, alpha = _channels(width, height, rgba)
    has_alpha = min(rgba[3::4]) < 255
    most = 5 if has_alpha else 7
    longest = max(width, height)
    columns = max(1, _rounded(most * width / longest))
    rows = max(1, _rounded(most * height / longest))

    light_mean, light_waves, light_scale = _encoded(light, max(3, columns), max(3, rows))
    yellow_mean, yellow_waves, yellow_scale = _encoded(yellow, 3, 3)
    red_mean, red_waves, red_scale = _encoded(red, 3, 3)
    waves = [*light_waves, *yellow_waves, *red_waves]

    is_landscape = width > height
    head = (
        _rounded(63 * light_mean)
        | _rounded(31.5 + 31.5 * yellow_mean) << 6
        | _rounded(31.5 + 31.5 * red_mean) << 12
        | _rounded(31 * light_scale) << 18
        | has_alpha << 23
    )
    shape = (
        (rows if is_landscape else columns)
        | _rounded(63 * yellow_scale) << 3
        | _rounded(63 * red_scale) << 9
        | is_landscape << 15
    )
    start = head.to_bytes(3, "little") + shape.to_bytes(2, "little")
    if has_alpha:
        alpha_mean, alpha_waves, alpha_scale = _encoded(alpha, 5, 5)
        start += bytes((_rounded(15 * alpha_mean) | _rounded(15 * alpha_scale) << 4,))
        waves += alpha_waves
    halves = [_rounded(15 * wave) for wave in waves]
    halves += [0] * (len(halves) % 2)
    return start + bytes(
        low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True)
    )


def _channels(
    width: int, height: int, rgba: bytes
) -> tuple[_Channel, _Channel, _Channel, _Channel]:
    """Return lightness, yellow against blue, red against green, and opacity, row by row."""
    opacities = [byte / 255 for byte in rgba[3::4]]
    seen = sum(opacities)
    # What is transparent shows the mean of what is not.
    means = [
        sum(map(mul, rgba[band::4], opacities)) / 255 / seen if seen else 0.0 for band in range(3)
    ]
    reds, greens, blues = (
        [
            mean * (1 - opacity) + opacity / 255 * byte
            for byte, opacity in zip(rgba[band::4], opacities, strict=True)
        ]
        for band, mean in enumerate(means)
    )
    colors = list(zip(reds, greens, blues, strict=True))
    flat = (
        [(red + green + blue) / 3 for red, green, blue in colors],
        [(red + green) / 2 - blue for red, green, blue in colors],
        [red - green for red, green, _ in colors],
        opacities,
    )
    light, yellow, red, alpha = (
        [channel[start : start + width] for start in range(0, width * height, width)]
        for channel in flat
    )
    return light, yellow, red, alpha


def _encoded(channel: _Channel, columns: int, rows: int) -> _Encoded:
    """Return the mean, the waves from 0 to 1, and the strongest wave's strength."""
    height, width = len(channel), len(channel[0])
    # Along the rows first: the sums are then shared by all waves of the same column.
    along = [
        [sum(map(mul, row, wave)) for row in channel]
        for wave in (_wave(column, width) for column in range(columns))
    ]
    down = [_wave(row, height) for row in range(rows)]
    strengths = [
        sum(map(mul, along[column], down[row])) / (width * height)
        for row in range(rows)
        for column in range(columns)
        if column * rows < columns * (rows - row)
    ]
    mean, *waves = strengths
    scale = max(map(abs, waves), default=0.0)
    if scale < _NOISE:
        scale, waves = 0.0, [0.0] * len(waves)
    return mean, [0.5 + 0.5 / scale * wave if scale else wave for wave in waves], scale


def _wave(frequency: int, length: int) -> list[float]:
    return [math.cos(math.pi / length * frequency * (place + 0.5)) for place in range(length)]


def _rounded(value: float) -> int:
    """Round halves up, as the reference does; `round` takes them to the even side."""
    return math.floor(value + 0.5)
