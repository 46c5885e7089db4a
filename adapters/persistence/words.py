"""Words of closed lists in columns; a newer version beside this one may write some that are new."""

from enum import Enum
from typing import TypeVar

from domain.words import UnknownWord

E = TypeVar("E", bound=Enum)
U = TypeVar("U", bound=UnknownWord)


def word_of(known: type[E], text: str, unknown: type[U]) -> E | U:
    """Return the member of *known* that *text* stands for, or *text* as a word that is unknown."""
    try:
        return known(text)
    except ValueError:
        return unknown(text)


def is_known(column: str, kind: type[Enum]) -> str:
    """Return the SQL condition that *column* holds a word of *kind*: what is not is left alone."""
    words = ", ".join(f"'{member.value}'" for member in kind)
    return f"{column} IN ({words})"
