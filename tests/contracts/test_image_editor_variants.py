"""Several results from one decode: each what it would be by itself."""

import contextlib
import io
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageSequence

from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditFailed, Edited, ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AspectRatio,
    AutoOrient,
    Blur,
    Crop,
    Fit,
    Flip,
    Grayscale,
    Operation,
    Resize,
    Rotate,
    Watermark,
)
from domain.images.output import Output
from domain.images.pipeline import MAIN, Origin, Pipeline, Variant
from domain.tasks.task import FailureCode
from tests import pictures
from tests.limits import renderer_limits

PNG = Output(ImageFormat.PNG)


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def edit(
    editor: ImageEditor, source: bytes, pipeline: Pipeline, **assets: bytes
) -> tuple[dict[str, bytes], Edited]:
    with contextlib.ExitStack() as stack:
        file, *others = [stack.enter_context(tempfile.TemporaryFile()) for _ in (source, *assets)]
        for each, content in zip((file, *others), (source, *assets.values()), strict=True):
            each.write(content)
            each.seek(0)
        targets = {
            name: stack.enter_context(tempfile.TemporaryFile()) for name in pipeline.result_names
        }
        edited = editor.edit(file, pipeline, dict(zip(assets, others, strict=True)), targets)
        return {name: target.read() for name, target in targets.items()}, edited


def alone(editor: ImageEditor, source: bytes, *operations: Operation) -> np.ndarray:
    results, _ = edit(editor, source, Pipeline(operations, PNG))
    return pixels(results[MAIN])


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(a - b).mean())


def test_each_is_what_it_would_be_by_itself(editor: ImageEditor) -> None:
    source = pictures.photo(1600, 1200)
    main = (AutoOrient(), Resize(800, 600), Grayscale())
    pipeline = Pipeline(
        main,
        PNG,
        (
            Variant("half", (Resize(400),), PNG),
            Variant("soft", (Blur(4),), Output(ImageFormat.WEBP, 90)),
            Variant("thumb", (AutoOrient(), Resize(120, 120, Fit.COVER)), PNG, Origin.UPLOAD),
        ),
    )

    results, edited = edit(editor, source, pipeline)

    assert list(results) == [MAIN, "half", "soft", "thumb"]
    assert [(one.format.value, one.width, one.height) for one in edited.pictures.values()] == [
        ("png", 800, 600),
        ("png", 400, 300),
        ("webp", 800, 600),
        ("png", 120, 120),
    ]
    for name, drawn in edited.pictures.items():
        assert drawn.byte_size == len(results[name])
    assert difference(pixels(results[MAIN]), alone(editor, source, *main)) < 1
    assert difference(pixels(results["half"]), alone(editor, source, *main, Resize(400))) < 1
    assert difference(pixels(results["soft"]), alone(editor, source, *main, Blur(4))) < 3
    thumb = alone(editor, source, AutoOrient(), Resize(120, 120, Fit.COVER))
    assert difference(pixels(results["thumb"]), thumb) < 2
    assert pixels(results["thumb"]).std(axis=2).mean() > 3, "it has its colours"


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "tiff"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_from_any_format_and_orientation(
    editor: ImageEditor, format: str, orientation: int
) -> None:
    source = (
        pictures.all_formats()[format] if orientation == 1 else pictures.exif_oriented(orientation)
    )
    main = (AutoOrient(), Flip(horizontal=True), Resize(100))
    larger = (AutoOrient(), Resize(150))
    whole = (AutoOrient(), Crop(aspect_ratio=AspectRatio(1, 1)), Rotate(180))

    results, _ = edit(
        editor,
        source,
        Pipeline(
            main,
            PNG,
            (
                Variant("larger", larger, PNG, Origin.UPLOAD),
                Variant("whole", whole, PNG, Origin.UPLOAD),
                Variant("small", (Resize(20), Rotate(90)), PNG),
            ),
        ),
    )

    for name, steps in {
        MAIN: main,
        "larger": larger,
        "whole": whole,
        "small": (*main, Resize(20), Rotate(90)),
    }.items():
        assert difference(pixels(results[name]), alone(editor, source, *steps)) < 3, name


def test_sizes_of_different_shapes_share_a_decode(editor: ImageEditor) -> None:
    source = pictures.photo(1600, 1200)
    wide, high = Resize(900, 50, Fit.FILL), Resize(40, 700, Fit.FILL)

    results, _ = edit(
        editor, source, Pipeline((wide,), PNG, (Variant("high", (high,), PNG, Origin.UPLOAD),))
    )

    assert difference(pixels(results[MAIN]), alone(editor, source, wide)) < 4
    assert difference(pixels(results["high"]), alone(editor, source, high)) < 4


def test_an_animation_and_a_still_of_it(editor: ImageEditor) -> None:
    source = pictures.animated_gif(8)

    results, edited = edit(
        editor,
        source,
        Pipeline(
            (Resize(60),),
            Output(ImageFormat.WEBP),
            (
                Variant("poster", (), Output(ImageFormat.JPEG)),
                Variant("tiny", (Resize(20),), Output(ImageFormat.GIF), Origin.UPLOAD),
            ),
        ),
    )

    counts = {
        name: sum(1 for _ in ImageSequence.Iterator(Image.open(io.BytesIO(data))))
        for name, data in results.items()
    }
    assert counts == {MAIN: 8, "poster": 1, "tiny": 8}
    assert edited.pictures["poster"].width == 60


def test_marks_are_shared_as_well(editor: ImageEditor) -> None:
    mark = Watermark("logo", opacity=1.0, width=20)
    white = pictures.encoded(Image.new("RGB", (200, 150), "white"), "PNG")
    black = pictures.encoded(Image.new("RGB", (40, 40)), "PNG")

    results, _ = edit(
        editor,
        white,
        Pipeline((mark,), PNG, (Variant("again", (mark,), PNG, Origin.UPLOAD),)),
        logo=black,
    )

    assert difference(pixels(results[MAIN]), pixels(results["again"])) == 0
    assert pixels(results["again"]).min() == 0


def test_what_fails_names_its_variant(editor: ImageEditor) -> None:
    crop = Crop(left=0, top=0, width=500, height=500)

    with pytest.raises(EditFailed) as failed:
        edit(
            editor,
            pictures.photo(200, 150),
            Pipeline((Resize(100),), PNG, (Variant("square", (crop,), PNG),)),
        )

    assert failed.value.failure.code is FailureCode.INVALID_GEOMETRY
    assert failed.value.failure.detail.startswith('the variant "square": ')


def test_as_many_as_may_be(editor: ImageEditor) -> None:
    variants = tuple(
        Variant(f"v{side}", (Resize(side, side, Fit.COVER),), PNG) for side in range(10, 30)
    )

    results, edited = edit(
        editor, pictures.photo(400, 300), Pipeline((Resize(200),), PNG, variants)
    )

    assert len(results) == 21
    assert all(edited.pictures[f"v{side}"].width == side for side in range(10, 30))
