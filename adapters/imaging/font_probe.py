"""Fonts looked at in plain Python, for processes that must never load what draws letters."""

import os
from typing import BinaryIO

from adapters.imaging.headers import sfnt
from adapters.imaging.headers.window import EndOfFile, TooManyMoves, Window
from application.ports.font_probe import FontProbe
from domain.errors import FontRefused, UnsupportedMedia


class SfntProbe(FontProbe):
    """Knows TrueType and OpenType fonts by their first bytes, and reads their table of tables."""

    def recognizes(self, file: BinaryIO) -> bool:
        start = _start(file)
        return start in sfnt.MAGICS or start in sfnt.KNOWN_OTHERS

    def inspect(self, file: BinaryIO) -> None:
        start = _start(file)
        if start in sfnt.KNOWN_OTHERS:
            raise UnsupportedMedia(
                f"the file is {sfnt.KNOWN_OTHERS[start]}; send one TrueType or OpenType font"
            )
        if start not in sfnt.MAGICS:
            raise UnsupportedMedia("the file is neither a TrueType nor an OpenType font")
        try:
            sfnt.check(Window(file), file.seek(0, os.SEEK_END))
        except EndOfFile:
            raise FontRefused("the font ends within its tables") from None
        except TooManyMoves:
            raise FontRefused("the font's tables are scattered all over the file") from None


def _start(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(4)
