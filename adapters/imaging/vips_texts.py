"""Texts as masks, drawn by libvips' Pango with the fonts that ship and with those of strangers."""

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

import pyvips

from adapters.imaging.asset_faults import AssetMissing, AssetUnusable
from adapters.imaging.glib_warnings import hear
from domain.images.operations import Align, Font, Watermark
from domain.images.pipeline import Pipeline
from domain.images.units import in_pixels

_FAMILIES: Final = {Font.SANS: "Noto Sans", Font.SERIF: "Noto Serif"}
# Looked up before there is a renderer: no process starts that could not write.
_FILES: Final = {
    Font.SANS: str(files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf"),
    Font.SERIF: str(files("fontpkg_noto_serif") / "files" / "NotoSerif[wdth,wght].ttf"),
}
# What fonts.conf calls the fonts behind these descriptors: what they call themselves is not
# believed. They are the last that a renderer may have, so that none of its files has their place.
_OWN_FAMILIES: Final = {59: "Own A", 60: "Own B", 61: "Own C", 62: "Own D", 63: "Own E"}
_ALIGN: Final = {Align.LEFT: "low", Align.CENTER: "centre", Align.RIGHT: "high"}
_MIRRORED: Final = {"low": "high", "centre": "centre", "high": "low"}
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
_POINTS_PER_INCH: Final = 72  # one pixel a point
_SAMPLE_PX: Final = 12
_NOTHING: Final = "no text to render"
# How libvips and Pango say that they draw with another font than they were told to.
_FALLBACKS: Final = ("unable to load fontfile", "ugly output")


def open_fonts() -> None:
    """
    Open the fonts that ship, for good: later on no file can be opened.

    Starts a thread.
    """
    for font, family in _FAMILIES.items():
        pyvips.Image.text("A", font=f"{family} {_SAMPLE_PX}", fontfile=_FILES[font])
    keep_fonts_open()


def files_of_fonts() -> list[str]:
    """Return the files that `open_fonts` reads."""
    return [*_FILES.values(), os.environ["FONTCONFIG_FILE"]]


def open_own_fonts(pipeline: Pipeline, assets: Mapping[str, int]) -> dict[str, str]:
    """
    Open the fonts that *pipeline* brings, for good, behind the descriptors in *assets*.

    Returns their families by their names. To be called once, after `open_fonts`.

    Raises:
        AssetMissing, AssetUnusable: One is not there, or is none.
    """
    hear("Pango")
    families = {}
    for name, (slot, family) in zip(pipeline.font_names, _OWN_FAMILIES.items(), strict=False):
        if name not in assets:
            raise AssetMissing(name, "font")
        os.dup2(assets[name], slot)
        with _in_no_other_font(name):
            _sampled("A", f"{family} {_SAMPLE_PX}", fontfile=f"/proc/self/fd/{slot}")
        families[name] = family
    # Every font that came closed the others. They open where a letter is drawn that is not kept as
    # a picture already: the shipped ones' sample in a size of its own, the others' very texts.
    for family in _FAMILIES.values():
        _sampled("A", f"{family} {_SAMPLE_PX + 1}")
    for step in pipeline.in_own_fonts:
        _drawn(step, families, _SAMPLE_PX + 1, _SAMPLE_PX * _SAMPLE_PX)
    return families


def _sampled(text: str, font: str, **options: str) -> None:
    try:
        pyvips.Image.text(text, font=font, **options)
    except pyvips.Error as error:
        if _NOTHING not in str(error):  # a font may have no ink for it
            raise


class _Heard(logging.Handler):
    """Remembers what was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.complaints.append(record.getMessage())


@contextlib.contextmanager
def _in_no_other_font(name: str) -> Iterator[None]:
    """Refuse the font *name* where letters come out in another, or not at all."""
    heard = _Heard()
    logger = logging.getLogger(pyvips.__name__)
    logger.addHandler(heard)
    try:
        yield
    except pyvips.Error as error:
        raise AssetUnusable(name, error, "font") from error
    finally:
        logger.removeHandler(heard)
    for complaint in heard.complaints:
        if any(words in complaint for words in _FALLBACKS):
            raise AssetUnusable(name, pyvips.Error(complaint), "font")


def has_font(font: Font) -> bool:
    """Tell whether a letter can be drawn in *font*, which has been opened or cannot be."""
    try:
        return bool(pyvips.Image.text("A", font=f"{_FAMILIES[font]} {_SAMPLE_PX}").max() > 0)
    except pyvips.Error:
        return False


def keep_fonts_open() -> None:
    """Use every font, so that none is closed for being the one unused longest."""
    for family in _FAMILIES.values():
        pyvips.Image.text("A", font=f"{family} {_SAMPLE_PX}")


def lettering(
    step: Watermark, own_families: Mapping[str, str], width: int, height: int
) -> pyvips.Image:
    """
    Return the text of *step* as a mask of one band, as large as its ink and in memory.

    *own_families* are those of the fonts that do not ship, by their names.

    It is scaled down as a whole where it would be larger than *width* × *height*. A text without
    ink is one empty pixel.
    """
    keep_fonts_open()
    size = float(max(1, min(in_pixels(step.size, min(width, height)), max(width, height))))
    wrap = float(width if step.width is None else min(max(1, in_pixels(step.width, width)), width))
    # A small sample tells how large it will get before that much memory is asked for.
    shrink = min(1.0, _SAMPLE_PX / size)
    sample = _drawn(step, own_families, size * shrink, wrap * shrink)
    scale = min(1.0, width * shrink / sample.width, height * shrink / sample.height)
    mask = _drawn(step, own_families, size * scale, wrap * scale)
    excess = min(width / mask.width, height / mask.height)
    return mask.resize(excess).crop(0, 0, *_within(mask, excess)) if excess < 1 else mask


def _within(mask: pyvips.Image, scale: float) -> tuple[int, int]:
    return max(1, int(mask.width * scale)), max(1, int(mask.height * scale))


def _drawn(
    step: Watermark, own_families: Mapping[str, str], size: float, wrap: float
) -> pyvips.Image:
    if isinstance(step.font, Font):
        return _drawn_in(_FAMILIES[step.font], step, size, wrap)
    with _in_no_other_font(step.font):
        return _drawn_in(own_families[step.font], step, size, wrap)


def _drawn_in(family: str, step: Watermark, size: float, wrap: float) -> pyvips.Image:
    align = _ALIGN[step.align]
    try:
        return pyvips.Image.text(
            _markup(step),
            font=f"{family} {size:.2f}",
            width=max(1, round(wrap)),
            # Pango means the side at which lines begin.
            align=_MIRRORED[align] if step.rtl else align,
            spacing=round((step.line_spacing - 1) * size),
            dpi=_POINTS_PER_INCH,
            wrap="word-char",
        ).copy_memory()
    except pyvips.Error as error:
        if _NOTHING not in str(error):
            raise
        return pyvips.Image.black(1, 1).copy_memory()


def _markup(step: Watermark) -> str:
    """Return the text in such a way that nothing in it is read as markup."""
    direction = _RIGHT_TO_LEFT if step.rtl else _LEFT_TO_RIGHT
    lines = step.letters.splitlines()
    text = "\n".join(direction + line for line in lines)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
