"""What those who draw were seen to do, which may be less than the language has."""

import attrs

from domain.images.formats import ImageFormat
from domain.images.operations import Font


@attrs.frozen
class Abilities:
    """
    What the renderers of one worker have proved.

    Attributes:
        libvips: Its version.
        reads: Formats of which a picture was decoded.
        writes: Formats of which a picture was encoded.
        fonts: Fonts of which a letter was drawn.
        missing_walls: What they should be shut in by, and their system does not allow.
    """

    libvips: str
    reads: tuple[ImageFormat, ...]
    writes: tuple[ImageFormat, ...]
    fonts: tuple[Font, ...]
    missing_walls: tuple[str, ...] = ()
