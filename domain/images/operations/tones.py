"""Operations that change the colour of each pixel, by that pixel alone."""

from enum import Enum

import attrs

from domain.errors import InvalidParameter
from domain.images.operations.checks import between, opaque
from domain.images.units import WHITE, Color


@attrs.frozen
class Grayscale:
    """Drop the colour, keep the light."""


@attrs.frozen
class Negate:
    """Turn light into dark and each colour into its opposite; transparency stays."""


@attrs.frozen
class Normalize:
    """
    Stretch the lightness over the whole range.

    Attributes:
        lower: Percent of the pixels that may become black.
        upper: Percent of the pixels that may not become white.
    """

    lower: float = attrs.field(default=1.0, validator=between(0, 99))
    upper: float = attrs.field(default=99.0, validator=between(1, 100))

    def __attrs_post_init__(self) -> None:
        if self.lower >= self.upper:
            raise InvalidParameter("must be less than upper", pointer="/lower")


@attrs.frozen
class Gamma:
    """Lighten what lies between black and white: each channel to the power of 1/gamma."""

    gamma: float = attrs.field(default=2.2, validator=between(1, 3))


@attrs.frozen
class Threshold:
    """Leave black and white alone: white is what is at least as light as `threshold`, 0-255."""

    threshold: int = attrs.field(default=128, validator=between(0, 255))


@attrs.frozen
class Modulate:
    """
    Change lightness, saturation and hue in CIE LCh.

    Attributes:
        brightness: Factor of the lightness.
        saturation: Factor of the chroma.
        hue: Degrees to turn the hue by.
        lightness: What is added to the lightness, whose range is 0-100.
    """

    brightness: float = attrs.field(default=1.0, validator=between(0, 10))
    saturation: float = attrs.field(default=1.0, validator=between(0, 10))
    hue: float = attrs.field(default=0.0, validator=between(-360, 360))
    lightness: float = attrs.field(default=0.0, validator=between(-100, 100))


@attrs.frozen
class Contrast:
    """Stretch each channel's distance from the middle, 127.5, by a factor."""

    factor: float = attrs.field(default=1.0, validator=between(0, 10))


@attrs.frozen
class Tint:
    """Give every pixel the hue of one colour; the lightness (CIE LAB) stays."""

    color: Color = attrs.field(validator=opaque)


@attrs.frozen
class Sepia:
    """Colour as old photographs, by the matrix of CSS (filter-effects-1 §13); 0-1."""

    amount: float = attrs.field(default=1.0, validator=between(0, 1))


@attrs.frozen
class Duotone:
    """Draw the light in a run of colours from `dark` to `light`; intensity 0-1."""

    dark: Color = attrs.field(validator=opaque)
    light: Color = attrs.field(validator=opaque)
    intensity: float = attrs.field(default=1.0, validator=between(0, 1))


@attrs.frozen
class Flatten:
    """Lay the picture on a background, so that nothing is transparent any longer."""

    background: Color = attrs.field(default=WHITE, validator=opaque)


class Profile(Enum):
    """A space of colours that a result may be written in."""

    SRGB = "srgb"
    P3 = "p3"
    CMYK = "cmyk"


@attrs.frozen
class ColorProfile:
    """
    Write the result in another space of colours, its ICC profile attached.

    Operations work on sRGB wherever this stands among them; of several the last one counts.
    """

    to: Profile


Tone = (
    Grayscale
    | Negate
    | Normalize
    | Gamma
    | Threshold
    | Modulate
    | Contrast
    | Tint
    | Sepia
    | Duotone
    | Flatten
    | ColorProfile
)
