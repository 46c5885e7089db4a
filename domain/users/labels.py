"""Names that people give: of themselves, of their keys."""

import unicodedata
from typing import Final

from domain.errors import InvalidParameter

_INK: Final = r"[^\s\x00-\x1f\x7f-\x9f]"
LINE_PATTERN: Final = rf"^{_INK}(?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]*{_INK})?$"
"""What `checked_label` takes at most: which characters of Unicode print, no pattern tells."""


def checked_label(text: str, *, most: int, pointer: str) -> str:
    """Return *text*, normalised (NFC), or refuse what is not a line of 1 to *most* characters."""
    name = unicodedata.normalize("NFC", text)
    if name != name.strip() or not 1 <= len(name) <= most:
        raise InvalidParameter(
            f"must have 1 to {most} characters and no space at its ends", pointer=pointer
        )
    if not is_one_line(name):
        raise InvalidParameter("must not hold control characters", pointer=pointer)
    return name


def is_one_line(text: str) -> bool:
    """Whether *text* prints as it is: letters, signs and spaces of any kind, and nothing unseen."""
    return all(sign.isprintable() or unicodedata.category(sign) == "Zs" for sign in text)
