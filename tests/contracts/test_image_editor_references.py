"""Parameters of operations beside Pillow, SciPy, NumPy or figures worked out by hand."""

from collections.abc import Callable

import attrs
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter
from skimage import color as colors

from adapters.imaging.vips_texts import _FILES
from application.ports.image_editor import ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import (
    Align,
    Blur,
    Contrast,
    Crop,
    Duotone,
    Fit,
    Font,
    Gamma,
    Gravity,
    Grayscale,
    Kernel,
    Modulate,
    Negate,
    Normalize,
    Operation,
    Pixelate,
    Redact,
    RedactMode,
    Region,
    Resize,
    Rotate,
    Shadow,
    Sharpen,
    Tint,
    Watermark,
)
from domain.images.units import BLACK, WHITE, Color, Percent
from tests import pictures
from tests.contracts.test_image_editor import (  # noqa: F401
    editor,
    result,
)
from tests.pictures import opened, size_of

PNG = ImageFormat.PNG
Array = np.ndarray
GRAVITIES = pytest.mark.parametrize("gravity", Gravity, ids=lambda one: one.value)


def drawn(
    editor: ImageEditor,  # noqa: F811
    source: Image.Image,
    *steps: Operation,
    mode: str = "RGB",
    **assets: bytes,
) -> Array:
    """Return the pixels of what *steps* make of *source*."""
    data = result(editor, pictures.encoded(source, "PNG"), *steps, format=PNG, assets=assets)
    return values(opened(data), mode)


def values(picture: Image.Image, mode: str = "RGB") -> Array:
    return np.asarray(picture.convert(mode), dtype=float)


def places(width: int, height: int) -> Image.Image:
    """A picture that tells of each pixel where it was: red across, green down."""
    down, across = np.indices((height, width))
    return Image.fromarray(np.stack([across, down, 0 * down + 7], axis=-1).astype(np.uint8))


