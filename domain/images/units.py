"""Lengths and colours as customers write them: `12`, `"12%"`, `"#ff8800"`, `"transparent"`."""

import re
from typing import Final, Self

import attrs

from domain.errors import InvalidParameter, OutputTooLarge
from domain.images.limits import MAX_SIDE_PX

_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)%", re.ASCII)
_HEX_COLOR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.ASCII | re.IGNORECASE)

# The sixteen basic names of CSS (css-color-4 §6.1).
_NAMED_COLORS: Final = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff",
    "green": "#008000", "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00",
    "navy": "#000080", "blue": "#0000ff", "teal": "#008080", "aqua": "#00ffff",
    "transparent": "#00000000",
}  # fmt: skip


@attrs.frozen
class Percent:
    """A share of the picture's side at this point of the pipeline; 100 is the whole side."""

    value: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `"12%"` or `"12.5%"`."""
        match = _PERCENT.fullmatch(text)
        if match is None:
            raise InvalidParameter(f'{text[:40]!r} is not a percentage such as "50%"')
        return cls(float(match[1]))

    def __str__(self) -> str:
        # As many digits as can be read, and no exponent: what is written is what was meant.
        return f"{self.value:.4f}".rstrip("0").rstrip(".") + "%"

    def of(self, side_px: int) -> int:
        """Return this share of *side_px*, in whole pixels."""
        return round(side_px * self.value / 100)


Length = int | Percent
"""Pixels, or a share of the side they lie along."""


def in_pixels(length: Length, side_px: int) -> int:
    """Return *length* in pixels along a side of *side_px* pixels."""
    return length.of(side_px) if isinstance(length, Percent) else length


def check_extent(name: str, length: Length | None) -> None:
    """Refuse a width or height that no result may have."""
    if length is None:
        return
    if isinstance(length, Percent):
        if not 0 < length.value <= 1000:
            raise InvalidParameter("must be more than 0% and at most 1000%", pointer=f"/{name}")
    elif length < 1:
        raise InvalidParameter("must be at least 1 pixel", pointer=f"/{name}")
    elif length > MAX_SIDE_PX:
        raise OutputTooLarge(f"must be at most {MAX_SIDE_PX} pixels", pointer=f"/{name}")


def check_offset(name: str, length: Length) -> None:
    """Refuse a distance that no picture has room for."""
    if not 0 <= (length.value if isinstance(length, Percent) else length) <= MAX_SIDE_PX:
        raise InvalidParameter(f"must be from 0 to {MAX_SIDE_PX}", pointer=f"/{name}")


@attrs.frozen
class Color:
    """An sRGB colour with alpha, each channel 0–255."""

    red: int
    green: int
    blue: int
    alpha: int = 255

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `#rgb`, `#rgba`, `#rrggbb`, `#rrggbbaa`, a basic CSS name or `transparent`."""
        code = _NAMED_COLORS.get(text.lower(), text)
        if _HEX_COLOR.fullmatch(code) is None:
            raise InvalidParameter(f'{text[:40]!r} is not a colour such as "#ff8800" or "white"')
        digits = code[1:]
        if len(digits) <= 4:
            digits = "".join(digit * 2 for digit in digits)
        return cls(*bytes.fromhex(digits))

    def __str__(self) -> str:
        return "#" + bytes((self.red, self.green, self.blue, self.alpha)).hex()

    @property
    def is_opaque(self) -> bool:
        """Whether nothing shines through."""
        return self.alpha == 255


BLACK: Final = Color(0, 0, 0)
WHITE: Final = Color(255, 255, 255)
TRANSPARENT: Final = Color(0, 0, 0, 0)
