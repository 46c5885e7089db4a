"""
JSON as strictly as RFC 8259 and I-JSON (RFC 7493) allow.

The standard parser lets through what would trouble somebody later: NaN, repeated names, lone
surrogates, NUL characters, numbers of thousands of digits, nesting that exhausts the stack.
"""

import json
import math
import re
from collections import Counter
from typing import Any, Final, NoReturn

from entrypoints.http.errors import MalformedJSON

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 32
MAX_INTEGER_CHARACTERS: Final = 18

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# Possessive, and content with an unfinished string, so that no input makes it look back.
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.?)*+(?:"|\Z)', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")
_SURROGATE_OR_NUL: Final = re.compile("[\0\ud800-\udfff]")


def parse(data: bytes | bytearray) -> Any:
    """
    Return the value that the JSON text in *data* stands for.

    Raises:
        MalformedJSON: With a sentence that says what is wrong.
    """
    if len(data) > MAX_BYTES:
        raise MalformedJSON(f"The JSON text is longer than {MAX_BYTES} bytes.")
    if data.startswith(_BYTE_ORDER_MARK):
        raise MalformedJSON("The JSON text starts with a byte order mark; leave it out.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJSON("The JSON text is not UTF-8.") from None
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedJSON(
            f"The JSON text is broken at line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    # Only an escape can bring these in: UTF-8 has no surrogates, and the parser refuses a raw NUL.
    if "\\u" in text:
        _check_strings(value)
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise MalformedJSON(f"The JSON text is nested deeper than {MAX_DEPTH} levels.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise MalformedJSON(f"An object has the member {twice[:40]!r} more than once.")
    return members


def _integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_CHARACTERS:
        raise MalformedJSON(f"A whole number has more than {MAX_INTEGER_CHARACTERS} characters.")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedJSON("A number is too large.")
    return number


def _constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is not JSON.")


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if _SURROGATE_OR_NUL.search(value):
            raise MalformedJSON("A text holds a lone surrogate or a NUL character.")
    elif isinstance(value, list):
        for item in value:
            _check_strings(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_strings(name)
            _check_strings(item)
