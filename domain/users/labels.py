"""Names that people give: of themselves, of their keys."""

import unicodedata

from domain.errors import InvalidParameter


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
