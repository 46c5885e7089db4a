"""
Names by which somebody could pass for whoever looks after the platform, or for another person.

What looks alike is made alike, in the manner of UTS #39 but with what fits on a page: a name is
read by its letters' looks, and compared with the names that nobody may choose.
"""

import unicodedata
from itertools import pairwise
from typing import Final

from domain.errors import InvalidParameter

# Those of RFC 2142 whose mail is read by the house, and what people take for it.
RESERVED_NAMES: Final = (
    "abuse", "admin", "administrator", "hostmaster", "moderator", "noreply", "operator",
    "postmaster", "root", "safelight", "security", "superuser", "support", "sysadmin", "system",
    "webmaster",
)  # fmt: skip

# Alphabets with letters of the same looks; of others, some are commonly written together.
_ALPHABETS: Final = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}
)

_LOOKS: Final = str.maketrans(
    {
        **dict(zip("авсԁеԍһіјкӏмпорԛгѕтцѵԝхуз", "abcdeghijkimnopqrstuvwxy3", strict=True)),
        **dict(zip("αβεηικνορτυχγω", "abeniknoptuxyw", strict=True)),
        **dict(zip("ɑᴀʙᴄᴅᴇɡɢʜɪıᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "aabcdegghiijkimnoprstuvwyz", strict=True)),
        **dict(zip("0134578@$!|l", "oieastbasiii", strict=True)),
        "օ": "o", "ո": "n", "ս": "u", "հ": "h", "ꭺ": "a", "ꭰ": "d", "ꮇ": "m", "ꭵ": "i",
    }
)  # fmt: skip
# Letters and signs that print as nothing, though Unicode has them print; and what changes only how
# the letter before it is drawn, which letters of these alphabets have no use for.
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_VARIATIONS: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))

_LETTERS_AS_ONE: Final = (("rn", "m"), ("vv", "w"))


def check_unmistakable(name: str, *, pointer: str) -> None:
    """
    Return if nobody takes *name* for somebody else's.

    Raises:
        InvalidParameter: It is, or looks like, a name of the house, mixes alphabets whose letters
            look alike, or holds what nobody sees.
    """
    if _holds_unseen(name):
        raise InvalidParameter("must not hold what prints as nothing", pointer=pointer)
    if len(_alphabets_of(name)) > 1:
        raise InvalidParameter("must be written in one alphabet", pointer=pointer)
    if _looks_of(name) in _RESERVED_LOOKS:
        raise InvalidParameter("is, or looks like, a name that nobody may take", pointer=pointer)


def _holds_unseen(name: str) -> bool:
    return not _UNSEEN.isdisjoint(name) or any(
        sign in _VARIATIONS and _alphabets_of(before) for before, sign in pairwise(name)
    )


def _alphabets_of(name: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", name)
    return {unicodedata.name(sign, "").partition(" ")[0] for sign in plain} & _ALPHABETS


def _looks_of(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    bare = "".join(
        sign for sign in unicodedata.normalize("NFD", folded) if not unicodedata.combining(sign)
    )
    looks = bare.translate(_LOOKS)
    for letters, one in _LETTERS_AS_ONE:
        looks = looks.replace(letters, one)
    return "".join(sign for sign in looks if sign.isalnum())


_RESERVED_LOOKS: Final = frozenset(_looks_of(name) for name in RESERVED_NAMES)
