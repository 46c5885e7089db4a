"""How long a page of an administrator's list may be."""

from typing import Final

from domain.errors import InvalidParameter

MAX_PAGE: Final = 100


def check_limit(_: object, __: object, limit: int) -> None:
    """Refuse a page that is empty, or longer than any is."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidParameter(f"must be a whole number from 1 to {MAX_PAGE}", pointer="/limit")