def start_of(gravity: Gravity, outer: tuple[int, int], inner: tuple[int, int]) -> tuple[int, int]:
    """Left and top of the inner rectangle, by the words in the gravity's name."""
    left, top = ((big - small) // 2 for big, small in zip(outer, inner, strict=True))
    name = gravity.value
    left = 0 if "west" in name else outer[0] - inner[0] if "east" in name else left
    top = 0 if "north" in name else outer[1] - inner[1] if "south" in name else top
    return left, top


class TestGravity:
    @GRAVITIES
    def test_of_a_crop(self, editor, gravity) -> None:  # noqa: F811
        left, top = start_of(gravity, (90, 60), (40, 20))

        made = drawn(editor, places(90, 60), Crop(width=40, height=20, gravity=gravity))

        assert np.array_equal(made, values(places(90, 60))[top : top + 20, left : left + 40])

    @GRAVITIES
    def test_of_a_cover(self, editor, gravity) -> None:  # noqa: F811
        for box in ((60, 60), (90, 20)):
            left, top = start_of(gravity, (90, 60), box)

            made = drawn(editor, places(90, 60), Resize(*box, Fit.COVER, gravity))

            whole = values(places(90, 60))
            assert np.array_equal(made, whole[top : top + box[1], left : left + box[0]])

    @GRAVITIES
    def test_of_a_contain(self, editor, gravity) -> None:  # noqa: F811
        left, top = start_of(gravity, (100, 100), (90, 60))
        step = Resize(100, 100, Fit.CONTAIN, gravity, background=Color(200, 210, 220, 100))

        made = drawn(editor, places(90, 60), step, mode="RGBA")

        wanted = np.broadcast_to(np.array([200.0, 210, 220, 100]), (100, 100, 4)).copy()
        wanted[top : top + 60, left : left + 90] = values(places(90, 60), "RGBA")
        assert np.array_equal(made, wanted)

    @GRAVITIES
    def test_of_a_mark(self, editor, gravity) -> None:  # noqa: F811
        left, top = start_of(gravity, (200, 100), (20, 10))
        name = gravity.value
        left += 7 if "west" in name else -7 if "east" in name else 0
        top += 5 if "north" in name else -5 if "south" in name else 0
        step = Watermark("m", gravity, 7, Percent(5), width=20, opacity=1)
        mark = pictures.encoded(places(20, 10), "PNG")

        made = drawn(editor, Image.new("RGB", (200, 100), "white"), step, m=mark)

        wanted = np.full((100, 200, 3), 255.0)
        wanted[top : top + 10, left : left + 20] = values(places(20, 10))
        assert np.array_equal(made, wanted)


class TestResize:
    @pytest.mark.parametrize("dpr", [0.1, 0.5, 1, 1.5, 2, 5])
    @pytest.mark.parametrize(
        ("step", "size"),
        [
            (Resize(30), lambda dpr: (30 * dpr, 20 * dpr)),
            (Resize(30, 30), lambda dpr: (30 * dpr, 20 * dpr)),
            (Resize(30, 30, Fit.OUTSIDE), lambda dpr: (45 * dpr, 30 * dpr)),
            (Resize(30, 30, Fit.COVER), lambda dpr: (30 * dpr, 30 * dpr)),
            (Resize(30, 30, Fit.CONTAIN), lambda dpr: (30 * dpr, 30 * dpr)),
            (Resize(30, 10, Fit.FILL), lambda dpr: (30 * dpr, 10 * dpr)),
            (Resize(Percent(10)), lambda dpr: (30 * dpr, 20 * dpr)),
        ],
        ids=["one side", "inside", "outside", "cover", "contain", "fill", "share"],
    )
    def test_dpr_multiplies_each_box(self, editor, step, size, dpr) -> None:  # noqa: F811
        made = drawn(editor, pictures.view(300, 200), attrs.evolve(step, dpr=dpr), mode="RGBA")

        assert (made.shape[1], made.shape[0]) == pytest.approx(size(dpr), abs=0.5)

    @pytest.mark.parametrize(
        ("fit", "box", "size"),
        [
            (Fit.INSIDE, (200, 200), (60, 40)),
            (Fit.OUTSIDE, (200, 200), (60, 40)),
            (Fit.COVER, (50, 200), (50, 40)),
            (Fit.FILL, (30, 200), (30, 40)),
            (Fit.CONTAIN, (200, 200), (200, 200)),
        ],
    )
    def test_nothing_is_enlarged(self, editor, fit, box, size) -> None:  # noqa: F811
        made = drawn(editor, places(60, 40), Resize(*box, fit), mode="RGBA")

        assert (made.shape[1], made.shape[0]) == size

    @pytest.mark.parametrize("kernel", Kernel, ids=lambda one: one.value)
    @pytest.mark.parametrize("factor", [2, 3])
    def test_kernels_by_their_formulas(self, editor, kernel, factor) -> None:  # noqa: F811
        view = pictures.view(180, 120)
        size = 180 // factor, 120 // factor

        made = drawn(editor, view, Resize(*size, Fit.FILL, kernel=kernel))

        if kernel is Kernel.NEAREST:  # one of the pixels that it stands for
            blocks = values(view).reshape(size[1], factor, size[0], factor, 3)
            off = np.abs(blocks - made[:, None, :, None]).max(axis=-1).min(axis=(1, 3))
            assert off.max() == 0
            return
        wanted = resampled(resampled(values(view), factor, kernel, 0), factor, kernel, 1)
        off = np.abs(made - np.clip(wanted, 0, 255))
        assert off.mean() < 1
        assert np.percentile(off, 99) < 6


def cubic(b: float, c: float) -> Callable[[Array], Array]:
    """Mitchell and Netravali's family."""

    def at(x: Array) -> Array:
        x = np.abs(x)
        near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
        far = (
            (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
        )
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6

    return at


FORMULAS: dict[Kernel, tuple[int, Callable[[Array], Array]]] = {
    Kernel.LINEAR: (1, lambda x: np.maximum(0, 1 - np.abs(x))),
    Kernel.CUBIC: (2, cubic(0, 0.5)),
    Kernel.MITCHELL: (2, cubic(1 / 3, 1 / 3)),
    Kernel.LANCZOS2: (2, lambda x: np.where(np.abs(x) < 2, np.sinc(x) * np.sinc(x / 2), 0)),
    Kernel.LANCZOS3: (3, lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)),
}


def resampled(pixels: Array, factor: int, kernel: Kernel, axis: int) -> Array:
    """Return *pixels* by a whole *factor* smaller along *axis*; edges go on."""
    reach, weight = FORMULAS[kernel]
    pixels = np.moveaxis(pixels, axis, 0)
    count = pixels.shape[0]
    made = []
    for number in range(count // factor):
        middle = (number + 0.5) * factor
        near = np.arange(int(middle - reach * factor) - 1, int(middle + reach * factor) + 2)
        weights = weight((near + 0.5 - middle) / factor)
        taken = pixels[np.clip(near, 0, count - 1)]
        made.append(np.tensordot(weights / weights.sum(), taken, axes=1))
    return np.moveaxis(np.stack(made), 0, axis)


class TestRotate:
    @pytest.mark.parametrize("angle", [1, 12.5, 45, 89, 91, 135, 225.5, -7, -300, 359])
    @pytest.mark.parametrize("background", [WHITE, Color(20, 60, 220), Color(255, 0, 0, 0)])
    def test_as_pillow_has_it(self, editor, angle, background) -> None:  # noqa: F811
        view = pictures.view(120, 80)
        ground = (background.red, background.green, background.blue, background.alpha)

        made = drawn(editor, view, Rotate(angle, background), mode="RGBA")

        wanted = view.convert("RGBA").rotate(
            -angle, Image.Resampling.BICUBIC, expand=True, fillcolor=ground
        )
        assert np.allclose(made.shape[:2], wanted.size[::-1], atol=2)
        height, width = (min(pair) for pair in zip(made.shape[:2], wanted.size[::-1], strict=True))
        one, other = (middle(each, width, height) for each in (made, values(wanted, "RGBA")))
        # Their canvases may lie a pixel apart.
        assert np.abs(seen(one) - seen(other)).mean() < 14


def middle(pixels: Array, width: int, height: int) -> Array:
    left, top = (pixels.shape[1] - width) // 2, (pixels.shape[0] - height) // 2
    return pixels[top : top + height, left : left + width]


def seen(pixels: Array) -> Array:
    return np.concatenate([pixels[..., :3] * pixels[..., 3:] / 255, pixels[..., 3:]], axis=-1)


class TestTones:
    def test_grey_is_the_light_of_srgb(self, editor) -> None:  # noqa: F811
        view = pictures.view(120, 80)
        linear = colors.rgb2xyz(values(view) / 255)[..., 1]
        light = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)

        assert np.abs(drawn(editor, view, Grayscale(), mode="L") - 255 * light).max() <= 2

    @pytest.mark.parametrize("gamma", [1.0, 1.3, 2.2, 3.0])
    def test_gamma(self, editor, gamma) -> None:  # noqa: F811
        ramp = Image.linear_gradient("L")

        made = drawn(editor, ramp, Gamma(gamma), mode="L")

        assert np.abs(made - 255 * (values(ramp, "L") / 255) ** (1 / gamma)).max() <= 0.51

    @pytest.mark.parametrize(("lower", "upper"), [(0, 100), (10, 90), (25, 60), (98, 99)])
    def test_normalize(self, editor, lower, upper) -> None:  # noqa: F811
        view = pictures.view(150, 100)
        lab = colors.rgb2lab(values(view) / 255)
        low, high = np.percentile(lab[..., 0], [lower, upper])
        lab[..., 0] = np.clip((lab[..., 0] - low) * 100 / (high - low), 0, 100)

        made = colors.rgb2lab(drawn(editor, view, Normalize(lower, upper)) / 255)

        assert np.abs(made[..., 0] - lab[..., 0]).mean() < 2

    @pytest.mark.parametrize(
        "step",
        [
            Modulate(brightness=0.5),
            Modulate(brightness=1.2),
            Modulate(saturation=0),
            Modulate(saturation=0.3),
            Modulate(hue=90),
            Modulate(hue=-45, saturation=0.7),
            Modulate(lightness=-30),
            Modulate(lightness=12, brightness=0.8),
        ],
        ids=str,
    )
    def test_modulate(self, editor, step) -> None:  # noqa: F811
        # Dull colours, which stay within sRGB wherever they are turned.
        view = Image.blend(pictures.view(120, 80), Image.new("RGB", (120, 80), "gray"), 0.5)
        lch = colors.lab2lch(colors.rgb2lab(values(view) / 255))
        lch[..., 0] = np.clip(lch[..., 0] * step.brightness + step.lightness, 0, 100)
        lch[..., 1] *= step.saturation
        lch[..., 2] += np.radians(step.hue)

        made = drawn(editor, view, step)

        off = np.abs(made - 255 * np.clip(colors.lab2rgb(colors.lch2lab(lch)), 0, 1))
        assert np.percentile(off, 98) <= 3

    @pytest.mark.parametrize("factor", [0, 0.4, 1, 2.5, 10])
    def test_contrast(self, editor, factor) -> None:  # noqa: F811
        view = pictures.view(60, 40)

        made = drawn(editor, view, Contrast(factor))

        wanted = np.clip((values(view) - 127.5) * factor + 127.5, 0, 255)
        assert np.abs(made - wanted).max() <= 0.51

    @pytest.mark.parametrize("name", ["red", "navy", "teal", "silver", "white"])
    def test_a_tint_keeps_the_lightness_and_has_one_hue(self, editor, name) -> None:  # noqa: F811
        view = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
        color = Color.parse(name)
        lab = colors.rgb2lab(values(view) / 255)
        lab[..., 1:] = colors.rgb2lab(np.array([color.red, color.green, color.blue]) / 255)[1:]

        made = drawn(editor, view, Tint(color))

        wanted = 255 * np.clip(colors.lab2rgb(lab), 0, 1)
        assert np.percentile(np.abs(made - wanted), 95) <= 3

    def test_twice_negated_is_as_before(self, editor) -> None:  # noqa: F811
        view = pictures.view(60, 40)

        assert np.array_equal(drawn(editor, view, Negate(), Negate()), values(view))

    def test_a_duotone_runs_from_dark_to_light(self, editor) -> None:  # noqa: F811
        ends = Image.new("L", (2, 1))
        ends.putpixel((1, 0), 255)

        made = drawn(editor, ends, Duotone(Color(9, 80, 160), Color(250, 200, 100)))

        assert made.tolist() == [[[9, 80, 160], [250, 200, 100]]]


class TestFilters:
    @pytest.mark.parametrize("sigma", [0.3, 0.8, 2.5, 7, 30, 100])
    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_a_blur_is_gaussian(self, editor, sigma, mode) -> None:  # noqa: F811
        view = pictures.view(160, 120).convert(mode)

        made = drawn(editor, view, Blur(sigma))

        wanted = gaussian_filter(values(view), (sigma, sigma, 0), mode="nearest", truncate=5)
        assert np.abs(made - wanted).mean() < 1

    def test_a_blur_mixes_by_alpha(self, editor) -> None:  # noqa: F811
        view = pictures.view(80, 60).convert("RGBA")
        view.putalpha(Image.linear_gradient("L").resize((80, 60)))

        made = drawn(editor, view, Blur(3), mode="RGBA")

        weighed = seen(values(view, "RGBA"))
        assert np.abs(seen(made) - gaussian_filter(weighed, (3, 3, 0), mode="nearest")).mean() < 1

    @pytest.mark.parametrize(
        "step",
        [
            Sharpen(),
            Sharpen(1.5),
            Sharpen(2, m1=2, m2=5),
            Sharpen(1, m1=0, m2=8, x1=6),
            Sharpen(2, m1=3, m2=3, y2=4, y3=30),
            Sharpen(2, m1=3, m2=3, y2=30, y3=4),
        ],
        ids=str,
    )
    def test_sharpening_lifts_edges_of_the_lightness(self, editor, step) -> None:  # noqa: F811
        view = pictures.view(160, 120)
        before = colors.rgb2lab(values(view) / 255)[..., 0]
        edge = before - gaussian_filter(before, step.sigma, mode="nearest")
        size = np.abs(edge)
        lift = np.where(
            size < step.x1, step.m1 * size, step.m1 * step.x1 + step.m2 * (size - step.x1)
        )
        lift = np.where(edge > 0, np.minimum(lift, step.y2), -np.minimum(lift, step.y3))

        after = colors.rgb2lab(drawn(editor, view, step) / 255)[..., 0]

        wanted = np.clip(before + lift, 0, 100)
        assert np.abs(after - wanted).mean() < max(1.0, 0.35 * np.abs(lift).mean())
        assert np.corrcoef((after - before).ravel(), lift.ravel())[0, 1] > 0.8

    @pytest.mark.parametrize("size", [2, 7, 40, 1000])
    def test_squares_at_the_edges_hold_what_is_left(self, editor, size) -> None:  # noqa: F811
        view = pictures.view(75, 53)
        whole = values(view)

        made = drawn(editor, view, Pixelate(size))

        left, top = (74 // size) * size, (52 // size) * size
        square = made[top:, left:]
        assert np.ptp(square, axis=(0, 1)).max() == 0
        assert np.abs(square[0, 0] - whole[top:, left:].mean(axis=(0, 1))).max() <= 3

    @pytest.mark.parametrize("strength", [1, 10, 50, 100])
    def test_the_strength_is_of_the_shorter_side(self, editor, strength) -> None:  # noqa: F811
        view = pictures.view(120, 90)
        part = Region(10, 20, 80, 60)
        whole = values(view)[20:80, 10:90]
        size = max(2, round(60 * strength / 100))

        squares, blurred = (
            drawn(editor, view, Redact((part,), mode, strength))[20:80, 10:90]
            for mode in (RedactMode.PIXELATE, RedactMode.BLUR)
        )

        assert np.abs(squares[:size, :size] - whole[:size, :size].mean(axis=(0, 1))).max() <= 2
        sigma = max(0.3, 60 * strength / 200)
        wanted = gaussian_filter(whole, (sigma, sigma, 0), mode="nearest")
        assert np.abs(blurred - wanted).mean() < 1.5


def ink(pixels: Array) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(pixels < 128)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


class TestTexts:
    STAND = {"gravity": Gravity.NORTHWEST, "offset_x": 0, "offset_y": 0}

    def written(self, editor, text: str, **options: object) -> Array:  # noqa: F811
        step = Watermark(text=text, opacity=1, color=BLACK, **(self.STAND | options))
        return drawn(editor, Image.new("L", (500, 300), 255), step, mode="L")

    @pytest.mark.parametrize("text", ["Hello", "Ægir", "Привет", "x"])
    @pytest.mark.parametrize("size", [16, 40, 90])
    @pytest.mark.parametrize("font", Font, ids=lambda one: one.value)
    def test_the_ink_is_as_large_as_freetype_makes_it(
        self,
        editor,  # noqa: F811
        text,
        size,
        font,
    ) -> None:
        left, top, right, bottom = ink(self.written(editor, text, size=size, font=font))

        page = Image.new("L", (500, 300), 255)
        ImageDraw.Draw(page).text((9, 9), text, 0, ImageFont.truetype(_FILES[font], size))
        shown = ink(values(page, "L"))
        assert right - left == pytest.approx(shown[2] - shown[0], abs=2)
        assert bottom - top == pytest.approx(shown[3] - shown[1], abs=2)

    @pytest.mark.parametrize("align", Align, ids=lambda one: one.value)
    @pytest.mark.parametrize("rtl", [False, True])
    def test_wrapped_lines_share_their_side(self, editor, align, rtl) -> None:  # noqa: F811
        made = self.written(
            editor, "mmmm mmmmmm m mmmmmmm mm", size=30, width=190, align=align, rtl=rtl
        )

        left, top, right, bottom = ink(made)
        dark = (made < 128).any(axis=1)
        starts = [y for y in range(top, bottom) if dark[y] and not dark[y - 1]]
        ends = [y for y in range(top, bottom) if dark[y] and not dark[y + 1]]
        boxes = [
            np.flatnonzero((made[one : other + 1] < 128).any(axis=0))
            for one, other in zip(starts, ends, strict=True)
        ]
        assert len(boxes) >= 3 and right - left <= 190
        for columns in boxes:
            room = right - left - (columns.max() + 1 - columns.min())
            before = columns.min() - left
            share = {Align.LEFT: 0, Align.CENTER: 0.5, Align.RIGHT: 1}[align]
            assert before == pytest.approx(room * share, abs=2)

    @pytest.mark.parametrize("spacing", [0.5, 1, 1.5, 3])
    def test_lines_stand_apart_by_the_size(self, editor, spacing) -> None:  # noqa: F811
        plain, wide = (
            ink(self.written(editor, "x\nx\nx", size=40, line_spacing=one)) for one in (1, spacing)
        )

        assert wide[3] - plain[3] == pytest.approx(2 * 40 * (spacing - 1), abs=2)


class TestShadow:
    @pytest.mark.parametrize("color", [Color(255, 0, 0, 200), Color(0, 0, 90)], ids=str)
    @pytest.mark.parametrize("sigma", [0.3, 2, 10])
    def test_it_has_its_colour(self, editor, color, sigma) -> None:  # noqa: F811
        shadow = Shadow(sigma, color)
        step = Watermark("m", Gravity.CENTER, width=30, opacity=1, shadow=shadow)
        mark = pictures.encoded(Image.new("RGB", (30, 30), "white"), "PNG")

        made = drawn(editor, Image.new("RGB", (120, 100), "white"), step, m=mark)

        outline = np.zeros((100, 120))
        outline[35:65, 45:75] = 1
        alpha = gaussian_filter(outline, sigma)[..., None] * color.alpha / 255
        wanted = 255 * (1 - alpha) + np.array([color.red, color.green, color.blue]) * alpha
        wanted[35:65, 45:75] = 255
        assert np.abs(made - wanted).max() < 6


class TestTiles:
    @pytest.mark.parametrize("spacing", [0, 1, 7, 500, Percent(10)], ids=str)
    @pytest.mark.parametrize("gravity", [Gravity.NORTHWEST, Gravity.CENTER, Gravity.SOUTHEAST])
    def test_one_stands_where_it_would_alone(self, editor, spacing, gravity) -> None:  # noqa: F811
        options = {"gravity": gravity, "offset_x": 3, "offset_y": 4, "width": 16, "opacity": 1}
        mark = pictures.encoded(places(16, 8), "PNG")
        white = Image.new("RGB", (120, 80), "white")

        alone, tiled = (
            drawn(editor, white, Watermark("m", tile=tile, spacing=spacing, **options), m=mark)
            for tile in (False, True)
        )

        covered = (alone != 255).any(axis=-1)
        top, left = np.argwhere(covered).min(axis=0)
        across = 16 + (12 if spacing == Percent(10) else spacing)
        down = 8 + (8 if spacing == Percent(10) else spacing)
        rows, columns = np.mgrid[0:80, 0:120]
        y, x = (rows - top) % down, (columns - left) % across
        wanted = np.full((80, 120, 3), 255.0)
        inside = (y < 8) & (x < 16)
        wanted[inside] = values(places(16, 8))[y[inside], x[inside]]
        assert np.array_equal(tiled[covered], alone[covered])
        assert np.array_equal(tiled, wanted)
        assert size_of(mark) == (16, 8)
