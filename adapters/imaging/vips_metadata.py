"""What of a picture's metadata goes into a result."""

import contextlib
from collections.abc import Iterator
from typing import Final

import pyvips

from domain.images.output import Kept, Metadata

# VipsForeignKeep
KEEP_ICC: Final = 8
_FLAGS: Final = {Kept.EXIF: 1, Kept.COPYRIGHT: 1, Kept.XMP: 2, Kept.IPTC: 4, Kept.ICC: KEEP_ICC}
_ALL: Final = 31

_COPYRIGHT: Final = "exif-ifd0-Copyright"
_EXIF: Final = "exif-data"
_EXIF_FIELD: Final = "exif-"
_ORIENTATION: Final = "orientation"
_GPS_FIELD: Final = "exif-ifd3-"
_XMP: Final = "xmp-data"
# XMP tells positions under the names that EXIF has for them.
_XMP_GPS: Final = b"GPS"
_LONGEST_COPYRIGHT: Final = 1000
# A name's address may stand in brackets; a script must not.
_WITHOUT_MARKUP: Final = str.maketrans("<>", "()")


def with_metadata(image: pyvips.Image, wanted: Metadata) -> tuple[pyvips.Image, int]:
    """Return *image* with no other metadata than *wanted*, and the flags to save it with."""
    kinds = {kind for kind in wanted.keep if kind is not Kept.NONE}
    flags = _ALL if Kept.ALL in kinds else sum({_FLAGS[kind] for kind in kinds})
    whole_exif = bool(kinds & {Kept.ALL, Kept.EXIF})
    if not whole_exif and image.get_typeof(_ORIENTATION):
        image = image.copy()  # others may hold the same picture
        image.remove(_ORIENTATION)  # some savers would write it although EXIF does not stay
    if not kinds & {Kept.ALL, Kept.EXIF, Kept.COPYRIGHT, Kept.XMP}:
        return image, flags
    if not image.get_typeof(_EXIF) and not image.get_typeof(_XMP):
        return image, flags if whole_exif else flags & ~_FLAGS[Kept.EXIF]
    image = image.copy()
    if not whole_exif:
        flags = _keep_copyright(image, flags) if Kept.COPYRIGHT in kinds else flags
    elif wanted.strip_gps:
        for name in _fields(image):
            if name.startswith(_GPS_FIELD):
                image.remove(name)
    if wanted.strip_gps and image.get_typeof(_XMP) and _XMP_GPS in image.get(_XMP):
        image.remove(_XMP)
    return image, flags


def _keep_copyright(image: pyvips.Image, flags: int) -> int:
    """Leave one field of EXIF, in a block of its own making; return the flags for that."""
    told = image.get(_COPYRIGHT) if image.get_typeof(_COPYRIGHT) else None
    for name in _fields(image):
        if name.startswith(_EXIF_FIELD) or name == _EXIF:
            image.remove(name)
    if told is None:
        return flags & ~_FLAGS[Kept.EXIF]
    text = exif_text(told)[:_LONGEST_COPYRIGHT].translate(_WITHOUT_MARKUP)
    size = len(text.encode()) + 1
    # What stands in the last parentheses is not written.
    noted = f"{text} (copyright, ASCII, {size} components, {size} bytes)"
    image.set_type(pyvips.GValue.gstr_type, _COPYRIGHT, noted)
    return flags


def _fields(image: pyvips.Image) -> Iterator[str]:
    """
    Yield the names of what *image* carries, but for those that are not UTF-8.

    pyvips' own list stumbles over them; a PNG may well bear such, since its keywords are Latin-1.
    """
    names = pyvips.vips_lib.vips_image_get_fields(image.pointer)
    found = []
    at = 0
    while names[at] != pyvips.ffi.NULL:
        found.append(pyvips.ffi.string(names[at]))
        pyvips.glib_lib.g_free(names[at])
        at += 1
    pyvips.glib_lib.g_free(names)
    for name in found:
        with contextlib.suppress(UnicodeDecodeError):
            yield name.decode()


def exif_text(told: str) -> str:
    """Return a field's text, of which libvips tells as `a (a, ASCII, 2 components, 2 bytes)`."""
    twice = told.rsplit(", ", 3)[0]
    return twice[: (len(twice) - 2) // 2].rstrip()
