"""Pictures to measure with: public-domain photographs out of packages, cut and tiled by Pillow."""

import io
from pathlib import Path
from typing import Final

import PIL
from PIL import Image

from tests import pictures

_EDGES: Final = {
    3: (2000, 1500),
    6: (3000, 2000),
    12: (4000, 3000),
    24: (6000, 4000),
    48: (8000, 6000),
    108: (12000, 9000),
}
MEGAPIXELS: Final = tuple(_EDGES)


class Ladder:
    """Makes each picture once and keeps it in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def photo(self, megapixels: int = 12, *, progressive: bool = False) -> Path:
        """
        Return a JPEG of quality 92, 4:2:0, of one of `MEGAPIXELS`.

        It is the mosaic of `tests.pictures.photo_12mp`, cut or laid side by side: scaling it up
        would leave fewer bytes a pixel than cameras write.
        """
        path = self._path(f"{megapixels}mp{'-progressive' if progressive else ''}.jpg")
        if not path.exists():
            if megapixels == 12 and not progressive:
                path.write_bytes(pictures.photo_12mp())
            else:
                self._tile(path, _EDGES[megapixels], progressive=progressive)
        return path

    def pan(self, frames: int = 30) -> Path:
        """Return a GIF that pans over the world, 480x360."""
        path = self._path(f"pan-{frames}.gif")
        if not path.exists():
            path.write_bytes(pictures.animated_gif(frames))
        return path

    def mixed(self) -> list[Path]:
        """Return small pictures of every kind, as a working day brings them."""
        made = {
            "a.jpg": pictures.photo(1600, 1200),
            "b.png": pictures.png_with_alpha(),
            "c.webp": pictures.webp_photo(),
            "d.gif": pictures.animated_gif(10, (240, 180)),
            "e.jpg": pictures.progressive_photo(),
            "f.jpg": pictures.exif_oriented(6),
            "g.jpg": pictures.cmyk_jpeg(),
        }
        for name, content in made.items():
            self._path(name).write_bytes(content)
        return [self._path(name) for name in made]

    def _tile(self, path: Path, edges: tuple[int, int], *, progressive: bool) -> None:
        piece = pictures.opened(pictures.photo_12mp())
        whole = Image.new("RGB", edges)
        for left in range(0, edges[0], piece.width):
            for top in range(0, edges[1], piece.height):
                whole.paste(piece, (left, top))
        buffer = io.BytesIO()
        whole.save(buffer, "JPEG", quality=92, subsampling="4:2:0", progressive=progressive)
        path.write_bytes(buffer.getvalue())

    def _path(self, name: str) -> Path:
        return self._folder / f"{pictures.CONTENT_VERSION}-pillow-{PIL.__version__}-{name}"
