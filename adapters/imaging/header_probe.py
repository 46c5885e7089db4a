"""Picture headers in plain Python, for processes that must never load a decoder."""

from typing import BinaryIO

from adapters.imaging.headers import avif, gif, jpeg, png, tiff, webp
from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from application.ports.image_probe import ImageProbe
from domain.errors import UnsupportedMedia
from domain.images.image import PictureHeader

_NONE_OF_OURS = "the file is not a JPEG, PNG, WebP, AVIF, GIF or TIFF picture"


class HeaderProbe(ImageProbe):
    """
    Tells a format by its first bytes and reads what they declare.

    SVG, PDF, archives and every other kind of file are refused by not being among the six.
    """

    def inspect(self, file: BinaryIO) -> PictureHeader:
        window = Window(file)
        try:
            return _read(window)
        except EndOfFile:
            raise UnsupportedMedia("the file ends within its picture header") from None
        except TooManyMoves:
            raise UnsupportedMedia("the picture header is scattered all over the file") from None


def _read(window: Window) -> PictureHeader:
    try:
        start = window.at(0, 12)
    except EndOfFile:
        raise UnsupportedMedia(_NONE_OF_OURS) from None
    if start.startswith(jpeg.MAGIC):
        return jpeg.read_header(window)
    if start.startswith(png.MAGIC):
        return png.read_header(window)
    if start.startswith(gif.MAGICS):
        return gif.read_header(window)
    if webp.is_webp(start):
        return webp.read_header(window)
    if start.startswith(tiff.MAGICS):
        return tiff.read_header(window)
    if avif.is_picture_container(start):
        return avif.read_header(window)
    raise UnsupportedMedia(_NONE_OF_OURS)
