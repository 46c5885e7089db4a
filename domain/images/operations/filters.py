"""Operations that mix each pixel with its neighbours."""

from enum import Enum

import attrs

from domain.images.operations.areas import Regions, few, some
from domain.images.operations.checks import between
from domain.images.units import BLACK, Color


@attrs.frozen
class Blur:
    """Gaussian blur; sigma in pixels."""

    sigma: float = attrs.field(default=1.0, validator=between(0.3, 100))
    regions: Regions = attrs.field(default=(), validator=few)


@attrs.frozen
class Sharpen:
    """Unsharp masking in LAB, by libvips' parameters; sigma in pixels."""

    sigma: float = attrs.field(default=0.5, validator=between(0.01, 10))
    m1: float = attrs.field(default=0.0, validator=between(0, 100))
    m2: float = attrs.field(default=3.0, validator=between(0, 100))
    x1: float = attrs.field(default=2.0, validator=between(0, 1000))
    y2: float = attrs.field(default=10.0, validator=between(0, 1000))
    y3: float = attrs.field(default=20.0, validator=between(0, 1000))
    regions: Regions = attrs.field(default=(), validator=few)


@attrs.frozen
class Pixelate:
    """Draw squares of one colour each, the mean of what they cover; their side in pixels."""

    size: int = attrs.field(default=10, validator=between(2, 1000))


class RedactMode(Enum):
    """How something is made unrecognizable."""

    BLUR = "blur"
    PIXELATE = "pixelate"
    FILL = "fill"


@attrs.frozen
class Redact:
    """
    Make regions unrecognizable.

    Attributes:
        strength: Of blur and squares, 1-100, in proportion to a region's shorter side: at 100 a
            square is as large as that side, and a blur's sigma half of it.
        color: What `fill` fills with.
    """

    regions: Regions = attrs.field(validator=[some, few])
    mode: RedactMode = RedactMode.BLUR
    strength: float = attrs.field(default=50.0, validator=between(1, 100))
    color: Color = BLACK


Filter = Blur | Sharpen | Pixelate | Redact
