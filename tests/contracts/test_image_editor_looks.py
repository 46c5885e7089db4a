"""What tones, filters and frames draw, beside Pillow, NumPy, scikit-image or a figure worked out."""

import io

import numpy
import pytest
from PIL import Image, ImageDraw, ImageOps
from skimage import color as colors

from application.ports.image_editor import ImageEditor
from domain.images.formats import ImageFormat
from domain.images.geometry import clipped
from domain.images.operations import (
    Blur,
    Outline,
    Redact,
    RedactMode,
    Region,
    Sharpen,
    Trim,
    Border,
    Contrast,
    Duotone,
    Extend,
    Flatten,
    Gamma,
    Grayscale,
    Modulate,
    Most,
    Negate,
    Normalize,
    Pad,
    Pixelate,
    RoundCorners,
    Sepia,
    Threshold,
    Tint,
)
from domain.images.units import BLACK, WHITE, Color, Percent
from domain.tasks.task import FailureCode
from tests import pictures
from tests.contracts.test_image_editor import (  # noqa: F401
    editor,
    failure,
    pixel,
    result,
)
from tests.naming import plain
from tests.pictures import frames_of, opened, size_of

PNG = ImageFormat.PNG
RED = tuple(opened(pictures.single_colour()).convert("RGB").getpixel((0, 0)))
NAVY, CREAM = Color(30, 50, 100), Color(255, 210, 140)
TONES = [
    Grayscale(),
    Negate(),
    Normalize(),
    Gamma(1.8),
    Threshold(100),
    Modulate(brightness=0.8, saturation=1.4, hue=40, lightness=5),
    Contrast(1.5),
    Tint(Color(51, 102, 153)),
    Sepia(0.7),
    Duotone(NAVY, CREAM, 0.8),
]


def values(data: bytes, mode: str = "RGB") -> numpy.ndarray:
    return numpy.asarray(opened(data).convert(mode), dtype=float)


def table(change) -> numpy.ndarray:
    return numpy.clip(numpy.rint(change(numpy.arange(256.0))), 0, 255)


def luminance(rgb: numpy.ndarray) -> numpy.ndarray:
    """Of IEC 61966-2-1, written with its transfer function again: 0-255."""
    linear = numpy.where(
        rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4
    )
    light = linear @ numpy.array([0.2126, 0.7152, 0.0722])
    shown = numpy.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return 255 * shown


def in_lab(rgb: numpy.ndarray, change) -> numpy.ndarray:
    lab = colors.rgb2lab(rgb / 255)
    return numpy.clip(colors.lab2rgb(change(lab)) * 255, 0, 255)


def modulated(lab: numpy.ndarray) -> numpy.ndarray:
    lightness = lab[..., 0] * 0.9 + 4
    chroma = numpy.hypot(lab[..., 1], lab[..., 2]) * 0.6
    hue = numpy.arctan2(lab[..., 2], lab[..., 1]) + numpy.radians(30)
    return numpy.stack([lightness, chroma * numpy.cos(hue), chroma * numpy.sin(hue)], axis=-1)


def stretched(lab: numpy.ndarray) -> numpy.ndarray:
    low, high = numpy.percentile(lab[..., 0], [1, 99])
    lightness = (lab[..., 0] - low) * 100 / (high - low)
    return numpy.concatenate([lightness[..., None], lab[..., 1:]], axis=-1)


def tinted(lab: numpy.ndarray) -> numpy.ndarray:
    chroma = colors.rgb2lab(numpy.array([[[51, 102, 153]]]) / 255)[0, 0, 1:]
    return numpy.concatenate(
        [lab[..., :1], numpy.broadcast_to(chroma, (*lab.shape[:2], 2))], axis=-1
    )


def sepia(rgb: numpy.ndarray, amount: float) -> numpy.ndarray:
    whole = numpy.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])
    matrix = amount * whole + (1 - amount) * numpy.eye(3)
    return numpy.clip(rgb @ matrix.T, 0, 255)


def duotone(rgb: numpy.ndarray, intensity: float) -> numpy.ndarray:
    dark, light = numpy.array([30.0, 50, 100]), numpy.array([255.0, 210, 140])
    run = dark + (light - dark) * luminance(rgb)[..., None] / 255
    return intensity * run + (1 - intensity) * rgb


