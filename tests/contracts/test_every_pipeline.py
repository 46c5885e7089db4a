"""
No pipeline that is well formed troubles the engine, and what is foretold of it comes true.

Random pipelines of all operations, over small pictures of every kind. Set SAFELIGHT_TEST_EXAMPLES
to see more of them than `make test` has time for.
"""

import contextlib
import io
import tempfile
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as some
from PIL import Image

from adapters.imaging.header_probe import HeaderProbe
from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditFailed, Edited
from domain.errors import DomainError, GeometryOutsideImage, OutputTooLarge
from domain.images.formats import ImageFormat
from domain.images.operations import OPERATION_NAMES, Operation, Trim
from domain.images.output import Output
from domain.images.pipeline import MAIN, Origin, Pipeline
from domain.images.prediction import Facts, Predicted, predict
from domain.tasks.task import FailureCode
from tests import pictures
from tests.limits import renderer_limits
from tests.pipelines import SMALL, examples, operation, pipelines

MOST_PIXELS = 400_000
"""Larger ones are drawn like smaller ones, and take longer."""

_CODES = {
    GeometryOutsideImage: FailureCode.INVALID_GEOMETRY,
    OutputTooLarge: FailureCode.OUTPUT_TOO_LARGE,
}


def _saved(mode: str, format: str, size: tuple[int, int] = (48, 32), **options: object) -> bytes:
    if mode == "I;16":
        return pictures.encoded(Image.new(mode, size, 30_000), format, **options)
    return pictures.encoded(pictures.view(*size).convert(mode), format, **options)


def _turned_jpeg(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return _saved("RGB", "JPEG", exif=exif)


def _half_transparent() -> bytes:
    picture = pictures.view(40, 30).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize((40, 30)))
    return pictures.encoded(picture, "PNG")


SOURCES = {
    "jpeg": lambda: _saved("RGB", "JPEG"),
    "on its side": lambda: _turned_jpeg(6),
    "mirrored": lambda: _turned_jpeg(2),
    "png": lambda: _saved("RGB", "PNG", (31, 57)),
    "alpha": _half_transparent,
    "transparent": lambda: pictures.transparent(24, 24),
    "grey": lambda: _saved("L", "PNG"),
    "grey alpha": lambda: _saved("LA", "PNG"),
    "16-bit": lambda: _saved("I;16", "PNG"),
    "cmyk": lambda: _saved("CMYK", "JPEG"),
    "palette": lambda: _saved("P", "PNG"),
    "larger": lambda: _saved("RGB", "JPEG", (333, 217)),
    "webp": lambda: _saved("RGB", "WEBP", (119, 83)),
    "avif": lambda: _saved("RGB", "AVIF"),
    "tiff": lambda: _saved("RGB", "TIFF"),
    "gif": lambda: pictures.animated_gif(3, (40, 24)),
    "animated webp": lambda: pictures.animated_webp(3, (24, 40)),
    "pixel": pictures.one_pixel,
    "tall": lambda: pictures.line(1, 90),
    "wide": lambda: pictures.line(90, 1),
}


@cache
def source(name: str) -> tuple[bytes, Facts]:
    data = SOURCES[name]()
    header = HeaderProbe().inspect(io.BytesIO(data))
    orientation = {"on its side": 6, "mirrored": 2}.get(name, 1)
    return data, Facts(
        header.format, header.width, header.height, pictures.frames_of(data), orientation
    )


@cache
def assets() -> dict[str, bytes]:
    return {"logo.png": pictures.logo(40, 20), "photo.jpg": _saved("RGB", "JPEG", (30, 44))}


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[VipsEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def edit(editor: VipsEditor, data: bytes, pipeline: Pipeline) -> tuple[Edited, dict[str, bytes]]:
    with contextlib.ExitStack() as stack:

        def file(content: bytes = b""):
            made = stack.enter_context(tempfile.TemporaryFile())
            made.write(content)
            made.seek(0)
            return made

        marks = {name: file(assets()[name]) for name in pipeline.asset_names}
        targets = {name: file() for name in pipeline.result_names}
        edited = editor.edit(file(data), pipeline, marks, targets)
        return edited, {name: target.read() for name, target in targets.items()}


def runs(pipeline: Pipeline) -> Iterator[tuple[Operation, ...]]:
    """Yield what each result has been through, from the upload on."""
    yield pipeline.operations
    for one in pipeline.variants:
        first = pipeline.operations if one.origin is Origin.MAIN else ()
        yield first + one.operations


def stays_small(pipeline: Pipeline, facts: Facts) -> bool:
    for run in runs(pipeline):
        steps = tuple(step for step in run if not isinstance(step, Trim))
        for count in range(1, len(steps) + 1):
            try:
                made = predict(_only(steps[:count]), facts)[MAIN]
            except DomainError:
                break
            assert made.width is not None and made.height is not None
            if made.width * made.height > MOST_PIXELS:
                return False
    return True


def _only(steps: tuple[Operation, ...]) -> Pipeline:
    # More than one result may be through; whole pipelines have been checked already.
    pipeline = Pipeline(())
    object.__setattr__(pipeline, "operations", steps)
    return pipeline


def check(editor: VipsEditor, name: str, pipeline: Pipeline) -> None:
    """Draw *pipeline*, and compare with what is foretold."""
    data, facts = source(name)
    foretold: dict[str, Predicted] = {}
    refused: type[DomainError] | None = None
    try:
        foretold = predict(pipeline, facts)
    except DomainError as error:
        refused = type(error)
    trims = any(isinstance(step, Trim) for run in runs(pipeline) for step in run)
    outputs = [pipeline.output, *(one.output for one in pipeline.variants)]

    try:
        edited, files = edit(editor, data, pipeline)
    except EditFailed as failed:
        allowed = {_CODES[refused]} if refused else set()
        if refused or trims:  # what comes first counts, and what a trim leaves is not foretold
            allowed |= set(_CODES.values())
        if any(one.max_bytes is not None for one in outputs):
            allowed.add(FailureCode.OUTPUT_TOO_LARGE)
        assert failed.failure.code in allowed, failed.failure
        return

    assert refused is None
    for result, one in foretold.items():
        made = edited.pictures[result]
        size = pictures.size_of(files[result])
        assert (made.width, made.height) == size
        assert pictures.format_of(files[result]) == made.format.value
        assert one.format in (None, made.format)
        if one.width is None:
            assert trims
        else:
            assert (one.width, one.height) == size, result
        if one.format is not None:
            # Frames that look alike are written as one that stands longer.
            assert 1 <= pictures.frames_of(files[result]) <= one.frames


@settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=set(Phase) - {Phase.explain},
)
@given(name=some.sampled_from(list(SOURCES)), pipeline=pipelines(SMALL))
def test_what_is_foretold_comes_true(editor: VipsEditor, name: str, pipeline: Pipeline) -> None:
    assume(stays_small(pipeline, source(name)[1]))

    check(editor, name, pipeline)


@pytest.mark.parametrize("kind", OPERATION_NAMES.values(), ids=OPERATION_NAMES)
def test_so_it_does_of_each_operation_by_itself(editor: VipsEditor, kind: type[Operation]) -> None:
    @settings(max_examples=examples(80) // 10, deadline=None, derandomize=True)
    @given(name=some.sampled_from(list(SOURCES)), step=operation(kind, SMALL))
    def draw(name: str, step: Operation) -> None:
        pipeline = Pipeline((step,), Output(ImageFormat.PNG))
        assume(stays_small(pipeline, source(name)[1]))
        check(editor, name, pipeline)

    draw()
