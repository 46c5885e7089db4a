"""Operations that mix each pixel with its neighbours."""

import attrs

from domain.images.operations.checks import between


@attrs.frozen
class Blur:
    """Gaussian blur; sigma in pixels."""

    sigma: float = attrs.field(default=1.0, validator=between(0.3, 100))


@attrs.frozen
class Sharpen:
    """Unsharp masking in LAB, by libvips' parameters; sigma in pixels."""

    sigma: float = attrs.field(default=0.5, validator=between(0.01, 10))
    m1: float = attrs.field(default=0.0, validator=between(0, 100))
    m2: float = attrs.field(default=3.0, validator=between(0, 100))
    x1: float = attrs.field(default=2.0, validator=between(0, 1000))
    y2: float = attrs.field(default=10.0, validator=between(0, 1000))
    y3: float = attrs.field(default=20.0, validator=between(0, 1000))


@attrs.frozen
class Pixelate:
    """Draw squares of one colour each, the mean of what they cover; their side in pixels."""

    size: int = attrs.field(default=10, validator=between(2, 1000))


Filter = Blur | Sharpen | Pixelate