class TestTones:
    @pytest.mark.parametrize(
        ("operation", "reference", "tolerance"),
        [
            (Negate(), lambda rgb: 255 - rgb, 0),
            (
                Gamma(),
                lambda rgb: table(lambda v: 255 * (v / 255) ** (1 / 2.2))[rgb.astype(int)],
                0,
            ),
            (Gamma(1), lambda rgb: rgb, 0),
            (
                Contrast(1.5),
                lambda rgb: table(lambda v: (v - 127.5) * 1.5 + 127.5)[rgb.astype(int)],
                1,
            ),
            (Contrast(0), lambda rgb: numpy.full_like(rgb, 127.5), 1),
            (Modulate(), lambda rgb: rgb, 2),
            (
                Modulate(brightness=0.9, saturation=0.6, hue=30, lightness=4),
                lambda rgb: in_lab(rgb, modulated),
                3,
            ),
            (Normalize(), lambda rgb: in_lab(rgb, stretched), 4),
            (Tint(Color(51, 102, 153)), lambda rgb: in_lab(rgb, tinted), 3),
            (Sepia(), lambda rgb: sepia(rgb, 1), 1),
            (Sepia(0.4), lambda rgb: sepia(rgb, 0.4), 1),
            (Sepia(0), lambda rgb: rgb, 0),
            (Duotone(NAVY, CREAM), lambda rgb: duotone(rgb, 1), 2),
            (Duotone(NAVY, CREAM, 0.3), lambda rgb: duotone(rgb, 0.3), 2),
            (Duotone(NAVY, CREAM, 0), lambda rgb: rgb, 0),
        ],
        ids=plain,
    )
    def test_each_pixel_is_what_the_formula_gives(
        self,
        editor: ImageEditor,
        operation,
        reference,
        tolerance: float,
    ) -> None:
        source = pictures.encoded(pictures.view(200, 150), "PNG")

        off = numpy.abs(values(result(editor, source, operation)) - reference(values(source)))

        # Colours that sRGB does not hold are clipped by every library in a way of its own.
        assert numpy.percentile(off, 98) <= tolerance
        assert off.mean() <= max(tolerance / 2, 0.01)

    @pytest.mark.parametrize("threshold", [0, 90, 128, 255])
    def test_a_threshold_leaves_black_and_white(self, editor: ImageEditor, threshold: int) -> None:
        source = pictures.encoded(pictures.view(200, 150), "PNG")

        data = result(editor, source, Threshold(threshold))

        expected = numpy.where(luminance(values(source)) >= threshold, 255, 0)
        assert opened(data).mode == "L"
        assert (values(data, "L") != expected).mean() < 0.01

    def test_one_colour_is_not_stretched(self, editor: ImageEditor) -> None:
        source = pictures.single_colour(40, 30)

        assert numpy.allclose(values(result(editor, source, Normalize())), values(source), atol=2)

    def test_frames_are_normalized_by_one_measure(self, editor: ImageEditor) -> None:
        """The darker of two even frames stays the darker, and does not flicker up to white."""
        frames = [Image.new("RGB", (32, 24), (level,) * 3) for level in (60, 120)]
        file = io.BytesIO()
        frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)

        made = Image.open(io.BytesIO(result(editor, file.getvalue(), Normalize(0, 100))))

        levels = []
        for index in range(2):
            made.seek(index)
            levels.append(made.convert("L").getpixel((16, 12)))
        assert levels[0] < 20
        assert levels[1] > 235

    @pytest.mark.parametrize("operation", TONES, ids=lambda one: type(one).__name__)
    def test_transparency_stays_as_it_is(self, editor: ImageEditor, operation) -> None:
        source = pictures.png_with_alpha(160, 120)

        data = result(editor, source, operation, format=PNG)

        assert numpy.array_equal(values(data, "RGBA")[..., 3], values(source, "RGBA")[..., 3])

    @pytest.mark.parametrize(
        "operation",
        [Negate(), Normalize(), Gamma(), Threshold(), Modulate(brightness=0.7), Contrast(2)],
        ids=lambda one: type(one).__name__,
    )
    def test_grey_stays_grey(self, editor: ImageEditor, operation) -> None:
        assert opened(result(editor, pictures.grey_jpeg(), operation, format=PNG)).mode == "L"

    @pytest.mark.parametrize("operation", [Tint(NAVY), Sepia(), Duotone(NAVY, CREAM)], ids=str)
    def test_grey_takes_colour(self, editor: ImageEditor, operation) -> None:
        drawn = values(result(editor, pictures.grey_jpeg(), operation, format=PNG))

        assert numpy.ptp(drawn, axis=2).max() > 30

    @pytest.mark.parametrize("background", [WHITE, BLACK, NAVY], ids=str)
    def test_flatten_lays_it_on_a_ground(self, editor: ImageEditor, background: Color) -> None:
        source = pictures.png_with_alpha(160, 120)
        ground = Image.new(
            "RGBA", (160, 120), (background.red, background.green, background.blue, 255)
        )
        ground.alpha_composite(opened(source).convert("RGBA"))

        data = result(editor, source, Flatten(background), format=PNG)

        assert opened(data).mode == "RGB"
        assert numpy.abs(values(data) - numpy.asarray(ground.convert("RGB"), float)).max() <= 1

    def test_flatten_leaves_what_is_opaque(self, editor: ImageEditor) -> None:
        source = pictures.png_photo()

        assert numpy.array_equal(
            values(result(editor, source, Flatten(NAVY))), values(result(editor, source))
        )


