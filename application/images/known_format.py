"""The format of a stored picture, if this version knows it."""

from application.errors import PortFailure
from domain.images.formats import ImageFormat
from domain.images.image import Image


class UnreadablePicture(PortFailure):
    """A newer version of ours has taken it in, which will soon have taken over."""

    code = "unreadable-picture"
    transient = True


def known_format(image: Image) -> ImageFormat:
    """
    Return the format of *image*.

    Raises:
        UnreadablePicture: It is one that only a newer version knows.
    """
    if not isinstance(image.header.format, ImageFormat):
        raise UnreadablePicture(f"{image.header.format.value} is a newer version's format")
    return image.header.format
