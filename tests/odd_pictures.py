"""
Pictures that are whole, but store, carry or are asked for what few are: rows 37 to 53.

Nearly all have to be drawn; what they carry beside the pixels must not come out again.
"""

import io
import itertools
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from tests import bad_pictures, pictures
from tests.bad_pictures import POLYGLOT_MARK, BadPicture, box, chunk, riff

SECRET = b"SN-4711-0815"
"""Stands wherever a picture of row 40 tells about its maker; no result may hold it."""

SCRIPT = b"<?php system($_GET[0]); ?><script>alert(1)</script>"
"""Stands wherever a picture of row 41 has room for a text."""

_UNSUPPORTED_CODEC = frozenset({"unsupported-codec"})
_UNREADABLE = {"in_task": frozenset({"unsupported_codec"}), "may_complete": False}
_KINDS = ("avif", "gif", "jpeg", "png", "tiff", "webp")


def odd_pictures() -> tuple[BadPicture, ...]:
    """Every odd picture, by row; names are unique."""
    return tuple(
        itertools.chain(
            _stored_otherwise(),
            _with_odd_profiles(),
            _with_odd_metadata(),
            _telling_of_their_maker(),
            _with_scripts(),
            _polyglots(),
            _degenerate(),
        )
    )


def named(row: int, name: str) -> BadPicture:
    """Return the odd picture of that name."""
    return next(odd for odd in odd_pictures() if (odd.row, odd.name) == (row, name))


def odd_requests() -> tuple[BadPicture, ...]:
    """Good pictures of which something odd is asked, by row."""
    crop = '{"pipeline": [{"op": "crop", "left": %d, "top": 0, "width": %d, "height": 10}]}'
    outside = {"in_task": frozenset({"invalid_geometry"}), "may_complete": False}
    text: Callable[[str], str] = lambda letters: json.dumps(
        {"pipeline": [{"op": "watermark", "text": letters, "size": "10%"}]}
    )
    small = pictures.small_jpeg
    return (
        _odd(50, "crop beyond the right side", "jpeg", small, options=crop % (0, 321), **outside),
        _odd(50, "crop that begins outside", "jpeg", small, options=crop % (320, 1), **outside),
        _odd(53, "text as markup", "jpeg", small,
             options=text('<span size="999999">&amp; <b>x</b>')),
        _odd(53, "text from right to left", "jpeg", small, options=text("مرحبا \u202eabc")),
        _odd(53, "text of faces", "jpeg", small, options=text("😀👨\u200d👩\u200d👧")),
        _odd(53, "text of 500 letters", "jpeg", small, options=text("W" * 500)),
    )  # fmt: skip


def _odd(row: int, name: str, kind: str, make: Callable[[], bytes], **more: object) -> BadPicture:
    assert kind in _KINDS
    return BadPicture(
        name,
        row,
        make,
        **{"may_complete": True, "file_name": f"photo.{kind}", "media_type": f"image/{kind}"}
        | more,  # type: ignore[arg-type]
    )


# --- row 37: other ways to store pixels ---------------------------------------------------------


