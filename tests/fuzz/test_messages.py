"""What a renderer says is not believed: whoever took it over may say anything at all."""

import json
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.imaging.messages import (
    Done,
    MalformedMessage,
    Refused,
    Reply,
    StorageFault,
    Written,
    decode_reply,
    encode_reply,
    progress_in,
)
from domain.images.formats import ImageFormat
from domain.tasks.task import Failure, FailureCode

HONEST: tuple[Reply, ...] = (
    Done((Written(ImageFormat.JPEG, 800, 600, 1),) * 3, {"open": 0.1, "render": 0.2}, 10**8),
    Refused(Failure(FailureCode.TRUNCATED, "the picture is cut short"), "", 10**7),
    StorageFault(28, 10**7),
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
members = st.sampled_from(
    ["written", "stage_seconds", "peak_bytes", "failure", "detail", "trace", "storage"]
)


def understood(packet: bytes) -> Reply | None:
    """Return what *packet* says, or None if it is refused; anything else is what is looked for."""
    try:
        reply = decode_reply(packet)
    except MalformedMessage:
        return None
    assert isinstance(reply, Done | Refused | StorageFault)
    if isinstance(reply, Done):
        assert all(
            type(one.width) is type(one.height) is type(one.frames) is int
            and one.width > 0 and one.height > 0 and one.frames > 0
            for one in reply.written
        )  # fmt: skip
        assert all(0 <= seconds < 1e9 for seconds in reply.stage_seconds.values())
    if isinstance(reply, Refused):
        assert len(reply.failure.detail) <= 500
        assert len(reply.trace) <= 8000
        reply.failure.detail.encode()  # it goes into a database, and into the log
        reply.trace.encode()
    assert 0 <= reply.peak_bytes < 1 << 63
    return reply


@pytest.mark.parametrize("reply", HONEST, ids=lambda reply: type(reply).__name__)
def test_what_is_meant_is_understood(reply: Reply) -> None:
    assert understood(encode_reply(reply)) == reply


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300))
@example(b"")
@example(b"[" * 100_000)
@example(b'{"written": [], "stage_seconds": {}, "peak_bytes": ' + b"9" * 5_000 + b"}")
@example(b'{"written": [], "stage_seconds": {}, "peak_bytes": 1e400}')
@example(b'{"written": [["png", Infinity, 1, 1]], "stage_seconds": {}, "peak_bytes": 1}')
@example(b'{"written": [["png", -5, 1, 1]], "stage_seconds": {}, "peak_bytes": 1}')
@example(b'{"written": [], "stage_seconds": {"open": NaN}, "peak_bytes": 1}')
@example(b'{"failure": "internal", "detail": "\\ud800", "trace": "", "peak_bytes": 1}')
@example(b'{"failure": "internal", "detail": "", "trace": "\\udfff", "peak_bytes": 1}')
@example(b'{"storage": 28, "peak_bytes": -1}')
@example(b'{"storage": [28], "peak_bytes": 1}')
@example(b"\xff\xfe{}")
def test_any_bytes_are_a_reply_or_refused(packet: bytes) -> None:
    understood(packet)


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(members | st.text(max_size=8), anything, max_size=6))
def test_any_document_is_a_reply_or_refused(document: dict[str, object]) -> None:
    understood(json.dumps(document).encode())


@pytest.mark.parametrize("reply", HONEST, ids=lambda reply: type(reply).__name__)
def test_any_damage_to_a_reply_is_a_reply_or_refused(reply: Reply) -> None:
    chance = random.Random(3)
    whole = encode_reply(reply)
    for _ in range(3_000):
        packet = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 5))):
            packet[chance.randrange(len(packet))] = chance.choice(
                (chance.randrange(256), *b'0129-.eE"{}[],:\\')
            )
        understood(bytes(packet[: chance.choice((len(packet), chance.randrange(len(packet))))]))


@given(st.binary(max_size=4))
def test_progress_is_a_percent_or_refused(packet: bytes) -> None:
    try:
        percent = progress_in(packet)
    except MalformedMessage:
        return
    assert percent is None or 0 <= percent <= 100
