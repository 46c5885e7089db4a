"""A flood of sign-ins keeps nobody waiting, and nothing that goes wrong beside it refuses anybody."""

import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2.exceptions import InvalidHashError

from adapters.security import background_argon2, password_process
from adapters.security.background_argon2 import BackgroundArgon2
from adapters.security.password_process import Question

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_argon2, "_PATIENCE_SECONDS", 30.0)


@pytest.fixture
def background() -> Iterator[BackgroundArgon2]:
    """One that has started its process."""
    background = BackgroundArgon2(None)
    assert background(asked()) is not None
    yield background
    if background._process._process is not None:
        background._process._process.kill()


def asked(password_hash: str | None = None, password: str = PASSWORD) -> Question:
    return {
        "password": password,
        "password_hash": password_hash,
        "memory_kib": 1024,
        "passes": 1,
        "lanes": 1,
    }


def process_of(background: BackgroundArgon2) -> int:
    """Return the id of the process that computes for it; other tests may have theirs."""
    process = background._process._process
    assert process is not None
    return process.pid


def niceness_of_threads() -> dict[int, int]:
    found: dict[int, int] = {}
    for thread in map(int, os.listdir("/proc/self/task")):
        with contextlib.suppress(ProcessLookupError):  # one that has just ended
            found[thread] = os.getpriority(os.PRIO_PROCESS, thread)
    return found


class TestTheProcess:
    def test_runs_while_nobody_else_wants_to(self, background: BackgroundArgon2) -> None:
        process = process_of(background)

        assert os.sched_getscheduler(process) == os.SCHED_IDLE
        assert os.sched_getscheduler(0) == os.SCHED_OTHER

    def test_knows_no_secrets_of_ours(
        self, monkeypatch: pytest.MonkeyPatch, background: BackgroundArgon2
    ) -> None:
        process = process_of(background)

        assert set(Path(f"/proc/{process}/environ").read_text().split("\0")) <= {
            "",
            *(f"{name}={os.environ.get(name)}" for name in background_argon2._PASSED_ON),
        }
        descriptors = [os.readlink(one) for one in Path(f"/proc/{process}/fd").iterdir()]
        assert sum(name.startswith("socket:") for name in descriptors) == 1

    @pytest.mark.parametrize("answers_read", [0, 1])
    def test_ends_in_silence_when_nobody_waits_for_its_answer(
        self, answers_read: int, capfd: pytest.CaptureFixture[str]
    ) -> None:
        background = BackgroundArgon2(None)
        background(asked())
        process = process_of(background)
        channel = background._process._channel
        assert channel is not None
        for _ in range(2):
            channel.send(json.dumps(asked()).encode())
        for _ in range(answers_read):
            channel.recv(password_process.PACKET_BYTES)

        channel.close()

        ended = os.waitid(os.P_PID, process, os.WEXITED)
        assert ended is not None
        assert (ended.si_code, ended.si_status) == (os.CLD_EXITED, 0)
        assert capfd.readouterr().err == ""

    def test_does_not_end_by_ctrl_c_and_ends_with_us(self, background: BackgroundArgon2) -> None:
        process = process_of(background)
        os.kill(process, signal.SIGINT)
        known = background(asked())
        assert background(asked(str(known))) is True
        assert process_of(background) == process

        background._process._channel.close()  # as the kernel does when we die

        assert os.waitid(os.P_PID, process, os.WEXITED) is not None


class TestWhateverBecomesOfTheProcess:
    def test_who_gets_no_turn_of_the_core_is_served_by_a_thread(
        self, monkeypatch: pytest.MonkeyPatch, background: BackgroundArgon2
    ) -> None:
        known = str(background(asked()))
        process = process_of(background)
        monkeypatch.setattr(background_argon2, "_PATIENCE_SECONDS", 0.05)

        before = niceness_of_threads()
        os.kill(process, signal.SIGSTOP)
        answers = [background(asked(known, password)) for password in (PASSWORD, "wrong")]
        added = [nice for id_, nice in niceness_of_threads().items() if id_ not in before]
        os.kill(process, signal.SIGCONT)
        monkeypatch.setattr(background_argon2, "_PATIENCE_SECONDS", 30.0)
        # It answers what it was asked first, and nobody takes that for what they asked.
        answers += [background(asked(known, password)) for password in ("wrong", PASSWORD) * 3]

        assert answers == [True, False] + [False, True] * 3
        assert added == [min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)]
        assert process_of(background) == process
        assert background._process.ask(asked(known), 30) is True, "it has caught up"

    def test_one_that_dies_is_replaced(
        self,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        background: BackgroundArgon2,
    ) -> None:
        known = str(background(asked()))
        process = process_of(background)
        os.kill(process, signal.SIGKILL)

        assert background(asked(known)) is True
        assert "their process failed" in caplog.text
        assert background._process._process is None, "the next try is later"
        assert background(asked(known, "wrong")) is False

        monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + 31)
        assert background(asked(known)) is True
        another = process_of(background)
        assert another != process

    def test_one_that_cannot_be_started_is_not_needed(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
        background = BackgroundArgon2(None)

        known = str(background(asked()))

        assert background(asked(known)) is True
        assert background(asked(known, "wrong")) is False

    def test_what_is_no_hash_is_told_to_who_asked(self, background: BackgroundArgon2) -> None:
        with pytest.raises(InvalidHashError):
            background(asked("no hash"))

        assert background(asked(str(background(asked())))) is True


class TestTheShareOfAHost:
    @pytest.mark.parametrize(
        ("cores", "at_once", "rest"),
        [(1, 1, 3.0), (2, 1, 1.0), (3, 1, 1 / 3), (4, 1, 0.0), (7, 1, 0.0), (8, 2, 0.0)],
    )
    def test_is_a_quarter_at_most(self, cores: int, at_once: int, rest: float) -> None:
        assert background_argon2._at_once(cores) == at_once
        assert background_argon2._rest(1.0, cores) == pytest.approx(rest)

    def test_who_has_their_answer_does_not_rest(
        self, monkeypatch: pytest.MonkeyPatch, background: BackgroundArgon2
    ) -> None:
        over = threading.Event()
        monkeypatch.setattr(time, "sleep", lambda _: over.wait(60))

        known = background(asked())
        second = threading.Thread(target=background, args=[asked()])
        second.start()
        second.join(0.2)
        assert isinstance(known, str)
        assert second.is_alive(), "whoever comes next waits until the rest is over"
        over.set()
        second.join(60)
        assert not second.is_alive()
