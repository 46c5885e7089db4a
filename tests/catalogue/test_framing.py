"""
Rows 59 and 60: requests whose end is in doubt, that are too long, or of methods that nobody needs.

Each goes straight to our own server and through the proxy that ships. Whatever the two make of it,
there is one answer at most, and what is hidden behind the first request never reaches the program.
"""

import json
import time
from collections.abc import Iterator

import pytest

from entrypoints.http.problems import PROBLEMS
from tests.http.test_server import Server
from tests.raw_requests import (
    OUTER,
    SMUGGLED,
    RawAnswer,
    RawRequest,
    ask,
    outer,
    raw_requests,
    smuggled,
)
from tests.services.haproxy import Proxy

OF_ROW = {row: [one for one in raw_requests() if one.row == row] for row in (59, 60)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("framing"))
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    log = tmp_path_factory.mktemp("proxy") / "proxy.log"
    with Proxy(f"127.0.0.1:{server.port}", log) as proxy:
        yield proxy


def carried_out(server: Server, request_id: str) -> int:
    """Return how many requests of that id have reached the program."""
    lines = server.log_path.read_text().splitlines()
    return sum(
        f'"{request_id}"' in line and json.loads(line).get("method") is not None for line in lines
    )


def test_59_a_second_request_would_be_seen(server: Server, proxy: Proxy) -> None:
    """Two good requests on one connection: two answers, and two lines in the log."""
    for port in (server.port, proxy.port):
        before = carried_out(server, SMUGGLED)

        answers = ask(port, outer("Content-Length: 2") + b"{}" + smuggled(), answers=2)

        assert [one.status for one in answers] == [422, 200]
        assert carried_out(server, SMUGGLED) == before + 1


@pytest.mark.parametrize("sent", OF_ROW[59], ids=str)
def test_59_straight_to_our_server(server: Server, sent: RawRequest) -> None:
    check_straight(server, sent)


@pytest.mark.parametrize("sent", OF_ROW[59], ids=str)
def test_59_through_the_proxy(server: Server, proxy: Proxy, sent: RawRequest) -> None:
    check_through(server, proxy, sent)


@pytest.mark.parametrize("sent", OF_ROW[60], ids=str)
def test_60_straight_to_our_server(server: Server, sent: RawRequest) -> None:
    check_straight(server, sent)


@pytest.mark.parametrize("sent", OF_ROW[60], ids=str)
def test_60_through_the_proxy(server: Server, proxy: Proxy, sent: RawRequest) -> None:
    check_through(server, proxy, sent)


def check_straight(server: Server, sent: RawRequest) -> None:
    """Send it to our own server, and see that nothing but the first request was carried out."""
    before = carried_out(server, SMUGGLED)

    answers = ask(server.port, sent.data)

    judge(answers, sent.direct, silent=sent.may_be_silent)
    assert carried_out(server, SMUGGLED) == before


def check_through(server: Server, proxy: Proxy, sent: RawRequest) -> None:
    """Send it to the proxy, and see the same."""
    before = carried_out(server, SMUGGLED), carried_out(server, OUTER)

    answers = ask(proxy.port, sent.last)

    if not is_refused_by_the_proxy_itself(answers):
        judge(answers, sent.proxied, silent=sent.may_be_silent)
    assert carried_out(server, SMUGGLED) == before[0]
    assert carried_out(server, OUTER) <= before[1] + 1


def is_refused_by_the_proxy_itself(answers: list[RawAnswer]) -> bool:
    """What its parser cannot read HAProxy answers with pages of its own, which nothing changes."""
    if len(answers) != 1 or answers[0].headers.get("content-type") != "text/html":
        return False
    [answer] = answers
    assert answer.status in (400, 422)
    assert b"HAProxy" not in answer.body and len(answer.body) < 200
    return True


def judge(answers: list[RawAnswer], statuses: frozenset[int], *, silent: bool) -> None:
    """One answer, of a status that is right, in the words of the API; and then nothing."""
    if silent and not answers:
        return
    [answer] = answers
    assert answer.status in statuses, answer
    if answer.status == 200:
        return
    document = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["type"] == f"/problems/{document['code']}"
    assert (document["status"], document["code"]) == (answer.status, document["code"])
    assert PROBLEMS[document["code"]].status == answer.status
    assert document["title"] == PROBLEMS[document["code"]].title and document["detail"]


def test_59_both_still_serve(server: Server, proxy: Proxy) -> None:
    """After all of that, at once."""
    good = outer("Connection: close", start="GET /api/images HTTP/1.1")
    for port in (server.port, proxy.port):
        began = time.monotonic()

        [answer] = ask(port, good)

        assert answer.status == 200
        assert time.monotonic() - began < 2
