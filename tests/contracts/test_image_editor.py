"""What every image editor promises, shown on real files."""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping

import attrs
import numpy
import pytest
from PIL import Image, ImageCms, ImageFilter, ImageOps

from adapters.imaging.header_probe import HeaderProbe
from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import Drawn, EditFailed, ImageEditor
from domain.errors import DomainError
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AspectRatio,
    AutoOrient,
    Trim,
    Region,
    RedactMode,
    Redact,
    Outline,
    Blur,
    Border,
    Contrast,
    Crop,
    Duotone,
    Fit,
    Flatten,
    Flip,
    Gamma,
    Gravity,
    Grayscale,
    Modulate,
    Negate,
    Normalize,
    Operation,
    Pad,
    Pixelate,
    Resize,
    Rotate,
    RoundCorners,
    Sepia,
    Sharpen,
    Threshold,
    Tint,
    Watermark,
)
from domain.images.output import Output
from domain.images.pipeline import MAIN, Pipeline
from domain.images.units import WHITE, Color, Percent
from domain.images.upload_policy import UploadPolicy
from domain.tasks.task import FailureCode
from tests import pictures
from tests.bad_pictures import BadPicture, bad_pictures, bit_flips
from tests.limits import renderer_limits
from tests.naming import plain
from tests.odd_pictures import odd_pictures, profile_of_srgb
from tests.pictures import all_formats, format_of, frames_of, opened, similarity, size_of

RED = Color(255, 0, 0)
FORMATS = list(ImageFormat)


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def edit(
    editor: ImageEditor,
    source: bytes,
    *operations: Operation,
    format: ImageFormat | None = None,
    quality: int | None = None,
    assets: Mapping[str, bytes] | None = None,
) -> tuple[bytes, Drawn]:
    files = {name: _file_of(content) for name, content in (assets or {}).items()}
    with _file_of(source) as file, tempfile.TemporaryFile() as target:
        pipeline = Pipeline(operations, Output(format, quality))
        edited = editor.edit(file, pipeline, files, {MAIN: target})
        return target.read(), edited.main


def result(*args: object, **options: object) -> bytes:
    return edit(*args, **options)[0]


def failure(*args: object, **options: object) -> FailureCode:
    with pytest.raises(EditFailed) as caught:
        edit(*args, **options)
    assert caught.value.failure.detail
    return caught.value.failure.code


def _file_of(content: bytes):
    file = tempfile.TemporaryFile()
    file.write(content)
    file.seek(0)
    return file


def _srgb_profile_with_red_and_blue_swapped() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for old, new in [
        (b"rXYZ", b"swap"), (b"bXYZ", b"rXYZ"), (b"swap", b"bXYZ"), (b"s\0R\0G\0B", b"o\0t\0h\0r"),
    ]:  # fmt: skip
        assert old in profile
        profile = profile.replace(old, new)
    return profile


def pixel(data: bytes, x: int, y: int) -> tuple[int, ...]:
    return opened(data).convert("RGBA").getpixel((x, y))


