"""
Files and processing options that somebody with bad luck, or bad intent, may send.

Each says what may be answered, so that a test can loop over them: refused at upload with one of
some problem codes, or accepted and then failed with one of some failure codes, or drawn. Nothing
here is large; what would be is described in few bytes, as an attacker would. `row` is the number
in the catalogue of bad inputs.
"""

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator

import attrs
from PIL import Image

from tests import pictures
from tests.malware import EICAR

POLYGLOT_MARK = b"polyglot payload 4711"
"""Stands in the second language of every polyglot; no result may hold it."""

MAX_BYTES = 25 * 1024 * 1024

_UNSUPPORTED = frozenset({"unsupported-media-type"})
_TOO_LARGE = frozenset({"image-too-large"})
_FRAMES = frozenset({"too-many-frames"})
_UNREADABLE = frozenset({"decode_failed", "truncated"})
_ANY_REFUSAL = frozenset(
    {"unsupported-media-type", "unsupported-codec", "image-too-large", "too-many-frames"}
)
# What damage at a random place may lead to; a dead worker is not among it.
_ANY_FAILURE = frozenset(
    {
        "decode_failed",
        "truncated",
        "unsupported_codec",
        "image_too_large",
        "too_many_frames",
        "output_too_large",
        "limit_memory",
        "limit_cpu",
        "timeout",
        "decoder_crash",
    }
)

Failures = frozenset[str]


@attrs.frozen
class BadPicture:
    """
    One file and every answer to it that is right.

    Attributes:
        make: Builds the bytes; cheap, so that nothing large has to be kept.
        at_upload: Problem codes that may refuse it at once, or None if it has to be accepted.
        in_task: Failure codes that its task may end with, once it was accepted.
        may_complete: Whether a result may be made of it.
        file_name: What the client calls it.
        media_type: What the client takes it for.
        payload: Bytes that no result may hold, or None.
        as_watermark: To be sent as the mark beside a good picture, not as the picture.
        options: What is asked for, as the text of the form field.
    """

    name: str
    row: int
    make: Callable[[], bytes] = attrs.field(repr=False)
    at_upload: frozenset[str] | None = None
    in_task: Failures = frozenset()
    may_complete: bool = False
    file_name: str = "photo.jpg"
    media_type: str = "image/jpeg"
    payload: bytes | None = None
    as_watermark: bool = False
    options: str = '{"resize": "300x300"}'

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.make()

    @property
    def must_be_refused(self) -> bool:
        """Whether the upload itself has to be refused."""
        return not (self.in_task or self.may_complete)

    @property
    def must_be_accepted(self) -> bool:
        """Whether the upload has to be accepted."""
        return self.at_upload is None

    def allows_refusal(self, problem_code: str) -> bool:
        """Whether the upload may be refused with *problem_code*."""
        return self.at_upload is not None and problem_code in self.at_upload

    def allows_outcome(self, failure_code: str | None) -> bool:
        """Whether the task may end with *failure_code*, or be completed (None)."""
        return self.may_complete if failure_code is None else failure_code in self.in_task

    def expectation(self) -> str:
        """Say what is right, for the message of a failed test."""
        ways = [f"refused at upload with {code}" for code in sorted(self.at_upload or ())]
        ways += [f"failed with {code}" for code in sorted(self.in_task)]
        ways += ["completed"] * self.may_complete
        return f"{self}: " + " or ".join(ways)


@attrs.frozen
class BadOptions:
    """
    Processing options that are refused.

    Attributes:
        sent: The text of the form field, or its bytes where they are not UTF-8.
        code: The problem's code.
        pointer: The problem's JSON pointer, or None where the catalogue does not fix it.
    """

    name: str
    row: int
    sent: str | bytes
    code: str
    pointer: str | None = None

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"


def bad_pictures() -> tuple[BadPicture, ...]:
    """Every bad picture, by row; names are unique."""
    found = [
        *_not_pictures(),
        *_larger_than_they_look(),
        *_too_many_frames(),
        *_strange_tiffs(),
        *_inflating_pngs(),
        *_broken_pngs(),
        *_cut_short(),
        *bit_flips(2),
        *_polyglots(),
        *_bombs_as_watermarks(),
    ]
    return tuple(sorted(found, key=lambda bad: bad.row))


# --- rows 1, 11-18, 44, 45: not pictures, or not of an accepted kind ---------------------------


def _not_pictures() -> Iterator[BadPicture]:
    yield BadPicture("empty", 1, lambda: b"", frozenset({"empty-file"}))
    yield BadPicture(
        "one byte too many", 8, _padded_to_one_byte_too_many, frozenset({"content-too-large"})
    )
    yield BadPicture(
        "zeros without end behind a PNG",
        44,
        lambda: pictures.single_colour().ljust(MAX_BYTES + 4096, b"\0"),
        frozenset({"content-too-large"}),
        file_name="photo.png",
        media_type="image/png",
    )
    yield BadPicture(
        "PNG declared as JPEG",
        12,
        lambda: pictures.photo(320, 240, "PNG"),
        may_complete=True,
    )
    yield BadPicture(
        "HTML behind the GIF magic",
        13,
        lambda: b"GIF89a<script>alert(1)</script><p>not a picture at all</p>",
        # The letters after the magic spell a size of 29500x29283.
        _UNSUPPORTED | _TOO_LARGE,
        _UNREADABLE,
        file_name="photo.gif",
        media_type="image/gif",
    )
    yield BadPicture(
        "bare GIF magic", 13, lambda: b"GIF89a", _UNSUPPORTED, _UNREADABLE, file_name="photo.gif"
    )
    for name, make, file_name, media_type in (
        ("text called PNG", lambda: b"Dear Ada,\r\nplease find enclosed\r\n", "a.png", "image/png"),
        ("HTML called JPEG", lambda: b"<!doctype html><title>x</title>", "a.jpg", "image/jpeg"),
        ("noise", lambda: random.Random(11).randbytes(4096), "a.jpg", "image/jpeg"),
        ("zeros", lambda: bytes(4096), "a.jpg", "image/jpeg"),
        ("lone JPEG magic", lambda: b"\xff\xd8\xff", "a.jpg", "image/jpeg"),
    ):
        failures = _UNREADABLE if "magic" in name else frozenset[str]()
        yield BadPicture(
            name, 11, make, _UNSUPPORTED, failures, file_name=file_name, media_type=media_type
        )
    for row, samples in ((14, _SVGS), (15, _SCRIPTED), (16, _UNTRUSTED), (17, _NO_LOADER)):
        for name, make in samples.items():
            yield BadPicture(name, row, make, _UNSUPPORTED)
    yield BadPicture(
        "Canon raw",
        16,
        # A raw file of that maker begins as a TIFF does.
        lambda: b"II*\0\x10\0\0\0CR\x02\0" + bytes(500),
        _UNSUPPORTED | frozenset({"unsupported-codec"}),
        _UNREADABLE | {"unsupported_codec"},
    )
    for brand in (b"heic", b"heix", b"hevc", b"mif1"):
        yield BadPicture(
            f"HEIC of brand {brand.decode()}",
            18,
            lambda brand=brand: box(b"ftyp", brand + bytes(4) + b"mif1heic") + box(b"mdat", b"x"),
            frozenset({"unsupported-codec", "unsupported-media-type"}),
            file_name="photo.heic",
            media_type="image/heic",
        )
    yield BadPicture(
        "AVIF with HEVC inside",
        18,
        lambda: pictures.all_formats()["avif"].replace(b"av01", b"hvc1").replace(b"av1C", b"hvcC"),
        frozenset({"unsupported-codec", "unsupported-media-type"}),
        frozenset({"unsupported_codec", "decode_failed"}),
        file_name="photo.avif",
        media_type="image/avif",
    )
    for name, make in _ARCHIVES.items():
        yield BadPicture(name, 45, make, _UNSUPPORTED)


