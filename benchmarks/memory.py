"""
`python -m benchmarks.memory`: what tasks are said to need, and what renderers were seen to need.

A grid of formats, sizes and pipelines is drawn by real renderers, each in a process of its own.
The model (`domain.images.cost`) is to lie above the truth, and not far above: what is below it, or
more than twice as much where it matters, is listed again at the end, and makes the command fail.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from adapters.imaging.header_probe import HeaderProbe
from adapters.imaging.renderer_process import Zygote
from benchmarks.measured import Make, measure, renderers
from domain.images.cost import memory_bytes
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AutoOrient,
    Blur,
    ColorProfile,
    Crop,
    Fit,
    Flip,
    Interest,
    Modulate,
    Normalize,
    Operation,
    Pad,
    Profile,
    Resize,
    Rotate,
    RoundCorners,
    Shadow,
    Sharpen,
    Trim,
    Watermark,
)
from domain.images.output import Output, Palette, Subsampling
from domain.images.pipeline import Origin, Pipeline, Variant
from domain.images.units import Percent

_MIB: Final = 1024 * 1024
_MATTERS: Final = 64 * _MIB
"""Below this, twice too much is no harm: tokens are 16 MiB, and most tasks are this small."""

_JPEG: Final = Output(ImageFormat.JPEG)
_QUICK: Final = (("effort", 0),)
_LOOSE: Final = (("compression", 1),)

MAKES: Final = (
    Make("baseline", ".jpg", options=(("Q", 85),)),
    Make("progressive", ".jpg", options=(("Q", 85), ("interlace", True))),
    Make(
        "progressive-444",
        ".jpg",
        options=(("Q", 92), ("interlace", True), ("subsample_mode", "off")),
    ),
    Make("grey", ".jpg", bands=1),
    Make("plain", ".png", options=_LOOSE),
    Make("alpha", ".png", bands=4, options=_LOOSE),
    Make("interlaced", ".png", options=(*_LOOSE, ("interlace", True))),
    Make("interlaced-16", ".png", bands=4, bits=16, options=(*_LOOSE, ("interlace", True))),
    Make("deep", ".png", bands=4, bits=16, options=_LOOSE),
    Make("lossy", ".webp", options=_QUICK),
    Make("lossless", ".webp", options=(*_QUICK, ("lossless", True))),
    Make("usual", ".avif", options=_QUICK),
    Make("alpha", ".avif", bands=4, options=_QUICK),
    Make("444", ".avif", options=(*_QUICK, ("subsample_mode", "off"))),
    Make("deep", ".avif", options=(*_QUICK, ("bitdepth", 10))),
    Make("still", ".gif", options=(("effort", 1),)),
    Make("strips", ".tif"),
    Make("tiles", ".tif", options=(("tile", True), ("compression", "deflate"), ("level", 1))),
    Make("deep", ".tif", bands=4, bits=16, options=(("compression", "deflate"), ("level", 1))),
)
ANIMATIONS: Final = (
    Make("moving", ".gif", frames=30, options=(("effort", 1),)),
    Make("moving", ".webp", frames=30, options=_QUICK),
)
PHOTO: Final = MAKES[0]

SIZES: Final = ((640, 480), (2000, 1500), (4000, 3000))
LARGEST: Final = (7000, 7000)
_LARGE_RESULT_PIXELS: Final = 16_000_000


def _pipeline(*operations: Operation, output: Output = _JPEG) -> Pipeline:
    return Pipeline((AutoOrient(), *operations), output)


READINGS: Final = {
    "800x600": _pipeline(Resize(800, 600)),
    "same size": _pipeline(),
    "turned": _pipeline(Rotate(90)),
    "variants": Pipeline(
        (AutoOrient(), Resize(1600, 1600)),
        _JPEG,
        (Variant("card", (Resize(400),), _JPEG), Variant("thumb", (Resize(100),), _JPEG)),
    ),
}
OPERATIONS: Final = {
    "trim": _pipeline(Trim()),
    "normalize": _pipeline(Normalize()),
    "flip": _pipeline(Flip(vertical=True)),
    "rotate 45": _pipeline(Rotate(45)),
    "blur": _pipeline(Blur(20)),
    "sharpen": _pipeline(Sharpen()),
    "modulate": _pipeline(Modulate(brightness=1.1)),
    "round": _pipeline(RoundCorners(radius=100)),
    "pad": _pipeline(Pad(all=50)),
    "attention": _pipeline(Resize(1500, 700, fit=Fit.COVER, gravity=Interest.ATTENTION)),
    "entropy": _pipeline(Crop(width=500, height=300, gravity=Interest.ENTROPY)),
    "linear": _pipeline(Resize(800, 600, linear=True)),
    "cmyk": _pipeline(ColorProfile(Profile.CMYK)),
    "mark": _pipeline(Watermark("mark")),
    "large mark": _pipeline(Watermark("mark", width=Percent(100))),
    "tiled": _pipeline(Watermark("mark", tile=True)),
    "shadow": _pipeline(Watermark("mark", shadow=Shadow(20))),
    "text": _pipeline(Watermark(text="Made for the benchmark " * 10)),
    "small, mark": _pipeline(Resize(800), Watermark("mark")),
    "two uses": Pipeline(
        (AutoOrient(), Rotate(90)), _JPEG, (Variant("a", (Resize(800),), _JPEG, Origin.UPLOAD),)
    ),
}
OUTPUTS: Final = {
    "jpeg": Output(ImageFormat.JPEG),
    "jpeg progressive": Output(ImageFormat.JPEG, progressive=True),
    "jpeg, at most": Output(ImageFormat.JPEG, max_bytes=1_000_000),
    "webp": Output(ImageFormat.WEBP),
    "webp lossless": Output(ImageFormat.WEBP, lossless=True, effort=0),
    "avif": Output(ImageFormat.AVIF),
    "avif 4:4:4": Output(ImageFormat.AVIF, chroma_subsampling=Subsampling.FINE),
    "png": Output(ImageFormat.PNG),
    "png interlaced": Output(ImageFormat.PNG, progressive=True),
    "png palette": Output(ImageFormat.PNG, palette=Palette(), effort=1),
    "gif": Output(ImageFormat.GIF),
    "tiff": Output(ImageFormat.TIFF),
}


@attrs.frozen
class Row:
    """One drawing: what it was said to need and what it needed, in bytes."""

    name: str
    said: int
    seen: int

    @property
    def is_below(self) -> bool:
        """Whether it needed more than was said."""
        return self.said < self.seen

    @property
    def is_wide(self) -> bool:
        """Whether it needed less than half of what was said, and that matters."""
        return self.said > max(2 * self.seen, _MATTERS)

    def __str__(self) -> str:
        flaw = "BELOW" if self.is_below else "wide" if self.is_wide else ""
        return (
            f"| {self.name:44} | {self.said / _MIB:7.0f} | {self.seen / _MIB:7.0f} "
            f"| {self.said / max(1, self.seen):5.2f} | {flaw:5} |"
        )


def grid(*, whole: bool) -> Iterator[tuple[str, Make, tuple[int, int], Pipeline]]:
    """Give everything that is drawn: a name, a picture's make and size, a pipeline."""
    sizes = (*SIZES, LARGEST) if whole else SIZES
    for make in MAKES:
        for size in sizes:
            for name, pipeline in READINGS.items():
                yield f"{make.saver[1:]} {make.name}, {name}", make, size, pipeline
    for make in ANIMATIONS:
        for size in ((480, 360), (1000, 800)):
            same = Pipeline((AutoOrient(),))
            half = Pipeline((AutoOrient(), Resize(size[0] // 2)))
            yield f"{make.saver[1:]} {make.name}", make, size, same
            yield f"{make.saver[1:]} {make.name}, half", make, size, half
            yield f"{make.saver[1:]} {make.name}, turned", make, size, _pipeline_as_it_is()
            yield f"{make.saver[1:]} {make.name}, as jpeg", make, size, _pipeline()
    for size in sizes[1:]:
        for name, pipeline in OPERATIONS.items():
            yield name, PHOTO, size, pipeline
        for name, output in OUTPUTS.items():
            if size[0] * size[1] < _LARGE_RESULT_PIXELS:
                yield f"to {name}", PHOTO, size, _pipeline(output=output)


def _pipeline_as_it_is() -> Pipeline:
    return Pipeline((AutoOrient(), Rotate(90)))


def compare(
    zygote: Zygote, name: str, make: Make, size: tuple[int, int], pipeline: Pipeline, folder: Path
) -> Row:
    """Predict, draw, and return both."""
    picture = make.write(*size, folder)
    mark = PHOTO.write(2000, 1500, folder)
    probe = HeaderProbe()
    with picture.open("rb") as file, mark.open("rb") as beside:
        said = memory_bytes(pipeline, probe.inspect(file), {"mark": probe.inspect(beside)})
    seen = measure(zygote, picture, pipeline, {"mark": mark})
    frames = f" x{make.frames}" if make.frames > 1 else ""
    return Row(f"{name} {size[0]}x{size[1]}{frames}", said, seen.peak)


def main() -> None:
    """Print a row for each drawing, then those that are flawed; end with 1 if any is too low."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--whole", action="store_true", help="pictures of 49 megapixels as well")
    arguments.add_argument("--folder", type=Path, help="where pictures are kept between runs")
    arguments.add_argument("-k", default="", help="only rows that have this in their name")
    given = arguments.parse_args()
    rows = []
    print(f"| {'':44} | {'said':>7} | {'seen':>7} | {'ratio':>5} | {'':5} |")
    print(f"|{'-' * 46}|{'-' * 9}|{'-' * 9}|{'-' * 7}|{'-' * 7}|")
    with tempfile.TemporaryDirectory() as temporary, renderers() as zygote:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name, *rest in grid(whole=given.whole):
            if given.k in name:
                rows.append(compare(zygote, name, *rest, folder))
                print(rows[-1], flush=True)
    below = [row for row in rows if row.is_below]
    wide = [row for row in rows if row.is_wide]
    print(f"\n{len(rows)} drawn (MiB above an idle renderer): {len(below)} needed more than said,")
    print(f"{len(wide)} less than half of it where that is {_MATTERS // _MIB} MiB or more.")
    for row in (*below, *wide):
        print(row)
    sys.exit(1 if below else 0)


if __name__ == "__main__":
    main()
