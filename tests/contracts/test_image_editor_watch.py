"""Looking on while a picture is drawn, and giving it up."""

import tempfile
import time
from collections.abc import Iterator

import pytest

from adapters.imaging.messages import MalformedMessage, encode_progress, progress_in
from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditAbandoned, ImageEditor, Watch
from domain.images.formats import ImageFormat
from domain.images.operations import Blur, Fit, Resize
from domain.images.output import Output
from domain.images.pipeline import MAIN, Pipeline
from tests import pictures
from tests.limits import renderer_limits

SLOW = Pipeline(
    (Resize(5000, 5000, Fit.FILL, without_enlargement=False), Blur(35)), Output(ImageFormat.JPEG)
)


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def edit(editor: ImageEditor, pipeline: Pipeline, watch: Watch | None) -> None:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(pictures.photo(800, 600))
        source.seek(0)
        editor.edit(source, pipeline, {}, {MAIN: target}, watch=watch)


def test_what_takes_long_is_told_of_again_and_again(editor: ImageEditor) -> None:
    told: list[int] = []

    edit(editor, SLOW, lambda percent: told.append(percent) or True)

    assert told == sorted(told) and all(0 <= percent < 100 for percent in told)
    assert len(told) >= 2 and told[-1] > told[0]


def test_what_is_no_longer_wanted_ends_in_the_middle(editor: ImageEditor) -> None:
    started = time.monotonic()
    edit(editor, SLOW, None)
    whole = time.monotonic() - started
    started = time.monotonic()

    with pytest.raises(EditAbandoned):
        edit(editor, SLOW, lambda _: False)

    assert time.monotonic() - started < max(0.8 * whole, 1.5)
    edit(editor, Pipeline((Resize(80),)), None)  # the next one is drawn as ever


def test_what_is_quick_is_not_watched(editor: ImageEditor) -> None:
    told: list[int] = []
    edit(editor, Pipeline((Resize(80),)), None)  # a renderer is there

    edit(editor, Pipeline((Resize(80),)), lambda percent: told.append(percent) or True)

    assert told == []


@pytest.mark.parametrize("packet", [b"P", b"P\x65", b"P\xff", b"P12", b"P" * 1000])
def test_a_renderer_that_tells_nonsense_is_not_believed(packet: bytes) -> None:
    with pytest.raises(MalformedMessage):
        progress_in(packet)


def test_progress_is_told_in_one_packet() -> None:
    assert progress_in(encode_progress(42)) == 42
    assert progress_in(b'{"failure": 1}') is None
