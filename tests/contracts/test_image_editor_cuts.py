"""What a resize mixes its pixels of, and what a cut keeps."""

import io
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageSequence

from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import ImageEditor
from domain.errors import InvalidParameter, OutputTooLarge
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AspectRatio,
    Crop,
    Fit,
    Focus,
    Gravity,
    Interest,
    Kernel,
    Operation,
    Resize,
)
from domain.images.output import Output
from domain.images.pipeline import MAIN, Pipeline
from tests import pictures
from tests.limits import renderer_limits

PILLOW = {
    Kernel.NEAREST: Image.Resampling.NEAREST,
    Kernel.LINEAR: Image.Resampling.BILINEAR,
    Kernel.CUBIC: Image.Resampling.BICUBIC,
    Kernel.LANCZOS3: Image.Resampling.LANCZOS,
}


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def drawn(
    editor: ImageEditor,
    source: bytes,
    *operations: Operation,
    format: ImageFormat = ImageFormat.PNG,
) -> Image.Image:
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as target:
        file.write(source)
        file.seek(0)
        editor.edit(file, Pipeline(operations, Output(format)), {}, {MAIN: target})
        return Image.open(io.BytesIO(target.read()))


def numbers(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=float)


def png(picture: Image.Image) -> bytes:
    return pictures.encoded(picture, "PNG")


class TestKernels:
    @pytest.mark.parametrize("kernel", PILLOW, ids=lambda one: one.value)
    @pytest.mark.parametrize("size", [(90, 70), (900, 700)], ids=["smaller", "larger"])
    def test_as_pillow_has_it(self, editor: ImageEditor, kernel: Kernel, size) -> None:
        view = pictures.view(300, 240)

        result = drawn(
            editor,
            png(view),
            Resize(*size, Fit.FILL, without_enlargement=False, kernel=kernel),
        )

        assert result.size == size
        reference = numbers(view.resize(size, PILLOW[kernel]))
        assert np.abs(numbers(result) - reference).mean() < (8 if kernel is Kernel.NEAREST else 3)

    @pytest.mark.parametrize("kernel", Kernel, ids=lambda one: one.value)
    def test_each_draws_a_likeness(self, editor: ImageEditor, kernel: Kernel) -> None:
        source = pictures.photo()

        for step in (
            Resize(100, kernel=kernel),
            Resize(1200, kernel=kernel, without_enlargement=False),
        ):
            assert pictures.similarity(png(drawn(editor, source, step)), source) > 0.8

    def test_the_nearest_makes_no_colour_that_was_not_there(self, editor: ImageEditor) -> None:
        checks = Image.new("RGB", (4, 4))
        checks.putdata([((n * 53) % 256, (n * 97) % 256, (n * 29) % 256) for n in range(16)])

        result = drawn(
            editor,
            png(checks),
            Resize(64, 64, without_enlargement=False, kernel=Kernel.NEAREST),
        )

        assert np.array_equal(
            numbers(result), numbers(checks.resize((64, 64), Image.Resampling.NEAREST))
        )

    @pytest.mark.parametrize("kernel", Kernel, ids=lambda one: one.value)
    def test_hidden_colours_do_not_leak(self, editor: ImageEditor, kernel: Kernel) -> None:
        picture = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
        picture.paste((0, 0, 255, 255), (16, 0, 48, 64))

        result = drawn(editor, png(picture), Resize(21, kernel=kernel))

        seen = np.asarray(result)[np.asarray(result)[..., 3] > 30]
        assert seen[:, 0].max() <= 12 and seen[:, 2].min() >= 240

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
    def test_light_is_mixed_as_light(self, editor: ImageEditor, mode: str) -> None:
        lines = Image.new("L", (200, 200))
        for x in range(0, 200, 2):
            lines.paste(255, (x, 0, x + 1, 200))

        plain, linear = (
            drawn(editor, png(lines.convert(mode)), Resize(20, linear=one)) for one in (False, True)
        )

        assert abs(numbers(plain)[5:15, 5:15].mean() - 127.5) < 4
        assert abs(numbers(linear)[5:15, 5:15].mean() - 187.5) < 4, "half the light, in sRGB"
        assert linear.mode == mode

    @pytest.mark.parametrize("step", [
        Resize(1, kernel=Kernel.CUBIC), Resize(3, linear=True),
        Resize(1, 9000, Fit.FILL, without_enlargement=False, kernel=Kernel.MITCHELL),
    ])  # fmt: skip
    def test_the_smallest_and_thinnest(self, editor: ImageEditor, step: Resize) -> None:
        for source in (pictures.one_pixel(), pictures.line(1, 16_384), pictures.line(16_384, 1)):
            assert min(drawn(editor, source, step).size) >= 1

    @pytest.mark.parametrize(
        "make", [pictures.cmyk_jpeg, pictures.grey_png16, lambda: pictures.exif_oriented(6)]
    )
    def test_of_any_kind(self, editor: ImageEditor, make) -> None:
        usual = drawn(editor, make(), Resize(64))

        for step in (Resize(64, kernel=Kernel.MITCHELL), Resize(64, linear=True)):
            result = drawn(editor, make(), step)
            assert result.size == usual.size
            assert np.abs(numbers(result) - numbers(usual)).mean() < 12


