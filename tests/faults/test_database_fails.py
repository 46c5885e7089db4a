"""F13, F14, F15, F16: a database that is restarted, away, slow, cut off, busy, or killed."""

import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import psutil
import pytest
import requests

from tests import pictures
from tests.faults.engines import embedded, on_postgres
from tests.faults.history import History
from tests.faults.rig import Rig, rigged, times, wait_until
from tests.running import RunningPlatform
from tests.services.faulty_proxy import FaultyProxy


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f13_restarted_under_load(request: pytest.FixtureRequest, tmp_path: Path):
    """Uploads work again five seconds later at most, and no process had to be started anew."""
    number = times(600, 80)
    with rigged(tmp_path, on_postgres(request)) as rig:
        pids = rig.platform.pids()
        load = rig.load(number)
        for share in (0.3, 0.6):
            load.wait_for(number * share)
            rig.history.add("fault", what="database")
            rig.restart("database")
            rig.history.add("back", what="database")
        load.join()
        rig.verdict("F13")

        pauses = seconds_until_accepted(rig.history)
        print(f"F13: accepted again after {', '.join(f'{pause:.1f} s' for pause in pauses)}")
        assert max(pauses) <= 5
        assert rig.platform.pids() == pids


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f14_away_while_pictures_are_uploaded(request: pytest.FixtureRequest, tmp_path: Path):
    """Refused within two seconds and told when to come again; nothing kept; soon as before."""
    away_seconds = times(30, 6)
    with rigged(tmp_path, on_postgres(request)) as rig:
        rig.load(3).join()
        rig.platform.wait_until_quiet()
        before, pids = objects_of(rig.platform), rig.platform.pids()

        slowest = 0.0
        rig.history.add("fault", what="database away")
        rig.engines.halt()
        try:
            back_at = time.monotonic() + away_seconds
            while time.monotonic() < back_at:
                started = time.monotonic()
                answer = rig.platform.post_image(pictures.photo())
                slowest = max(slowest, time.monotonic() - started)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
                assert answer.json()["code"] == "database-unavailable"
                assert seconds_of_health(rig.platform) < 1
        finally:
            rig.engines.start()

        assert objects_of(rig.platform) == before
        started = time.monotonic()
        rig.load(1).join()
        assert time.monotonic() - started < 5
        rig.verdict("F14")
        print(f"F14: refused within {slowest:.2f} s, for {away_seconds} s")
        assert slowest < 2
        assert rig.platform.pids() == pids, "nobody had to be started again"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f15_slow_and_cut_off(request: pytest.FixtureRequest, tmp_path: Path):
    """Half a second more for each answer, then connections that are reset again and again."""
    number, drops = times(200, 30), times(200, 40)
    engines = on_postgres(request)
    address = urlsplit(engines.settings["DATABASE_URL"])
    with FaultyProxy(f"127.0.0.1:{address.port}") as proxy:
        url = address._replace(netloc=f"{address.username}@127.0.0.1:{proxy.port}").geturl()
        engines = attrs.evolve(engines, settings={"DATABASE_URL": url})
        with rigged(tmp_path, engines) as rig, watched_health(rig) as waits:
            rig.history.add("fault", what="latency")
            proxy.latency(0.5)
            rig.load(times(40, 8)).join()
            proxy.heal()

            load = rig.load(number, pause=0.2)
            dropped = 0
            while dropped < drops:
                time.sleep(0.5)
                rig.history.add("fault", what="reset")
                before = proxy.connections
                proxy.reset()
                wait_until(lambda before=before: proxy.connections > before)
                dropped += proxy.connections - before
            load.join()
            rig.verdict("F15")
            print(f"F15: connections dropped >= {dropped}, health within {max(waits):.2f} s")
            assert max(waits) <= 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f16_other_writers_keep_sqlite_busy(request: pytest.FixtureRequest, tmp_path: Path):
    number = times(300, 40)
    with rigged(tmp_path, embedded(request)) as rig, writers(rig.platform, 4):
        rig.load(number).join()
        rig.verdict("F16 busy")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_f16_killed_in_the_middle_of_commits(request: pytest.FixtureRequest, tmp_path: Path):
    """Server processes of the API are killed while they write; the file stays whole."""
    kills = times(50, 12)
    with rigged(tmp_path, embedded(request)) as rig:
        load = rig.load(100_000, pause=0.05)
        for number in range(kills):
            load.wait_for(number * 10)
            time.sleep(random.uniform(0, 0.2))
            rig.history.add("fault", what="api worker")
            with contextlib.suppress(psutil.NoSuchProcess):
                random.choice(psutil.Process(rig.platform.pids()["api"]).children()).kill()
            if number % 10 == 5:  # seldom enough for the queue to drain
                rig.kill("relay")
        load.stop()
        load.join()
        rig.verdict("F16 killed")
        assert rig.platform.rows("pragma integrity_check") == [("ok",)]


def seconds_until_accepted(history: History) -> list[float]:
    """Return how long after each return of the server the next picture was accepted."""
    accepted = [entry["at"] for entry in history.of("acknowledged")]
    return [
        min(at - entry["at"] for at in accepted if at >= entry["at"])
        for entry in history.of("back")
    ]


def seconds_of_health(platform: RunningPlatform) -> float:
    started = time.monotonic()
    assert requests.get(f"{platform.base}/healthz", timeout=10).status_code == 200
    return time.monotonic() - started


@contextlib.contextmanager
def watched_health(rig: Rig) -> Iterator[list[float]]:
    """Ask for the API's health five times a second."""
    waits, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            try:
                waits.append(seconds_of_health(rig.platform))
            except requests.RequestException:
                waits.append(10.0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield waits
    finally:
        done.set()
        watcher.join()


@contextlib.contextmanager
def writers(platform: RunningPlatform, number: int) -> Iterator[None]:
    """Hold the lock of SQLite's one writer in turns, half of the time."""
    done = threading.Event()

    def write() -> None:
        path = platform.folder / "safelight.sqlite"
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as file:
            while not done.wait(random.uniform(0, 0.4)):
                file.execute("begin immediate")
                file.execute("update users set updated_at = updated_at")
                time.sleep(0.05)
                file.execute("commit")

    threads = [threading.Thread(target=write) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()


def objects_of(platform: RunningPlatform) -> set[Path]:
    return {path for path in (platform.folder / "storage" / "objects").rglob("*") if path.is_file()}
