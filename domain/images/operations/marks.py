"""Operations that lay something over the picture."""

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, Final

import attrs

from domain.errors import InvalidParameter
from domain.images.operations.checks import between, camel_case
from domain.images.operations.shapes import Gravity
from domain.images.units import WHITE, Color, Length, Percent, check_extent, check_offset

ASSET_NAME_PATTERN: Final = r"^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._ -]{0,99}$"
_ASSET_NAME = re.compile(ASSET_NAME_PATTERN, re.ASCII)
_FONT_ENDINGS: Final = (".ttf", ".otf")
_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_TEXT_ONLY: Final = ("font", "size", "color", "align", "line_spacing", "rtl")

MAX_TEXT_CHARACTERS: Final = 500


class Variable(Enum):
    """What a text may name as `${name}`, to be filled in when the picture is drawn."""

    USERNAME = "user.username"
    IMAGE_ID = "image.id"
    DATE = "date"


class Blend(Enum):
    """How a mark's pixels join those below, as libvips names it."""

    CLEAR = "clear"
    SOURCE = "source"
    OVER = "over"
    IN = "in"
    OUT = "out"
    ATOP = "atop"
    DEST = "dest"
    DEST_OVER = "dest-over"
    DEST_IN = "dest-in"
    DEST_OUT = "dest-out"
    DEST_ATOP = "dest-atop"
    XOR = "xor"
    ADD = "add"
    SATURATE = "saturate"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    DARKEN = "darken"
    LIGHTEN = "lighten"
    COLOUR_DODGE = "colour-dodge"
    COLOUR_BURN = "colour-burn"
    HARD_LIGHT = "hard-light"
    SOFT_LIGHT = "soft-light"
    DIFFERENCE = "difference"
    EXCLUSION = "exclusion"


class Font(Enum):
    """The fonts that ship."""

    SANS = "sans"
    SERIF = "serif"


FontChoice = Font | str
"""A font that ships, or the name of one that somebody has brought; see `is_font_name`."""


class Align(Enum):
    """The side that the lines of a text share."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


def is_asset_name(text: str) -> bool:
    """Tell whether files of this name may be referred to: it is no path and no URL."""
    return _ASSET_NAME.fullmatch(text) is not None


def is_font_name(text: str) -> bool:
    """Tell whether a file of this name may be referred to as a font: it ends as such files do."""
    return is_asset_name(text) and text.lower().endswith(_FONT_ENDINGS)


@attrs.frozen
class Shadow:
    """What a mark throws on what is straight below it: its outline, blurred; sigma in pixels."""

    sigma: float = attrs.field(default=3.0, validator=between(0.3, 100))
    color: Color = Color(0, 0, 0, 128)


@attrs.frozen
class Watermark:
    """
    Lay a picture or a text over the picture.

    Attributes:
        image: The name of a file part of the same request or of an asset, never a path or a URL.
        offset_x: Counts inwards from `gravity`, as does `offset_y`.
        width: Of a picture, whose shape is kept: 25% if it is None. Of a text: where lines are
            broken, the frame's own width if it is None.
        angle: Degrees by which the mark is turned, clockwise; tiled, each mark in its place.
        tile: Whether the mark is repeated in every direction, one standing where it would alone.
        spacing: Between tiled marks.
        text: What is written, with `${…}` for each `Variable` and `$${` for a plain `${`.
        font: One that ships, or the name of a file part or an asset: see `is_font_name`.
        size: Of the font, in proportion to the frame's shorter side where it is a share.
        line_spacing: 1 is the font's own; each further 1 adds a line's `size`.
        rtl: Whether lines run from right to left, whatever they begin with.
    """

    TEXT_DEFAULT_SIZE: ClassVar[Length] = Percent(5)
    IMAGE_DEFAULT_WIDTH: ClassVar[Length] = Percent(25)

    image: str | None = None
    gravity: Gravity = Gravity.SOUTHEAST
    offset_x: Length = Percent(2)
    offset_y: Length = Percent(2)
    width: Length | None = None
    opacity: float = attrs.field(default=0.5, validator=between(0, 1))
    angle: float = attrs.field(default=0.0, validator=between(-360, 360))
    tile: bool = False
    spacing: Length = 0
    blend: Blend = Blend.OVER
    shadow: Shadow | None = None
    text: str | None = None
    font: FontChoice = Font.SANS
    size: Length = TEXT_DEFAULT_SIZE
    color: Color = WHITE
    align: Align = Align.LEFT
    line_spacing: float = attrs.field(default=1.0, validator=between(0.5, 4))
    rtl: bool = False

    def __attrs_post_init__(self) -> None:
        if self.text is None:
            self._check_image()
        elif self.image is not None:
            raise InvalidParameter("goes without an image", pointer="/text")
        else:
            _check_text(self.text)
            self._check_font()
        check_extent("width", self.width)
        check_extent("size", self.size)
        check_offset("offsetX", self.offset_x)
        check_offset("offsetY", self.offset_y)
        check_offset("spacing", self.spacing)

    @property
    def variables(self) -> frozenset[Variable]:
        """What has to be known before the text can be drawn."""
        names = (match[1] for match in _VARIABLE.finditer(self.text or ""))
        return frozenset(Variable(name) for name in names if name is not None)

    @property
    def letters(self) -> str:
        """The text as it is drawn."""
        return self._resolved({})

    def filled(self, values: Mapping[Variable, str]) -> "Watermark":
        """
        Return this with *values* in the place of variables, taken as they are.

        What gets too long is cut.
        """
        if not self.variables:
            return self
        text = self._resolved(values).replace("${", "$${")  # nothing is filled in twice
        return attrs.evolve(self, text=text[:MAX_TEXT_CHARACTERS])

    def _resolved(self, values: Mapping[Variable, str]) -> str:
        def value(match: re.Match[str]) -> str:
            return "${" if match[1] is None else values.get(Variable(match[1]), match[0])

        return _VARIABLE.sub(value, self.text or "")

    @property
    def own_font(self) -> str | None:
        """The name of the font, if it is not one that ships."""
        return self.font if isinstance(self.font, str) else None

    def _check_font(self) -> None:
        if isinstance(self.font, str) and not is_font_name(self.font):
            known = ", ".join(font.value for font in Font)
            raise InvalidParameter(
                f'must be one of {known}, or the name of a font of your own, such as "brand.ttf"',
                pointer="/font",
            )

    def _check_image(self) -> None:
        if self.image is None:
            raise InvalidParameter("is missing; give an image or a text", pointer="/image")
        if not is_asset_name(self.image):
            raise InvalidParameter(
                'must be the name of an uploaded file or an asset, such as "logo.png"',
                pointer="/image",
            )
        for field in attrs.fields(Watermark):
            if field.name in _TEXT_ONLY and getattr(self, field.name) != field.default:
                raise InvalidParameter("goes with a text", pointer=f"/{camel_case(field.name)}")


def _check_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InvalidParameter(f"at most {MAX_TEXT_CHARACTERS} characters", pointer="/text")
    if not text.strip():
        raise InvalidParameter("must not be blank", pointer="/text")
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n" for sign in text):
        raise InvalidParameter("must not hold control characters", pointer="/text")
    known = [variable.value for variable in Variable]
    for match in _VARIABLE.finditer(text):
        if match[1] is not None and (match[1] not in known or not match[0].endswith("}")):
            raise InvalidParameter(
                "there is no such variable; there are "
                + ", ".join(f"${{{name}}}" for name in known)
                + "; a plain ${ is written $${",
                pointer="/text",
            )
