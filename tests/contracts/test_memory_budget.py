"""What every memory budget promises, and how the one made of locks behaves between processes."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.system.host_memory import TOKEN_BYTES, LockedMemoryBudget
from application.ports.memory_budget import (
    MemoryBudget,
    MemoryBudgetUnavailable,
    WaitAbandoned,
)

BUDGET = 8 * TOKEN_BYTES
PATIENCE_SECONDS = 0.3
"""How long small needs may pass a large one in these tests."""


def always() -> bool:
    return True


def never() -> bool:
    return False


@pytest.fixture(params=["locks"])
def make_budget(tmp_path: Path) -> Callable[[], MemoryBudget]:
    """Make one budget after the other over the same memory, as processes do."""
    return lambda: LockedMemoryBudget(
        tmp_path / "run" / "memory.tokens", BUDGET, patience_seconds=PATIENCE_SECONDS
    )


@pytest.fixture
def budget(make_budget: Callable[[], MemoryBudget]) -> MemoryBudget:
    return make_budget()


class Taker:
    """Somebody who wants a share, in a thread of their own, and keeps it until told otherwise."""

    def __init__(self, budget: MemoryBudget, need: int, *, wanted: bool = True) -> None:
        self.has_it = threading.Event()
        self.error: Exception | None = None
        self._let_go = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(budget, need, wanted), daemon=True)
        self._thread.start()

    def _run(self, budget: MemoryBudget, need: int, wanted: bool) -> None:
        try:
            with budget.share(need, lambda: wanted):
                self.has_it.set()
                self._let_go.wait(30)
        except Exception as error:  # noqa: BLE001  # looked at by the test
            self.error = error

    def gets_it(self, seconds: float = 5.0) -> bool:
        return self.has_it.wait(seconds)

    def let_go(self) -> None:
        self._let_go.set()
        self._thread.join(10)


@contextlib.contextmanager
def taking(budget: MemoryBudget, *needs: int) -> Iterator[list[Taker]]:
    takers = [Taker(budget, need) for need in needs]
    try:
        yield takers
    finally:
        for taker in takers:
            taker.let_go()


class TestMemoryBudget:
    def test_what_fits_is_had_at_once(self, budget: MemoryBudget) -> None:
        started = time.monotonic()

        with budget.share(BUDGET // 2, never), budget.share(BUDGET // 2, never):
            took = time.monotonic() - started

        assert took < 0.2

    def test_what_does_not_fit_waits_until_somebody_leaves(self, make_budget) -> None:
        with taking(make_budget(), BUDGET // 2 + 1) as [first]:
            assert first.gets_it()
            with taking(make_budget(), BUDGET // 2 + 1) as [second]:
                assert not second.gets_it(0.5)

                first.let_go()

                assert second.gets_it()

    def test_threads_of_one_process_share_as_well(self, budget: MemoryBudget) -> None:
        with taking(budget, *[BUDGET // 2] * 3) as takers:
            time.sleep(0.5)

            assert [taker.has_it.is_set() for taker in takers].count(True) == 2

    def test_who_needs_more_than_there_is_gets_all_of_it(self, make_budget) -> None:
        with taking(make_budget(), 1) as [small]:
            assert small.gets_it()
            with taking(make_budget(), 100 * BUDGET) as [huge]:
                assert not huge.gets_it(0.3)
                small.let_go()
                assert huge.gets_it()
                with taking(make_budget(), 1) as [late]:
                    assert not late.gets_it(0.3)
                    huge.let_go()
                    assert late.gets_it()

    def test_small_needs_do_not_keep_a_large_one_waiting_for_ever(self, make_budget) -> None:
        """They come faster than they go, so that there is never room for the large one at once."""
        budget, over = make_budget(), threading.Event()

        def come_and_go() -> None:
            while not over.is_set():
                with contextlib.suppress(WaitAbandoned), budget.share(3 * TOKEN_BYTES, always):
                    over.wait(0.1)

        crowd = [threading.Thread(target=come_and_go, daemon=True) for _ in range(4)]
        for one in crowd:
            one.start()
        try:
            with taking(make_budget(), BUDGET) as [large]:
                assert large.gets_it(10)
        finally:
            over.set()
            for one in crowd:
                one.join(10)

    def test_who_is_not_wanted_any_longer_leaves_nothing_behind(self, make_budget) -> None:
        with taking(make_budget(), BUDGET) as [first]:
            assert first.gets_it()
            asked = []

            with (
                pytest.raises(WaitAbandoned),
                make_budget().share(1, lambda: bool(asked.append(1))),
            ):
                pass

            assert asked == [1]
        with taking(make_budget(), BUDGET) as [next_one]:
            assert next_one.gets_it()

    def test_what_a_block_raised_frees_its_share(self, budget: MemoryBudget) -> None:
        with pytest.raises(ZeroDivisionError), budget.share(BUDGET, always):
            raise ZeroDivisionError

        with budget.share(BUDGET, never):
            pass


_HOLDER = """
import sys, time
from pathlib import Path
from adapters.system.host_memory import LockedMemoryBudget
with LockedMemoryBudget(Path(sys.argv[1]), int(sys.argv[2])).share(int(sys.argv[2]), lambda: True):
    print("held", flush=True)
    time.sleep(60)
"""


class TestLockedMemoryBudget:
    def test_what_a_killed_process_held_is_free(self, tmp_path: Path, make_budget) -> None:
        file = tmp_path / "run" / "memory.tokens"
        holder = subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(file), str(BUDGET)], stdout=subprocess.PIPE
        )
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
            with taking(make_budget(), 1) as [waiting]:
                assert not waiting.gets_it(0.3)

                holder.kill()
                holder.wait(10)

                assert waiting.gets_it()
        finally:
            holder.kill()
            holder.wait(10)
            assert holder.stdout is not None
            holder.stdout.close()

    def test_the_file_stays_empty(self, tmp_path: Path, budget: MemoryBudget) -> None:
        with budget.share(BUDGET, always):
            assert os.path.getsize(tmp_path / "run" / "memory.tokens") == 0

    def test_where_no_file_can_be_it_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        budget = LockedMemoryBudget(tmp_path / "file" / "tokens", BUDGET)

        with pytest.raises(MemoryBudgetUnavailable), budget.share(1, always):
            pass
