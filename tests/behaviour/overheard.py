"""Everything that is logged while scenarios play, and everything that must not be in it."""

import contextlib
import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from falcon import App
from falcon.testing import Result, TestClient

from entrypoints.http.problems import PROBLEMS

# By the names that requests and answers have for them.
_SECRET_MEMBERS = frozenset(
    ("password", "currentPassword", "newPassword", "token", "refreshToken", "secret", "email")
)
_SECRET_HEADERS = ("Authorization", "X-Refresh-Token")
_SHORTEST = 8


class Overheard:
    """
    What scenarios have said that is nobody's business, and what has been logged meanwhile.

    Attributes:
        secrets: Passwords, tokens, addresses, signatures of links.
        lines: One for each event of ours and of the libraries, tracebacks included.
    """

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.lines: list[str] = []

    def note(self, document: object) -> None:
        """Remember every secret in a document."""
        if isinstance(document, Mapping):
            for name, value in document.items():
                if isinstance(value, str):
                    self._note_text(name, value)
                else:
                    self.note(value)
        elif isinstance(document, list):
            for each in document:
                self.note(each)

    def note_bearer(self, headers: Mapping[str, str]) -> None:
        """Remember the tokens in a request's or an answer's head."""
        for name in _SECRET_HEADERS:
            for given, value in headers.items():
                if given.lower() == name.lower():
                    self._keep(value.removeprefix("Bearer "))

    def leaks(self) -> list[str]:
        """Return the lines that have a secret in them."""
        return [line for line in self.lines if any(secret in line for secret in self.secrets)]

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear whatever is logged at the level that the program runs at, or above."""
        before, root = structlog.get_config(), logging.getLogger()
        level, listener = root.level, _Listener(self.lines)
        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, self._hear, *before["processors"]]
        )
        root.addHandler(listener)
        root.setLevel(logging.INFO)
        try:
            yield
        finally:
            root.setLevel(level)
            root.removeHandler(listener)
            structlog.configure(**before)

    def _hear(self, _: object, __: str, event: Any) -> Any:
        error = event.get("exc_info")
        told = "".join(traceback.format_exception(error)) if isinstance(error, Exception) else ""
        self.lines.append(f"{event!r} {told}")
        return event

    def _note_text(self, name: str, value: str) -> None:
        if name in _SECRET_MEMBERS:
            self._keep(value)
        for signature in parse_qs(urlsplit(value).query).get("sig", ()):
            self._keep(signature)

    def _keep(self, secret: str) -> None:
        if len(secret) >= _SHORTEST and secret not in PROBLEMS:  # "wrong-password" is a code, too
            self.secrets.add(secret)


class _Listener(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        told = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._lines.append(f"{record.getMessage()} {told}")


class OverheardClient(TestClient):
    """A client whose words are remembered."""

    def __init__(self, app: App, overheard: Overheard) -> None:
        super().__init__(app)
        self._overheard = overheard

    def simulate_request(self, *args: Any, **kwargs: Any) -> Result:
        """Ask, and remember what was secret of it."""
        self._overheard.note(kwargs.get("json"))
        self._overheard.note_bearer(kwargs.get("headers") or {})
        answer = super().simulate_request(*args, **kwargs)
        self._overheard.note_bearer(answer.headers)
        with contextlib.suppress(ValueError):
            self._overheard.note(json.loads(answer.content))
        return answer
