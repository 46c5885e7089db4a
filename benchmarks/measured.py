"""What a renderer's memory grows by while it draws, and pictures of every make to draw."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import attrs
import pyvips

from adapters.imaging.limits import RendererLimits
from adapters.imaging.messages import Done, Order
from adapters.imaging.renderer_process import Zygote
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from tests import pictures

WIDE_OPEN: Final = UploadPolicy(
    max_bytes=2**30, max_frame_pixels=2**30, max_total_pixels=2**31, max_frames=1000
)
LIMITS: Final = RendererLimits(
    wall_seconds=300,
    cpu_seconds=300,
    memory_bytes=12 * 2**30,
    output_bytes=2**31,
    tasks_per_renderer=1,
    policy=WIDE_OPEN,
)


@attrs.frozen
class Make:
    """
    How a picture of the grid is written.

    Attributes:
        saver: A libvips saver's ending, with its options.
        bands: 1 to 4; of four, the last is transparency.
        bits: 8 or 16.
        frames: More than one for animations; *side* is then that of each.
    """

    name: str
    saver: str
    bands: int = 3
    bits: int = 8
    frames: int = 1
    options: tuple[tuple[str, Any], ...] = ()

    def write(self, width: int, height: int, folder: Path) -> Path:
        """Write a photograph of this make and size; one that is there already is taken."""
        path = folder / f"{self.name}-{width}x{height}x{self.frames}{self.saver}"
        if not path.exists():
            beside = path.with_name(f"new-{path.name}")
            image = _canvas(width, height * self.frames, self.bands, self.bits)
            if self.frames > 1:
                image = image.copy()
                image.set_type(pyvips.GValue.gint_type, "page-height", height)
            image.write_to_file(str(beside), **dict(self.options))
            beside.rename(path)
        return path


def _canvas(width: int, height: int, bands: int, bits: int) -> pyvips.Image:
    tile = pyvips.Image.new_from_buffer(pictures.photo(1600, 1200, quality=92), "")
    # Mirrored at each seam: bytes a pixel stay those of a photograph.
    tile = pyvips.Image.arrayjoin([tile, tile.fliphor(), tile.flipver(), tile.rot180()], across=2)
    tile = tile.copy_memory()
    image = tile.replicate(-(-width // tile.width), -(-height // tile.height))
    image = image.crop(0, 0, width, height)
    if bands == 1:
        image = image.colourspace("b-w")
    if bands == 4:
        image = image.bandjoin(image.extract_band(0))
    if bits == 16:
        kind = "rgb16" if bands >= 3 else "grey16"
        image = (image.cast("ushort") * 257).cast("ushort").copy(interpretation=kind)
    return image


@contextlib.contextmanager
def renderers() -> Iterator[Zygote]:
    """Have renderers forked as a worker does, with limits that nothing here reaches."""
    zygote = Zygote(LIMITS)
    try:
        yield zygote
    finally:
        zygote.close()


def resident_bytes(pid: int) -> int:
    """Return what of a process lies in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


@attrs.frozen
class Measured:
    """Peak and rest of one drawing, above what an idle renderer has; bytes."""

    peak: int
    left: int
    seconds: float


def measure(
    zygote: Zygote, picture: Path, pipeline: Pipeline, assets: dict[str, Path] | None = None
) -> Measured:
    """Draw *pipeline* over *picture* in a renderer of its own."""
    with contextlib.ExitStack() as stack:

        def opened(path: Path) -> BinaryIO:
            return stack.enter_context(path.open("rb"))

        source = opened(picture)
        targets = [
            stack.enter_context(tempfile.TemporaryFile(buffering=0)) for _ in pipeline.result_names
        ]
        marks = [opened((assets or {})[name]) for name in pipeline.asset_names]
        renderer = zygote.fork(with_fonts=pipeline.has_texts)
        try:
            idle = resident_bytes(renderer.pid)
            reply = renderer.draw(
                Order(pipeline, pipeline.asset_names),
                [file.fileno() for file in (source, *targets, *marks)],
                LIMITS.wall_seconds,
            )
            if not isinstance(reply, Done):
                raise SystemExit(f"{picture.name}: {reply}")
            left = resident_bytes(renderer.pid) - idle
            return Measured(reply.peak_bytes - idle, left, sum(reply.stage_seconds.values()))
        finally:
            renderer.close()
