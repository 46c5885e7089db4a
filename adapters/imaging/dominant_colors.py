"""The colours that most of a picture has, found in its pixels by their distance in CIE Lab."""

import math
from collections.abc import Sequence
from typing import Final

import attrs

from domain.images.analysis import MOST_COLORS, DominantColor
from domain.images.units import Color

_CELL: Final = 6.0
"""Pixels that are alike within so much of each of L, a and b are looked at together."""

_ALIKE: Final = 22.0
"""Colours nearer than that are told as one; 2.3 is about what an eye can just tell apart."""

_LEAST_SHARE: Final = 0.01

_Lab = tuple[float, float, float]


@attrs.define
class _Heap:
    """
    Pixels of like colours.

    Attributes:
        weight: How much of the picture they are: the sum of their opacities.
        rgb: The sum of their red, green and blue, each weighed likewise.
        lab: Likewise.
    """

    weight: float = 0.0
    rgb: list[float] = attrs.field(factory=lambda: [0.0] * 3)
    lab: list[float] = attrs.field(factory=lambda: [0.0] * 3)

    def add(self, weight: float, rgb: Sequence[float], lab: Sequence[float]) -> None:
        self.weight += weight
        for band in range(3):
            self.rgb[band] += rgb[band]
            self.lab[band] += lab[band]

    @property
    def middle(self) -> _Lab:
        lightness, a, b = self.lab
        return (lightness / self.weight, a / self.weight, b / self.weight)

    @property
    def color(self) -> Color:
        red, green, blue = (round(band / self.weight) for band in self.rgb)
        return Color(red, green, blue)


def dominant_colors(rgba: bytes, lab: Sequence[float]) -> tuple[DominantColor, ...]:
    """
    Return the most common colours of pixels of four bytes each, the largest share first.

    The most common colour gathers all that are like it, then the most common of the rest, and so
    on. Whatever is left belongs to the nearest of those found; what is a hundredth of the
    picture, or less, is not told.

    Args:
        lab: The same pixels' L, a and b, one after the other.
    """
    heaps = sorted(_heaps(rgba, lab), key=lambda heap: (-heap.weight, heap.middle))
    leaders: list[_Lab] = []
    for heap in heaps:
        if len(leaders) == MOST_COLORS:
            break
        if all(math.dist(heap.middle, leader) > _ALIKE for leader in leaders):
            leaders.append(heap.middle)
    gathered = [_Heap() for _ in leaders]
    for heap in heaps:
        distances = [math.dist(heap.middle, leader) for leader in leaders]
        gathered[distances.index(min(distances))].add(heap.weight, heap.rgb, heap.lab)
    whole = sum(heap.weight for heap in heaps)
    return tuple(
        DominantColor(heap.color, round(heap.weight / whole, 4))
        for heap in sorted(gathered, key=lambda heap: -heap.weight)
        if heap.weight > _LEAST_SHARE * whole
    )


def _heaps(rgba: bytes, lab: Sequence[float]) -> list[_Heap]:
    """Return the pixels in heaps of the same cell; what is transparent is in none."""
    heaps: dict[tuple[int, int, int], _Heap] = {}
    pixels = zip(
        rgba[0::4], rgba[1::4], rgba[2::4], rgba[3::4], lab[0::3], lab[1::3], lab[2::3], strict=True
    )
    for red, green, blue, alpha, lightness, a, b in pixels:
        if alpha == 0:
            continue
        cell = (round(lightness / _CELL), round(a / _CELL), round(b / _CELL))
        weight = alpha / 255
        heaps.setdefault(cell, _Heap()).add(
            weight,
            (weight * red, weight * green, weight * blue),
            (weight * lightness, weight * a, weight * b),
        )
    return list(heaps.values())