def test_dpr_multiplies_the_box(editor: ImageEditor) -> None:
    source = pictures.photo(800, 600)

    assert drawn(editor, source, Resize(200, dpr=2)).size == (400, 300)
    assert drawn(editor, source, Resize(100, 100, Fit.COVER, dpr=1.5)).size == (150, 150)
    assert drawn(editor, source, Resize(500, dpr=3)).size == (800, 600), "never enlarged"
    with pytest.raises(Exception, match="output_too_large"):
        drawn(editor, source, Resize(9000, dpr=2, without_enlargement=False))


def spot(x: int, y: int, size=(400, 200)) -> Image.Image:
    """A grey picture with one thing to look at, its middle at *x*, *y*."""
    picture = Image.new("RGB", size, (128, 128, 128))
    draw = ImageDraw.Draw(picture)
    for ring in range(5):
        radius = 20 - 4 * ring
        color = (230, 60 + 30 * ring, 40) if ring % 2 else (255, 220, 190)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
    return picture


def has_the_spot(picture: Image.Image) -> bool:
    return bool((np.abs(numbers(picture) - 128).max(axis=2) > 60).sum() > 800)


class TestCuts:
    @pytest.mark.parametrize("interest", [Interest.ATTENTION, Interest.ENTROPY])
    @pytest.mark.parametrize("x", [40, 200, 360])
    def test_what_there_is_to_see_is_kept(self, editor: ImageEditor, interest, x) -> None:
        source = png(spot(x, 100))

        for step in (
            Crop(width=100, height=100, gravity=interest),
            Crop(aspect_ratio=AspectRatio(1, 2), gravity=interest),
            Resize(100, 200, Fit.COVER, gravity=interest),
        ):
            assert has_the_spot(drawn(editor, source, step)), step

    def test_gravity_alone_would_have_missed_it(self, editor: ImageEditor) -> None:
        cut = drawn(editor, png(spot(40, 100)), Crop(width=100, height=100))

        assert not has_the_spot(cut)

    @pytest.mark.parametrize(
        ("focus", "left", "top"),
        [
            (Focus(0.5, 0.5), 150, 75),
            (Focus(0.25, 0.5), 50, 75),
            (Focus(0, 0), 0, 0),
            (Focus(1, 1), 300, 150),
            (Focus(0.8, 0.1), 270, 0),
        ],
    )
    def test_the_focus_is_in_the_middle_as_far_as_edges_allow(
        self, editor: ImageEditor, focus: Focus, left: int, top: int
    ) -> None:
        view = pictures.view(400, 200)

        cut = drawn(
            editor, png(view), Crop(width=100, height=50, gravity=Interest.FOCUS, focus=focus)
        )

        assert np.array_equal(numbers(cut), numbers(view.crop((left, top, left + 100, top + 50))))

    def test_a_cover_keeps_the_focus(self, editor: ImageEditor) -> None:
        step = Resize(50, 100, Fit.COVER, gravity=Interest.FOCUS, focus=Focus(0.1, 0.5))

        assert has_the_spot(
            drawn(
                editor,
                png(spot(40, 100)),
                Resize(200, 200, Fit.COVER, focus=Focus(0.1, 0.5), gravity=Interest.FOCUS),
            )
        )
        assert drawn(editor, png(spot(40, 100)), step).size == (50, 100)

    @pytest.mark.parametrize("interest", [Interest.ATTENTION, Interest.ENTROPY])
    def test_the_frames_of_an_animation_stay_together(self, editor, interest) -> None:
        frames = [spot(60, 100), spot(340, 100), spot(60, 100)]
        source = io.BytesIO()
        frames[0].save(source, "GIF", save_all=True, append_images=frames[1:], duration=100)

        cut = drawn(
            editor,
            source.getvalue(),
            Crop(width=120, height=200, gravity=interest),
            format=ImageFormat.GIF,
        )

        kept = [has_the_spot(frame.convert("RGB")) for frame in ImageSequence.Iterator(cut)]
        assert kept == [True, False, True]

    @pytest.mark.parametrize("interest", [Interest.ATTENTION, Interest.ENTROPY])
    def test_edge_cases(self, editor: ImageEditor, interest) -> None:
        for make in (
            pictures.one_pixel,
            lambda: pictures.line(1, 16_384),
            pictures.transparent,
            pictures.grey_jpeg,
            pictures.cmyk_jpeg,
            pictures.grey_png16,
        ):
            step = Crop(aspect_ratio=AspectRatio(1, 1), gravity=interest)
            width, height = drawn(editor, make(), step).size
            assert width == height


@pytest.mark.parametrize(
    ("make", "pointer"),
    [
        (lambda: Resize(10, 10, Fit.COVER, gravity=Interest.FOCUS), "/gravity"),
        (lambda: Resize(10, 10, Fit.COVER, focus=Focus(0, 0)), "/focus"),
        (lambda: Resize(10, 10, gravity=Interest.ATTENTION), "/gravity"),
        (lambda: Crop(left=0, top=0, width=1, height=1, gravity=Interest.ENTROPY), "/gravity"),
        (lambda: Focus(1.1, 0), "/x"),
        (lambda: Focus(0, -0.1), "/y"),
        (lambda: Resize(10, dpr=0.05), "/dpr"),
        (lambda: Crop(width=5, height=5, focus=Focus(0, 0), gravity=Gravity.NORTH), "/focus"),
    ],
)
def test_what_makes_no_sense_is_refused(make, pointer: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        make()

    assert refused.value.pointer == pointer
    assert not isinstance(refused.value, OutputTooLarge)
