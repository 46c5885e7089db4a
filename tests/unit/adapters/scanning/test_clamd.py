"""What `ClamdScanner` makes of a clamd that is away, hangs, hangs up, or is none."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.scanning.checkup import check_scanner
from adapters.scanning.clamd import ClamdScanner
from application.checkup import Finding, Verdict
from application.ports.malware_scanner import ScannerMisconfigured, ScannerUnavailable
from tests.malware import EICAR
from tests.ports import free_port
from tests.services.clamd import Clamd

MIB = 1024 * 1024
Conversation = Callable[[socket.socket], None]
PROMPT = 2.0
"""Seconds that are little beside a time-out that was not kept."""


def everything(client: socket.socket) -> bytes:
    """Return what *client* says: a command, and what belongs to it up to the empty piece."""
    with client.makefile("rb") as words:
        said = words.read(len(b"zINSTREAM\0"))
        while said.startswith(b"zINSTREAM\0"):
            length = words.read(4)
            said += length
            if not any(length):
                break
            said += words.read(int.from_bytes(length))
    return said


def after_everything(*answers: bytes) -> Conversation:
    def talk(client: socket.socket) -> None:
        everything(client)
        for answer in answers:
            client.sendall(answer)

    return talk


def a_clamd_that_says(verdict: bytes) -> Conversation:
    def talk(client: socket.socket) -> None:
        is_version = client.recv(10, socket.MSG_PEEK) == b"zVERSION\0"
        if not is_version:
            everything(client)
        client.sendall(b"ClamAV 1.4.6\0" if is_version else verdict)

    return talk


def at_once(answer: bytes) -> Conversation:
    def talk(client: socket.socket) -> None:
        client.recv(16)
        client.sendall(answer)

    return talk


def silence(client: socket.socket) -> None:
    while client.recv(65536):
        pass


def reads_nothing(client: socket.socket) -> None:
    time.sleep(PROMPT)


def drips(client: socket.socket) -> None:
    everything(client)
    for _ in range(200):
        client.sendall(b"s")
        time.sleep(0.05)


def talks_without_end(client: socket.socket) -> None:
    everything(client)
    for _ in range(1000):
        client.sendall(b"stream: " * 1000)


def resets(client: socket.socket) -> None:
    client.recv(16)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Pretender:
    """Listens as clamd would, and talks to each who comes as a test says."""

    def __init__(self, path: Path) -> None:
        self.url = f"clamd://{path}"
        self.talk: Conversation = silence
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with client:
            try:
                self.talk(client)
            except OSError:
                pass  # whoever came has gone


@pytest.fixture
def pretender(tmp_path: Path) -> Iterator[Pretender]:
    one = Pretender(tmp_path / "clamd")
    yield one
    one.close()


def scanned(scanner: ClamdScanner, size: int = 100) -> str | None:
    return scanner.scan(io.BytesIO(bytes(size)))


@pytest.mark.parametrize(
    ("talk", "size", "said"),
    [
        (silence, 100, "timed out|deadline"),
        (reads_nothing, 3 * MIB, "timed out|deadline"),
        (drips, 100, "timed out|deadline"),
        (talks_without_end, 100, "more than it may"),
        (after_everything(), 100, "hung up"),
        (after_everything(b"stream: OK"), 100, "hung up"),
        (after_everything(b"stream: OK\0 and more\0"), 100, "and more"),
        (after_everything(b"OK\0"), 100, "'OK'"),
        (after_everything(b"\xff\xfe\0"), 100, "answers"),
        (after_everything(b"stream:  FOUND\0"), 100, "answers"),
        (after_everything(b"stream: Can't allocate memory ERROR\0"), 100, "allocate"),
        (at_once(b"HTTP/1.1 400 Bad Request\r\n\r\n\0"), 100, "HTTP"),
        (at_once(b"stream: OK\0"), 30 * MIB, "OK|reset"),
        (resets, 30 * MIB, "reset|hung up"),
    ],
    ids=[
        "says nothing", "reads nothing", "drips", "endless", "hangs up", "breaks off",
        "two answers", "nonsense", "noise", "nameless", "an error", "no clamd",
        "clean before it is there", "reset",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_in_time_is_no_answer(
    pretender: Pretender, talk: Conversation, size: int, said: str
) -> None:
    pretender.talk = talk
    scanner = ClamdScanner(pretender.url, total_seconds=0.4, in_line=1)

    started = time.monotonic()
    with pytest.raises(ScannerUnavailable, match=said) as failure:
        scanned(scanner, size)

    assert time.monotonic() - started < PROMPT
    assert failure.value.transient
    pretender.talk = after_everything(b"stream: OK\0")
    assert scanned(scanner) is None  # its place in the line is free again


def test_an_answer_may_come_in_pieces(pretender: Pretender) -> None:
    pretender.talk = after_everything(b"str", b"eam: Some", b"thing FOUND", b"\0")

    assert scanned(ClamdScanner(pretender.url)) == "Something"


def test_what_is_found_is_told_to_the_log(pretender: Pretender) -> None:
    pretender.talk = after_everything(b"stream: Something FOUND\0")

    with capture_logs() as lines:
        scanned(ClamdScanner(pretender.url))

    assert [(one["event"], one["malware"]) for one in lines] == [("malware found", "Something")]


def test_pieces_are_sent_each_behind_its_length(pretender: Pretender) -> None:
    heard: list[bytes] = []

    def listen(client: socket.socket) -> None:
        heard.append(everything(client))
        client.sendall(b"stream: OK\0")

    pretender.talk = listen
    ClamdScanner(pretender.url).scan(io.BytesIO(b"whole"))

    assert heard == [b"zINSTREAM\0" + b"\0\0\0\5whole" + bytes(4)]


@pytest.mark.parametrize(
    "url", ["clamd:///nowhere/clamd.ctl", f"clamd://127.0.0.1:{free_port()}"], ids=["unix", "tcp"]
)
def test_one_that_is_not_there_does_not_answer(url: str) -> None:
    with pytest.raises(ScannerUnavailable):
        scanned(ClamdScanner(url))


def test_a_few_wait_and_further_ones_are_sent_away_at_once(pretender: Pretender) -> None:
    scanner = ClamdScanner(pretender.url, total_seconds=1, in_line=2)

    def wait_in_vain() -> None:
        with pytest.raises(ScannerUnavailable):
            scanned(scanner)

    waiting = [threading.Thread(target=wait_in_vain) for _ in range(2)]
    for thread in waiting:
        thread.start()
    time.sleep(0.2)

    started = time.monotonic()
    with pytest.raises(ScannerUnavailable, match="as many files"):
        scanned(scanner)
    assert time.monotonic() - started < 0.5
    for thread in waiting:
        thread.join()


class TestRealOne:
    """What the real one does, in trouble."""

    @pytest.fixture(params=["unix", "tcp"])
    def url(self, mortal_clamd: Clamd, request: pytest.FixtureRequest) -> str:
        return mortal_clamd.url if request.param == "unix" else mortal_clamd.tcp_url

    def test_takes_no_more_than_it_is_set_to(self, url: str) -> None:
        scanner = ClamdScanner(url)

        assert scanned(scanner, MIB) is None
        for size in (MIB + 1, 10 * MIB):
            with pytest.raises(ScannerMisconfigured, match="that size"):
                scanned(scanner, size)

    def test_hangs_and_goes_on(self, mortal_clamd: Clamd, url: str) -> None:
        mortal_clamd.freeze()
        try:
            started = time.monotonic()
            with pytest.raises(ScannerUnavailable):
                scanned(ClamdScanner(url, total_seconds=0.4))
            assert time.monotonic() - started < PROMPT
        finally:
            mortal_clamd.thaw()

        assert ClamdScanner(url).scan(io.BytesIO(EICAR)) is not None

    def test_dies_in_the_middle_and_comes_back(self, mortal_clamd: Clamd, url: str) -> None:
        class Deadly(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                if self.tell() > MIB // 2:
                    mortal_clamd.halt()
                return super().read(size)

        with pytest.raises(ScannerUnavailable):
            ClamdScanner(url).scan(Deadly(bytes(MIB)))
        with pytest.raises(ScannerUnavailable):
            scanned(ClamdScanner(url))
        mortal_clamd.start()

        assert ClamdScanner(url).scan(io.BytesIO(EICAR)) is not None


class TestCheck:
    """What `safelight check` finds."""

    def test_one_that_is_right(self, clamd: Clamd) -> None:
        found = findings(clamd.url, 25 * MIB)

        assert {one.verdict for one in found} == {Verdict.FINE}
        assert clamd.url in found[0].said and "ClamAV 1." in found[0].said

    def test_one_that_takes_less_than_customers_may_send(self, clamd: Clamd) -> None:
        [*_, last] = findings(clamd.url, 26 * MIB)

        assert last.verdict is Verdict.WRONG
        assert "StreamMaxLength" in last.remedy

    def test_one_without_signatures(self, pretender: Pretender) -> None:
        pretender.talk = a_clamd_that_says(b"stream: OK\0")

        wrong = [one for one in findings(pretender.url, 100) if one.verdict is Verdict.WRONG]
        assert ["EICAR" in one.said for one in wrong] == [True]

    @pytest.mark.parametrize("alert", ["no", "yes"])
    def test_one_that_does_not_look_through_what_customers_may_send(self, alert: str) -> None:
        clamd = Clamd(MaxFileSize="1M", AlertExceedsMax=alert)
        try:
            found = findings(clamd.url, 2 * MIB)
        finally:
            clamd.stop()

        assert [one.verdict for one in found] == [Verdict.FINE, Verdict.FINE, Verdict.DOUBTFUL]
        assert "MaxFileSize" in found[-1].remedy

    def test_something_else(self, pretender: Pretender) -> None:
        pretender.talk = at_once(b"SSH-2.0-OpenSSH_9.2\0")

        [one] = findings(pretender.url, 100)
        assert (one.verdict, "is no clamd" in one.said) == (Verdict.WRONG, True)


def findings(url: str, max_bytes: int) -> list[Finding]:
    return list(check_scanner(ClamdScanner(url), max_bytes))
