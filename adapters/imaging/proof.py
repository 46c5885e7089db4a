"""What a renderer can do, found out by doing it behind its walls."""

import base64
import contextlib
from typing import Any, Final

import pyvips

from adapters.imaging.vips_loading import LOADERS
from adapters.imaging.vips_saving import encode_sample
from adapters.imaging.vips_texts import has_font
from domain.images.formats import ImageFormat
from domain.images.operations import Font

_SIDE_PX: Final = 16
# libvips is often built with a decoder for AV1 alone; other formats come with both or neither.
_AVIF: Final = base64.b64decode(
    "AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA"
    "AAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAAA+gABAAAAAAAAAB4AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABh"
    "djAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFDgQAMAAAAABRpc3BlAAAAAAAAAAIAAAACAAAA"
    "EHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAAAmbWRhdBIACggYADaICGg0IDIQGUeHhiGHnnnmgkAA"
    "kEDN6A=="
)


def proven() -> dict[str, Any]:
    """Return the formats that could be read and written, and the fonts, by their names."""
    reads, writes = [], []
    for each in ImageFormat:
        content = _AVIF if each is ImageFormat.AVIF else b""
        with contextlib.suppress(pyvips.Error):  # without this encoder: that is what is asked
            content = encode_sample(_picture(), each)
            writes.append(each.value)
        if content and _can_read(each, content):
            reads.append(each.value)
    return {
        "reads": reads,
        "writes": writes,
        "fonts": [font.value for font in Font if has_font(font)],
    }


def _picture() -> pyvips.Image:
    ramp = pyvips.Image.xyz(_SIDE_PX, _SIDE_PX).bandjoin(_SIDE_PX) * 10
    return ramp.cast("uchar").copy(interpretation="srgb")


def _can_read(format: ImageFormat, content: bytes) -> bool:
    source = pyvips.Source.new_from_memory(content)
    try:
        pyvips.Operation.call(LOADERS[format], source).avg()
    except pyvips.Error:
        return False
    return True
