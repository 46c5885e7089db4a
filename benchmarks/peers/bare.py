"""libvips by pyvips and nothing else: the unit U, and the floor of what grows."""

import os
import sys
from typing import Any

os.environ["VIPS_CONCURRENCY"] = "1"

import pyvips
from serving import serve

pyvips.cache_set_max(0)
_HELD: dict[str, bytes] = {}
_SAVERS = {"jpeg": "jpegsave", "webp": "webpsave", "avif": "heifsave"}


def unit(source: str, width: int, height: int, target: str) -> None:
    """Do what defines U: from memory to memory, so that nothing but pixels is counted."""
    if source not in _HELD:
        with open(source, "rb") as file:
            _HELD[source] = file.read()
    picture = pyvips.Image.thumbnail_buffer(
        _HELD[source], width, height=height, size="down", option_string="fail_on=truncated"
    )
    written = picture.jpegsave_buffer(Q=80, keep="icc")
    if target:
        with open(target, "wb") as file:
            file.write(written)


def resize(
    source: str,
    sizes: list[list[int]],
    targets: list[str],
    fast: bool = False,
    format: str = "jpeg",
    options: dict[str, Any] | None = None,
) -> None:
    """Make every size from a decode of its own, from file to file; *fast* as sharp and we do."""
    options = {"Q": 80} if options is None else options
    for (width, height), target in zip(sizes, targets, strict=True):
        made = (_fast if fast else _small)(source, width, height)
        getattr(made, _SAVERS[format])(target, keep="icc", **options)


def _small(source: str, width: int, height: int) -> pyvips.Image:
    return pyvips.Image.thumbnail(source, width, height=height, size="force", fail_on="truncated")


def _fast(source: str, width: int, height: int) -> pyvips.Image:
    header = pyvips.Image.jpegload(source)
    least = min(header.width / width, header.height / height)
    shrink = next((shrink for shrink in (8, 4, 2) if least >= shrink), 1)
    image = pyvips.Image.jpegload(source, shrink=shrink, access="sequential", fail_on="truncated")
    return image.resize(width / image.width, vscale=height / image.height)


if __name__ == "__main__":
    version = ".".join(str(pyvips.version(part)) for part in range(3))
    serve({"unit": unit, "resize": resize}, {"pyvips": pyvips.__version__, "libvips": version})
    sys.exit(0)
