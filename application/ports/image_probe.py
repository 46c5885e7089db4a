"""Reads what a file declares of itself, without decoding a pixel."""

from abc import abstractmethod
from typing import BinaryIO, Protocol

from domain.images.image import PictureHeader


class ImageProbe(Protocol):
    """Reads picture headers."""

    @abstractmethod
    def inspect(self, file: BinaryIO) -> PictureHeader:
        """
        Read the header of the picture in *file*; the content alone decides its format.

        Reads a bounded number of bytes with a bounded number of seeks, whatever the file says,
        and leaves the position anywhere.

        Raises:
            UnsupportedMedia: Not one of the accepted formats, or too broken to tell.
            UnsupportedCodec: An accepted container with a compression that is not.
        """
