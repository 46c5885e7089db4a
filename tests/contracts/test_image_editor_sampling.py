"""Making pictures smaller fast, or with more care: in both ways what Pillow makes of them."""

import io
import tempfile
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image, ImageOps

from adapters.imaging.shrinking import grid, shrink_of
from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditFailed, ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Fit, Resize
from domain.images.output import Output
from domain.images.pipeline import MAIN, Origin, Pipeline, Sampling, Variant
from domain.images.prediction import Facts, predict
from domain.tasks.task import FailureCode
from tests import pictures
from tests.limits import renderer_limits

BOTH = pytest.mark.parametrize("sampling", Sampling, ids=lambda one: one.value)
PNG = Output(ImageFormat.PNG)


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def drawn(editor: ImageEditor, source: bytes, pipeline: Pipeline) -> bytes:
    """Return the main result, of which size and format are as foretold."""
    told = Image.open(io.BytesIO(source))
    orientation = told.getexif().get(0x0112, 1)
    facts = Facts(ImageFormat(told.format.lower()), *told.size, orientation=orientation)
    with tempfile.TemporaryFile() as file:
        file.write(source)
        file.flush()
        targets = {name: tempfile.TemporaryFile() for name in pipeline.result_names}
        edited = editor.edit(file, pipeline, {}, targets)
        contents = {name: target.read() for name, target in targets.items()}
    for name, foretold in predict(pipeline, facts).items():
        assert pictures.size_of(contents[name]) == (foretold.width, foretold.height)
        assert edited.pictures[name].width == foretold.width
    return contents[MAIN]


def resized(
    editor: ImageEditor, source: bytes, width: int, height: int, sampling: Sampling
) -> Image.Image:
    pipeline = Pipeline(
        (AutoOrient(), Resize(width, height, fit=Fit.FILL, without_enlargement=False)),
        PNG,
        sampling=sampling,
    )
    return pictures.opened(drawn(editor, source, pipeline))


def reference(source: bytes, width: int, height: int) -> Image.Image:
    whole = ImageOps.exif_transpose(pictures.opened(source)).convert("RGB")
    return whole.resize((width, height), Image.Resampling.LANCZOS)


def noise_ratio(picture: Image.Image, wanted: Image.Image) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    a, b = (np.asarray(one.convert("RGB"), dtype=float) for one in (picture, wanted))
    return float(10 * np.log10(255**2 / max(1e-9, ((a - b) ** 2).mean())))


@BOTH
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_is_turned_upright(editor, orientation: int, sampling) -> None:
    source = pictures.exif_oriented(orientation)

    for width, height in ((160, 107), (90, 60), (37, 50), (300, 20)):
        small = resized(editor, source, width, height, sampling)

        assert pictures.similarity(small, reference(source, width, height)) > 0.9
        assert noise_ratio(small, reference(source, width, height)) > 25


@BOTH
@pytest.mark.parametrize("width", [640, 641, 642, 643, 645, 647, 639])
def test_odd_sides_and_exact_multiples_keep_their_place(editor, width: int, sampling) -> None:
    """The decoder rounds; what is in the picture must not move by that, not by part of a pixel."""
    source = pictures.encoded(
        pictures.view(width, width - 100, "hubble_deep_field.jpg"), "JPEG", quality=95
    )

    for times in (2, 2.5, 4, 5, 8, 10, 17):
        sides = round(width / times), round((width - 100) / times)
        small = resized(editor, source, *sides, sampling)

        assert noise_ratio(small, reference(source, *sides)) > 34


@BOTH
@pytest.mark.parametrize("side", [1, 2, 3, 7, 8, 9, 15, 16, 17, 33])
def test_tiny_pictures_pass(editor, side: int, sampling) -> None:
    source = pictures.photo(side, 3 * side)

    for wanted in ((1, 1), (1, 2), (side, 1), (max(1, side // 2), side), (2 * side, 6 * side)):
        small = resized(editor, source, *wanted, sampling)

        assert small.size == wanted


@BOTH
@pytest.mark.parametrize(
    "make",
    [pictures.cmyk_jpeg, pictures.grey_jpeg, pictures.progressive_photo, pictures.icc_jpeg,
     pictures.webp_photo, pictures.png_photo],
)  # fmt: skip
def test_other_ways_to_store_pixels(editor, make: Callable[[], bytes], sampling) -> None:
    small = resized(editor, make(), 60, 45, sampling)

    # Pillow knows no profile for inks.
    alike = 0.8 if make is pictures.cmyk_jpeg else 0.9
    assert pictures.similarity(small, reference(make(), 60, 45)) > alike


@BOTH
def test_a_picture_that_is_cut_short_is_refused(editor: ImageEditor, sampling) -> None:
    source = pictures.photo(800, 600)

    with pytest.raises(EditFailed) as caught:
        resized(editor, source[: len(source) // 2], 80, 60, sampling)

    assert caught.value.failure.code is FailureCode.TRUNCATED


def test_variants_are_as_large_as_foretold(editor: ImageEditor) -> None:
    variants = tuple(
        Variant(f"v{side}", (AutoOrient(), Resize(side)), PNG, Origin.UPLOAD)
        for side in (499, 250, 81, 33, 1)
    )
    for sampling in Sampling:
        drawn(
            editor,
            pictures.photo(1600, 1200),
            Pipeline((AutoOrient(), Resize(777)), PNG, variants, sampling=sampling),
        )


def test_quality_has_the_larger_margin_and_comes_closer(editor: ImageEditor) -> None:
    source, wanted = pictures.photo(1600, 1200), (1280 // 4, 960 // 4)  # five times smaller

    fast, careful = (resized(editor, source, *wanted, one) for one in Sampling)

    assert noise_ratio(fast, reference(source, *wanted)) > 35
    assert noise_ratio(careful, reference(source, *wanted)) > noise_ratio(
        fast, reference(source, *wanted)
    )


@pytest.mark.parametrize(
    ("wanted", "fast", "careful"),
    [
        ((800, 600), 4, 2),
        ((1000, 750), 2, 2),
        ((999, 749), 2, 2),
        ((1600, 1200), 2, 1),
        ((1601, 1200), 1, 1),
        ((500, 375), 4, 4),
        ((400, 300), 8, 4),
        ((401, 300), 4, 4),
        ((250, 187), 8, 8),
        ((100, 2900), 1, 1),
        ((8000, 6000), 1, 1),
    ],
)
def test_how_far_the_decoder_shrinks(wanted, fast, careful) -> None:
    assert shrink_of((4000, 3000), wanted, Sampling.FAST) == fast
    assert shrink_of((4000, 3000), wanted, Sampling.QUALITY) == careful


@pytest.mark.parametrize("shrink", [2, 4, 8])
def test_every_axis_comes_out_long_enough_and_in_its_place(shrink: int) -> None:
    for stored in range(10 * shrink, 10 * shrink + 64):
        for wanted in range(1, stored // shrink):
            decoded = stored // shrink
            found = grid(stored, shrink, decoded, wanted)
            made = round(found.padded * found.scale)

            assert decoded <= found.padded < decoded + 8
            assert made >= wanted
            # What libvips shifts by, in pixels that were decoded.
            assert abs(found.padded - made / found.scale) / 2 <= 0.5 / found.scale
