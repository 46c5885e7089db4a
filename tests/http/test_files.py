"""Fetching results by their links."""

from uuid import uuid4

import pytest
from falcon.testing import Result as Answer

from tests.http.house import RESULT_BYTES, Caller, House, problem

SIZE = len(RESULT_BYTES)


def fetch(caller: Caller, method: str = "GET", query: str = "", **headers: str) -> Answer:
    query = query or "exp=2000000000&kid=k1&sig=good"
    return caller.simulate_request(
        method, f"/files/{uuid4()}/main/holiday.webp", query_string=query,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip


def test_a_link_opens_the_whole_file_as_an_attachment(caller: Caller, house: House) -> None:
    answer = fetch(caller)

    assert answer.status_code == 200
    assert answer.content == RESULT_BYTES
    headers = answer.headers
    assert headers["content-type"] == "image/webp"
    assert headers["content-disposition"] == 'attachment; filename="holiday.webp"'
    assert headers["etag"] == f'"{house.result.sha256}"'
    assert headers["content-length"] == str(SIZE)
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == (
        "sandbox; default-src 'none'; frame-ancestors 'none'"
    )
    assert headers["cache-control"] == "private, no-store"
    [asked] = house.link_requests
    assert (asked.linked.variant, asked.expires, asked.key_id) == ("main", "2000000000", "k1")


def test_a_head_tells_the_same_without_the_bytes(caller: Caller) -> None:
    answer = fetch(caller, "HEAD", Range="bytes=0-1")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(SIZE)


def test_only_a_get_that_sends_bytes_opens_the_file(caller: Caller, house: House) -> None:
    for method, headers in (
        ("HEAD", {}),
        ("GET", {"If_None_Match": "*"}),
        ("GET", {"Range": f"bytes={SIZE}-"}),
    ):
        fetch(caller, method, **headers)
    assert house.files_opened == 0

    fetch(caller)

    assert house.files_opened == 1


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=0-999999999", 0, SIZE - 1),
        ("bytes=-10", SIZE - 10, SIZE - 1),
        ("bytes=-999999999", 0, SIZE - 1),
        ("Bytes = 1-2", 1, 2),
    ],
)
def test_a_range_is_answered_with_that_range(
    caller: Caller, asked: str, first: int, last: int
) -> None:
    answer = fetch(caller, Range=asked)

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.content == RESULT_BYTES[first : last + 1]


@pytest.mark.parametrize(
    "asked",
    [f"bytes={SIZE}-", "bytes=9-5", "bytes=-0", "bytes=-", "bytes=a-b", "bytes=", "bytes=١-٢"],
)
def test_a_range_outside_the_file_is_refused(caller: Caller, asked: str) -> None:
    answer = fetch(caller, Range=asked)

    assert problem(answer) == (416, "range-not-satisfiable")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=0-1,5-6", "nonsense"])
def test_a_range_of_another_kind_is_answered_with_the_whole(caller: Caller, asked: str) -> None:
    answer = fetch(caller, Range=asked)

    assert (answer.status_code, answer.content) == (200, RESULT_BYTES)


def test_what_the_caller_has_is_not_sent_again(caller: Caller, house: House) -> None:
    etag = f'"{house.result.sha256}"'

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = fetch(caller, If_None_Match=known, Range="bytes=0-1")
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert fetch(caller, If_None_Match='"other"').status_code == 200


def test_a_range_of_another_file_is_answered_with_the_whole(caller: Caller, house: House) -> None:
    etag = f'"{house.result.sha256}"'

    assert fetch(caller, Range="bytes=0-1", If_Range=etag).status_code == 206
    for other in ('"other"', f"W/{etag}", "Sat, 29 Oct 1994 19:43:31 GMT"):
        assert fetch(caller, Range="bytes=0-1", If_Range=other).status_code == 200


def test_links_that_are_not_good_are_refused(caller: Caller) -> None:
    assert problem(fetch(caller, query="exp=2000000000&kid=k1&sig=bad")) == (403, "invalid-link")
    assert problem(fetch(caller, query="x=1")) == (403, "invalid-link")
    assert problem(fetch(caller, query="exp=1&kid=k1&sig=good")) == (410, "link-expired")


def test_a_name_of_any_alphabet_is_offered(caller: Caller, house: House) -> None:
    house.download_name = "été €.webp"

    disposition = fetch(caller).headers["content-disposition"]

    assert disposition.isascii()
    assert "filename*=UTF-8''%C3%A9t%C3%A9%20%E2%82%AC.webp" in disposition
