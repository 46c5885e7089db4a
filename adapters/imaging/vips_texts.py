"""Texts as masks, drawn by libvips' Pango with the fonts that ship."""

from importlib.resources import files
from typing import Final

import pyvips

from domain.images.operations import Align, Font, Watermark
from domain.images.units import in_pixels

_FAMILIES: Final = {Font.SANS: "Noto Sans", Font.SERIF: "Noto Serif"}
# Looked up before there is a renderer: no process starts that could not write.
_FILES: Final = {
    Font.SANS: str(files("fontpkg_noto_sans") / "files" / "NotoSans[wdth,wght].ttf"),
    Font.SERIF: str(files("fontpkg_noto_serif") / "files" / "NotoSerif[wdth,wght].ttf"),
}
_ALIGN: Final = {Align.LEFT: "low", Align.CENTER: "centre", Align.RIGHT: "high"}
_MIRRORED: Final = {"low": "high", "centre": "centre", "high": "low"}
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"
_POINTS_PER_INCH: Final = 72  # one pixel a point
_SAMPLE_PX: Final = 12
_NOTHING: Final = "no text to render"


def open_fonts() -> None:
    """
    Open the fonts that ship, for good: later on no file can be opened.

    Starts a thread.
    """
    for font, family in _FAMILIES.items():
        pyvips.Image.text("A", font=f"{family} {_SAMPLE_PX}", fontfile=_FILES[font])
    keep_fonts_open()


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


def lettering(step: Watermark, width: int, height: int) -> pyvips.Image:
    """
    Return the text of *step* as a mask of one band, as large as its ink and in memory.

    It is scaled down as a whole where it would be larger than *width* × *height*. A text without
    ink is one empty pixel.
    """
    keep_fonts_open()
    size = float(max(1, min(in_pixels(step.size, min(width, height)), max(width, height))))
    wrap = float(width if step.width is None else min(max(1, in_pixels(step.width, width)), width))
    # A small sample tells how large it will get before that much memory is asked for.
    shrink = min(1.0, _SAMPLE_PX / size)
    sample = _drawn(step, size * shrink, wrap * shrink)
    scale = min(1.0, width * shrink / sample.width, height * shrink / sample.height)
    mask = _drawn(step, size * scale, wrap * scale)
    excess = min(width / mask.width, height / mask.height)
    return mask.resize(excess).crop(0, 0, *_within(mask, excess)) if excess < 1 else mask


def _within(mask: pyvips.Image, scale: float) -> tuple[int, int]:
    return max(1, int(mask.width * scale)), max(1, int(mask.height * scale))


def _drawn(step: Watermark, size: float, wrap: float) -> pyvips.Image:
    family = _FAMILIES[step.font]
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
