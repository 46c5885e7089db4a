"""AVIF (ISO/IEC 23000-22, boxes of 14496-12 and 23008-12): brands and image extents."""

from collections.abc import Iterator
from typing import Final

import attrs

from adapters.imaging.headers.window import EndOfFile, Window
from domain.errors import UnsupportedCodec, UnsupportedMedia
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader

_AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
_OTHER_PICTURE_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
     b"mif1", b"mif2", b"msf1", b"miaf", b"jpeg", b"jpgs", b"j2ki", b"j2is", b"avci", b"avcs",
     b"vvic", b"vvis", b"evbi", b"evbs")
)  # fmt: skip
_LONGEST_FTYP = 1024
_MAX_BOXES = 256


@attrs.frozen
class _Box:
    kind: bytes
    start: int  # of its content
    end: int


def is_picture_container(start: bytes) -> bool:
    """Tell whether *start*, the first twelve bytes, open a file of the family AVIF belongs to."""
    return start[4:8] == b"ftyp"


def read_header(window: Window) -> PictureHeader:
    """Read the brands, then the largest extent declared (tiles and thumbnails are smaller)."""
    (length,) = window.unpack(">I", 0)
    if not 16 <= length <= _LONGEST_FTYP:
        raise UnsupportedMedia("the file is not a picture that we know")
    content = window.at(8, length - 8)
    brands = {content[:4], *(content[at : at + 4] for at in range(8, len(content), 4))}
    if not brands & _AVIF_BRANDS:
        if brands & _OTHER_PICTURE_BRANDS:
            raise UnsupportedCodec("HEIC and its relatives are not supported; AVIF is")
        raise UnsupportedMedia("the file is not a picture that we know")
    properties = list(_properties(window, length))
    if not any(box.kind == b"av1C" for box in properties):
        raise UnsupportedCodec("the AVIF file holds no AV1 picture")
    extents = [window.unpack(">II", box.start + 4) for box in properties if box.kind == b"ispe"]
    width, height = max(extents, key=lambda sides: sides[0] * sides[1], default=(0, 0))
    if not (width and height):
        raise UnsupportedMedia("the AVIF header makes no sense")
    return PictureHeader(
        ImageFormat.AVIF,
        width,
        height,
        frames=None if b"avis" in brands else 1,
        coding=_coding(window, properties),
    )


def _coding(window: Window, properties: list[_Box]) -> Coding:
    """Read what the AV1 configurations (AV1-ISOBMFF §2.3) say; the most that one of them does."""
    bits, samples = 8, 1.0
    for box in properties:
        if box.kind == b"av1C" and box.end - box.start >= 3:
            flags = window.at(box.start + 2, 1)[0]
            deep, twelve, grey = flags & 0x40, flags & 0x20, flags & 0x10
            coarse = (1 + bool(flags & 0x08)) * (1 + bool(flags & 0x04))
            bits = max(bits, (12 if twelve else 10) if deep else 8)
            samples = max(samples, 1.0 if grey else 1 + 2 / coarse)
    alpha = any(box.kind == b"auxC" for box in properties)
    # libheif turns it by itself, whatever its EXIF says.
    return Coding(samples=samples + alpha, bits=bits, alpha=alpha, turned=False)


def _properties(window: Window, offset: int) -> Iterator[_Box]:
    meta = _find(window, b"meta", offset, 1 << 62)
    properties = _find(window, b"iprp", meta.start + 4, meta.end)
    container = _find(window, b"ipco", properties.start, properties.end)
    return _boxes(window, container.start, container.end)


def _find(window: Window, kind: bytes, start: int, end: int) -> _Box:
    for box in _boxes(window, start, end):
        if box.kind == kind:
            return box
    raise UnsupportedMedia("the AVIF file has no picture header")


def _boxes(window: Window, start: int, end: int) -> Iterator[_Box]:
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size, kind = window.unpack(">I4s", start)
        content = start + 8
        if size == 1:
            (size,) = window.unpack(">Q", content)
            content += 8
        elif size == 0:
            size = end - start
        if size < content - start:
            raise EndOfFile
        yield _Box(kind, content, min(start + size, end))
        start += size
