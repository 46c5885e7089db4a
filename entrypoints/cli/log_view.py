"""The logs of several processes as one, for people."""

import os
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import orjson
from rich.console import Console
from rich.text import Text

_COLORS: Final = ("cyan", "magenta", "green", "yellow", "blue")
_LEVEL_STYLES: Final = {"warning": "yellow", "error": "red", "critical": "bold red", "debug": "dim"}
# Left to the JSON: what the line shows elsewhere, and whose request it was.
_LEFT_OUT: Final = ("ts", "level", "event", "process", "logger", "exception", "user_id")
# What needs no name, in this order; then everything else, ids before what may be long.
_BARE: Final = ("kind", "method", "route", "status", "outcome", "code", "ms")
# So many characters tell one id from another on a screen, and find it in the JSON.
_ID_CHARACTERS: Final = 8
_ID_NAMES: Final = {"correlation_id": "request"}
SUPERVISOR: Final = "safelight"
_NAME_WIDTH: Final = 12


class LogView:
    """
    Writes each process's JSON lines to *stream*, as they are or made readable.

    Attributes:
        names: Of the processes, in the order of their colours.
    """

    def __init__(self, names: tuple[str, ...], *, raw: bool, stream: TextIO | None = None) -> None:
        self._raw = raw
        self._stream = stream or sys.stdout
        self._console = Console(
            file=self._stream, highlight=False, soft_wrap=True, markup=False, emoji=False
        )
        self._colors = {name: _COLORS[index % len(_COLORS)] for index, name in enumerate(names)}

    def show(self, name: str, line: bytes) -> None:
        """Write one line of the process *name*; the work goes on when nobody reads any more."""
        try:
            if self._raw:
                self._stream.write(line.decode("utf-8", "replace") + "\n")
                self._stream.flush()
            else:
                self._show_readable(name, line)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def say(self, message: str, *, level: str = "info") -> None:
        """Write a line of the supervisor's own."""
        event = {
            "event": message,
            "level": level,
            "ts": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "process": SUPERVISOR,
        }
        self.show(SUPERVISOR, orjson.dumps(event))

    def announce(self, text: str) -> None:
        """Write a text of several lines that is meant for people and for nobody else."""
        if not self._raw:
            self._console.print(Text(text))

    def _show_readable(self, name: str, line: bytes) -> None:
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            event = None
        if isinstance(event, dict) and "event" in event:
            self._show_event(name, event)
        else:
            self._show_text(name, line.decode("utf-8", "replace"))

    def _show_event(self, name: str, event: dict[str, Any]) -> None:
        moment = str(event.get("ts", ""))[11:23]
        message = Text(_harmless(event["event"]), _LEVEL_STYLES.get(str(event.get("level")), ""))
        for key, value in sorted(_shown(event), key=_place):
            if key in _BARE:
                message.append(f" {_harmless(value)}{' ms' if key == 'ms' else ''}")
            elif key.endswith("_id"):
                message.append(f"  {_ID_NAMES.get(key, key.removesuffix('_id'))}=", "dim")
                message.append(_harmless(value)[:_ID_CHARACTERS])
            else:
                message.append(f"  {key}=", "dim")
                message.append(_harmless(value))
        self._console.print(self._head(name), Text(moment, "dim"), message)
        if "exception" in event:
            for line in str(event["exception"]).splitlines():
                self._show_text(name, line)

    def _show_text(self, name: str, line: str) -> None:
        self._console.print(self._head(name), Text(_harmless(line)))

    def _head(self, name: str) -> Text:
        return Text(f"{name:<{_NAME_WIDTH}}", self._colors.get(name, "bold"))


def _shown(event: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in event.items() if key not in _LEFT_OUT]


def _place(field: tuple[str, Any]) -> tuple[int, int]:
    key = field[0]
    return (0, _BARE.index(key)) if key in _BARE else (1 if key.endswith("_id") else 2, 0)


def _harmless(value: object) -> str:
    """Return *value* without what would steer a terminal: customers choose parts of it."""
    text = str(value)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each == "\t" else "\ufffd" for each in text)