def _padded_to_one_byte_too_many() -> bytes:
    return pictures.small_jpeg().ljust(MAX_BYTES + 1, b"\0")


def _svg(content: str, before: str = "") -> Callable[[], bytes]:
    text = (
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="100">{content}</svg>'
    )
    return lambda: text.encode()


_LAUGHS = "".join(
    f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10)
)  # ten to the ninth laughs
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SVGS: dict[str, Callable[[], bytes]] = {
    "plain SVG": _svg('<rect width="100" height="100" fill="red"/>'),
    "SVG with XML declaration": _svg('<circle r="9"/>', _XML),
    "SVG behind a byte order mark": _svg('<circle r="9"/>', "\ufeff" + _XML),
    "SVG behind spaces and comments": _svg('<circle r="9"/>', "\n" * 900 + "<!-- x -->\n"),
    "SVG with script": _svg("<script>alert(document.domain)</script>"),
    "SVG with onload": _svg('<g onload="alert(1)"/>'),
    "SVG reading a file": _svg(
        "<text>&x;</text>", _XML + '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
    "SVG calling out by entity": _svg(
        "<text>&x;</text>", _XML + '<!DOCTYPE svg [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>'
    ),
    "SVG calling out by external subset": _svg(
        "", _XML + '<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/x.dtd">'
    ),
    "SVG calling out by image": _svg('<image xlink:href="http://127.0.0.1:9/x.png"/>'),
    "SVG calling out by use": _svg('<use xlink:href="http://127.0.0.1:9/x.svg#a"/>'),
    "SVG calling out by style": _svg("<style>@import url(http://127.0.0.1:9/x.css);</style>"),
    "SVG including a file": _svg(
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    ),
    "SVG of a billion laughs": _svg(
        "<text>&lol9;</text>", f'{_XML}<!DOCTYPE svg [<!ENTITY lol0 "lol">{_LAUGHS}]>'
    ),
    "compressed SVG": lambda: gzip.compress(_svg('<circle r="9"/>')(), mtime=0),
}

_SCRIPTED: dict[str, Callable[[], bytes]] = {
    "MVG": lambda: (
        b"push graphic-context\nviewbox 0 0 640 480\n"
        b"fill 'url(https://127.0.0.1:9/x.jpg\"|ls \"-la)'\npop graphic-context\n"
    ),
    "MSL": lambda: (
        b'<?xml version="1.0"?><image><read filename="/etc/passwd"/>'
        b'<write filename="/tmp/x.png"/></image>'
    ),
    "EPS": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\nshowpage\n",
    "EPS behind a DOS header": lambda: b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, 0) + bytes(40),
    "PostScript": lambda: b"%!PS\nuserdict /setpagedevice undef\n(%pipe%id) (w) file\nshowpage\n",
    "PDF": lambda: b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
}

_NIFTI = struct.pack("<i", 348).ljust(344, b"\0") + b"n+1\0" + bytes(100)

_UNTRUSTED: dict[str, Callable[[], bytes]] = {
    "VIPS": lambda: (
        struct.pack("<4s9I", b"\xb6\xa6\xf2\x08", 8, 8, 3, 8, 0, 0, 22, 0, 0).ljust(64, b"\0")
        + bytes(192)
    ),
    "VIPS of the other byte order": lambda: (
        struct.pack(">4s9I", b"\x08\xf2\xa6\xb6", 8, 8, 3, 8, 0, 0, 22, 0, 0).ljust(64, b"\0")
        + bytes(192)
    ),
    "Matlab": lambda: b"MATLAB 5.0 MAT-file, made for a test".ljust(124) + b"\0\x01IM" + bytes(64),
    "CSV": lambda: b"1,2,3\n4,5,6\n7,8,9\n",
    "FITS": lambda: b"".join(
        card.ljust(80)
        for card in (
            b"SIMPLE  =                    T",
            b"BITPIX  =                    8",
            b"NAXIS   =                    0",
            b"END",
        )
    ).ljust(2880),
    "NIfTI": lambda: _NIFTI,
    "OpenEXR": lambda: b"\x76\x2f\x31\x01\x02\0\0\0channels\0chlist\0" + bytes(64),
    "Radiance": lambda: b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 2 +X 2\n" + bytes(16),
    "PPM": lambda: b"P6\n2 2\n255\n" + bytes(12),
    "PGM as text": lambda: b"P2\n2 2\n255\n0 1 2 3\n",
    "PFM": lambda: b"PF\n2 2\n-1.0\n" + bytes(48),
    "JPEG 2000": lambda: pictures.photo(64, 64, "JPEG2000"),
    "JPEG 2000 codestream": lambda: b"\xff\x4f\xff\x51\0\x2f\0\0" + bytes(64),
    "JPEG XL": lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + bytes(64),
    "JPEG XL codestream": lambda: b"\xff\x0a" + bytes(64),
    "Fuji raw": lambda: b"FUJIFILMCCD-RAW 0201FF383501" + bytes(256),
}

