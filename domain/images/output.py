"""What a result is written as."""

import attrs

from domain.errors import InvalidParameter
from domain.images.formats import ImageFormat


@attrs.frozen
class Output:
    """
    Format and quality of a result.

    Attributes:
        format: The format to write, or None for the upload's own (`"same"`).
        quality: 1–100, or None for the format's default.
    """

    format: ImageFormat | None = None
    quality: int | None = None

    def __attrs_post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise InvalidParameter("must be from 1 to 100", pointer="/quality")
