"""Pillow, or Pillow-SIMD in its place, from file to file; threads it has none."""

import PIL
from PIL import Image, ImageSequence
from serving import serve

Image.MAX_IMAGE_PIXELS = None
_LANCZOS = Image.Resampling.LANCZOS


def resize(
    source: str,
    sizes: list[list[int]],
    targets: list[str],
    gap: float | None = 1.0,
    options: dict[str, object] | None = None,
) -> None:
    """Make every size by a decode of its own; without *gap* by decoding all pixels."""
    for (width, height), target in zip(sizes, targets, strict=True):
        picture = Image.open(source)
        if gap is None:
            picture = picture.resize((width, height), _LANCZOS)
        else:
            picture.thumbnail((width, height), _LANCZOS, reducing_gap=gap)
        picture.save(target, **(options or {"quality": 80}))


def animation(
    source: str, width: int, height: int, target: str, options: dict[str, object]
) -> None:
    """Make every frame smaller."""
    whole = Image.open(source)
    first, *others = [
        frame.convert("RGB").resize((width, height), _LANCZOS)
        for frame in ImageSequence.Iterator(whole)
    ]
    first.save(target, save_all=True, append_images=others, duration=50, loop=0, **options)


if __name__ == "__main__":
    serve({"resize": resize, "animation": animation}, {"pillow": PIL.__version__})