class TestPixelate:
    @pytest.mark.parametrize("size", [2, 7, 10, 64, 1000])
    def test_squares_hold_the_mean_of_what_they_cover(self, editor: ImageEditor, size: int) -> None:
        source = pictures.encoded(pictures.view(150, 110), "PNG")
        original = values(source)

        data = result(editor, source, Pixelate(size))

        drawn = values(data)
        assert size_of(data) == (150, 110)
        for top in range(0, 110 - size + 1, size):
            for left in range(0, 150 - size + 1, size):
                square = drawn[top : top + size, left : left + size]
                mean = original[top : top + size, left : left + size].mean(axis=(0, 1))
                assert numpy.ptp(square, axis=(0, 1)).max() == 0
                assert numpy.abs(square[0, 0] - mean).max() <= 2

    def test_hidden_colours_do_not_leak(self, editor: ImageEditor) -> None:
        picture = Image.new("RGBA", (20, 20), (0, 255, 0, 0))
        picture.paste((255, 0, 0, 255), (0, 0, 10, 20))

        data = result(editor, pictures.encoded(picture, "PNG"), Pixelate(20))

        red, green, _, alpha = pixel(data, 5, 5)
        assert (red, green) == (255, 0)
        assert abs(alpha - 127) <= 1


class TestPad:
    @pytest.mark.parametrize(
        ("step", "border"),
        [
            (Pad(all=10, background=NAVY), (10, 10, 10, 10)),
            (Pad(top=5, left=20, background=NAVY), (20, 5, 0, 0)),
            (Pad(all=4, right=0, bottom=Percent(10), background=NAVY), (4, 4, 0, 12)),
            (Pad(all=Percent(10), background=NAVY), (16, 12, 16, 12)),
            (Border(8, NAVY), (8, 8, 8, 8)),
            (Border(Percent(10), NAVY), (12, 12, 12, 12)),
        ],
        ids=str,
    )
    def test_the_canvas_grows_by_what_was_asked(self, editor: ImageEditor, step, border) -> None:
        source = pictures.encoded(pictures.view(160, 120), "PNG")

        data = result(editor, source, step)

        expected = ImageOps.expand(opened(source).convert("RGB"), border, (30, 50, 100))
        assert size_of(data) == expected.size
        assert numpy.array_equal(values(data), numpy.asarray(expected, float))

    @pytest.mark.parametrize(
        ("extend", "mode"),
        [(Extend.COPY, "edge"), (Extend.REPEAT, "wrap"), (Extend.MIRROR, "symmetric")],
    )
    def test_the_edges_go_on(self, editor: ImageEditor, extend: Extend, mode: str) -> None:
        source = pictures.encoded(pictures.view(60, 40), "PNG")

        data = result(editor, source, Pad(top=7, right=11, bottom=3, left=5, extend_with=extend))

        expected = numpy.pad(values(source), ((7, 3), (5, 11), (0, 0)), mode)
        assert numpy.array_equal(values(data), expected)

    def test_the_picture_itself_lies_behind_out_of_focus(self, editor: ImageEditor) -> None:
        source = pictures.encoded(pictures.view(120, 90), "PNG")

        data = result(editor, source, Pad(left=40, right=40, extend_with=Extend.BLUR))

        drawn, original = values(data), values(source)
        assert size_of(data) == (200, 90)
        assert numpy.array_equal(drawn[:, 40:160], original)
        behind = drawn[:, :40]
        assert (
            numpy.abs(numpy.diff(behind, axis=0)).mean()
            < 0.5 * numpy.abs(numpy.diff(original, axis=0)).mean()
        )
        assert numpy.abs(behind.mean(axis=(0, 1)) - original.mean(axis=(0, 1))).max() < 60

    @pytest.mark.parametrize("extend", Extend, ids=lambda extend: extend.value)
    @pytest.mark.parametrize(
        ("make", "size"),
        [
            (pictures.one_pixel, (1, 1)),
            (lambda: pictures.line(1, 16_000), (1, 16_000)),
            (lambda: pictures.line(16_000, 1), (16_000, 1)),
            (lambda: pictures.transparent(40, 30), (40, 30)),
            (pictures.grey_alpha_png, None),
        ],
        ids=["pixel", "tall", "wide", "transparent", "grey"],
    )
    def test_the_smallest_and_thinnest_pictures_grow(
        self, editor: ImageEditor, make, size, extend: Extend
    ) -> None:
        width, height = size or size_of(make())

        data = result(editor, make(), Pad(all=9, extend_with=extend), format=PNG)

        assert size_of(data) == (width + 18, height + 18)

    def test_the_ground_is_transparent_unless_told_otherwise(self, editor: ImageEditor) -> None:
        data = result(editor, pictures.single_colour(30, 20), Pad(all=5), format=PNG)

        assert pixel(data, 0, 0)[3] == 0
        assert pixel(data, 15, 15) == (*RED, 255)

    @pytest.mark.parametrize(
        "step", [Pad(left=16_384), Pad(top=Percent(1000)), Border(9_000)], ids=str
    )
    def test_a_canvas_may_not_grow_without_end(self, editor: ImageEditor, step) -> None:
        source = pictures.line(10, 4_000)

        assert failure(editor, source, step) is FailureCode.OUTPUT_TOO_LARGE


