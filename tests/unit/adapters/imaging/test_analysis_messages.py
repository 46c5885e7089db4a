"""What a renderer tells of a picture is read like a stranger's word."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.imaging.messages import (
    PACKET_BYTES,
    Done,
    MalformedMessage,
    Order,
    Written,
    decode_reply,
    encode_reply,
)
from domain.images.analysis import Analysis, Aspect, DominantColor
from domain.images.formats import ImageFormat
from domain.images.pipeline import Pipeline
from domain.images.units import BLACK
from tests.builders import an_analysis

DONE = Done((Written(ImageFormat.PNG, 4, 3, 1),), {"analyze": 0.01}, 5, an_analysis())
DOCUMENT = json.loads(encode_reply(DONE))["analysis"]


def packet(analysis: Any) -> bytes:
    whole = json.loads(encode_reply(DONE))
    return json.dumps(whole | {"analysis": analysis}).encode()


def test_it_comes_as_it_went() -> None:
    assert decode_reply(encode_reply(DONE)) == DONE
    for aspect in Aspect:
        some_of_it = Analysis(
            **{
                field.name: getattr(DONE.analysis, field.name)
                for field in attrs.fields(Analysis)
                if field.name in aspect.name.lower()
            }
        )
        assert some_of_it.aspects == {aspect}
        done = attrs.evolve(DONE, analysis=some_of_it)
        assert decode_reply(encode_reply(done)) == done
    nothing = attrs.evolve(DONE, analysis=None)
    assert decode_reply(encode_reply(nothing)) == nothing


def test_it_is_short() -> None:
    most = an_analysis(dominant_colors=(DominantColor(BLACK, 0.2),) * 5)

    assert len(encode_reply(attrs.evolve(DONE, analysis=most))) < 2000 < PACKET_BYTES


def test_what_is_asked_is_in_the_order() -> None:
    order = Order(Pipeline(analyze=frozenset({Aspect.PHASH, Aspect.EXIF})), ())

    assert Order.decode(order.encode()) == order


@pytest.mark.parametrize(
    "change",
    [
        {"blurhash": 5},
        {"blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdn"},
        {"blurhash": ["L"] * 28},
        {"thumbhash": "<script>"},
        {"thumbhash": "A" * 100_000},
        {"phash": "9993634cb6a19ceg"},
        {"phash": 0x9993634CB6A19CEC},
        {"averageColor": "red; drop"},
        {"averageColor": [1, 2, 3]},
        {"averageColor": None, "secret": 1},
        {"dominantColors": "#000"},
        {"dominantColors": [{"color": "#000"}]},
        {"dominantColors": [{"color": "#000", "share": True}]},
        {"dominantColors": [{"color": "#000", "share": float("nan")}]},
        {"dominantColors": [{"color": "#000", "share": 10**400}]},
        {"dominantColors": [{"color": "#000", "share": 0.1, "more": 1}]},
        {"dominantColors": [{"color": "#000", "share": 0.1}] * 6},
        {"dimensions": []},
        {"dimensions": {"width": 1}},
        {"dimensions": DOCUMENT["dimensions"] | {"width": 0}},
        {"dimensions": DOCUMENT["dimensions"] | {"width": 1000.5}},
        {"dimensions": DOCUMENT["dimensions"] | {"width": 10**30}},
        {"dimensions": DOCUMENT["dimensions"] | {"orientation": 9}},
        {"dimensions": DOCUMENT["dimensions"] | {"format": "svg"}},
        {"dimensions": DOCUMENT["dimensions"] | {"hasAlpha": 1}},
        {"exif": {"make": "a\u0000b"}},
        {"exif": {"make": "x" * 65}},
        {"exif": {"gps": "51 N"}},
        {"exif": {"artist": "Ada"}},
        {"exif": {"takenAt": "yesterday"}},
        {"exif": {"takenAt": 5}},
        {"exif": {"exposureSeconds": float("inf")}},
        {"exif": {"exposureSeconds": "1/250"}},
        {"exif": {"iso": -1}},
        {"exif": {"iso": 1.5}},
        {"unheard": 1},
    ],
    ids=lambda change: repr(change)[:60],
)
def test_what_no_renderer_may_say_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedMessage):
        decode_reply(packet(DOCUMENT | change))


@pytest.mark.parametrize("analysis", [[], 5, "x", None, True, [[]], {"": {}}])
def test_what_is_no_analysis_is_refused(analysis: object) -> None:
    with pytest.raises(MalformedMessage):
        decode_reply(packet(analysis))


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=40),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.sampled_from([*DOCUMENT, "color", "share", "width"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(name=some.sampled_from(sorted(DOCUMENT)), value=JSON)
def test_anything_at_all_is_read_or_refused(name: str, value: Any) -> None:
    try:
        done = decode_reply(packet(DOCUMENT | {name: value}))
    except MalformedMessage:
        return
    assert isinstance(done, Done)
    # What was read is what can be written again.
    assert decode_reply(encode_reply(done)) == done


@settings(max_examples=300, deadline=None)
@given(place=some.integers(0, 10_000), byte=some.integers(0, 255))
def test_a_byte_changed_is_read_or_refused(place: int, byte: int) -> None:
    noisy = bytearray(encode_reply(DONE))
    noisy[place % len(noisy)] = byte
    try:
        decode_reply(bytes(noisy))
    except MalformedMessage:
        pass
