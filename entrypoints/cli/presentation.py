# ruff: noqa: PLC0415, T201  # imports wait for their command; a command line prints
"""How commands show things: columns, sizes, ages, and how far long work has come."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from entrypoints.mistakes import OperatorMistake

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def print_columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, each column as wide as it has to be; nothing is cut."""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def amount_of(number: int, singular: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {singular}{'' if number == 1 else 's'}"


def size_of(byte_size: int) -> str:
    """Return a number of bytes for people."""
    size, unit = float(byte_size), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):  # noqa: B007  # the last one is wanted
        if size < 1024:
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"


def moment_of(moment: datetime | None) -> str:
    """Return a time to the second, in UTC."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def age_from(text: str | None) -> timedelta | None:
    """Read an age such as 90s, 15m, 12h, 7d or 2w."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([smhdw])", text, re.ASCII)
    if found is None:
        raise OperatorMistake(
            f"an age is a number and s, m, h, d or w, such as 12h or 7d, not {text!r}", exit_code=2
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


@contextmanager
def progress_of(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal's standard error; what is yielded is told of each step's size."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda number: progress.advance(task, number)