def _stored_otherwise() -> Iterator[BadPicture]:
    yield _odd(37, "JPEG in four inks", "jpeg", pictures.cmyk_jpeg)
    yield _odd(37, "JPEG in YCCK", "jpeg", _ycck)
    yield _odd(
        37, "JPEG of twelve bits", "jpeg", _twelve_bits, at_upload=_UNSUPPORTED_CODEC,
        may_complete=False,
    )  # fmt: skip
    for name, marker in (("lossless", 0xC3), ("arithmetic", 0xC9), ("hierarchical", 0xC5)):
        yield _odd(
            37, f"JPEG, {name}", "jpeg", lambda marker=marker: _of_process(marker),
            at_upload=_UNSUPPORTED_CODEC, may_complete=False,
        )  # fmt: skip
    for depth in (1, 2, 4, 8, 16):
        yield _odd(37, f"grey PNG of {depth} bits", "png", lambda depth=depth: _grey_png(depth))
    for depth in (1, 2, 4):
        yield _odd(
            37, f"palette PNG of {depth} bits", "png",
            lambda depth=depth: pictures.encoded(
                pictures.view(64, 48).quantize(2**depth), "PNG", bits=depth
            ),
        )  # fmt: skip
    yield _odd(37, "PNG of grey and alpha", "png", pictures.grey_alpha_png)
    yield _odd(37, "PNG with a transparent palette", "png", pictures.palette_png)
    yield _odd(37, "colour PNG of 16 bits", "png", lambda: _deep_png())
    yield _odd(37, "fax TIFF", "tiff", lambda: _pillow_tiff("1", compression="group4"))
    yield _odd(37, "palette TIFF", "tiff", lambda: pictures.encoded(
        pictures.view(64, 48).quantize(16), "TIFF"))  # fmt: skip
    yield _odd(37, "TIFF in four inks", "tiff", lambda: _pillow_tiff("CMYK"))
    yield _odd(37, "TIFF in YCbCr", "tiff", lambda: _pillow_tiff("YCbCr", compression="jpeg"))
    yield _odd(
        37, "Lab TIFF", "tiff",
        lambda: pictures.encoded(
            Image.frombytes("LAB", (64, 48), pictures.view(64, 48).tobytes()), "TIFF"
        ),
        **_UNREADABLE,
    )  # fmt: skip
    yield _odd(37, "float TIFF", "tiff", pictures.float_tiff)
    kinds = ("uint16", "int16", "uint32", "int32", "float32", "float64", "complex64", "uint64",
             "float16")  # fmt: skip
    for kind, colours in itertools.product(kinds, (False, True)):
        yield _odd(
            37,
            f"{'colour' if colours else 'grey'} TIFF of {kind}",
            "tiff",
            lambda kind=kind, colours=colours: _tiff_of(kind, colours=colours),
            **_UNREADABLE if "64" in kind else {},
        )
    yield _odd(37, "float TIFF of no numbers", "tiff", _tiff_of_no_numbers)
    for planes in (2, 5, 12):
        yield _odd(37, f"TIFF of {planes} planes", "tiff", lambda planes=planes: _planes(planes))


def _ycck() -> bytes:
    data = bytearray(pictures.cmyk_jpeg())
    at = data.index(b"Adobe")
    data[at + 11] = 2  # the transform
    return bytes(data)


def _twelve_bits() -> bytes:
    return pictures.photo(60, 40).replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c", 1)


def _of_process(marker: int) -> bytes:
    return pictures.photo(60, 40).replace(b"\xff\xc0", bytes((0xFF, marker)), 1)


def _grey_png(depth: int) -> bytes:
    width, height = 64, 48
    light = numpy.asarray(pictures.view(width, height).convert("L"))
    if depth == 16:
        rows = (light.astype(">u2") * 257).tobytes()
        stride = 2 * width
    else:
        bits = numpy.unpackbits(light[:, :, None], axis=2)[:, :, :depth]
        rows = numpy.packbits(bits.reshape(height, width * depth), axis=1).tobytes()
        stride = width * depth // 8
    return _png(width, height, depth, 0, rows, stride)


def _deep_png() -> bytes:
    light = numpy.asarray(pictures.view(64, 48)).astype(">u2") * 257
    return _png(64, 48, 16, 2, light.tobytes(), 64 * 6)


def _png(width: int, height: int, depth: int, colour: int, rows: bytes, stride: int) -> bytes:
    filtered = b"".join(b"\0" + rows[at : at + stride] for at in range(0, len(rows), stride))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(filtered))
        + chunk(b"IEND")
    )


def _pillow_tiff(mode: str, **options: object) -> bytes:
    return pictures.encoded(pictures.view(64, 48).convert(mode), "TIFF", **options)


def _tiff_of(kind: str, *, colours: bool) -> bytes:
    picture = pictures.view(64, 48) if colours else pictures.view(64, 48).convert("L")
    return _tiff(numpy.asarray(picture).astype(kind), colours=colours)


