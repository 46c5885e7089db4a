"""
Whole pictures to begin with: every format in the flavours that its decoder has ways of its own for.

All are small, so that thousands of them take minutes.
"""

import io
import struct
from functools import cache

import numpy
from PIL import Image, ImageCms, ImageSequence

from tests import bad_pictures, pictures

_SIDES = (60, 44)


@cache
def seeds() -> dict[str, dict[str, bytes]]:
    """Return pictures by format, as the product calls it, and by flavour."""
    return {
        "jpeg": _jpegs(),
        "png": _pngs(),
        "webp": _webps(),
        "avif": _avifs(),
        "gif": _gifs(),
        "tiff": _tiffs(),
    }


def _view(mode: str = "RGB") -> Image.Image:
    if mode in ("RGBA", "LA"):
        return pictures.opened(pictures.png_with_alpha(*_SIDES)).convert(mode)
    return pictures.view(*_SIDES).convert(mode)


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = "somebody's"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 28.0, 40.0)})
    return exif


def _frames(mode: str, count: int = 4) -> list[Image.Image]:
    moving = Image.open(io.BytesIO(pictures.animated_webp(count, _SIDES)))
    frames = [frame.convert(mode) for frame in ImageSequence.Iterator(moving)]
    if mode == "RGBA":
        hole = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
        for number, frame in enumerate(frames):
            frame.paste(hole, (number * 5, 4))
    return frames


def _moving(format: str, mode: str = "RGB", **options: object) -> bytes:
    first, *others = _frames(mode)
    return pictures.encoded(
        first, format, save_all=True, append_images=others, duration=50, loop=0, **options
    )


def _jpegs() -> dict[str, bytes]:
    told = {"exif": _exif(), "icc_profile": _profile(), "xmp": b"<x:xmpmeta/>", "comment": b"hello"}
    return {
        "baseline": pictures.encoded(_view(), "JPEG", quality=70),
        "fine": pictures.encoded(_view(), "JPEG", quality=95, subsampling="4:4:4"),
        "progressive": pictures.encoded(_view(), "JPEG", quality=70, progressive=True),
        "grey": pictures.encoded(_view("L"), "JPEG", quality=70),
        "inks": pictures.encoded(_view("CMYK"), "JPEG", quality=70),
        "restarts": pictures.encoded(_view(), "JPEG", quality=70, restart_marker_rows=1),
        "told": pictures.encoded(_view(), "JPEG", quality=70, **told),
    }


def _pngs() -> dict[str, bytes]:
    told = {"exif": _exif(), "icc_profile": _profile()}
    grey16 = Image.fromarray(numpy.asarray(_view("L"), dtype=numpy.uint16) * 257)
    return {
        "colours": pictures.encoded(_view(), "PNG"),
        "alpha": pictures.encoded(_view("RGBA"), "PNG"),
        "grey and alpha": pictures.encoded(_view("LA"), "PNG"),
        "palette": pictures.encoded(_view().quantize(16), "PNG", transparency=0),
        "one bit": pictures.encoded(_view("1"), "PNG"),
        "sixteen bits": pictures.encoded(grey16, "PNG"),
        "interlaced": bad_pictures.png_of_zeros(*_SIDES, 16, 6, interlaced=True),
        "interlaced palette": bad_pictures.png_of_zeros(*_SIDES, 4, 0, interlaced=True),
        "told": pictures.encoded(_view(), "PNG", **told),
        "moving": _moving("PNG"),
    }


def _webps() -> dict[str, bytes]:
    told = {"exif": _exif(), "icc_profile": _profile(), "xmp": b"<x:xmpmeta/>"}
    return {
        "lossy": pictures.encoded(_view(), "WEBP", quality=70),
        "lossless": pictures.encoded(_view(), "WEBP", lossless=True),
        "alpha": pictures.encoded(_view("RGBA"), "WEBP", quality=70),
        "told": pictures.encoded(_view(), "WEBP", quality=70, **told),
        "moving": _moving("WEBP", quality=60),
        "moving alpha": _moving("WEBP", "RGBA", lossless=True),
        "moving mixed": _moving("WEBP", "RGBA", allow_mixed=True),
    }


def _avifs() -> dict[str, bytes]:
    told = {"exif": _exif(), "icc_profile": _profile(), "xmp": b"<x:xmpmeta/>"}
    return {
        "plain": pictures.encoded(_view(), "AVIF", quality=60, speed=10),
        "fine": pictures.encoded(_view(), "AVIF", quality=90, speed=10, subsampling="4:4:4"),
        "grey": pictures.encoded(_view("L"), "AVIF", quality=60, speed=10, subsampling="4:0:0"),
        "alpha": pictures.encoded(_view("RGBA"), "AVIF", quality=60, speed=10),
        "told": pictures.encoded(_view(), "AVIF", quality=60, speed=10, **told),
        "moving": _moving("AVIF", quality=50, speed=10),
    }


def _gifs() -> dict[str, bytes]:
    return {
        "plain": pictures.encoded(_view().quantize(64), "GIF"),
        "interlaced": pictures.encoded(_view().quantize(16), "GIF", interlace=1),
        "moving": _moving("GIF"),
        "moving alpha": _moving("GIF", "RGBA", disposal=2),
        "moving back": _moving("GIF", "RGBA", disposal=3),
    }


def _tiffs() -> dict[str, bytes]:
    told = {"exif": _exif(), "icc_profile": _profile(), "compression": "tiff_lzw"}
    grey16 = Image.fromarray(numpy.asarray(_view("L"), dtype=numpy.uint16) * 257)
    first, *others = _frames("RGB")
    return {
        "raw": pictures.encoded(_view(), "TIFF"),
        "lzw": pictures.encoded(_view(), "TIFF", compression="tiff_lzw"),
        "deflate": pictures.encoded(_view("RGBA"), "TIFF", compression="tiff_adobe_deflate"),
        "packbits": pictures.encoded(_view("L"), "TIFF", compression="packbits"),
        "jpeg": pictures.encoded(_view(), "TIFF", compression="jpeg"),
        "fax": pictures.encoded(_view("1"), "TIFF", compression="group4"),
        "palette": pictures.encoded(_view().quantize(16), "TIFF", compression="tiff_lzw"),
        "inks": pictures.encoded(_view("CMYK"), "TIFF", compression="tiff_lzw"),
        "sixteen bits": pictures.encoded(grey16, "TIFF"),
        "floats": pictures.encoded(_view("F"), "TIFF"),
        "lab": pictures.encoded(Image.frombytes("LAB", _SIDES, _view().tobytes()), "TIFF"),
        "big": pictures.encoded(_view(), "TIFF", big_tiff=True),
        "big endian": _big_endian(),
        "tiles of jpeg": bad_pictures.tiff_of_jpeg_tile(64, 64),
        "old jpeg": bad_pictures.tiff_of_old_jpeg(),
        "pages": pictures.encoded(first, "TIFF", save_all=True, append_images=others),
        "told": pictures.encoded(_view(), "TIFF", **told),
    }


def _big_endian() -> bytes:
    """A grey picture of one strip, the most significant byte first."""
    width, height = _SIDES
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1),
            (278, height), (279, width * height)]  # fmt: skip
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags)
    pixels = _view("L").tobytes()
    directory = struct.pack(">H", len(tags)) + entries + bytes(4)
    return b"MM\0*" + struct.pack(">I", 8 + len(pixels)) + pixels + directory
