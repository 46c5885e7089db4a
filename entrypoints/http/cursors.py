"""
Where a page of a list goes on, as a text that customers hand back as they got it.

Microseconds since 1970 (8 bytes, big-endian) and an id (16 bytes), in Base64 for URLs: 32
characters, no two texts for one place. Nothing in it is secret; `cursor_seal` marks it as ours.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from domain.errors import InvalidParameter

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR_PATTERN: Final = "^A[A-Za-v][A-Za-z0-9_-]{30}$"
"""Of places until the year 8817, which Python's calendar has."""
_CURSOR: Final = re.compile(CURSOR_PATTERN, re.ASCII)
_MICROSECOND: Final = timedelta(microseconds=1)

MAX_LIMIT: Final = 100
"""The longest page of any list; whoever asks for more gets so many."""


def cursor_to(place: tuple[datetime, UUID]) -> str:
    """Return the text for *place*, a creation since 1970 and an id."""
    created_at, image_id = place
    microseconds = (created_at - _EPOCH) // _MICROSECOND
    return urlsafe_b64encode(microseconds.to_bytes(8) + image_id.bytes).decode()


def place_of(cursor: str) -> tuple[datetime, UUID]:
    """
    Return what *cursor* stands for.

    Raises:
        InvalidParameter: It is not one of ours.
    """
    if not _CURSOR.fullmatch(cursor):
        raise not_ours()
    content = urlsafe_b64decode(cursor)
    return _EPOCH + int.from_bytes(content[:8]) * _MICROSECOND, UUID(bytes=content[8:])


def limit_in(text: str) -> int:
    """Return *text* as a number, at most `MAX_LIMIT`; 0, which is refused, for what is none."""
    if not re.fullmatch("[0-9]+", text, re.ASCII):
        return 0
    # Cut before it is a number: thousands of digits are one long calculation, or none at all.
    return min(int(text.lstrip("0")[:9] or 0), MAX_LIMIT)


def not_ours() -> InvalidParameter:
    """Return the refusal of a cursor that nobody was given."""
    return InvalidParameter(
        "must be the cursor of a Link header, as it was given", pointer="/cursor"
    )
