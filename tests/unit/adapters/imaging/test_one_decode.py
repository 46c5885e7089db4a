"""What is asked about a picture costs no second decode: the kernel counts what is read."""

import tempfile
from pathlib import Path

import attrs
import pytest

from adapters.imaging.vips_drawing import draw
from adapters.imaging.vips_marks import MarkCache
from domain.images.analysis import Aspect
from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Crop, Operation, Resize
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from tests import pictures


def bytes_read(source: bytes, pipeline: Pipeline) -> int:
    """Draw *pipeline* in this process, and return how many bytes it read meanwhile."""
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as target:
        file.write(source)
        file.flush()
        before = _counted()
        draw(
            pipeline,
            file.fileno(),
            [target.fileno()],
            {},
            {},
            UploadPolicy(),
            MarkCache(),
            lambda _: None,
        )
        return _counted() - before


def _counted() -> int:
    counts = Path("/proc/self/io").read_text(encoding="ascii")
    return int(counts.splitlines()[0].removeprefix("rchar: "))


@pytest.mark.parametrize("format", ["jpeg", "png", "webp"])
@pytest.mark.parametrize(
    "operations",
    [(), (AutoOrient(), Resize(300)), (AutoOrient(), Resize(30)), (Crop(width=90, height=90),)],
    ids=["none", "resize", "smaller", "crop"],
)
def test_an_analysis_reads_nothing_again(format: str, operations: tuple[Operation, ...]) -> None:
    source = pictures.all_formats()[format]
    pipeline = Pipeline(operations, Output(ImageFormat.PNG))
    bytes_read(source, pipeline)  # whatever is read once a process has been read

    without = bytes_read(source, pipeline)
    analysed = bytes_read(source, attrs.evolve(pipeline, analyze=frozenset(Aspect)))

    assert without >= len(source)
    assert analysed - without < len(source) / 3
