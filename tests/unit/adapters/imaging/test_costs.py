"""The worst pictures cost a renderer no more than the catalogue of bad inputs allows."""

import contextlib
from collections.abc import Iterator

import pytest

from adapters.imaging.renderer_process import Zygote
from tests.bad_pictures import BadPicture
from tests.costs import (
    MOST_BYTES,
    MOST_CPU_SECONDS,
    PIPELINES,
    ROWS,
    Cost,
    cost_of,
    worst_pictures,
)
from tests.limits import renderer_limits


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with contextlib.closing(Zygote(renderer_limits())) as zygote:
        yield zygote


@pytest.mark.parametrize("bad", worst_pictures(), ids=str)
def test_the_worst_pictures_stay_within_memory_and_time(zygote: Zygote, bad: BadPicture) -> None:
    # Going over all pixels 883 times takes seconds; once is enough.
    for size in list(PIPELINES)[: 1 if "883" in bad.name else None]:
        cost = cost_of(zygote, bad, size)

        assert _is_right(cost), bad.expectation()
        assert cost.is_within, cost


def _is_right(cost: Cost) -> bool:
    if cost.outcome == "completed":
        return cost.bad.may_complete
    # A renderer says in a task's words what would have been refused at upload.
    problem = {"decode_failed": "unsupported-media-type"}.get(
        cost.outcome, cost.outcome.replace("_", "-")
    )
    return cost.bad.allows_outcome(cost.outcome) or cost.bad.allows_refusal(problem)


def test_every_row_is_measured() -> None:
    assert {bad.row for bad in worst_pictures()} == set(ROWS)
    assert MOST_BYTES.keys() | MOST_CPU_SECONDS.keys() <= set(ROWS)


def test_what_costs_most_is_noticed(zygote: Zygote) -> None:
    """The measure sees the memory and the time of a picture that takes much of both."""
    bad = next(bad for bad in worst_pictures() if bad.row == 22)

    cost = cost_of(zygote, bad, "small")

    assert cost.peak_bytes is not None and 300_000_000 < cost.peak_bytes < cost.most_bytes
    assert cost.cpu_seconds is not None and 0.1 < cost.cpu_seconds < cost.most_cpu_seconds
