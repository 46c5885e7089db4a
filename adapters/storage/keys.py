"""What a key may look like, whatever keeps the object."""

import re

_KEY = re.compile(r"[0-9a-f-]+(?:/[0-9a-f-]+)*", re.ASCII)
_MAX_KEY_CHARACTERS = 255


def is_key(text: str) -> bool:
    """Tell whether *text* could be the key of an object."""
    return len(text) <= _MAX_KEY_CHARACTERS and _KEY.fullmatch(text) is not None


def checked_key(key: str) -> str:
    """Return *key*, or raise `ValueError`; whoever calls with a wrong one has a bug."""
    if not is_key(key):
        raise ValueError("object keys are made of 0-9, a-f, hyphens and single slashes")
    return key
