"""JSON texts that a lenient parser takes, and what they cost."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from entrypoints.http.errors import MalformedJSON
from entrypoints.http.strict_json import MAX_BYTES, MAX_DEPTH, parse


@pytest.mark.parametrize(
    "text",
    [
        b"", b" ", b"nul", b"[1,]", b"{,}", b"[01]", b"[+1]", b"[.5]", b"[1.]", b"[0x1]", b"[1e]",
        b"'a'", b"[\"a\tb\"]", b'["\\x"]', b'["\\u12"]', b"[1]x", b"[NaN]", b"[-Infinity]",
        b"[Infinity]", b"[1e999]", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b"\xef\xbb\xbf{}",
        b'["\\ud800"]', b'["\\udc00\\ud800"]', b'{"\\u0000":1}', b'["\\u0000"]', b'["\xff"]',
        b'["\xed\xa0\x80"]', b"[" + b"9" * 19 + b"]", b"[-" + b"9" * 18 + b"]",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b'{"a":' * 10_000, b"[" * 65_536,
        b'"' + b" " * MAX_BYTES + b'"', "{}".encode("utf-16"), "{}".encode("utf-32-be"),
        b"/**/{}", b"{}//", b'{"a" "b"}', b'["a', b'["\\', b"\x00", b"[\x0c]", b"\xc2\xa0{}",
    ],
)  # fmt: skip
def test_55_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedJSON):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b'["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"[[["]',
        b'["\\ud83d\\ude00 \\u00e9 \\\\u0000"]',
        b"[" + b"9" * 18 + b", 1e300, -0.0, true, false, null]",
        b' {"": {"a": [], "b": {}}}\r\n',
    ],
)
def test_what_is_json_is_read(text: bytes) -> None:
    assert parse(text) == json.loads(text)


_VALUES = some.recursive(
    some.none() | some.booleans() | some.integers(-(10**16), 10**16)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: some.lists(inner) | some.dictionaries(some.text("abc\"\\[{"), inner),
    max_leaves=20,
)  # fmt: skip


@given(_VALUES, some.booleans())
def test_every_value_comes_back(value: object, plain: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=plain).encode()) == value


@pytest.mark.parametrize(
    "unit", ['"', "\\", '\\"', '"\\', "[", '{"a":', '"a":1,', "\\u0000", "9", '"",', "[]"]
)
def test_no_text_is_slow(unit: str) -> None:
    for start in ("", '"', "[", '{"', "{"):
        text = (start + unit * MAX_BYTES)[:MAX_BYTES].encode()
        began = time.process_time()
        with pytest.raises(MalformedJSON):
            parse(text)
        assert time.process_time() - began < 1  # quadratic ways take minutes


def test_nesting_ends_at_32_levels() -> None:
    assert parse(b"[" * 32 + b"]" * 32)
    with pytest.raises(MalformedJSON, match="deeper than 32"):
        parse(b"[" * 33 + b"]" * 33)
