"""
A perceptual hash: pictures that look alike differ in few of its 64 bits.

The `phash` of Python's ImageHash, bit for bit over the same pixels, so that hashes can be compared
with those of others. The package itself needs Pillow, NumPy and SciPy, which a renderer lacks.
"""

import math
from collections.abc import Sequence
from operator import mul
from statistics import median
from typing import Final

SIDE: Final = 32
"""The hash is of a square of so many pixels a side, whatever the picture's shape."""

_WAVES: Final = 8
_COSINES: Final = [
    [math.cos(math.pi / SIDE * wave * (place + 0.5)) for place in range(SIDE)]
    for wave in range(_WAVES)
]
# What a picture of one colour has of waves is the noise of the sums.
_DIGITS: Final = 6


def perceptual_hash(rgb: bytes) -> str:
    """Return the hash of `SIDE` × `SIDE` pixels of three bytes each, as 16 hex digits."""
    lights = [
        _light(red, green, blue)
        for red, green, blue in zip(rgb[0::3], rgb[1::3], rgb[2::3], strict=True)
    ]
    rows = [lights[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    along = [[_strength(row, wave) for row in rows] for wave in _COSINES]
    strengths = [round(_strength(column, wave), _DIGITS) for wave in _COSINES for column in along]
    middle = median(strengths)
    bits = "".join("1" if strength > middle else "0" for strength in strengths)
    return f"{int(bits, 2):016x}"


def _strength(values: Sequence[float], wave: Sequence[float]) -> float:
    return math.fsum(map(mul, values, wave))


def _light(red: int, green: int, blue: int) -> int:
    """Return the luma of ITU-R 601, rounded as Pillow does."""
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
