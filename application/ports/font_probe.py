"""Looks whether a file is a font, without drawing a letter."""

from abc import abstractmethod
from typing import BinaryIO, Protocol


class FontProbe(Protocol):
    """Looks at fonts: at a bounded number of bytes, whatever they say."""

    @abstractmethod
    def recognizes(self, file: BinaryIO) -> bool:
        """Tell whether *file* begins as fonts do, be it of a kind that is accepted or not."""

    @abstractmethod
    def inspect(self, file: BinaryIO) -> None:
        """
        Return if *file* is a font whose parts are there and fit each other; that makes none safe.

        Raises:
            UnsupportedMedia: It is none, or of a kind that is not accepted.
            FontRefused: It is broken.
        """
