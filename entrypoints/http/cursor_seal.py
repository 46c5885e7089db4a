"""
What makes a cursor one of ours: a mark that only this platform can make, for one user and one list.

Nothing in a cursor is secret, and a forged one would only move its maker about in a list of their
own; but who sends one that they were not given has made a mistake, and is told so.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Final

import attrs
import falcon

from entrypoints.http.errors import RequestRefused

MARK_CHARACTERS: Final = 16  # 96 bits


class InvalidCursor(RequestRefused):
    """The cursor is none that this user was given for this list."""

    code = "invalid-cursor"

    def __init__(self) -> None:
        super().__init__("The cursor must be that of a Link header, as it was given.")


@attrs.frozen
class CursorSeal:
    """
    Marks cursors, and knows them again.

    Attributes:
        key: The same in every process, and older than any cursor that is still good.
        owner: Whose list it is: a user's id and the address of the list.
    """

    key: bytes = attrs.field(repr=False)
    owner: str

    def seal(self, cursor: str) -> str:
        """Return *cursor* with its mark."""
        return self._mark(cursor) + cursor

    def open(self, sealed: str) -> str:
        """Return the cursor, or raise `InvalidCursor`."""
        mark, cursor = sealed[:MARK_CHARACTERS], sealed[MARK_CHARACTERS:]
        if not hmac.compare_digest(mark.encode(), self._mark(cursor).encode()):
            raise InvalidCursor
        return cursor

    def _mark(self, cursor: str) -> str:
        text = f"{self.owner}\0{cursor}".encode()
        return urlsafe_b64encode(hmac.digest(self.key, text, hashlib.sha256)[:12]).decode()


def cursor_given(req: falcon.Request) -> str | None:
    """Return what the cursor of *req*, whose caller is known, stands for; None without one."""
    cursor = req.get_param("cursor")
    if cursor is None:
        return None
    seal: CursorSeal = req.context.cursor_seal
    return seal.open(cursor)


def sealed(req: falcon.Request, cursor: str) -> str:
    """Return *cursor* as the caller of *req* may hand it back."""
    seal: CursorSeal = req.context.cursor_seal
    return seal.seal(cursor)
