"""
The short form's notations: `"800x600"`, `"16:9"`, `true` and their like.

Each is read into the members that the long form would have, or into None where nothing is asked.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from domain.errors import InvalidParameter

Members = dict[str, Any]

# Nine digits: enough to tell a size that is too large from one that is no size.
_SIZE: Final = re.compile(r"(\d{0,9})x(\d{0,9})([!^#<>]?)", re.ASCII)
_SHARE: Final = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)%", re.ASCII)
_REGION: Final = re.compile(r"(\d{1,9})x(\d{1,9})(?:\+(\d{1,9})\+(\d{1,9}))?", re.ASCII)
_RATIO: Final = re.compile(r"\d{1,5}:\d{1,5}", re.ASCII)
_FILTER: Final = re.compile(r"([a-z]{1,20})(?::(\d{1,4}(?:\.\d{1,4})?))?", re.ASCII)

# What ends a size, as ImageMagick and Paperclip have it.
_SUFFIXES: Final[dict[str, Members]] = {
    "": {},
    ">": {},
    "<": {"withoutEnlargement": False, "withoutReduction": True},
    "!": {"fit": "fill", "withoutEnlargement": False},
    "^": {"fit": "outside", "withoutEnlargement": False},
    "#": {"fit": "cover", "withoutEnlargement": False},
}
_DIRECTIONS: Final[dict[str, Members]] = {
    "horizontal": {"horizontal": True},
    "vertical": {"vertical": True},
    "both": {"horizontal": True, "vertical": True},
}


def _size(value: object) -> Members:
    """Read `"800x600"`, `"800x"`, `"x600"`, with one of ! ^ # > < behind, or `"50%"`."""
    text = value if isinstance(value, str) else ""
    if share := _SHARE.fullmatch(text):
        # More than the whole can only mean that the picture is to grow.
        return {"width": text} | ({"withoutEnlargement": False} if float(share[1]) > 100 else {})
    match = _SIZE.fullmatch(text)
    if match is None or not (match[1] or match[2]):
        raise InvalidParameter('must be a size such as "800x600", "800x", "x600" or "50%"')
    sides = {
        name: int(digits) for name, digits in (("width", match[1]), ("height", match[2])) if digits
    }
    if match[3] and match[3] in "!^#" and len(sides) < 2:
        raise InvalidParameter(f'needs both sides before "{match[3]}", such as "800x600{match[3]}"')
    return sides | _SUFFIXES[match[3]]


def _region(value: object) -> Members:
    """Read `"400x300"` (from the middle), `"400x300+10+20"` (left, top) or the ratio `"16:9"`."""
    text = value if isinstance(value, str) else ""
    if _RATIO.fullmatch(text):
        return {"aspectRatio": text}
    match = _REGION.fullmatch(text)
    if match is None:
        raise InvalidParameter('must be a region such as "400x300", "400x300+10+20" or "16:9"')
    names = ("width", "height", "left", "top")
    return {name: int(digits) for name, digits in zip(names, match.groups(), strict=True) if digits}


def _direction(value: object) -> Members:
    """Read `"horizontal"`, `"vertical"` or `"both"`."""
    if not isinstance(value, str) or value not in _DIRECTIONS:
        raise InvalidParameter("must be one of " + ", ".join(_DIRECTIONS))
    return _DIRECTIONS[value]


def _switch(value: object) -> Members | None:
    """Read `true` or `false`."""
    if not isinstance(value, bool):
        raise InvalidParameter("must be true or false")
    return {} if value else None


def _strength(member: str) -> Callable[[object], Members | None]:
    """Return the reading of a number, of `true` for the default, or of `false`."""
    return lambda value: _switch(value) if isinstance(value, bool) else {member: value}


_SWITCHES: Final = ("grayscale", "negate", "normalize")
_STRENGTHS: Final = {
    "gamma": "gamma",
    "threshold": "threshold",
    "contrast": "factor",
    "sepia": "amount",
    "blur": "sigma",
    "sharpen": "sigma",
    "pixelate": "size",
}

NOTATIONS: Final[dict[str, Callable[[object], Members | None]]] = {
    "crop": _region,
    "resize": _size,
    "rotate": lambda value: {"angle": value},
    "flip": _direction,
    **dict.fromkeys(_SWITCHES, _switch),
    **{name: _strength(member) for name, member in _STRENGTHS.items()},
    "watermark": lambda value: {"image": value},
}
"""The reading of each operation's notation."""


def filter_of(value: object) -> tuple[str, bool | int | float]:
    """Return name and strength of `"grayscale"`, `"blur"`, `"blur:2"` and their like."""
    match = _FILTER.fullmatch(value) if isinstance(value, str) else None
    if (
        match is None
        or match[1] not in (*_SWITCHES, *_STRENGTHS)
        or (match[1] in _SWITCHES and match[2])
    ):
        known = ", ".join((*_SWITCHES, *_STRENGTHS))
        raise InvalidParameter(
            f'must be a filter such as "grayscale", "blur:2" or "sepia:0.8"; there are {known}'
        )
    if not match[2]:
        return match[1], True
    return match[1], int(match[2]) if match[2].isdigit() else float(match[2])