class TestFormats:
    @pytest.mark.parametrize("written", FORMATS, ids=lambda format: format.value)
    @pytest.mark.parametrize("read", FORMATS, ids=lambda format: format.value)
    def test_every_format_becomes_every_format(self, editor, read, written) -> None:
        source = all_formats()[read.value]

        data, drawn = edit(editor, source, AutoOrient(), Resize(160, 160), format=written)

        assert format_of(data) == written.value
        assert size_of(data) == (160, 120)
        assert similarity(data, source) > 0.85
        assert attrs.evolve(drawn, sha256="") == Drawn(written, 160, 120, len(data), "")

    def test_the_digest_and_the_stages_are_told(self, editor: ImageEditor) -> None:
        with _file_of(pictures.photo(40, 30)) as file, tempfile.TemporaryFile() as target:
            edited = editor.edit(file, Pipeline(()), {}, {MAIN: target})

            assert edited.main.sha256 == hashlib.sha256(target.read()).hexdigest()
        assert {"wait_for_renderer", "open", "render"} <= edited.stage_seconds.keys()

    @pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.value)
    def test_without_a_format_the_result_has_the_uploads_own(self, editor, format) -> None:
        assert format_of(result(editor, all_formats()[format.value])) == format.value

    def test_quality_is_heeded(self, editor: ImageEditor) -> None:
        for format in (ImageFormat.JPEG, ImageFormat.WEBP, ImageFormat.AVIF):
            low, high = (
                len(result(editor, pictures.photo(320, 240), format=format, quality=quality))
                for quality in (20, 95)
            )
            assert low * 2 < high

    @pytest.mark.parametrize(
        "make",
        [
            pictures.cmyk_jpeg,
            pictures.grey_jpeg,
            pictures.grey_png16,
            pictures.grey_alpha_png,
            pictures.palette_png,
            pictures.bilevel_png,
            pictures.progressive_photo,
            pictures.broken_icc_jpeg,
            pictures.garbage_exif_jpeg,
            pictures.multipage_tiff,
        ],
        ids=lambda make: make.__name__,
    )
    def test_every_way_to_store_pixels_is_read(self, editor: ImageEditor, make) -> None:
        source = make()
        width, height = size_of(source)

        scaled = result(editor, source, Resize(width // 2), format=ImageFormat.PNG)
        whole = result(editor, source, format=ImageFormat.WEBP, quality=95)
        expected = opened(source)
        if expected.mode.startswith("I"):
            expected = Image.fromarray((numpy.asarray(expected) >> 8).astype("uint8"))

        assert size_of(scaled) == (width // 2, height // 2)
        # Inks without a profile are mixed by a print profile here, by subtraction in Pillow.
        alike = 0.6 if expected.mode in ("CMYK", "1") else 0.9
        assert similarity(scaled, expected) > alike
        assert similarity(whole, expected) > alike

    @pytest.mark.parametrize("planes", [2, 5, 12])
    def test_of_many_grey_planes_the_first_is_drawn(self, editor, planes: int) -> None:
        many = next(bad for bad in odd_pictures() if bad.name == f"TIFF of {planes} planes")

        for format in FORMATS:
            data = result(editor, many.data, format=format)
            drawn = opened(data).convert("L")
            assert planes == 2 or similarity(drawn, pictures.view(64, 48).convert("L")) > 0.8

    def test_floats_are_read(self, editor: ImageEditor) -> None:
        assert (
            size_of(result(editor, pictures.float_tiff(), Resize(50), format=FORMATS[0]))[0] == 50
        )

    def test_alpha_is_kept_where_it_can_be_and_white_where_it_cannot(self, editor) -> None:
        source = pictures.transparent(40, 30)

        for format in (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.AVIF, ImageFormat.GIF):
            assert pixel(result(editor, source, Resize(20), format=format), 5, 5)[3] == 0
        assert pixel(result(editor, source, Resize(20), format=ImageFormat.JPEG), 5, 5) == (
            255, 255, 255, 255,
        )  # fmt: skip

    def test_a_picture_that_takes_over_a_hundred_megabytes_is_drawn_whole(
        self, editor: ImageEditor
    ) -> None:
        """Beyond that, libvips puts what it has decoded into a file, and there is none."""
        large = pictures.encoded(Image.new("RGB", (6100, 6100), "red"), "WEBP", lossless=True)

        drawn = result(editor, large, format=ImageFormat.PNG)

        assert size_of(drawn) == (6100, 6100)


class TestSizes:
    # Source 800x600.
    @pytest.mark.parametrize("make", [pictures.photo, pictures.png_photo], ids=["jpeg", "png"])
    @pytest.mark.parametrize(
        ("resize", "size"),
        [
            (Resize(300, 300), (300, 225)),
            (Resize(300, 300, Fit.OUTSIDE), (400, 300)),
            (Resize(300, 300, Fit.COVER), (300, 300)),
            (Resize(300, 300, Fit.CONTAIN, background=WHITE), (300, 300)),
            (Resize(300, 300, Fit.FILL), (300, 300)),
            (Resize(height=300), (400, 300)),
            (Resize(Percent(50)), (400, 300)),
            (Resize(1600, 1600), (800, 600)),
            (Resize(1600, without_enlargement=False), (1600, 1200)),
            (Resize(200, 200, without_reduction=True), (800, 600)),
            (Resize(333, 777, Fit.FILL), (333, 600)),
        ],
        ids=str,
    )
    def test_each_fit_gives_the_size_and_the_picture_it_promises(
        self, editor, make, resize: Resize, size
    ) -> None:
        reference = opened(make()).convert("RGB")
        if resize.fit is Fit.COVER:
            reference = ImageOps.fit(reference, size)
        elif resize.fit is Fit.CONTAIN:
            reference = ImageOps.pad(reference, size, color="white")
        else:
            reference = reference.resize(size, Image.Resampling.LANCZOS)

        data = result(editor, make(), AutoOrient(), resize, quality=92)

        assert size_of(data) == size
        assert similarity(data, reference) > 0.9

    @pytest.mark.parametrize(
        ("gravity", "left"), [(Gravity.WEST, 0), (Gravity.CENTER, 100), (Gravity.EAST, 200)]
    )
    def test_gravity_decides_what_a_cut_keeps(self, editor, gravity: Gravity, left: int) -> None:
        source = pictures.photo()
        expected = opened(source).crop((left, 0, left + 600, 600)).resize((300, 300))

        data = result(editor, source, Resize(300, 300, Fit.COVER, gravity))

        assert similarity(data, expected) > 0.9

    def test_a_pad_is_transparent_unless_told_otherwise(self, editor: ImageEditor) -> None:
        source = pictures.photo(80, 40)

        clear = result(editor, source, Resize(40, 40, Fit.CONTAIN), format=ImageFormat.PNG)
        red = result(
            editor,
            pictures.encoded(pictures.view(80, 40).convert("L"), "JPEG"),
            Resize(40, 40, Fit.CONTAIN, background=RED),
            format=ImageFormat.PNG,
        )

        assert [pixel(clear, 20, y)[3] for y in (2, 20, 38)] == [0, 255, 0]
        assert [pixel(red, 20, y) == (255, 0, 0, 255) for y in (2, 20, 38)] == [True, False, True]

    def test_the_picture_of_many_megapixels_is_as_good_as_a_full_decode(self, editor) -> None:
        source = pictures.photo_12mp()
        reference = opened(source).resize((800, 600), Image.Resampling.LANCZOS)

        data = result(editor, source, AutoOrient(), Resize(800, 600), quality=95)

        assert similarity(data, reference, longest=800) > 0.97

    def test_operations_before_a_resize_come_out_as_ordered(self, editor: ImageEditor) -> None:
        source = pictures.photo()
        expected = opened(source).convert("L").transpose(Image.Transpose.FLIP_LEFT_RIGHT)

        data = result(
            editor,
            source,
            AutoOrient(),
            Flip(horizontal=True),
            Grayscale(),
            Resize(300, 300, Fit.COVER, Gravity.WEST),
        )

        assert opened(data).mode == "L"
        assert similarity(data, expected.crop((0, 0, 600, 600)).resize((300, 300))) > 0.9


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_each_exif_orientation_is_turned_upright(self, editor, orientation: int) -> None:
        source = pictures.exif_oriented(orientation)
        upright = pictures.upright()

        whole = result(editor, source, AutoOrient())
        scaled = result(editor, source, AutoOrient(), Resize(240, 240))
        cropped = result(editor, source, AutoOrient(), Crop(0, 0, 240, 160), Resize(120))
        late = result(editor, source, Grayscale(), AutoOrient(), Resize(240, 240))

        assert (size_of(whole), size_of(scaled)) == ((480, 320), (240, 160))
        assert similarity(whole, upright) > 0.9
        assert similarity(scaled, upright) > 0.9
        assert similarity(cropped, upright.crop((0, 0, 240, 160))) > 0.9
        assert similarity(late, upright.convert("L")) > 0.9
        assert Image.open(io.BytesIO(whole)).getexif().get(0x0112) is None

    def test_without_auto_orient_the_picture_stays_as_stored(self, editor: ImageEditor) -> None:
        source = pictures.exif_oriented(6)

        scaled = result(editor, source, Resize(160, 160))
        oriented_after = result(editor, source, Resize(160, 160), AutoOrient())

        assert size_of(scaled) == (107, 160)
        assert similarity(scaled, opened(source)) > 0.9
        assert similarity(oriented_after, pictures.upright()) > 0.9

    @pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.value)
    def test_no_orientation_is_left_that_would_turn_it_once_more(self, editor, format) -> None:
        exif = Image.Exif()
        exif[0x0112], exif[0x8298] = 6, "Ada"
        source = pictures.encoded(pictures.view(60, 40), "JPEG", exif=exif)

        data = result(editor, source, Flip(horizontal=True), format=format)

        assert size_of(data) == (60, 40)
        assert Image.open(io.BytesIO(data)).getexif().get(0x0112, 1) == 1

    @pytest.mark.parametrize("orientation", [0, 9, 4711])
    def test_an_orientation_that_does_not_exist_is_ignored(self, editor, orientation: int) -> None:
        source = pictures.exif_oriented(orientation)

        assert similarity(result(editor, source, AutoOrient()), pictures.upright()) > 0.9


class TestOperations:
    @pytest.mark.parametrize(
        ("operation", "reference"),
        [
            (Crop(20, 30, 200, 100), lambda p: p.crop((20, 30, 220, 130))),
            (
                Crop(aspect_ratio=AspectRatio(1, 1), gravity=Gravity.EAST),
                lambda p: p.crop((80, 0, 320, 240)),
            ),
            (Rotate(90), lambda p: p.transpose(Image.Transpose.ROTATE_270)),
            (Rotate(-90), lambda p: p.transpose(Image.Transpose.ROTATE_90)),
            (Rotate(180), lambda p: p.transpose(Image.Transpose.ROTATE_180)),
            (Rotate(360), lambda p: p),
            (
                Rotate(30, WHITE),
                lambda p: p.rotate(-30, Image.Resampling.BICUBIC, expand=True, fillcolor="white"),
            ),
            (Flip(horizontal=True), ImageOps.mirror),
            (Flip(vertical=True), ImageOps.flip),
            (Flip(horizontal=True, vertical=True), lambda p: p.rotate(180)),
            (Grayscale(), lambda p: p.convert("L")),
            (Blur(3), lambda p: p.filter(ImageFilter.GaussianBlur(3))),
            (Sharpen(), lambda p: p),
        ],
        ids=plain,
    )
    @pytest.mark.parametrize("name", ["jpeg", "png", "tiff"])
    def test_an_operation_draws_what_its_name_says(
        self, editor, name, operation, reference
    ) -> None:
        source = all_formats()[name]
        expected = reference(opened(source).convert("RGB"))

        data = result(editor, source, operation, format=ImageFormat.PNG)

        assert numpy.allclose(size_of(data), expected.size, atol=2)
        assert similarity(data, expected.resize(size_of(data))) > 0.85

    def test_blur_and_sharpen_go_their_ways(self, editor: ImageEditor) -> None:
        def energy(data: bytes) -> float:
            return float(
                numpy.abs(numpy.diff(numpy.asarray(opened(data).convert("L"), dtype=float))).mean()
            )

        plain, soft, sharp = (
            energy(result(editor, pictures.photo(320, 240), *steps, format=ImageFormat.PNG))
            for steps in ((), (Blur(2),), (Sharpen(2, m1=1, m2=5),))
        )

        assert soft < 0.8 * plain
        assert sharp > 1.2 * plain

    def test_corners_opened_by_a_rotation_show_the_background(self, editor: ImageEditor) -> None:
        source = pictures.single_colour(60, 40)

        clear = result(editor, source, Rotate(45), format=ImageFormat.PNG)
        white = result(editor, source, Rotate(45, WHITE), format=ImageFormat.PNG)

        assert pixel(clear, 0, 0)[3] == 0
        assert pixel(white, 0, 0) == (255, 255, 255, 255)
        assert opened(white).mode == "RGB"
        # No dark fringe: what is half transparent is as red as the rest.
        colours = numpy.asarray(opened(clear))
        fringe = colours[(colours[..., 3] > 60) & (colours[..., 3] < 200)]
        assert len(fringe)
        assert (fringe[:, 0] > 190).all()

    def test_transparent_colours_do_not_leak_into_a_blur(self, editor: ImageEditor) -> None:
        picture = Image.new("RGBA", (60, 40), (0, 255, 0, 0))
        picture.paste((255, 0, 0, 255), (20, 10, 40, 30))

        data = result(editor, pictures.encoded(picture, "PNG"), Blur(4))

        red, green, _, alpha = pixel(data, 18, 20)
        assert 0 < alpha < 255
        assert (red, green) > (240, 0)
        assert green < 15

    @pytest.mark.parametrize("format", [ImageFormat.GIF, ImageFormat.JPEG])
    def test_a_profile_is_worked_into_the_colours_where_it_cannot_stay(
        self, editor: ImageEditor, format: ImageFormat
    ) -> None:
        """A profile whose red is blue: a red picture is shown blue."""
        profile = _srgb_profile_with_red_and_blue_swapped()
        red = Image.new("RGB", (40, 30), (255, 0, 0))
        source = pictures.encoded(red, "PNG", icc_profile=profile)
        watermarked = Watermark("a.png", Gravity.NORTHWEST, 0, 0, width=4)

        data, _ = edit(
            editor, source, watermarked, format=format,
            assets={"a.png": pictures.encoded(red, "PNG")},
        )  # fmt: skip
        grey = result(editor, source, Grayscale(), format=ImageFormat.PNG)

        assert numpy.allclose(pixel(data, 30, 20), (0, 0, 255, 255), atol=12)
        assert opened(grey).mode == "L"
        assert pixel(grey, 5, 5)[0] < 80  # blue is darker than red
        for made in (data, grey):
            assert "icc_profile" not in Image.open(io.BytesIO(made)).info

    @pytest.mark.parametrize(
        "make",
        [
            pictures.one_pixel,
            lambda: pictures.one_pixel("JPEG"),
            lambda: pictures.one_pixel("WEBP"),
            lambda: pictures.one_pixel("GIF"),
            lambda: pictures.line(1, 16_384),
            lambda: pictures.line(16_384, 1),
            lambda: pictures.transparent(64, 48),
            lambda: pictures.single_colour(64, 48),
        ],
        ids=["pixel", "jpeg", "webp", "gif", "tall", "wide", "transparent", "red"],
    )
    @pytest.mark.parametrize(
        "operation",
        [
            AutoOrient(),
            Resize(3, 2),
            Resize(Percent(1)),
            Resize(20, 20, Fit.COVER),
            Resize(20, 20, Fit.CONTAIN),
            Resize(20, 20, Fit.FILL, without_enlargement=False),
            Crop(0, 0, 1, 1),
            Crop(aspect_ratio=AspectRatio(16, 9)),
            Rotate(90),
            Rotate(33),
            Flip(True, True),
            Grayscale(),
            Blur(100),
            Sharpen(),
            Negate(),
            Normalize(),
            Gamma(),
            Threshold(),
            Modulate(brightness=0.5),
            Contrast(2),
            Tint(RED),
            Sepia(),
            Duotone(RED, WHITE),
            Flatten(),
            Pixelate(1000),
            Trim(),
            Trim(background=RED, equal_x=True, equal_y=True),
            Redact((Region(0, 0, Percent(100), Percent(100), Outline.ELLIPSE),)),
            Redact((Region(0, 0, 1, 1),), RedactMode.PIXELATE, 100),
            Redact((Region(0, 0, 5, 5),), RedactMode.FILL, color=RED),
            Sharpen(regions=(Region(0, 0, Percent(50), Percent(50)),)),
            Pad(top=Percent(0)),
            Border(Percent(50), RED),
            RoundCorners(),
            Watermark("logo.png"),
        ],
        ids=lambda operation: type(operation).__name__,
    )
    def test_the_smallest_thinnest_and_emptiest_pictures_pass(
        self, editor, make, operation
    ) -> None:
        data = result(
            editor,
            make(),
            operation,
            format=ImageFormat.PNG,
            assets={"logo.png": pictures.logo(20, 10)},
        )

        assert min(size_of(data)) >= 1


class TestWatermark:
    @pytest.mark.parametrize(
        ("gravity", "box"),
        [
            (Gravity.NORTHWEST, (20, 30, 70, 55)),
            (Gravity.NORTH, (75, 30, 125, 55)),
            (Gravity.SOUTHEAST, (130, 65, 180, 90)),
            (Gravity.CENTER, (75, 48, 125, 73)),
        ],
    )
    def test_it_stands_where_gravity_and_offsets_say(self, editor, gravity, box) -> None:
        """Offsets count inwards; on an axis where the mark is centred they are ignored."""
        white = pictures.encoded(Image.new("RGB", (200, 120), "white"), "PNG")
        mark = pictures.encoded(Image.new("RGB", (100, 50), "black"), "PNG")

        data = result(
            editor,
            white,
            Watermark("a.png", gravity, offset_x=20, offset_y=30, opacity=1),
            assets={"a.png": mark},
        )

        dark = numpy.argwhere(numpy.asarray(opened(data).convert("L")) < 128)
        top, left = dark.min(axis=0)
        bottom, right = dark.max(axis=0) + 1
        assert numpy.allclose((left, top, right, bottom), box, atol=1)

    def test_only_its_own_rectangle_changes_and_by_its_opacity(self, editor: ImageEditor) -> None:
        white = pictures.encoded(Image.new("L", (200, 100), 255), "PNG")
        mark = pictures.encoded(Image.new("RGB", (10, 10), (255, 0, 0)), "PNG")

        data = result(
            editor,
            white,
            Watermark("a.png", Gravity.NORTHWEST, 0, 0, width=50, opacity=0.5),
            assets={"a.png": mark},
        )

        assert opened(data).mode == "RGB"
        assert numpy.allclose(pixel(data, 10, 10), (255, 127, 127, 255), atol=2)
        assert pixel(data, 60, 60) == (255, 255, 255, 255)

    def test_it_shines_through_where_it_is_transparent(self, editor: ImageEditor) -> None:
        source = pictures.photo()

        data = result(
            editor, source, Watermark("logo.png"), assets={"logo.png": pictures.logo()},
            format=ImageFormat.PNG,
        )  # fmt: skip

        assert 0.9 < similarity(data, source) < 0.995

    def test_it_is_drawn_on_transparent_ground(self, editor: ImageEditor) -> None:
        data = result(
            editor,
            pictures.transparent(100, 100),
            Watermark("a.png", Gravity.CENTER, width=50, opacity=0.5),
            assets={"a.png": pictures.single_colour(10, 10)},
        )

        assert numpy.allclose(pixel(data, 50, 50), (220, 30, 30, 128), atol=3)
        assert pixel(data, 5, 5)[3] == 0

    def test_a_mark_larger_than_the_picture_is_scaled_to_fit(self, editor: ImageEditor) -> None:
        data = result(
            editor,
            pictures.single_colour(40, 10),
            Watermark("logo.png", width=Percent(1000), opacity=1),
            assets={"logo.png": pictures.logo(400, 800)},
        )

        assert size_of(data) == (40, 10)

    def test_the_same_name_may_hold_another_picture_next_time(self, editor: ImageEditor) -> None:
        white = pictures.encoded(Image.new("RGB", (50, 50), "white"), "PNG")
        step = Watermark("a.png", Gravity.CENTER, width=20, opacity=1)

        for colour in ("red", "lime", "red"):
            mark = pictures.encoded(Image.new("RGB", (10, 10), colour), "PNG")
            data = result(editor, white, step, assets={"a.png": mark})
            expected = (255, 0, 0, 255) if colour == "red" else (0, 255, 0, 255)
            assert pixel(data, 25, 25) == expected

    def test_an_oriented_mark_is_laid_upright(self, editor: ImageEditor) -> None:
        white = pictures.encoded(Image.new("RGB", (480, 320), "white"), "PNG")

        data = result(
            editor,
            white,
            Watermark("a.jpg", Gravity.CENTER, width=Percent(100), opacity=1),
            assets={"a.jpg": pictures.exif_oriented(6)},
        )

        assert similarity(data, pictures.upright()) > 0.9

    def test_a_missing_mark_is_told(self, editor: ImageEditor) -> None:
        assert failure(editor, pictures.photo(40, 30), Watermark("logo.png")) is (
            FailureCode.ASSET_MISSING
        )

    @pytest.mark.parametrize("bad", [bad for bad in bad_pictures() if bad.as_watermark], ids=str)
    def test_bad_pictures_as_marks_end_as_documented(self, editor, bad: BadPicture) -> None:
        try:
            edit(
                editor, pictures.photo(40, 30), Watermark("a.png"), assets={"a.png": bad.data}
            )  # fmt: skip
            outcome = None
        except EditFailed as failed:
            assert "a.png" in failed.failure.detail
            outcome = failed.failure.code.value
        # The upload asks the same limits, with its own words, before a task is made.
        early = {code.replace("-", "_") for code in bad.at_upload or ()}
        refused_early = outcome in early | {"decode_failed", "unsupported_codec"}
        assert bad.allows_outcome(outcome) or (not bad.must_be_accepted and refused_early), (
            bad.expectation()
        )


class TestAnimations:
    @pytest.mark.parametrize("written", [ImageFormat.GIF, ImageFormat.WEBP])
    @pytest.mark.parametrize("make", [pictures.animated_gif, pictures.animated_webp])
    def test_they_stay_animated_at_their_pace(self, editor, make, written) -> None:
        source = make(6, (120, 90))

        data, drawn = edit(editor, source, AutoOrient(), Resize(60, 60), format=written)

        animation = Image.open(io.BytesIO(data))
        assert (animation.size, animation.n_frames) == ((60, 45), 6)
        assert (drawn.width, drawn.height) == (60, 45)
        animation.seek(1)
        animation.load()
        assert animation.info["duration"] == 50
        assert animation.info.get("loop") == 0

    @pytest.mark.parametrize("sides", [(60, 54), (50, 45), (47, 41), (200, 180), (10, 9), (100, 3)])
    def test_frames_are_made_smaller_without_mixing(self, editor: ImageEditor, sides) -> None:
        frames = [Image.new("RGB", (100, 90), shade) for shade in ("black", "white") * 4]
        source = pictures.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

        data, _ = edit(
            editor,
            source,
            Resize(*sides, Fit.FILL, without_enlargement=False),
            format=ImageFormat.GIF,
        )

        animation = Image.open(io.BytesIO(data))
        assert (animation.size, animation.n_frames) == (sides, 8)
        for index in range(8):
            animation.seek(index)
            shown = numpy.asarray(animation.convert("L"))
            assert (shown == 255 * (index % 2)).all()

    def test_every_operation_is_applied_to_every_frame(self, editor: ImageEditor) -> None:
        colours = ["red", "lime", "blue"]
        frames = [Image.new("RGB", (60, 40), colour) for colour in colours]
        source = pictures.encoded(
            frames[0], "GIF", save_all=True, append_images=frames[1:], duration=[50, 100, 150]
        )

        data, _ = edit(
            editor,
            source,
            Rotate(90),
            Crop(0, 10, 40, 40),
            Blur(5),
            Resize(20, 20, Fit.FILL),
            Watermark("a.png", Gravity.NORTHWEST, 0, 0, width=5, opacity=1),
            Flip(vertical=True),
            Negate(),
            Negate(),
            Pixelate(2),
            Pad(left=10),
            Crop(10, 0, 20, 20),
            format=ImageFormat.WEBP,
            quality=100,
            assets={"a.png": pictures.encoded(Image.new("RGB", (8, 8), "white"), "PNG")},
        )

        animation = Image.open(io.BytesIO(data))
        durations = []
        for index, expected in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
            animation.seek(index)
            shown = animation.convert("RGB")
            durations.append(animation.info["duration"])
            # Frames do not bleed into each other: the edges are as pure as the middle.
            for place in [(0, 0), (19, 0), (19, 19), (10, 10)]:
                assert numpy.allclose(shown.getpixel(place), expected, atol=16)
            assert numpy.allclose(shown.getpixel((2, 17)), (255, 255, 255), atol=40)
        assert durations == [50, 100, 150]

    @pytest.mark.parametrize("written", [ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.AVIF])
    def test_other_formats_take_the_first_frame(self, editor, written) -> None:
        source = pictures.animated_gif(6, (120, 90))

        data, drawn = edit(editor, source, Resize(60), format=written)

        assert (size_of(data), frames_of(data)) == ((60, 45), 1)
        assert similarity(data, opened(source)) > 0.85

    @pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.value)
    def test_a_still_that_is_as_high_as_two_frames_is_one_picture(self, editor, format) -> None:
        source = pictures.animated_gif(3, (60, 40)) if format.value not in ("gif", "webp") else (
            pictures.photo(60, 40, "GIF"))  # fmt: skip

        data = result(
            editor, source, Resize(120, 80, without_enlargement=False), format=format
        )  # fmt: skip

        assert (size_of(data), frames_of(data)) == ((120, 80), 1)

    def test_of_a_document_of_pages_the_first_is_taken(self, editor: ImageEditor) -> None:
        source = pictures.multipage_tiff(3, (100, 80))

        data, drawn = edit(editor, source, Resize(50))

        assert (size_of(data), frames_of(data)) == ((50, 40), 1)


class TestMetadata:
    @pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.value)
    @pytest.mark.parametrize(
        "operations", [(), (AutoOrient(), Resize(100))], ids=["as is", "small"]
    )
    def test_nothing_tells_where_by_whom_or_with_what(self, editor, format, operations) -> None:
        data = result(editor, pictures.gps_jpeg(), *operations, format=format)

        for text in pictures.MADE_BY_CAMERA:
            assert text.encode() not in data
        assert b"GPSLatitude" not in data
        picture = Image.open(io.BytesIO(data))
        assert not picture.getexif().get_ifd(0x8825)
        assert "xmp" not in picture.info

    @pytest.mark.parametrize("make", [pictures.scripted_jpeg, pictures.scripted_png])
    def test_no_script_survives(self, editor: ImageEditor, make) -> None:
        data = result(editor, make())

        assert b"<?php" not in data
        assert b"<script" not in data
        assert b"/etc/passwd" not in data

    def test_a_copyright_is_kept_without_markup(self, editor: ImageEditor) -> None:
        exif = Image.Exif()
        exif[0x8298] = "Ada <ada@example.com> <?php x(); ?>"
        source = pictures.encoded(pictures.view(60, 40), "JPEG", exif=exif)

        data = result(editor, source)

        kept = Image.open(io.BytesIO(data)).getexif()[0x8298]
        assert kept == "Ada (ada@example.com) (?php x(); ?)"

    def test_texts_under_names_in_latin_1_do_no_harm(self, editor: ImageEditor) -> None:
        named = next(bad for bad in odd_pictures() if "Latin-1" in bad.name)

        assert size_of(result(editor, named.data)) == (64, 48)

    def test_what_stands_behind_a_profile_is_dropped_and_a_script_in_it_drops_it(
        self, editor: ImageEditor
    ) -> None:
        good = profile_of_srgb()
        script = (len(good) + 20).to_bytes(4) + good[4:] + b"<?php system(1); ?> "
        longer, scripted = (
            result(editor, pictures.encoded(pictures.view(60, 40), "JPEG", icc_profile=profile))
            for profile in (good + b"more", script)
        )

        assert Image.open(io.BytesIO(longer)).info["icc_profile"] == good
        assert "icc_profile" not in Image.open(io.BytesIO(scripted)).info

    def test_the_colour_profile_is_kept(self, editor: ImageEditor) -> None:
        source = pictures.icc_jpeg()
        profile = Image.open(io.BytesIO(source)).info["icc_profile"]

        for format in (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.WEBP):
            data = result(editor, source, Resize(100), format=format)
            assert Image.open(io.BytesIO(data)).info["icc_profile"] == profile

    def test_a_profile_that_is_none_is_dropped(self, editor: ImageEditor) -> None:
        data = result(editor, pictures.broken_icc_jpeg(), Resize(100))

        assert "icc_profile" not in Image.open(io.BytesIO(data)).info


