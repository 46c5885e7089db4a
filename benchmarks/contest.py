"""Rounds on a machine that others use, and what may be concluded from them."""

import random
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from benchmarks.contestants import PeerMissing, Spent
from benchmarks.likeness import Likeness, look

NOISE, WIDTH = 0.03, 0.05
"""A/A: how far the median of the two U may be apart, and its interval reach to each side."""

_TRIES: Final = 3
_TURN_SECONDS: Final = 0.25
_MOST_TIMES: Final = 8
_DRAWN: Final = 2_000

Run = Callable[[int], Spent]


@attrs.frozen
class Contestant:
    """
    Who does a task in one way.

    Attributes:
        run: Does it so many times.
        source: What the result is compared with; None where there is nothing to compare.
        written: Where it is; of several results the first, which is the largest.
        worth: Contestants of one class are held to the quality of its best.
    """

    name: str
    run: Run
    written: Path | None = None
    source: Path | None = None
    worth: str = ""
    marked: bool = False


@attrs.define
class Measured:
    """
    What one contest brought.

    Attributes:
        ratios: CPU over U of each round, by contestant.
        likeness: Of what was written, by contestant.
        unequal: Contestants that did less than the same work, and why.
        apart: The second U over the first, of each round.
        voids: How many runs were thrown away before this one.
    """

    ratios: dict[str, list[float]]
    likeness: dict[str, Likeness]
    unequal: dict[str, str]
    apart: list[float]
    voids: int = 0

    @property
    def is_void(self) -> bool:
        """Whether the machine was too noisy to tell."""
        middle, low, high = interval(self.apart)
        return abs(middle - 1) > NOISE or high - low > 2 * WIDTH

    def over(self, one: str, other: str) -> list[float]:
        """Return, of each round, the CPU of *one* over that of *other*."""
        if one not in self.ratios or other not in self.ratios:
            return []
        return [a / b for a, b in zip(self.ratios[one], self.ratios[other], strict=True)]


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the median and its bootstrapped 95 % interval."""
    chance = random.Random(1)
    drawn = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(_DRAWN))
    return statistics.median(values), drawn[_DRAWN // 40], drawn[-_DRAWN // 40 - 1]


def measure(
    unit: Run, contestants: Sequence[Contestant], rounds: int, *, bytes_within: float | None = 0.05
) -> Measured:
    """
    Let *contestants* run in *rounds*, each time in another order, between two U.

    Who writes more than *bytes_within* of the least of its class, or worse pictures, is unequal.
    A run whose two U differ is void and repeated, three times at most.
    """
    able: list[tuple[Contestant, int]] = []
    for one in contestants:
        try:
            spent = [one.run(1).cpu for _ in range(3)]
        except PeerMissing as error:
            print(f"NOT MEASURED: {one.name}: {error}", file=sys.stderr)
            continue
        able.append((one, max(1, min(_MOST_TIMES, round(_TURN_SECONDS / min(spent))))))
    likeness = {
        one.name: look(one.written, one.source, marked=one.marked)
        for one, _ in able
        if one.written is not None and one.source is not None
    }
    unequal = dict(_unequal([one for one, _ in able], likeness, bytes_within))
    for tried in range(_TRIES):
        measured = Measured({one.name: [] for one, _ in able}, likeness, unequal, [], tried)
        for _ in range(rounds):
            _round(unit, able, measured)
        if not measured.is_void:
            break
        print("void: the two U differ", file=sys.stderr)
    return measured


def _round(unit: Run, able: list[tuple[Contestant, int]], measured: Measured) -> None:
    first = unit(_MOST_TIMES).cpu
    spent = {one.name: one.run(times).cpu for one, times in random.sample(able, len(able))}
    second = unit(_MOST_TIMES).cpu
    measured.apart.append(second / first)
    for name, cpu in spent.items():
        measured.ratios[name].append(cpu / ((first + second) / 2))


def _unequal(
    able: list[Contestant], likeness: Mapping[str, Likeness], bytes_within: float | None
) -> list[tuple[str, str]]:
    found = []
    for one in able:
        if one.name not in likeness:
            continue
        own = likeness[one.name]
        of_class = {
            other.name: likeness[other.name]
            for other in able
            if other.worth == one.worth and other.name in likeness
        }
        for name, rival in of_class.items():
            if (own.width, own.height, own.frames) != (rival.width, rival.height, rival.frames):
                found.append((one.name, f"other sides or frames than {name}"))
            elif own.is_below(rival):
                found.append((one.name, f"worse than {name}"))
        good = [
            rival
            for rival in of_class.values()
            if not any(rival.is_below(other) for other in of_class.values())
        ]
        least = min((rival.byte_size for rival in good), default=own.byte_size)
        if bytes_within is not None and own.byte_size > least * (1 + bytes_within):
            found.append((one.name, f"{own.byte_size / least - 1:+.0%} bytes"))
    return found


@attrs.define
class Row:
    """
    One line of the table of goals.

    Attributes:
        values: Of each round; empty if it was not run.
        more: Whether more is better.
        why_not: Why it does not count although it was run, or was not run.
    """

    number: str
    what: str
    must: float
    goal: float
    values: Sequence[float]
    more: bool = True
    void: bool = False
    why_not: str = ""
    figures: tuple[float, float, float] | None = None

    def interval(self) -> tuple[float, float, float] | None:
        """Return the figure and its interval, or None."""
        return self.figures or (interval(self.values) if self.values else None)

    @property
    def verdict(self) -> str:
        """Say whether the worse end of the interval passes the must, and the middle the goal."""
        found = self.interval()
        if found is None:
            return "NOT RUN"
        if self.void:
            return "VOID"
        middle, low, high = found
        holds = low >= self.must if self.more else high <= self.must
        if self.why_not or not holds:
            return "LOST"
        reached = middle >= self.goal if self.more else middle <= self.goal
        return "goal" if reached else "must"
