"""Results in other spaces of colours, brought back by LittleCMS as Pillow has it."""

import io
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageCms

from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import ColorProfile, Negate, Operation, Profile, Resize
from domain.images.output import Kept, Metadata, Output
from domain.images.pipeline import MAIN, Pipeline, Variant
from tests import pictures
from tests.limits import renderer_limits

JPEG, PNG, WEBP, AVIF, GIF, TIFF = ImageFormat
CMYK, P3, SRGB = (ColorProfile(one) for one in (Profile.CMYK, Profile.P3, Profile.SRGB))


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def drawn(
    editor: ImageEditor, source: bytes, *operations: Operation, output: Output
) -> Image.Image:
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as target:
        file.write(source)
        file.seek(0)
        editor.edit(file, Pipeline(operations, output), {}, {MAIN: target})
        return Image.open(io.BytesIO(target.read()))


def seen(picture: Image.Image) -> np.ndarray:
    """Return what a viewer who heeds the profile sees, as sRGB."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    mode = picture.mode if picture.mode == "CMYK" else "RGB"
    return np.asarray(
        ImageCms.profileToProfile(
            picture.convert(mode), profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        ),
        dtype=float,
    )


def numbers(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=float)


@pytest.mark.parametrize("format", [JPEG, PNG, WEBP, AVIF, TIFF], ids=lambda one: one.value)
def test_p3_looks_the_same_to_who_heeds_the_profile(editor: ImageEditor, format) -> None:
    view = pictures.view(320, 240)

    result = drawn(editor, pictures.encoded(view, "PNG"), P3, output=Output(format, 95))

    assert np.abs(seen(result) - numbers(view)).mean() < 4
    assert np.abs(numbers(result) - numbers(view)).mean() > 1, "the numbers are others"


@pytest.mark.parametrize("format", [JPEG, TIFF], ids=lambda one: one.value)
def test_cmyk(editor: ImageEditor, format) -> None:
    # Dull colours, which ink can print.
    view = Image.blend(pictures.view(320, 240), Image.new("RGB", (320, 240), (128, 128, 128)), 0.6)

    result = drawn(editor, pictures.encoded(view, "PNG"), CMYK, output=Output(format, 95))

    assert result.mode == "CMYK"
    assert np.abs(seen(result) - numbers(view)).mean() < 8


def test_srgb_of_another_profile(editor: ImageEditor) -> None:
    source = pictures.icc_jpeg()
    expected = seen(pictures.opened(source).resize((100, 75)))

    result = drawn(editor, source, Resize(100, 75), SRGB, output=Output(PNG))

    assert result.size[0] == 100
    height = min(result.size[1], expected.shape[0])
    assert np.abs(numbers(result)[:height] - expected[:height]).mean() < 12


def test_where_it_stands_does_not_matter_and_the_last_counts(editor: ImageEditor) -> None:
    source = pictures.png_photo()

    first, last = (
        drawn(editor, source, *steps, output=Output(PNG))
        for steps in ((P3, Negate()), (CMYK, Negate(), P3))
    )

    assert np.array_equal(numbers(first), numbers(last))
    assert np.abs(seen(first) - (255 - numbers(pictures.opened(source)))).mean() < 4


@pytest.mark.parametrize("format", [PNG, WEBP, GIF], ids=lambda one: one.value)
def test_what_a_format_has_no_place_for_is_not_heeded(editor: ImageEditor, format) -> None:
    source = pictures.png_photo()

    result = drawn(editor, source, CMYK, output=Output(format))

    assert result.mode in ("RGB", "RGBA", "P")
    assert pictures.similarity(pictures.encoded(result.convert("RGB"), "PNG"), source) > 0.9


def test_the_profile_stays_whatever_metadata_goes(editor: ImageEditor) -> None:
    output = Output(PNG, metadata=Metadata((Kept.NONE,)))

    assert drawn(editor, pictures.photo(), P3, output=output).info["icc_profile"]
    assert "icc_profile" not in drawn(editor, pictures.icc_jpeg(), output=output).info


@pytest.mark.parametrize(
    "make",
    [pictures.grey_jpeg, pictures.png_with_alpha, pictures.grey_png16, pictures.cmyk_jpeg,
     pictures.one_pixel, pictures.transparent, pictures.grey_alpha_png, pictures.broken_icc_jpeg],
)  # fmt: skip
@pytest.mark.parametrize("step", [CMYK, P3, SRGB], ids=["cmyk", "p3", "srgb"])
def test_of_any_kind(editor: ImageEditor, make, step) -> None:
    for format in (JPEG, TIFF, WEBP):
        assert min(drawn(editor, make(), step, output=Output(format)).size) >= 1


def test_a_variant_has_that_of_the_main_result(editor: ImageEditor) -> None:
    pipeline = Pipeline((P3,), Output(PNG), (Variant("small", (Resize(40),), Output(PNG)),))
    with tempfile.TemporaryFile() as file:
        file.write(pictures.photo(80, 60))
        file.seek(0)
        targets = {name: tempfile.TemporaryFile() for name in pipeline.result_names}
        editor.edit(file, pipeline, {}, targets)
        profiles = [
            Image.open(io.BytesIO(target.read())).info["icc_profile"] for target in targets.values()
        ]

    assert profiles[0] == profiles[1]
