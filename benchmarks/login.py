"""
A1: what a storm of sign-ins does to everybody else.

`GET /api/images/{id}/status` is asked on a fixed schedule, whatever becomes of the answers before
(an open loop), and its latency counts from when it was due, so that a stall is counted in full.
Each round asks so while nothing else happens, while twenty clients sign in over and over with the
right passwords, and while nothing else happens again. A round's figure is the 99th percentile
under the storm over the mean of its two idle ones; the ratio of those two, A/A, says what such a
ratio is worth on this machine. Times of different rounds are never compared.

Each sign-in has a connection of its own; who is sent away comes again when told. Clients and
platform share the machine, but whoever asks for a status does not wait for a core (SCHED_RR, where
that is allowed): what is measured is how long the platform takes. The throttle of sign-ins is off:
it would end the storm, and the storm of many addresses is the one that no throttle ends.

    python -m benchmarks login [--rounds 7] [--seconds 10] [--rate 50] [--postgres] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

from benchmarks.platform import median_and_interval, running
from tests.pictures import small_jpeg
from tests.running import PASSWORD, ROOT, RunningPlatform
from tests.services.postgres import PrivatePostgres

CLIENTS = 20
ASKERS = 16
MUST = 2.0

STORM = """
import json, sys, threading, time
from http.client import HTTPConnection
port, password, clients = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
over, counts, refused = threading.Event(), [0] * clients, [0] * clients
def sign_in(number):
    body = json.dumps({"email": f"client{number}@example.com", "password": password})
    while not over.is_set():
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("POST", "/api/auth/login", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status == 503:
            refused[number] += 1
            over.wait(int(answer.headers["Retry-After"]))
        else:
            assert answer.status == 200, answer.status
            counts[number] += 1
threads = [threading.Thread(target=sign_in, args=[number]) for number in range(clients)]
for thread in threads:
    thread.start()
print("blowing", flush=True)
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
print(sum(counts), sum(refused), flush=True)
"""


class Asker:
    """Asks for one path on a schedule, by connections that are kept."""

    def __init__(self, platform: RunningPlatform, path: str) -> None:
        self._platform = platform
        self._path = path

    def latencies(self, seconds: float, rate: float) -> list[float]:
        """Return the seconds from when each request was due until its answer was there."""
        due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        taken: list[float] = []
        threads = [threading.Thread(target=self._ask, args=(due, taken)) for _ in range(ASKERS)]
        for thread in threads:
            thread.start()
        pace = threading.Thread(target=self._pace, args=(due, seconds, rate))
        pace.start()
        for thread in (pace, *threads):
            thread.join()
        return taken

    def _pace(self, due: "queue.SimpleQueue[float | None]", seconds: float, rate: float) -> None:
        at_once()
        began = time.monotonic() + 0.05
        for number in range(int(seconds * rate)):
            at = began + number / rate
            time.sleep(max(0.0, at - time.monotonic()))
            due.put(at)
        for _ in range(ASKERS):
            due.put(None)

    def _ask(self, due: "queue.SimpleQueue[float | None]", taken: list[float]) -> None:
        at_once()
        connection = HTTPConnection("127.0.0.1", self._platform.port, timeout=60)
        headers = {"Authorization": f"Bearer {self._platform.token}"}
        with contextlib.closing(connection):
            connection.connect()
            while (at := due.get()) is not None:
                connection.request("GET", self._path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                taken.append(time.monotonic() - at)


class Storm:
    """Twenty clients that sign in again and again, in a process of their own, while it is open."""

    def __init__(self, platform: RunningPlatform) -> None:
        self._port = platform.port
        self.sign_ins_a_second = 0.0
        self.refused_share = 0.0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", STORM, str(self._port), PASSWORD, str(CLIENTS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "blowing\n"
        self._began = time.monotonic()
        time.sleep(0.5)  # until all of them wait
        return self

    def __exit__(self, *_: object) -> None:
        said, _errors = self._process.communicate("", timeout=300)
        sign_ins, refused = map(int, said.split())
        self.refused_share = refused / (sign_ins + refused)
        self.sign_ins_a_second = sign_ins / (time.monotonic() - self._began)


def at_once() -> None:
    """Let this thread run as soon as it can, as it would on a machine of its own."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def p99(latencies: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return sorted(latencies)[int(len(latencies) * 0.99)]


def main(arguments: Sequence[str]) -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of a round's phases")
    parser.add_argument("--rate", type=float, default=50.0, help="status requests a second")
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL in place of SQLite")
    parser.add_argument("--program", type=Path, default=ROOT, help="another version's folder")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args(arguments)

    rows: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="safelight-bench-")))
        settings = {"LIMITS_SIGN_INS_PER_ADDRESS": "0"}
        if options.postgres:
            server = PrivatePostgres()
            stack.callback(server.stop)
            settings["DATABASE_URL"] = server.create_database(empty=True)
        platform = stack.enter_context(
            running(folder / "data", program=options.program, **settings)
        )
        for number in range(CLIENTS):
            platform.sign_up(f"client{number}")
        uploaded = platform.upload(small_jpeg(), resize="20x20")
        platform.wait_for_status(uploaded.task_id, "completed")
        asker = Asker(platform, f"/api/images/{uploaded.image_id}/status")
        asker.latencies(2, options.rate)
        for number in range(options.rounds):
            note(rows, round_of(platform, asker, options.seconds, options.rate))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)

    print(f"GET …/status while {CLIENTS} clients sign in without a pause\n")
    print(f"{'':<44}{'median':>9}   95 % interval")
    figures = {}
    for name, values in rows.items():
        median, low, high = median_and_interval(values)
        figures[name.strip()] = {"median": median, "low": low, "high": high}
        print(f"{name:<44}{median:>9.3f}   {low:.3f} to {high:.3f}")
    print(f"\nA1 is to be at most {MUST:g}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def round_of(
    platform: RunningPlatform, asker: Asker, seconds: float, rate: float
) -> dict[str, float]:
    """Measure idle, under the storm, and idle again."""
    first = asker.latencies(seconds, rate)
    with Storm(platform) as storm:
        stormy = asker.latencies(seconds, rate)
    time.sleep(1)
    second = asker.latencies(seconds, rate)
    idle = (p99(first) + p99(second)) / 2
    return {
        "A1: p99 under the storm over idle": p99(stormy) / idle,
        "A/A: p99 idle over idle": p99(second) / p99(first),
        "  p50 under the storm over idle": statistics.median(stormy)
        / statistics.median([*first, *second]),
        "  p99 idle, ms": idle * 1000,
        "  p99 under the storm, ms": p99(stormy) * 1000,
        "  sign-ins a second": storm.sign_ins_a_second,
        "  share of them that is sent away (503)": storm.refused_share,
    }


def note(rows: dict[str, list[float]], found: dict[str, float]) -> None:
    """Add one round to *rows*."""
    for name, value in found.items():
        rows.setdefault(name, []).append(value)
