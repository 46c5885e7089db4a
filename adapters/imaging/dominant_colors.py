"""The colours that most of a picture has, found in its pixels by their distance in CIE Lab."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

import attrs

from domain.images.analysis import MOST_COLORS, DominantColor
from domain.images.units import Color

_CELL: Final = 6.0
"""Pixels that are alike within so much of each of L, a and b are looked at together."""

_ALIKE: Final = 22.0
"""Colours nearer than that are told as one; 2.3 is about what an eye can just tell apart."""

_LEAST_SHARE: Final = 0.01
_STEPS: Final = tuple(product((-1, 0, 1), repeat=3))

_Cell = tuple[int, int, int]
_Lab = tuple[float, float, float]


@attrs.define
class _Heap:
    """
    Pixels of like colours.

    Attributes:
        weight: How much of the picture they are: the sum of their opacities.
        red: The sum of their reds, each weighed likewise; and so on.
    """

    weight: float = 0.0
    red: float = 0.0
    green: float = 0.0
    blue: float = 0.0
    lightness: float = 0.0
    a: float = 0.0
    b: float = 0.0

    def add(self, other: "_Heap") -> None:
        self.weight += other.weight
        self.red += other.red
        self.green += other.green
        self.blue += other.blue
        self.lightness += other.lightness
        self.a += other.a
        self.b += other.b

    @property
    def middle(self) -> _Lab:
        return (self.lightness / self.weight, self.a / self.weight, self.b / self.weight)

    @property
    def color(self) -> Color:
        red, green, blue = (round(band / self.weight) for band in (self.red, self.green, self.blue))
        return Color(red, green, blue)


def dominant_colors(rgba: bytes, lab: Sequence[float]) -> tuple[DominantColor, ...]:
    """
    Return the most common colours of pixels of four bytes each, the largest share first.

    Where colours crowd most is the first; the next is where they crowd most away from it, and so
    on. Each pixel belongs to the nearest of those found; what is a hundredth of the picture, or
    less, is not told.

    Args:
        lab: The same pixels' L, a and b, one after the other.
    """
    heaps = _heaps(rgba, lab)
    leaders = _leaders(heaps)
    gathered = [_Heap() for _ in leaders]
    for heap in heaps.values():
        middle = heap.middle
        distances = [math.dist(middle, leader) for leader in leaders]
        gathered[distances.index(min(distances))].add(heap)
    whole = sum(heap.weight for heap in gathered)
    return tuple(
        DominantColor(heap.color, round(heap.weight / whole, 4))
        for heap in sorted(gathered, key=lambda heap: -heap.weight)
        if heap.weight > _LEAST_SHARE * whole
    )


def _heaps(rgba: bytes, lab: Sequence[float]) -> dict[_Cell, _Heap]:
    """Return the pixels in heaps by their cells; what is transparent is in none."""
    heaps: dict[_Cell, _Heap] = {}
    pixels = zip(
        rgba[0::4], rgba[1::4], rgba[2::4], rgba[3::4], lab[0::3], lab[1::3], lab[2::3], strict=True
    )
    for red, green, blue, alpha, lightness, a, b in pixels:
        if alpha == 0:
            continue
        cell = (round(lightness / _CELL), round(a / _CELL), round(b / _CELL))
        heap = heaps.get(cell)
        if heap is None:
            heap = heaps[cell] = _Heap()
        weight = alpha / 255
        heap.weight += weight
        heap.red += weight * red
        heap.green += weight * green
        heap.blue += weight * blue
        heap.lightness += weight * lightness
        heap.a += weight * a
        heap.b += weight * b
    return heaps


def _leaders(heaps: Mapping[_Cell, _Heap]) -> list[_Lab]:
    """Return where colours crowd, far from each other."""
    # Looked at with its neighbours, a colour on the edge of two cells counts as whole.
    crowds = {cell: sum(near.weight for near in _around(heaps, cell)) for cell in heaps}
    leaders: list[_Lab] = []
    for cell in sorted(heaps, key=lambda cell: (-crowds[cell], cell)):
        middle = heaps[cell].middle
        if all(math.dist(middle, leader) > _ALIKE for leader in leaders):
            crowd = _Heap()
            for near in _around(heaps, cell):
                crowd.add(near)
            leaders.append(crowd.middle)
        if len(leaders) == MOST_COLORS:
            break
    return leaders


def _around(heaps: Mapping[_Cell, _Heap], cell: _Cell) -> Iterator[_Heap]:
    """Yield the heap of *cell*, and those of the cells that touch it."""
    lightness, a, b = cell
    for up, right, back in _STEPS:
        heap = heaps.get((lightness + up, a + right, b + back))
        if heap is not None:
            yield heap
