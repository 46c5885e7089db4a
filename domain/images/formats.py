"""The formats that go in and come out, by their one name across code, tables and API."""

from enum import Enum

import attrs

from domain.words import UnknownWord


class ImageFormat(Enum):
    """
    A format that Safelight reads and writes.

    The value is the name customers use in `format`.
    """

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"
    GIF = "gif"
    TIFF = "tiff"

    @property
    def media_type(self) -> str:
        """The media type, as registered with IANA."""
        return f"image/{self.value}"

    @property
    def extension(self) -> str:
        """The usual file name ending, with its dot."""
        return ".jpg" if self is ImageFormat.JPEG else f".{self.value}"

    @property
    def may_be_animated(self) -> bool:
        """Whether we write several frames in it; libvips cannot write an animated AVIF."""
        return self in (ImageFormat.GIF, ImageFormat.WEBP)


@attrs.frozen
class UnknownFormat(UnknownWord):
    """A format that only a newer version beside this one reads and writes; here it is bytes."""

    @property
    def media_type(self) -> str:
        """What promises nothing (RFC 2046 §4.5.1)."""
        return "application/octet-stream"

    @property
    def extension(self) -> str:
        """No ending is known."""
        return ""

    @property
    def may_be_animated(self) -> bool:
        """We do not write it at all."""
        return False