def _tiff_of_no_numbers() -> bytes:
    light = numpy.asarray(pictures.view(64, 48)).astype("float32")
    light[:10], light[10:20], light[20:30] = numpy.nan, numpy.inf, -1e38
    return _tiff(light, colours=True)


def _tiff(pixels: numpy.ndarray, *, colours: bool) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="rgb" if colours else "minisblack")
    return buffer.getvalue()


def _planes(count: int) -> bytes:
    light = numpy.asarray(pictures.view(64, 48).convert("L"))
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer, numpy.dstack([light] * count), photometric="minisblack", planarconfig="contig"
    )
    return buffer.getvalue()


# --- row 38: colour profiles --------------------------------------------------------------------


def profile_of_srgb() -> bytes:
    """The sRGB profile that Pillow makes."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def odd_profiles() -> dict[str, bytes]:
    """Colour profiles that no RGB picture should bear, by what is wrong with them."""
    good = profile_of_srgb()
    claiming: Callable[[bytes], bytes] = lambda space: good[:16] + space + good[20:]
    return {
        "noise": bytes(range(256)) * 12,
        "nothing": b"",
        "a header alone": good[:128],
        "half of it": good[: len(good) // 2],
        "no tags": good[:128] + bytes(4),
        "a billion tags": good[:128] + b"\x3b\x9a\xca\x00" + good[132:],
        "tags beyond its end": good[:136] + b"\x7f\xff\xff\xff" + good[140:],
        "three megabytes": (3_000_000).to_bytes(4) + good[4:] + bytes(3_000_000 - len(good)),
        "four inks": claiming(b"CMYK"),
        "grey": claiming(b"GRAY"),
        "a space that is none": claiming(b"XXXX"),
        "more behind it": good + POLYGLOT_MARK,
    }


def _with_odd_profiles() -> Iterator[BadPicture]:
    for name, profile in odd_profiles().items():
        for kind in ("jpeg", "png", "webp", "tiff", "avif"):
            if not profile and kind != "png":
                continue
            yield _odd(
                38,
                f"{kind} with a profile of {name}",
                kind,
                lambda kind=kind, profile=profile: _with_profile(kind, profile),
                payload=POLYGLOT_MARK if POLYGLOT_MARK in profile else None,
            )
    yield _odd(38, "JPEG in four inks with a profile of noise", "jpeg", lambda: pictures.encoded(
        pictures.view(64, 48).convert("CMYK"), "JPEG", icc_profile=bytes(range(256)) * 12
    ))  # fmt: skip
    yield _odd(38, "JPEG in four inks with a profile of RGB", "jpeg", lambda: pictures.encoded(
        pictures.view(64, 48).convert("CMYK"), "JPEG", icc_profile=profile_of_srgb()
    ))  # fmt: skip


def _with_profile(kind: str, profile: bytes) -> bytes:
    if kind == "png":  # whose zlib stream may be empty
        good = pictures.photo(64, 48, "PNG")
        return good[:33] + chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile)) + good[33:]
    speed = {"speed": 10} if kind == "avif" else {}
    return pictures.encoded(pictures.view(64, 48), kind.upper(), icc_profile=profile, **speed)


# --- row 39: EXIF -------------------------------------------------------------------------------


def _with_odd_metadata() -> Iterator[BadPicture]:
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    one_entry: Callable[[int], bytes] = lambda following: (
        b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + struct.pack("<I", following)
    )
    for name, exif in {
        "EXIF that points to itself": one_entry(8),
        "EXIF whose branch is its root": one_entry(0),
        "EXIF of 65535 entries": b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + entry * 700,
        "EXIF that begins nowhere": b"Exif\0\0MM\0*\xff\xff\xff\xff",
        "EXIF of nothing": b"Exif\0\0",
        "EXIF with four billion values": b"Exif\0\0II*\0\x08\0\0\0\x01\0"
        + struct.pack("<HHII", 0x010F, 2, 0xFFFFFFFF, 0xFFFFFF00) + bytes(4),
    }.items():  # fmt: skip
        for kind in ("jpeg", "png", "webp"):
            yield _odd(
                39, f"{kind} with {name}", kind,
                lambda kind=kind, exif=exif: _with_exif(kind, exif),
            )  # fmt: skip
    yield _odd(39, "EXIF of 60 kB of noise", "jpeg", pictures.garbage_exif_jpeg)
    for orientation in (0, 9, 255, 65_535):
        yield _odd(
            39, f"orientation {orientation}", "jpeg",
            lambda orientation=orientation: pictures.exif_oriented(orientation),
        )  # fmt: skip
    for density in (0, 65_535):
        yield _odd(
            39, f"JPEG of {density} dots an inch", "jpeg",
            lambda density=density: _with_density(density),
        )  # fmt: skip
    for dots in (0, 2**32 - 1):
        yield _odd(39, f"PNG of {dots} dots a metre", "png", lambda dots=dots: _with_dots(dots))
    for name, ratio in (("none", (0, 0)), ("endless", (1, 0)), ("vast", (2**32 - 1, 1))):
        yield _odd(
            39, f"TIFF of a resolution that is {name}", "tiff",
            lambda ratio=ratio: _with_resolution(ratio),
        )  # fmt: skip
    yield _odd(
        39, "PNG with a keyword in Latin-1", "png",
        lambda: _behind_header(chunk(b"tEXt", "Légende".encode("latin-1") + b"\0hello")),
    )  # fmt: skip

    for name in (b"Exif", b"mime"):
        yield _odd(
            39, f"AVIF whose {name.decode()} has a name of its own", "avif",
            lambda name=name: _telling("avif").replace(name, b"\xed" + name[1:]),
        )  # fmt: skip
    yield _odd(
        39, "AVIF of a kind that cannot be said", "avif",
        lambda: _telling("avif").replace(b"pict", b"\xedict"),
        in_task=frozenset({"decode_failed"}), may_complete=False,
    )  # fmt: skip


def _with_exif(kind: str, exif: bytes) -> bytes:
    if kind == "jpeg":
        good = pictures.photo(64, 48)
        return good[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + good[2:]
    if kind == "png":
        return _behind_header(chunk(b"eXIf", exif[6:]))
    return _webp_with(b"EXIF", exif, 0x08)


def _behind_header(chunks: bytes) -> bytes:
    good = pictures.photo(64, 48, "PNG")
    return good[:33] + chunks + good[33:]


def _webp_with(kind: bytes, content: bytes, flag: int) -> bytes:
    still = pictures.photo(64, 48, "WEBP", quality=80)[12:]
    header = bytes((flag, 0, 0, 0)) + (63).to_bytes(3, "little") + (47).to_bytes(3, "little")
    return riff(b"RIFF", b"WEBP" + riff(b"VP8X", header) + still + riff(kind, content))


def _with_density(density: int) -> bytes:
    data = bytearray(pictures.photo(64, 48))
    at = data.index(b"JFIF\0")
    struct.pack_into(">BHH", data, at + 7, 1, density, density)
    return bytes(data)


def _with_dots(dots: int) -> bytes:
    return _behind_header(chunk(b"pHYs", struct.pack(">IIB", dots, dots, 1)))


def _with_resolution(ratio: tuple[int, int]) -> bytes:
    pixels = pictures.view(64, 48).convert("L").tobytes()
    data = struct.pack("<II", *ratio) + pixels
    tags = [(256, 4, 1, 64), (257, 4, 1, 48), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 16),
            (278, 4, 1, 48), (279, 4, 1, len(pixels)), (282, 5, 1, 8), (283, 5, 1, 8)]  # fmt: skip
    return bad_pictures.tiff_of([tags], data)


# --- row 40: where, when, by whom ---------------------------------------------------------------


def _telling_of_their_maker() -> Iterator[BadPicture]:
    for kind in ("jpeg", "png", "webp", "avif", "tiff"):
        yield _odd(
            40, f"{kind} that tells where and with what", kind,
            lambda kind=kind: _telling(kind), payload=SECRET,
        )  # fmt: skip
    yield _odd(40, "JPEG with a thumbnail that tells", "jpeg", _with_thumbnail, payload=SECRET)
    yield _odd(40, "JPEG with IPTC", "jpeg", _with_iptc, payload=SECRET)
    yield _odd(40, "JPEG with a second picture behind it", "jpeg", lambda: (
        pictures.photo(64, 48) + _telling("jpeg")), payload=SECRET)  # fmt: skip
    yield _odd(40, "GIF with XMP", "gif", _gif_with_xmp, payload=SECRET)


def _exif_that_tells() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Safelight Test Camera"
    exif.get_ifd(0x8769).update({0xA431: SECRET.decode(), 0x9286: b"ASCII\0\0\0" + SECRET})
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 5.0),
                                 27: SECRET})  # fmt: skip
    return exif


def _xmp() -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="51,28.67N" '
        b'exif:SerialNumber="' + SECRET + b'"/></rdf:RDF></x:xmpmeta>'
    )


def _telling(kind: str) -> bytes:
    told: dict[str, object] = {"exif": _exif_that_tells()}
    if kind == "jpeg":
        told |= {"xmp": _xmp(), "comment": SECRET}
    elif kind == "png":
        notes = PngImagePlugin.PngInfo()
        notes.add_itxt("XML:com.adobe.xmp", _xmp().decode())
        notes.add_text("Author", SECRET.decode())
        told["pnginfo"] = notes
    elif kind == "tiff":
        told = {"tiffinfo": {270: SECRET.decode(), 315: SECRET.decode(), 700: _xmp()}}
    else:
        told["xmp"] = _xmp()
    return pictures.encoded(pictures.view(64, 48), kind.upper(), **told)


def _with_thumbnail() -> bytes:
    """EXIF whose second directory holds a small JPEG that tells where it was taken."""
    thumbnail = _telling("jpeg")
    first = b"II*\0\x08\0\0\0\0\0" + struct.pack("<I", 14)
    second = struct.pack("<H", 3)
    at = len(first) + 2 + 3 * 12 + 4
    for tag, kind, value in ((0x0103, 3, 6), (0x0201, 4, at), (0x0202, 4, len(thumbnail))):
        second += struct.pack("<HHII", tag, kind, 1, value)
    return _with_exif("jpeg", b"Exif\0\0" + first + second + bytes(4) + thumbnail)


def _with_iptc() -> bytes:
    fields = b"".join(
        b"\x1c\x02" + bytes((number,)) + struct.pack(">H", len(SECRET)) + SECRET
        for number in (80, 90, 110, 116)
    )
    resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(fields)) + fields
    good = pictures.photo(64, 48)
    return good[:2] + b"\xff\xed" + struct.pack(">H", 2 + len(resource)) + resource + good[2:]


def _gif_with_xmp() -> bytes:
    packet = b"\x21\xff\x0bXMP DataXMP" + _xmp() + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return pictures.photo(64, 48, "GIF")[:-1] + packet + b"\x3b"


# --- rows 41, 42: texts for others to stumble over ----------------------------------------------


def _with_scripts() -> Iterator[BadPicture]:
    exif = Image.Exif()
    exif[0x010E], exif[0x010F], exif[0x8298] = [SCRIPT.decode()] * 3  # the last is the copyright
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    notes.add_text("Copyright", SCRIPT.decode(), zip=True)
    profile = profile_of_srgb()
    profile = (len(profile) + len(SCRIPT)).to_bytes(4) + profile[4:] + SCRIPT
    for kind, told in {
        "jpeg": {"exif": exif, "comment": SCRIPT, "icc_profile": profile},
        "png": {"exif": exif, "pnginfo": notes},
        "webp": {"exif": exif, "icc_profile": profile},
        "avif": {"exif": exif, "icc_profile": profile},
        "tiff": {"tiffinfo": {270: SCRIPT.decode(), 33432: SCRIPT.decode()}},
        "gif": {"comment": SCRIPT},
    }.items():
        yield _odd(
            41, f"{kind} full of scripts", kind,
            lambda kind=kind, told=told: pictures.encoded(pictures.view(64, 48), kind.upper(), **told),
            payload=b"<?php",
        )  # fmt: skip
    yield _odd(
        42, "PNG with a profile that is a path", "png",
        lambda: _behind_header(chunk(b"tEXt", b"profile\0/etc/passwd")), payload=b"passwd",
    )  # fmt: skip
    yield _odd(
        42, "PNG with a compressed profile that is a path", "png",
        lambda: _behind_header(chunk(b"zTXt", b"profile\0\0" + zlib.compress(b"/etc/passwd"))),
        payload=b"profile",
    )  # fmt: skip


# --- row 43: two languages at once --------------------------------------------------------------


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.html"), POLYGLOT_MARK)
    return buffer.getvalue()


def second_languages() -> dict[str, bytes]:
    """What may hide in a picture, by its name; each holds `POLYGLOT_MARK`."""
    mark = POLYGLOT_MARK
    return {
        "ZIP": _zip(),
        "RAR": b"Rar!\x1a\x07\x01\0\x33\x92\xb5\xe5\x0a\x01\x05\x06\0\x05\x01\x01\x80\x80\0" + mark,
        "7z": b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(24) + mark,
        "PDF": b"%PDF-1.4\n%" + mark + b"\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n",
        "HTML": b"<html><body><script>/*" + mark + b"*/alert(1)</script></body></html>",
        "PHP": b"<?php /*" + mark + b"*/ system($_GET[0]); ?>",
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><desc>' + mark + b"</desc></svg>",
        "shell": b"\n#!/bin/sh\n# " + mark + b"\nid\n",
        "CD image": b"\x01CD001\x01\0".rjust(33_000, b"\0") + mark,
    }


def _polyglots() -> Iterator[BadPicture]:
    for kind, (language, content) in itertools.product(_KINDS, second_languages().items()):
        yield _odd(
            43, f"{kind} with {language} behind it", kind,
            lambda kind=kind, content=content: _good(kind) + content,
            payload=POLYGLOT_MARK,
        )  # fmt: skip
        yield _odd(
            43, f"{kind} with {language} inside", kind,
            lambda kind=kind, content=content: _holding(kind, content), payload=POLYGLOT_MARK,
        )  # fmt: skip


@cache
def _good(kind: str) -> bytes:
    return pictures.encoded(pictures.view(64, 48), kind.upper())


def _holding(kind: str, content: bytes) -> bytes:
    """Return a picture with *content* where its format has room for what it does not know."""
    good = _good(kind)
    match kind:
        case "jpeg":
            return good[:2] + b"\xff\xfe" + struct.pack(">H", 2 + len(content)) + content + good[2:]
        case "png":
            return good[:33] + chunk(b"prIv", content) + good[33:]
        case "gif":
            pieces = [content[at : at + 255] for at in range(0, len(content), 255)]
            blocks = b"".join(bytes((len(piece),)) + piece for piece in pieces)
            return good[:-1] + b"\x21\xfe" + blocks + b"\0\x3b"
        case "webp":
            return riff(b"RIFF", good[8:] + riff(b"priv", content))
        case "avif":
            return good + box(b"free", content)
    pixels = pictures.view(64, 48).convert("L").tobytes()
    # A TIFF says where everything lies, so that there is room in front of its pixels.
    return bad_pictures.tiff_of(
        [[(256, 4, 1, 64), (257, 4, 1, 48), (258, 3, 1, 8), (262, 3, 1, 1),
          (273, 4, 1, 8 + len(content)), (278, 4, 1, 48), (279, 4, 1, len(pixels))]],
        content + pixels,
    )  # fmt: skip


# --- row 46: the smallest, thinnest and emptiest ------------------------------------------------


def _degenerate() -> Iterator[BadPicture]:
    for kind in _KINDS:
        yield _odd(46, f"{kind} of one pixel", kind, lambda kind=kind: pictures.one_pixel(kind))
    yield _odd(46, "PNG of one column", "png", lambda: pictures.line(1, 16_384))
    yield _odd(46, "PNG of one row", "png", lambda: pictures.line(16_384, 1))
    yield _odd(46, "PNG that shows nothing", "png", pictures.transparent)
    yield _odd(46, "PNG that is red all over", "png", pictures.single_colour)