_NO_LOADER: dict[str, Callable[[], bytes]] = {
    "BMP": lambda: pictures.photo(64, 64, "BMP"),
    "ICO": lambda: pictures.photo(64, 64, "ICO"),
    "TGA": lambda: pictures.photo(64, 64, "TGA"),
    "PSD": lambda: (
        b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(12) + bytes(194)
    ),
    "ICNS": lambda: pictures.photo(64, 64, "ICNS"),
    "XBM": lambda: b"#define x_width 8\n#define x_height 1\nstatic char x_bits[] = { 0xff };\n",
}


def _zip(*, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(zipfile.ZipInfo("index.html"), POLYGLOT_MARK)
    return buffer.getvalue()


def _tar_of_links() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, target in (("photo.jpg", "/etc/passwd"), ("up", "../../..")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return buffer.getvalue()


_RAR = b"Rar!\x1a\x07\x01\0\x33\x92\xb5\xe5\x0a\x01\x05\x06\0\x05\x01\x01\x80\x80\0"

_ARCHIVES: dict[str, Callable[[], bytes]] = {
    "ZIP": _zip,
    "RAR": lambda: _RAR,
    "7z": lambda: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(24),
    "gzip bomb": lambda: b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + zeros_deflated(50_000_000)[2:-4],
    "tar of links": _tar_of_links,
    "EICAR": lambda: EICAR,
    "Linux program": lambda: b"\x7fELF\x02\x01\x01" + bytes(57),
    "Windows program": lambda: b"MZ\x90\0" + bytes(60),
}


# --- rows 19-24: sizes ---------------------------------------------------------------------


def _larger_than_they_look() -> Iterator[BadPicture]:
    samples: list[tuple[int, str, str, Callable[[], bytes]]] = [
        (19, "PNG of 41 bytes", "png", png_of_41_bytes),
        (20, "PNG of 2.5 gigapixels", "png", lambda: png_of_zeros(50_000, 50_000, 1, 0)),
        (20, "PNG as large as can be said", "png", lambda: _png(2**31 - 1, 2**31 - 1, 8, 6)),
        (20, "PNG just above 50 megapixels", "png", lambda: png_of_zeros(7_072, 7_072, 1, 0)),
        (20, "PNG of one pixel too long a side", "png", lambda: png_of_zeros(16_385, 1, 8, 0)),
        (21, "JPEG of 64250 squared", "jpeg", lambda: jpeg_declaring(64_250, 64_250)),
        (21, "JPEG of 65535 squared", "jpeg", lambda: jpeg_declaring(65_535, 65_535)),
        (21, "PNG whose pixels overflow 32 bits", "png", lambda: _png(65_536, 65_536, 8, 6)),
        (21, "AVIF of 17000 squared", "avif", lambda: avif_declaring(17_000, 17_000)),
        (21, "WebP of 16383 squared", "webp", _webp_of_16383_squared),
        (21, "GIF of 65535 squared", "gif", lambda: _gif_declaring(65_535, 65_535)),
        (21, "TIFF of 60000 squared", "tiff", lambda: _tiff_page(60_000, 60_000)),
    ]
    for row, name, kind, make in samples:
        yield BadPicture(
            name, row, make, _TOO_LARGE, file_name=f"photo.{kind}", media_type=f"image/{kind}"
        )
    yield BadPicture(
        "JPEG without a height",
        21,
        lambda: jpeg_declaring(800, 0),  # allowed by the standard, to be told later by a marker
        _UNSUPPORTED,
        _UNREADABLE,
    )
    yield BadPicture(
        "interlaced PNG of 49 megapixels and 16 bits",
        22,
        lambda: png_of_zeros(7_000, 7_000, 16, 6, interlaced=True),
        None,
        frozenset({"limit_memory", "limit_cpu", "timeout"}),
        may_complete=True,
        file_name="photo.png",
        media_type="image/png",
    )
    for scans in (20, 200):
        yield BadPicture(
            f"progressive JPEG of {scans} scans",
            23,
            lambda scans=scans: progressive_of_many_scans(scans),
            None,
            _UNREADABLE | {"limit_cpu"},
            may_complete=True,
        )
    yield BadPicture(
        "progressive JPEG of 49 megapixels",
        23,
        pictures.progressive_49mp,
        None,
        frozenset({"limit_cpu"}),
        may_complete=True,
    )
    yield BadPicture(
        "APNG with a larger frame",
        24,
        _apng_with_a_larger_frame,
        _TOO_LARGE | _UNSUPPORTED,
        frozenset({"image_too_large", "decode_failed"}),
        may_complete=True,  # by who draws the first frame only
        file_name="photo.png",
        media_type="image/png",
    )
    yield BadPicture(
        "TIFF whose second page is larger",
        24,
        lambda: tiff_of(
            [_tiff_tags(8, 8, strip_bytes=64), _tiff_tags(60_000, 60_000, strip_bytes=64)],
            bytes(64),
        ),
        _TOO_LARGE | _UNSUPPORTED,
        frozenset({"image_too_large", "decode_failed", "truncated"}),
        may_complete=True,  # by who draws the first page only
        file_name="photo.tiff",
        media_type="image/tiff",
    )


def zeros_deflated(count: int) -> bytes:
    """Return *count* zeros as zlib would compress them, without ever holding them."""
    block = 1 << 20
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    # A full flush forgets what was before, so the same block always gives the same bytes.
    piece = compressor.compress(bytes(block)) + compressor.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = last.compress(bytes(count % block)) + last.flush()
    checksum = (count % 65_521) << 16 | 1
    return b"\x78\xda" + piece * (count // block) + rest + struct.pack(">I", checksum)


_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def _header(width: int, height: int, depth: int, colour: int, *, interlaced: bool = False) -> bytes:
    return chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    )


def _png(width: int, height: int, depth: int, colour: int, *more: bytes) -> bytes:
    """A PNG of any size over the pixels of a very small one, with *more* chunks in front."""
    return b"".join(
        (
            _PNG_SIGNATURE,
            _header(width, height, depth, colour),
            *more,
            chunk(b"IDAT", zeros_deflated(1024)),
            chunk(b"IEND"),
        )
    )


def png_of_41_bytes() -> bytes:
    """Header and nothing else: 786464x32, four channels of 16 bits, interlaced."""
    header = _header(786_464, 32, 16, 6, interlaced=True)
    return _PNG_SIGNATURE + header + b"\0\0\0\0IDAT"


def png_of_zeros(
    width: int, height: int, depth: int, colour: int, *, interlaced: bool = False
) -> bytes:
    """A whole, valid PNG all of whose samples are zero."""
    bits = depth * _CHANNELS[colour]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]  # fmt: skip
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return b"".join(
        (
            _PNG_SIGNATURE,
            _header(width, height, depth, colour, interlaced=interlaced),
            chunk(b"IDAT", zeros_deflated(total)),
            chunk(b"IEND"),
        )
    )


def jpeg_declaring(width: int, height: int) -> bytes:
    """A small JPEG whose frame header declares another size."""
    data = bytearray(pictures.photo(64, 64, quality=50))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, height, width)
    return bytes(data)