class TestRoundCorners:
    @pytest.mark.parametrize("radius", [Most.MAX, 12, Percent(25), Percent(400), 0], ids=str)
    @pytest.mark.parametrize("size", [(120, 80), (81, 81)], ids=str)
    def test_what_lies_beyond_the_arc_is_transparent(
        self, editor: ImageEditor, size, radius
    ) -> None:
        pixels = {Most.MAX: min(size) / 2, 12: 12, Percent(25): min(size) // 4, 0: 0}
        rounded = pixels.get(radius, min(size) / 2)

        data = result(editor, pictures.single_colour(*size), RoundCorners(radius), format=PNG)

        large = Image.new("L", (size[0] * 8, size[1] * 8))
        ImageDraw.Draw(large).rounded_rectangle(
            (0, 0, size[0] * 8 - 1, size[1] * 8 - 1), rounded * 8, fill=255
        )
        mask = numpy.asarray(large.resize(size, Image.Resampling.BOX), float)
        off = numpy.abs(values(data, "RGBA")[..., 3] - mask)
        assert size_of(data) == size
        assert off.mean() < 1
        assert numpy.percentile(off, 99) < 40
        assert (values(data, "RGBA")[..., :3] == RED).all()

    def test_what_was_transparent_stays_so(self, editor: ImageEditor) -> None:
        data = result(editor, pictures.transparent(60, 40), RoundCorners(10), format=PNG)

        assert values(data, "RGBA")[..., 3].max() == 0


HERE = Region(40, 30, 50, 20)
OVAL = Region(Percent(25), Percent(25), Percent(50), Percent(50), Outline.ELLIPSE)


def where(region: Region, width: int, height: int) -> numpy.ndarray:
    """Which pixels the region covers, worked out pixel by pixel."""
    area = clipped(width, height, region)
    across = numpy.arange(width)[None, :] + 0.5 - area.left
    down = numpy.arange(height)[:, None] + 0.5 - area.top
    inside = (across > 0) & (across < area.width) & (down > 0) & (down < area.height)
    if region.shape is Outline.RECT:
        return inside
    return (across / (area.width / 2) - 1) ** 2 + (down / (area.height / 2) - 1) ** 2 <= 1


class TestRegions:
    @pytest.mark.parametrize("region", [HERE, OVAL, Region(150, 100, 500, 500)], ids=str)
    @pytest.mark.parametrize(
        "make",
        [
            lambda regions: Blur(6, regions),
            lambda regions: Sharpen(3, m1=2, m2=6, regions=regions),
            lambda regions: Redact(regions),
            lambda regions: Redact(regions, RedactMode.PIXELATE),
            lambda regions: Redact(regions, RedactMode.FILL, color=NAVY),
        ],
        ids=["blur", "sharpen", "redact", "pixelate", "fill"],
    )
    def test_what_lies_outside_stays_as_it_was(self, editor: ImageEditor, make, region) -> None:
        source = pictures.encoded(pictures.view(200, 150), "PNG")

        drawn, original = values(result(editor, source, make((region,)))), values(source)

        covered = where(region, 200, 150)
        assert numpy.array_equal(drawn[~covered], original[~covered])
        assert (drawn[covered] != original[covered]).any(axis=-1).mean() > 0.5

    @pytest.mark.parametrize("region", [HERE, OVAL], ids=str)
    def test_a_fill_leaves_nothing_to_guess_from(self, editor: ImageEditor, region: Region) -> None:
        source = pictures.png_with_alpha(200, 150)

        data = result(editor, source, Redact((region,), RedactMode.FILL, color=NAVY), format=PNG)

        covered = where(region, 200, 150)
        assert (values(data, "RGBA")[covered] == (30, 50, 100, 255)).all()

    @pytest.mark.parametrize("mode", [RedactMode.BLUR, RedactMode.PIXELATE])
    def test_text_cannot_be_read_any_longer(self, editor: ImageEditor, mode: RedactMode) -> None:
        """Stripes as fine as those of letters are gone: what is left is close to their mean."""
        stripes = Image.new("L", (120, 60), 255)
        ImageDraw.Draw(stripes)
        for left in range(0, 120, 6):
            stripes.paste(0, (left, 0, left + 3, 60))
        whole = (Region(0, 0, 120, 60),)

        drawn = values(result(editor, pictures.encoded(stripes, "PNG"), Redact(whole, mode)), "L")

        assert numpy.ptp(drawn[:, 20:100]) < 30

    def test_a_grey_picture_takes_a_coloured_fill(self, editor: ImageEditor) -> None:
        step = Redact((Region(0, 0, 10, 10),), RedactMode.FILL, color=NAVY)

        data = result(editor, pictures.grey_jpeg(), step, format=PNG)

        assert pixel(data, 5, 5) == (30, 50, 100, 255)

    def test_a_region_outside_is_told(self, editor: ImageEditor) -> None:
        step = Redact((HERE, Region(900, 0, 5, 5)))

        assert failure(editor, pictures.photo(200, 150), step) is FailureCode.INVALID_GEOMETRY

    def test_every_frame_is_redacted(self, editor: ImageEditor) -> None:
        step = Redact((Region(0, 0, 20, 20),), RedactMode.FILL, color=NAVY)

        data = result(editor, pictures.animated_webp(4, (60, 40)), step, format=ImageFormat.WEBP)

        animation = Image.open(io.BytesIO(data))
        for index in range(4):
            animation.seek(index)
            shown = animation.convert("RGB").getpixel((8, 8))
            assert numpy.allclose(shown, (30, 50, 100), atol=12)


class TestTrim:
    def framed(self, background, *, mode: str = "RGB") -> bytes:
        """A photo of 60 x 40 at (10, 20) on a ground of 100 x 90."""
        ground = Image.new(mode, (100, 90), background)
        ground.paste(pictures.view(60, 40).convert(mode), (10, 20))
        return pictures.encoded(ground, "PNG")

    @pytest.mark.parametrize(
        ("step", "size"),
        [
            (Trim(), (60, 40)),
            (Trim(equal_x=True), (80, 40)),
            (Trim(equal_y=True), (60, 50)),
            (Trim(equal_x=True, equal_y=True), (80, 50)),
            (Trim(background=Color(0, 255, 0)), (60, 40)),
            (Trim(background=BLACK), (100, 90)),
            (Trim(threshold=255), (100, 90)),
        ],
        ids=str,
    )
    def test_edges_of_one_colour_are_cut_off(self, editor: ImageEditor, step, size) -> None:
        assert size_of(result(editor, self.framed((0, 255, 0)), step)) == size

    def test_what_is_left_is_the_picture(self, editor: ImageEditor) -> None:
        data = result(editor, self.framed((0, 255, 0)), Trim())

        assert numpy.array_equal(values(data), numpy.asarray(pictures.view(60, 40), float))

    @pytest.mark.parametrize("step", [Trim(), Trim(background=Color(0, 0, 0, 0))], ids=str)
    def test_transparent_edges_are_cut_off(self, editor: ImageEditor, step: Trim) -> None:
        source = self.framed((7, 8, 9, 0), mode="RGBA")

        assert size_of(result(editor, source, step, format=PNG)) == (60, 40)

    def test_a_threshold_says_how_much_noise_is_background(self, editor: ImageEditor) -> None:
        noisy = numpy.full((90, 100, 3), 200, numpy.uint8)
        noisy[:, ::3] = 208
        noisy[30:50, 40:70] = 20
        source = pictures.encoded(Image.fromarray(noisy), "PNG")

        assert size_of(result(editor, source, Trim(threshold=20))) == (30, 20)
        assert size_of(result(editor, source, Trim(threshold=2)))[0] > 30

    def test_animations_stay_as_they_are(self, editor: ImageEditor) -> None:
        data = result(editor, pictures.animated_gif(3, (60, 40)), Trim(threshold=100))

        assert (size_of(data), frames_of(data)) == ((60, 40), 3)
