"""
What makes a cursor one of ours: a mark that only this platform can make, for one user and one list.

Nothing in a cursor is secret, and a forged one would only move its maker about in a list of their
own; but who sends one that they were not given has made a mistake, and is told so. Lists know
nothing of marks: they are taken off before a list sees a cursor, and put on when it has answered.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Any, Final, cast
from urllib.parse import quote, unquote_plus

import attrs
import falcon

from application.actor import Actor
from entrypoints.http.errors import RequestRefused
from entrypoints.http.openapi.operation import declared_in

MARK_CHARACTERS: Final = 16  # 96 bits
MARK_PATTERN: Final = f"[A-Za-z0-9_-]{{{MARK_CHARACTERS}}}"

_IN_A_LINK: Final = re.compile(r"(?<=[?&]cursor=)[^&>]+")


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


def open_cursor(req: falcon.Request, actor: Actor, key: bytes) -> None:
    """
    Take the mark off the cursor of *req*, if it asks for a page of a list.

    Raises:
        InvalidCursor: It was not made for *actor* and this list.
    """
    if not any(parameter.name == "cursor" for parameter in declared_in(req).query):
        return
    seal = req.context.cursor_seal = CursorSeal(key, f"{actor.user_id} {req.path}")
    cursor = req.get_param("cursor")
    if cursor is not None:
        # The very dictionary that lists look into; Falcon declares it as one for reading.
        cast("dict[str, Any]", req.params)["cursor"] = seal.open(cursor)


class CursorMarks:
    """Falcon middleware that marks the cursors of answers."""

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, _: object, __: bool
    ) -> None:
        """Mark the cursor in the Link header, if there is one."""
        seal: Any = getattr(req.context, "cursor_seal", None)
        link = resp.get_header("Link")
        if seal is not None and link is not None:
            marked = _IN_A_LINK.sub(
                lambda match: quote(seal.seal(unquote_plus(match[0])), safe=""), link
            )
            resp.set_header("Link", marked)