def avif_declaring(width: int, height: int) -> bytes:
    """A small AVIF whose container declares another size."""
    data = bytearray(pictures.photo(64, 64, "AVIF", speed=10))
    at = data.index(b"ispe")
    struct.pack_into(">II", data, at + 8, width, height)
    return bytes(data)


def _gif_declaring(width: int, height: int) -> bytes:
    data = bytearray(pictures.photo(64, 64, "GIF"))
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def _webp_of_16383_squared() -> bytes:
    data = bytearray(pictures.photo(64, 64, "WEBP", lossless=True))
    at = data.index(b"VP8L") + 9
    size = struct.unpack_from("<I", data, at)[0]
    struct.pack_into("<I", data, at, size & 0xF000_0000 | 16_382 << 14 | 16_382)
    return bytes(data)


def progressive_of_many_scans(count: int, side: int = 7_000) -> bytes:
    """A grey progressive JPEG of *count* scans, 883 at most, each of which goes over all of it."""
    blocks = (-(-side // 8)) ** 2
    # For each coefficient alone its highest bit, then bit after bit, as the standard allows.
    passes = [
        (place, place, 0 if bit == 13 else bit + 1, bit)
        for place in range(1, 64)
        for bit in range(13, -1, -1)
    ]
    empty = _jpeg_bits(_ends_of_blocks(blocks))
    scans = b"".join(_jpeg_scan(*scan) + empty for scan in passes[: count - 1])
    return b"".join(
        (
            b"\xff\xd8",
            b"\xff\xdb\x00\x43\x00" + b"\x01" * 64,
            b"\xff\xc2" + struct.pack(">HBHHBBBB", 11, 8, side, side, 1, 1, 0x11, 0),
            # One code for "no difference", and fifteen, of four bits, for the ends of blocks.
            b"\xff\xc4" + struct.pack(">HB", 20, 0x00) + b"\x01" + bytes(15) + b"\x00",
            b"\xff\xc4" + struct.pack(">HB", 34, 0x10) + bytes((0, 0, 0, 15)) + bytes(12)
            + bytes(run << 4 for run in range(15)),
            _jpeg_scan(0, 0, 0, 0) + bytes(-(-blocks // 8)),
            scans,
            b"\xff\xd9",
        )
    )  # fmt: skip


def _jpeg_scan(first: int, last: int, high: int, low: int) -> bytes:
    return b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0x00, first, last, high << 4 | low)


def _ends_of_blocks(blocks: int) -> str:
    """Return the bits that say, of so many blocks, that nothing is in them."""
    bits = ""
    while blocks:
        run = min(blocks.bit_length() - 1, 14)
        length = min(blocks, (2 << run) - 1)
        bits += f"{run:04b}" + (f"{length - (1 << run):0{run}b}" if run else "")
        blocks -= length
    return bits


def _jpeg_bits(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\x00")


def _apng_with_a_larger_frame() -> bytes:
    first, *others = (pictures.view(64, 64, name) for name in ("coffee.png", "chelsea.png"))
    data = pictures.encoded(first, "PNG", save_all=True, append_images=others)
    second = data.index(b"fcTL", data.index(b"IDAT"))
    control = bytearray(data[second + 4 : second + 30])
    struct.pack_into(">II", control, 4, 60_000, 60_000)
    return data[: second - 4] + chunk(b"fcTL", bytes(control)) + data[second + 34 :]


# --- rows 25-27: frames -----------------------------------------------------------------------


def _too_many_frames() -> Iterator[BadPicture]:
    gif = {"file_name": "photo.gif", "media_type": "image/gif"}
    refused = _FRAMES | _TOO_LARGE  # many frames of many pixels are too many of both
    failed = frozenset({"too_many_frames", "image_too_large"})
    yield BadPicture(
        "GIF of 3000 frames of a megapixel",
        25,
        lambda: gif_of_frames(3_000),
        refused,
        failed,
        **gif,
    )
    yield BadPicture(
        "GIF of 3000 frames of one pixel",
        25,
        lambda: gif_of_frames(3_000, whole=False),
        refused,
        failed,
        **gif,
    )
    for name, make in (
        ("GIF without a frame", lambda: _gif_around(b"")),
        ("GIF without an end", lambda: _gif_around(b"")[:-1]),
        ("GIF of empty frames", lambda: _gif_around(_gif_frame(0, 0, b"\x02\0") * 400)),
        ("GIF of frames without pixels", lambda: _gif_around(_gif_frame(8, 8, b"\x02\0") * 400)),
        ("GIF of empty extensions", lambda: _gif_around(b"\x21\xff\0" * 5_000)),
        ("GIF of zeros", lambda: _gif_around(bytes(5_000))),
    ):
        yield BadPicture(
            name, 26, make, _UNSUPPORTED | refused, _UNREADABLE | failed, may_complete=True, **gif
        )
    yield BadPicture(
        "WebP of 1000 frames",
        27,
        lambda: webp_of_frames(1_000),
        _FRAMES,
        frozenset({"too_many_frames"}),
        file_name="photo.webp",
        media_type="image/webp",
    )


def _gif_around(frames: bytes, width: int = 8, height: int = 8) -> bytes:
    forever = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + forever + frames + b"\x3b"


def _gif_frame(width: int, height: int, pixels: bytes) -> bytes:
    return b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + pixels


def gif_of_frames(count: int, *, whole: bool = True) -> bytes:
    """A GIF of 1000x1000 with *count* frames, that cover all of it or one pixel each."""
    side = 1000 if whole else 1
    drawn = pictures.encoded(Image.new("P", (side, side)), "GIF")
    at = drawn.index(b"\x2c" + struct.pack("<HHHH", 0, 0, side, side))
    pixels = drawn[at + 10 : -1]
    delay = b"\x21\xf9\x04\x04\x05\0\0\0"
    return _gif_around((delay + _gif_frame(side, side, pixels)) * count, 1000, 1000)


def webp_of_frames(count: int) -> bytes:
    """An animated WebP of 16x16 with *count* frames."""
    still = pictures.photo(16, 16, "WEBP", lossless=True)[12:]
    extent = (15).to_bytes(3, "little") * 2
    frame = bytes(6) + extent + (50).to_bytes(3, "little") + b"\0" + still
    chunks = (
        riff(b"VP8X", b"\x02\0\0\0" + extent)
        + riff(b"ANIM", bytes(6))
        + riff(b"ANMF", frame) * count
    )
    return riff(b"RIFF", b"WEBP" + chunks)


def riff(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


# --- rows 28-30: TIFF ---------------------------------------------------------------------------

_TiffTags = list[tuple[int, int, int, int]]  # tag, type (3 short, 4 long), count, value or offset


def _strange_tiffs() -> Iterator[BadPicture]:
    tiff = {"file_name": "photo.tiff", "media_type": "image/tiff"}
    yield BadPicture(
        "TIFF of 100000 directories",
        28,
        lambda: tiff_of_pages(100_000),
        _FRAMES | _UNSUPPORTED,
        frozenset({"too_many_frames", "decode_failed"}),
        **tiff,
    )
    yield BadPicture(
        "TIFF whose directories go round in a circle",
        28,
        lambda: tiff_of([_tiff_tags(8, 8, strip_bytes=64)] * 2, bytes(64), last_next=8 + 64),
        _FRAMES | _UNSUPPORTED,
        frozenset({"too_many_frames", "decode_failed"}),
        may_complete=True,  # by who draws the first page only
        **tiff,
    )
    yield BadPicture("TIFF without a directory", 28, lambda: b"II*\0\0\0\0\0", _UNSUPPORTED,
                     _UNREADABLE, **tiff)  # fmt: skip
    yield BadPicture("TIFF whose directory lies beyond its end", 28,
                     lambda: b"II*\0\xff\xff\xff\x7f" + bytes(64), _UNSUPPORTED, _UNREADABLE,
                     **tiff)  # fmt: skip
    yield BadPicture(
        "TIFF of tiles that inflate",
        29,
        _tiff_of_inflating_tiles,
        None,
        frozenset({"limit_memory"}),
        may_complete=True,
        **tiff,
    )
    for name, make in (
        ("TIFF of old JPEG", tiff_of_old_jpeg),
        ("TIFF of JPEG tiles larger than told", lambda: tiff_of_jpeg_tile(16, 64)),
        ("TIFF of JPEG tiles smaller than told", lambda: tiff_of_jpeg_tile(64, 16)),
        ("TIFF of JPEG tiles", lambda: tiff_of_jpeg_tile(64, 64)),
    ):
        yield BadPicture(
            name,
            30,
            make,
            _UNSUPPORTED | frozenset({"unsupported-codec"}),
            _UNREADABLE | {"unsupported_codec", "decoder_crash"},
            may_complete=True,
            **tiff,
        )


def tiff_of(pages: list[_TiffTags], data: bytes, *, last_next: int = 0) -> bytes:
    """A little-endian TIFF: *data* from byte 8 on, directories behind it."""
    parts = [b"II*\0" + struct.pack("<I", 8 + len(data)), data]
    at = 8 + len(data)
    for number, tags in enumerate(pages, 1):
        at += 2 + 12 * len(tags) + 4
        entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
        following = at if number < len(pages) else last_next
        parts.append(struct.pack("<H", len(tags)) + entries + struct.pack("<I", following))
    return b"".join(parts)


def _tiff_tags(width: int, height: int, *, strip_bytes: int) -> _TiffTags:
    """Grey, one byte a pixel, not compressed, one strip at byte 8."""
    return [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (278, 4, 1, height),
        (279, 4, 1, strip_bytes),
    ]


def _tiff_page(width: int, height: int) -> bytes:
    return tiff_of([_tiff_tags(width, height, strip_bytes=64)], bytes(64))


def tiff_of_pages(count: int) -> bytes:
    """A TIFF of *count* pages of 8x8 that share their pixels."""
    # Written in one go: 94 bytes a directory, each pointing behind itself.
    template = tiff_of([_tiff_tags(8, 8, strip_bytes=64)], bytes(64))
    body, start = template[72:-4], 72
    length = len(body) + 4
    links = (start + length * number for number in range(1, count))
    directories = b"".join(body + struct.pack("<I", following) for following in links)
    return template[:72] + directories + body + bytes(4)


def _tiff_of_inflating_tiles() -> bytes:
    tile = zeros_deflated(4096 * 4096 * 3)
    at = 8 + 32 + 8
    data = struct.pack("<8I", *[at] * 4, *[len(tile)] * 4) + struct.pack("<4H", 8, 8, 8, 0) + tile
    tags = [
        (256, 4, 1, 7000),
        (257, 4, 1, 7000),
        (258, 3, 3, 40),
        (259, 3, 1, 8),
        (262, 3, 1, 2),
        (277, 3, 1, 3),
        (322, 4, 1, 4096),
        (323, 4, 1, 4096),
        (324, 4, 4, 8),
        (325, 4, 4, 24),
    ]
    return tiff_of([tags], data)


def tiff_of_jpeg_tile(told: int, real: int) -> bytes:
    jpeg = pictures.encoded(pictures.view(real, real).convert("L"), "JPEG")
    tags = [
        (256, 4, 1, told),
        (257, 4, 1, told),
        (258, 3, 1, 8),
        (259, 3, 1, 7),
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (322, 4, 1, told),
        (323, 4, 1, told),
        (324, 4, 1, 8),
        (325, 4, 1, len(jpeg)),
    ]
    return tiff_of([tags], jpeg)


def tiff_of_old_jpeg() -> bytes:
    jpeg = pictures.encoded(pictures.view(64, 64).convert("L"), "JPEG")
    tags = [
        *(tag for tag in _tiff_tags(64, 64, strip_bytes=len(jpeg))),
        (259, 3, 1, 6),
        (513, 4, 1, 8),
        (514, 4, 1, len(jpeg)),
    ]
    return tiff_of([tags], jpeg)


# --- rows 31-34: PNG ----------------------------------------------------------------------------

_INFLATED = 200_000_000


def _inflating_pngs() -> Iterator[BadPicture]:
    good = pictures.photo(64, 64, "PNG")
    behind_header, rest = good[:33], good[33:]
    unseen = zeros_deflated(_INFLATED)
    for row, name, make in (
        (31, "PNG whose profile inflates", lambda: chunk(b"iCCP", b"icc\0\0" + unseen)),
        (32, "PNG whose text inflates", lambda: chunk(b"zTXt", b"Comment\0\0" + unseen)),
        (
            32,
            "PNG whose international text inflates",
            lambda: chunk(b"iTXt", b"Comment\0\x01\0\0\0" + unseen),
        ),
        (32, "PNG of 100000 texts", lambda: chunk(b"tEXt", b"Comment\0nothing") * 100_000),
    ):
        yield BadPicture(
            name,
            row,
            lambda make=make: behind_header + make() + rest,
            None,
            frozenset({"decode_failed"}) if row == 31 else frozenset(),
            may_complete=True,
            file_name="photo.png",
            media_type="image/png",
        )
    yield BadPicture(
        "PNG with more pixels than it needs",
        33,
        lambda: _PNG_SIGNATURE + _header(16, 16, 8, 2) + chunk(b"IDAT", unseen) + chunk(b"IEND"),
        None,
        frozenset({"decode_failed"}),
        may_complete=True,
        file_name="photo.png",
        media_type="image/png",
    )


def _broken_pngs() -> Iterator[BadPicture]:
    header = _header(32, 32, 8, 2)
    pixels = chunk(b"IDAT", zeros_deflated(32 * (1 + 32 * 3)))
    rest = pixels + chunk(b"IEND")
    good = _PNG_SIGNATURE + header + rest
    with_other_header: Callable[[int, int], bytes] = lambda depth, colour: (
        _PNG_SIGNATURE + _header(32, 32, depth, colour) + rest
    )
    # The names are those of the PngSuite, whose files these are modelled on.
    for name, data in {
        "xs1n0g01 high bit of the signature lost": b"\x09" + good[1:],
        "xs2n0g01 other first letter": good[:1] + b"Q" + good[2:],
        "xs4n0g01 other second letter": good[:2] + b"n" + good[3:],
        "xs7n0g01 line feed replaced": good[:7] + b" " + good[8:],
        "xcrn0g04 carriage returns added": good.replace(b"\n", b"\r\n"),
        "xlfn0g04 carriage returns removed": good.replace(b"\r\n", b"\n"),
        "xhdn0g08 wrong checksum of the header": good[:29] + b"\0\0\0\0" + good[33:],
        "xc1n0g08 colour type 1": with_other_header(8, 1),
        "xc9n2c08 colour type 9": with_other_header(8, 9),
        "xd0n2c08 no bits": with_other_header(0, 2),
        "xd3n2c08 three bits": with_other_header(3, 2),
        "xd9n2c08 99 bits": with_other_header(99, 2),
        "xdtn0g01 no pixels": _PNG_SIGNATURE + header + chunk(b"IEND"),
        "xcsn0g01 wrong checksum of the pixels": good.replace(pixels[-4:], b"\0\0\0\0"),
        "no width": _PNG_SIGNATURE + _header(0, 32, 8, 2) + rest,
        "no palette": with_other_header(8, 3),
        "signature alone": _PNG_SIGNATURE,
        "pixels before the header": _PNG_SIGNATURE + pixels + header + chunk(b"IEND"),
    }.items():
        yield BadPicture(
            f"PNG {name}",
            34,
            lambda data=data: data,
            _UNSUPPORTED,
            _UNREADABLE,
            file_name="photo.png",
            media_type="image/png",
        )


# --- rows 35, 36: damage ------------------------------------------------------------------------


def _cut_short() -> Iterator[BadPicture]:
    for kind, data in pictures.all_formats().items():
        for percent in (10, 50, 90, 99):
            yield BadPicture(
                f"{kind} cut at {percent} %",
                35,
                lambda data=data, percent=percent: data[: len(data) * percent // 100],
                _UNSUPPORTED,
                _UNREADABLE,
                file_name=f"photo.{kind}",
                media_type=f"image/{kind}",
            )


def bit_flips(per_format: int, *, seed: int = 4711) -> Iterator[BadPicture]:
    """Yield *per_format* pictures of each format with one flipped bit, always the same ones."""
    chance = random.Random(seed)
    for kind, data in pictures.all_formats().items():
        for number in range(1, per_format + 1):
            bit = chance.randrange(len(data) * 8)
            yield BadPicture(
                f"{kind} flip {number} at bit {bit}",
                36,
                lambda data=data, bit=bit: _with_flipped(data, bit),
                _ANY_REFUSAL,
                _ANY_FAILURE,
                may_complete=True,
                file_name=f"photo.{kind}",
                media_type=f"image/{kind}",
            )


def _with_flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# --- row 43: two languages at once --------------------------------------------------------------


def _polyglots() -> Iterator[BadPicture]:
    html = b"<html><body><script>/*" + POLYGLOT_MARK + b"*/alert(1)</script></body></html>"
    php = b"<?php /*" + POLYGLOT_MARK + b"*/ system($_GET[0]); ?>"
    pdf = b"%PDF-1.4\n%" + POLYGLOT_MARK + b"\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"
    good = pictures.all_formats()
    jpeg_start, jpeg_rest = good["jpeg"][:2], good["jpeg"][2:]
    # Sector 16 of a CD image is where its file system begins.
    iso = chunk(b"isOo", b"\x01CD001\x01\0".rjust(32_768 - 33 - 8 + 8, b"\0") + POLYGLOT_MARK)
    for name, kind, make in (
        (
            "JPEG and HTML",
            "jpeg",
            lambda: jpeg_start + b"\xff\xfe" + struct.pack(">H", 2 + len(html)) + html + jpeg_rest,
        ),
        ("JPEG before HTML", "jpeg", lambda: good["jpeg"] + html),
        ("JPEG and RAR", "jpeg", lambda: good["jpeg"] + _RAR + POLYGLOT_MARK),
        (
            "GIF and PHP",
            "gif",
            lambda: good["gif"][:-1] + b"\x21\xfe" + bytes([len(php)]) + php + b"\0\x3b",
        ),
        ("PNG and ZIP", "png", lambda: good["png"] + _zip()),
        ("PNG and PHP", "png", lambda: good["png"][:33] + chunk(b"tEXt", b"Comment\0" + php)
         + good["png"][33:]),
        ("PNG and CD image", "png", lambda: good["png"][:33] + iso + good["png"][33:]),
        ("TIFF and PDF", "tiff", lambda: tiff_of([_tiff_tags(8, 8, strip_bytes=64)],
                                               bytes(64) + pdf)),
        ("WebP and HTML", "webp", lambda: riff(b"RIFF", good["webp"][8:] + riff(b"html", html))),
        ("AVIF and HTML", "avif", lambda: good["avif"] + box(b"free", html)),
    ):  # fmt: skip
        yield BadPicture(
            name,
            43,
            make,
            may_complete=True,
            payload=POLYGLOT_MARK,
            file_name=f"photo.{kind}",
            media_type=f"image/{kind}",
        )


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


# --- row 53: bombs as watermarks ----------------------------------------------------------------


def _bombs_as_watermarks() -> Iterator[BadPicture]:
    for name, make, codes in (
        ("PNG of 41 bytes as a mark", png_of_41_bytes, _TOO_LARGE),
        (
            "PNG of 2.5 gigapixels as a mark",
            lambda: png_of_zeros(50_000, 50_000, 1, 0),
            _TOO_LARGE,
        ),
        ("JPEG of 64250 squared as a mark", lambda: jpeg_declaring(64_250, 64_250), _TOO_LARGE),
        ("SVG as a mark", _SVGS["SVG of a billion laughs"], _UNSUPPORTED),
    ):
        yield BadPicture(name, 53, make, codes, file_name="logo.png", as_watermark=True)


# --- rows 47-55: processing options -------------------------------------------------------------


def bad_options() -> tuple[BadOptions, ...]:
    """Every bad text for `processingOptions`, by row; names are unique."""
    invalid = "invalid-parameter"
    resize_to = '{"resize": "%s"}'
    step = '{"version": 1, "pipeline": [%s], "output": {}}'
    output = '{"version": 1, "pipeline": [], "output": %s}'
    found = [
        *(
            BadOptions(f"resize to {size}", 47, resize_to % size, invalid, "/resize")
            for size in (
                "0x0", "-1x5", "1e9x1", "NaN", "x", "", "800", "800x600x400", "800 x 600", "0x5",
                "８００x６００", "0x1F4x600", "800x600; rm -rf /",
            )
        ),
        BadOptions("resize to a number", 47, '{"resize": 800}', invalid, "/resize"),
        BadOptions("resize to true", 47, '{"resize": true}', invalid, "/resize"),
        *(
            BadOptions(
                f"long resize, width {width}",
                47,
                step % f'{{"op": "resize", "width": {width}}}',
                invalid,
                "/pipeline/0/width",
            )
            for width in ("0", "-1", "10.5", "true", '"800"', '"0%"', '"1001%"', '"٣%"', "[1]")
        ),
        BadOptions("long resize without a size", 47, step % '{"op": "resize"}', invalid,
                   "/pipeline/0"),
        BadOptions("resize to 100000x100000", 48, resize_to % "100000x100000", "output-too-large",
                   "/resize"),
        BadOptions("resize to 16385x1", 48, resize_to % "16385x1", "output-too-large", "/resize"),
        BadOptions("long resize to 100000", 48, step % '{"op": "resize", "width": 100000}',
                   "output-too-large", "/pipeline/0/width"),
        BadOptions("second step too large", 48,
                   step % '{"op": "grayscale"}, {"op": "resize", "height": 100000}',
                   "output-too-large", "/pipeline/1/height"),
        BadOptions("blur by a billion", 49, '{"blur": 1000000000}', invalid, "/blur"),
        BadOptions("blur by nothing", 49, '{"blur": 0}', invalid, "/blur"),
        BadOptions("blur by text", 49, '{"blur": "much"}', invalid, "/blur"),
        BadOptions("long blur by a billion", 49, step % '{"op": "blur", "sigma": 1e9}', invalid,
                   "/pipeline/0/sigma"),
        BadOptions("blur object by a billion", 49, '{"blur": {"sigma": 1e9}}', invalid,
                   "/blur/sigma"),
        BadOptions("a filter that is none", 49, '{"filters": ["posterize"]}', invalid, "/filters/0"),
        BadOptions("negate by a number", 49, '{"filters": ["negate:2"]}', invalid, "/filters/0"),
        BadOptions("half a threshold", 49, '{"filters": ["threshold:0.5"]}', invalid, "/filters/0"),
        BadOptions("a tint that shines through", 49,
                   '{"pipeline": [{"op": "tint", "color": "#ff000080"}]}', invalid,
                   "/pipeline/0/color"),
        BadOptions("corners of words", 49,
                   '{"pipeline": [{"op": "roundCorners", "radius": "round"}]}', invalid,
                   "/pipeline/0/radius"),
        BadOptions("a pad of nothing", 49, '{"pipeline": [{"op": "pad"}]}', invalid, "/pipeline/0"),
        BadOptions("a region without width", 49,
                   '{"pipeline": [{"op": "redact", "regions": [{"left": 1, "top": 1, "height": 1}]}]}',
                   invalid, "/pipeline/0/regions/0/width"),
        BadOptions("a region that begins before the picture", 49,
                   '{"filters": [{"op": "blur", "regions": [{"left": -1, "top": 1, "width": 1,'
                   ' "height": 1}]}]}', invalid, "/filters/0/regions/0/left"),
        BadOptions("nothing to redact", 49, '{"pipeline": [{"op": "redact", "regions": []}]}',
                   invalid, "/pipeline/0/regions"),
        BadOptions("sharpen by -1", 49, '{"sharpen": -1}', invalid, "/sharpen"),
        BadOptions("sharpen object by -1", 49, '{"sharpen": {"sigma": -1}}', invalid,
                   "/sharpen/sigma"),
        BadOptions("rotate by 1e308", 49, '{"rotate": 1e308}', invalid, "/rotate"),
        BadOptions("long rotate by 1e308", 49, step % '{"op": "rotate", "angle": 1e308}', invalid,
                   "/pipeline/0/angle"),
        BadOptions("long crop of nothing", 49, step % '{"op": "crop"}', invalid, "/pipeline/0"),
        BadOptions("long crop from -1", 49,
                   step % '{"op": "crop", "left": -1, "top": 0, "width": 5, "height": 5}', invalid,
                   "/pipeline/0/left"),
        *(
            BadOptions(f"{count} operations", 51,
                       step % ", ".join(['{"op": "grayscale"}'] * count), "too-many-operations",
                       "/pipeline")
            for count in (21, 1000)
        ),
        BadOptions("unknown operation", 51, step % '{"op": "explode"}', "unknown-operation",
                   "/pipeline/0/op"),
        BadOptions("operation of no kind", 51, step % '{"op": 5}', "unknown-operation",
                   "/pipeline/0/op"),
        BadOptions("a form of another house", 51, "resize=800x600", "unknown-operation",
                   "/pipeline/0/op"),
        BadOptions("unknown filter", 51, '{"filters": ["explode"]}', invalid, "/filters/0"),
        BadOptions("unknown member", 51, '{"resizee": "800x600"}', "unknown-member",
                   "/resizee"),
        BadOptions("unknown member of a step", 51,
                   step % '{"op": "grayscale", "strength": 1}', "unknown-member",
                   "/pipeline/0/strength"),
        BadOptions("unknown member of the output", 51, output % '{"format": "png", "chmod": 1}',
                   "unknown-member", "/output/chmod"),
        *(
            BadOptions(f"mark {name}", 52, f'{{"watermark": "{name}"}}', invalid, "/watermark")
            for name in (
                "../../etc/passwd", "/etc/passwd", "http://127.0.0.1/x.png", "file:///etc/passwd",
                "a..b", "", " logo.png", "logo.png\\u000a", "C:\\\\logo.png", "x" * 101,
            )
        ),
        BadOptions("a text of 501 letters", 53,
                   '{"pipeline": [{"op": "watermark", "text": "%s"}]}' % ("W" * 501), invalid,
                   "/pipeline/0/text"),
        BadOptions("a text of a million letters", 53,
                   '{"pipeline": [{"op": "watermark", "text": "%s"}]}' % ("W" * 10**6),
                   "malformed-json"),
        *(
            BadOptions(f"format {name}", 54, f'{{"format": "{name}"}}', invalid, "/format")
            for name in ("svg", "pdf", "exe", "")
        ),
        BadOptions("long format svg", 54, output % '{"format": "svg"}', invalid, "/output/format"),
        *(
            BadOptions(f"quality {value}", 54, f'{{"quality": {value}}}', invalid, "/quality")
            for value in ("0", "101", "-1", "80.5", "true", '"80"')
        ),
        BadOptions("long quality 101", 54, output % '{"quality": 101}', invalid, "/output/quality"),
        *(
            BadOptions(f"in a URL, {sent[:40]}", row, sent, code, pointer)
            for row, sent, code, pointer in (
                (47, "resize:w=0", invalid, "/pipeline/0/width"),
                (48, "resize:w=99999", "output-too-large", "/pipeline/0/width"),
                (49, "blur:sigma=" + "9" * 5_000, invalid, "/pipeline/0/sigma"),
                (49, "blur:sigma=1e999", invalid, "/pipeline/0/sigma"),
                (51, "grayscale/" * 3_000, "too-many-operations", "/pipeline"),
                (49, "blur:" + "sigma.sigma" * 5_000, invalid, "/pipeline/0/sigma"),
                (51, "blur:sigma=2,op=crop", "unknown-member", "/pipeline/0/op"),
                (52, "watermark:image=..%2F..%2Fetc%2Fpasswd", invalid, "/pipeline/0/image"),
                (52, "watermark:text=%00", invalid, "/pipeline/0/text"),
                (52, "watermark:text=%ED%A0%80", invalid, "/pipeline/0/text"),
                (54, "out:format=svg", invalid, "/output/format"),
            )
        ),
        *(
            BadOptions(name, 55, sent, "malformed-json")
            for name, sent in {
                "no JSON": "800x600",
                "half an object": '{"resize": "800x6',
                "comma at the end": '{"resize": "800x600",}',
                "two values": "{} {}",
                "single quotes": "{'resize': '800x600'}",
                "deep arrays": "[" * 20_000 + "]" * 20_000,
                "deep objects": '{"a":' * 10_000 + "1" + "}" * 10_000,
                "33 levels": '{"a":' * 33 + "1" + "}" * 33,
                "NaN": '{"blur": NaN}',
                "Infinity": '{"blur": Infinity}',
                "minus Infinity": '{"blur": -Infinity}',
                "a member twice": '{"resize": "800x600", "resize": "1x1"}',
                "a member twice, deep": step % '{"op": "blur", "sigma": 1, "sigma": 2}',
                "byte order mark": b'\xef\xbb\xbf{"resize": "800x600"}',
                "UTF-16": '{"resize": "800x600"}'.encode("utf-16"),
                "UTF-16 without mark": '{"resize": "800x600"}'.encode("utf-16-le"),
                "Latin-1": '{"watermark": "café.png"}'.encode("latin-1"),
                "overlong UTF-8": b'{"watermark": "\xc0\xafetc"}',
                "lone surrogate": '{"watermark": "\\ud800.png"}',
                "lone surrogate as a member": '{"\\udfff": 1}',
                "NUL": '{"watermark": "logo\\u0000.png"}',
                "Latin-1 in a URL": "watermark:image=café.png".encode("latin-1"),
                "bare NUL": b'{"watermark": "logo\0.png"}',
                "integer of 5000 digits": '{"blur": ' + "9" * 5_000 + "}",
            }.items()
        ),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda bad: bad.row))