class TestFailures:
    @pytest.mark.parametrize(
        "bad",
        [
            bad
            for bad in (*bad_pictures(), *odd_pictures())
            # Those of 43 are drawn by the end-to-end tests, with all others.
            if not bad.as_watermark and bad.row not in (8, 43, 44)
        ],
        ids=str,
    )
    def test_bad_pictures_end_as_documented(self, editor: ImageEditor, bad: BadPicture) -> None:
        data = bad.data
        try:
            made = result(editor, data, AutoOrient(), Resize(64, 64))
            outcome = None
            if bad.payload:
                assert bad.payload not in made
        except EditFailed as failed:
            outcome = failed.failure.code.value

        if _is_refused_at_upload(data):
            # It would never have come here; what the editor says has to be a refusal still.
            assert outcome is not None
        else:
            assert bad.allows_outcome(outcome), bad.expectation()

    def test_flipped_bits_are_drawn_or_refused(self, editor: ImageEditor) -> None:
        allowed = {FailureCode.DECODE_FAILED, FailureCode.TRUNCATED, FailureCode.UNSUPPORTED_CODEC,
                   FailureCode.IMAGE_TOO_LARGE, FailureCode.TOO_MANY_FRAMES}  # fmt: skip
        for flipped in bit_flips(10, seed=11):
            try:
                edit(editor, flipped.data, AutoOrient(), Resize(64, 64))
            except EditFailed as failed:
                assert failed.failure.code in allowed

    @pytest.mark.parametrize("share", [10, 50, 90, 99])
    @pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "gif", "tiff"])
    @pytest.mark.parametrize(
        "operations", [(AutoOrient(), Resize(100)), (Crop(0, 0, 320, 240),), (Rotate(90),)],
        ids=["resize", "crop", "rotate"],
    )  # fmt: skip
    def test_a_picture_cut_short_is_never_drawn(self, editor, name, share, operations) -> None:
        whole = all_formats()[name]

        code = failure(editor, whole[: len(whole) * share // 100], *operations)

        assert code in (FailureCode.TRUNCATED, FailureCode.DECODE_FAILED)

    @pytest.mark.parametrize(
        ("operations", "code"),
        [
            ((Crop(0, 0, 500, 10),), FailureCode.INVALID_GEOMETRY),
            ((Resize(50), Crop(40, 0, 20, 10)), FailureCode.INVALID_GEOMETRY),
            (
                (Resize(Percent(1000), without_enlargement=False),) * 3,
                FailureCode.OUTPUT_TOO_LARGE,
            ),
            (
                (Resize(16_384, 16_384, Fit.FILL, without_enlargement=False), Rotate(45)),
                FailureCode.OUTPUT_TOO_LARGE,
            ),
        ],
    )
    def test_impossible_sizes_are_told(self, editor: ImageEditor, operations, code) -> None:
        assert failure(editor, all_formats()["jpeg"], *operations) is code

    def test_a_side_that_webp_cannot_hold_is_told(self, editor: ImageEditor) -> None:
        assert failure(editor, pictures.line(1, 16_384), format=ImageFormat.WEBP) is (
            FailureCode.OUTPUT_TOO_LARGE
        )

    def test_a_failure_does_not_spoil_the_next_edit(self, editor: ImageEditor) -> None:
        failure(editor, b"GIF89a nonsense", Resize(10))

        assert size_of(result(editor, pictures.photo(40, 30), Resize(20))) == (20, 15)

    def test_a_result_may_be_written_over_a_longer_file_of_no_bytes(self, editor) -> None:
        with _file_of(pictures.photo(40, 30)) as source, tempfile.TemporaryFile() as target:
            drawn = editor.edit(source, Pipeline((Grayscale(),)), {}, {MAIN: target}).main

            assert os.fstat(target.fileno()).st_size == drawn.byte_size
            assert target.tell() == 0


def _is_refused_at_upload(data: bytes) -> bool:
    try:
        UploadPolicy().check_size(len(data))
        UploadPolicy().check_header(HeaderProbe().inspect(io.BytesIO(data)))
    except DomainError:
        return True
    return False
