"""F32, F35: clients that hang up half-way, and far too many at a time."""

import itertools
import socket
import struct
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
import requests

from tests import pictures
from tests.faults import invariants
from tests.faults.engines import embedded
from tests.faults.rig import Rig, rigged, times

OPTIONS = '{"resize": "16x16"}'

_PAUSE_SECONDS = 0.15
"""Between two pictures of one account: a process of the API measures the queue once a second."""


@pytest.mark.slow
def test_f32_uploads_that_are_broken_off(request: pytest.FixtureRequest, tmp_path: Path):
    """After 1, 50 and 99 %, politely and not: no row, no object."""
    with rigged(tmp_path, embedded(request)) as rig:
        rig.load(1).join()
        rig.platform.wait_until_quiet()
        before = objects(rig)
        answers: Counter[str] = Counter()
        for share, reset in itertools.product((0.01, 0.5, 0.99), (False, True)):
            for _ in range(times(20, 2)):
                answers[broken_off(rig, share, reset=reset)] += 1
        time.sleep(1)

        assert set(answers) <= {"400", ""}, answers
        assert answers["400"] > 0
        assert rig.platform.rows("select count(*) from images") == [(1,)]
        assert objects(rig) == before
        assert list((rig.platform.folder / "storage").rglob("staging/*")) == []
        rig.load(1).join()
        rig.verdict("F32")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f35_a_burst(request: pytest.FixtureRequest, tmp_path: Path):
    """Each is accepted or told to come again; what is accepted is done; no account is left out."""
    users, each = times(20, 5), times(50, 16)
    limits = {
        "LIMITS_QUEUED_TASKS": str(users * each // 2),
        "LIMITS_QUEUED_TASKS_PER_USER": str(each // 2),
    }
    with rigged(tmp_path, embedded(request), **limits) as rig:
        tokens = [rig.platform.sign_up(f"user{number}") for number in range(users)]
        answers: list[tuple[int, int]] = []
        began = time.monotonic()
        with rig.frozen("image-worker"):
            senders = [
                threading.Thread(target=send, args=(rig, number, token, each, answers))
                for number, token in enumerate(tokens)
            ]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
        took = time.monotonic() - began
        rig.platform.wait_until_quiet(300)

        codes = Counter(code for _, code in answers)
        assert codes.total() == users * each and set(codes) <= {202, 429, 503}, codes
        accepted = Counter(user for user, code in answers if code == 202)
        assert codes[202] < users * each, "it was no burst"
        fairness = sum(accepted.values()) ** 2 / (users * sum(n * n for n in accepted.values()))
        done = "select count(*) from tasks where status = 'completed'"
        assert rig.platform.rows(done) == [(codes[202],)]
        print(f"\nF35: {dict(codes)} in {took:.1f} s; all accepted are done; Jain {fairness:.2f}")
        assert fairness >= 0.8


def objects(rig: Rig) -> set[str]:
    return set(invariants.adapters_of(rig.platform).adapters().object_store().keys())


def broken_off(rig: Rig, share: float, *, reset: bool) -> str:
    """Send so much of an upload, hang up, and return the status that was answered, if any."""
    request = requests.Request(
        "POST",
        f"{rig.platform.base}/api/images/upload",
        files={"image": ("picture.jpg", pictures.photo())},
        data={"processingOptions": OPTIONS},
        headers={"Authorization": f"Bearer {rig.platform.token}", "Host": "localhost"},
    ).prepare()
    head = f"POST {request.path_url} HTTP/1.1\r\n"
    head += "".join(f"{name}: {text}\r\n" for name, text in request.headers.items())
    assert isinstance(request.body, bytes)
    with socket.create_connection(("127.0.0.1", rig.platform.port), timeout=10) as connection:
        connection.sendall(head.encode() + b"\r\n" + request.body[: int(len(request.body) * share)])
        if reset:
            time.sleep(0.1)
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return ""
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(64).partition(b" ")[2][:3].decode()


def send(rig: Rig, user: int, token: str, number: int, answers: list[tuple[int, int]]) -> None:
    for _ in range(number):
        answer = requests.post(
            f"{rig.platform.base}/api/images/upload",
            files={"image": ("picture.jpg", pictures.small_jpeg())},
            data={"processingOptions": OPTIONS},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        if answer.status_code in (429, 503):
            assert int(answer.headers["Retry-After"]) >= 1
        answers.append((user, answer.status_code))
        time.sleep(_PAUSE_SECONDS)
