"""
Draw logo.png, the watermark that ships with the product.

    python adapters/storage/shared_assets/draw_logo.py [FONT]

Needs Pillow and DejaVu Sans Bold. The picture itself is committed, so this runs only when the
logo changes.
"""

import math
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 400, 96
SCALE = 4  # drawn four times as large and reduced, for smooth edges
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
WHITE = (255, 255, 255, 255)
AMBER = (255, 112, 46, 255)
RIM = (16, 8, 6)
RIM_ALPHA = 0.5  # of the soft dark rim that keeps white readable on white
BLADES = 6
COLOURS = 96


def main(font: str) -> None:
    """Write logo.png beside this file."""
    large = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE))
    _draw_aperture(ImageDraw.Draw(large), x=48 * SCALE, y=48 * SCALE, radius=38 * SCALE)
    _draw_word(ImageDraw.Draw(large), font, left=102 * SCALE, right=(WIDTH - 8) * SCALE)
    logo = _with_rim(large.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
    _with_palette(logo).save(Path(__file__).with_name("logo.png"), optimize=True)


def _draw_aperture(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    """Draw a lamp seen through an aperture: an amber disc between white blades."""

    def at(distance: float, turn: float) -> tuple[float, float]:
        angle = math.tau * turn
        return x + distance * math.cos(angle), y + distance * math.sin(angle)

    def disc(size: float, colour: tuple[int, ...]) -> None:
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)

    disc(radius, WHITE)
    for blade in range(BLADES):
        # Each slit runs from a corner of the opening, along its side, out to the ring.
        start, end = at(radius * 0.46, blade / BLADES), at(radius * 0.98, (blade + 1.15) / BLADES)
        draw.line((start, end), fill=(0, 0, 0, 0), width=round(radius * 0.085))
    draw.polygon([at(radius * 0.52, corner / BLADES) for corner in range(BLADES)], (0, 0, 0, 0))
    disc(radius * 0.36, AMBER)


def _draw_word(draw: ImageDraw.ImageDraw, font: str, left: float, right: float) -> None:
    """Write the name as large as the room allows."""
    size = 10
    while draw.textlength("Safelight", ImageFont.truetype(font, size + 1)) <= right - left:
        size += 1
    draw.text((left, 47 * SCALE), "Safelight", WHITE, ImageFont.truetype(font, size), anchor="lm")


def _with_rim(logo: Image.Image) -> Image.Image:
    """Lay *logo* over a soft dark shade of itself; few shades of it, for a small file."""
    shade = logo.getchannel("A").filter(ImageFilter.MaxFilter(3))
    shade = shade.filter(ImageFilter.GaussianBlur(2.2))
    shade = shade.point(lambda alpha: min(255, round(alpha * 1.3 * RIM_ALPHA / 24) * 24))
    rim = Image.new("RGBA", logo.size, (*RIM, 0))
    rim.putalpha(shade)
    rim.alpha_composite(logo)
    return rim


def _with_palette(logo: Image.Image) -> Image.Image:
    """Give *logo* a palette with transparency: a quarter of the bytes, and no visible loss."""
    paletted = logo.quantize(COLOURS - 1, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    # The quantiser counts what is wholly transparent among the faintest shades, which would show
    # as a box; it gets a colour of its own.
    colours = bytes(paletted.getpalette("RGBA") or ()).ljust(4 * COLOURS, b"\0")
    paletted.putpalette(colours[: 4 * (COLOURS - 1)] + bytes(4), "RGBA")
    outside = logo.getchannel("A").point(lambda alpha: 255 * (alpha == 0))
    paletted.paste(COLOURS - 1, mask=outside)
    return paletted


if __name__ == "__main__":
    main(*sys.argv[1:2] or [FONT])
