"""Watermarks in all their forms, beside Pillow, SciPy or a figure worked out by hand."""

import io

import numpy
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from application.ports.image_editor import ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import (
    Align,
    Blend,
    Font,
    Gravity,
    Outline,
    Redact,
    RedactMode,
    Region,
    Shadow,
    Variable,
    Watermark,
)
from domain.images.pipeline import Pipeline
from domain.images.units import BLACK, Color, Percent
from tests import pictures
from tests.contracts.test_image_editor import (  # noqa: F401
    editor,
    pixel,
    result,
)
from tests.pictures import frames_of, opened, similarity, size_of

PNG = ImageFormat.PNG
CORNER = {"gravity": Gravity.NORTHWEST, "offset_x": 0, "offset_y": 0}
INK = {**CORNER, "opacity": 1, "color": BLACK}
Box = tuple[int, int, int, int]


def flat(colour: object, size: tuple[int, int] = (200, 120), mode: str = "RGB") -> bytes:
    return pictures.encoded(Image.new(mode, size, colour), "PNG")


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    values = numpy.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), numpy.uint8)
    return Image.fromarray(values)


def values(data: bytes, mode: str = "RGB") -> numpy.ndarray:
    return numpy.asarray(opened(data).convert(mode), dtype=float)


def darkness(data: bytes) -> numpy.ndarray:
    return 255 - values(data, "L")


def ink_box(data: bytes) -> Box:
    """Return left, top, right and bottom of what is dark."""
    rows, columns = numpy.nonzero(darkness(data) > 100)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def written(editor: ImageEditor, text: str, **options: object) -> bytes:
    return result(editor, flat("white", (600, 300)), Watermark(text=text, **{**INK, **options}))


class TestTiles:
    def test_they_repeat_over_the_whole_frame_from_where_one_would_stand(self, editor) -> None:
        mark = noise((30, 20), 1)
        step = Watermark(
            "m.png", Gravity.NORTHWEST, 17, 9, width=30, opacity=1, tile=True, spacing=5
        )

        made = values(
            result(editor, flat("white"), step, assets={"m.png": pictures.encoded(mark, "PNG")})
        )

        wanted = numpy.full((120, 200, 3), 255.0)
        rows, columns = numpy.mgrid[0:120, 0:200]
        y, x = (rows - 9) % 25, (columns - 17) % 35
        inside = (y < 20) & (x < 30)
        wanted[inside] = numpy.asarray(mark, dtype=float)[y[inside], x[inside]]
        assert numpy.array_equal(made, wanted)

    def test_spacing_is_a_share_of_the_side_it_lies_along(self, editor) -> None:
        step = Watermark("m.png", **CORNER, width=10, opacity=1, tile=True, spacing=Percent(10))

        made = result(editor, flat("white"), step, assets={"m.png": flat("black", (10, 10))})

        dark = darkness(made) > 128
        assert list(numpy.flatnonzero(dark[0])[:12]) == [*range(10), 30, 31]
        assert list(numpy.flatnonzero(dark[:, 0])[:12]) == [*range(10), 22, 23]

    def test_each_is_turned_in_its_place(self, editor) -> None:
        step = Watermark("m.png", **CORNER, width=20, opacity=1, tile=True, angle=90)

        made = values(
            result(
                editor, flat("white"), step,
                assets={"m.png": pictures.encoded(mark := noise((20, 10), 2), "PNG")},
            )
        )  # fmt: skip

        turned = numpy.asarray(mark.rotate(-90, expand=True), dtype=float)
        assert numpy.array_equal(made[:20, :10], turned)
        assert numpy.array_equal(made[20:40, 30:40], turned)

    def test_a_shadow_falls_on_the_neighbours_gap(self, editor) -> None:
        shadow = Shadow(4, BLACK)
        step = Watermark(
            "m.png", **CORNER, width=20, opacity=1, tile=True, spacing=20, shadow=shadow
        )

        made = result(editor, flat("white"), step, assets={"m.png": flat("white", (20, 20))})

        alpha = numpy.zeros((400, 400))
        alpha[(numpy.indices((400, 400)) % 40 < 20).all(axis=0)] = 255
        dark = gaussian_filter(alpha, 4)[120:240, 120:320]
        dark[alpha[120:240, 120:320] > 0] = 0
        assert numpy.allclose(darkness(made), dark, atol=4)


class TestAngle:
    @pytest.mark.parametrize("angle", [30, -45, 200])
    def test_the_mark_is_turned_clockwise_about_its_middle(self, editor, angle) -> None:
        mark = Image.new("RGBA", (80, 40), "black")
        mark.paste((255, 0, 0, 255), (0, 0, 40, 20))
        step = Watermark("m.png", Gravity.CENTER, width=80, opacity=1, angle=angle)

        made = result(
            editor, flat("white", (200, 200)), step,
            assets={"m.png": pictures.encoded(mark, "PNG")},
        )  # fmt: skip

        canvas = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
        canvas.paste(mark, (60, 80))
        canvas = canvas.rotate(-angle, Image.Resampling.BICUBIC)
        wanted = Image.alpha_composite(Image.new("RGBA", (200, 200), "white"), canvas)
        assert similarity(pictures.encoded(wanted, "PNG"), made) > 0.95

    def test_it_stays_within_the_frame(self, editor) -> None:
        step = Watermark("m.png", Gravity.CENTER, width=Percent(100), opacity=1, angle=45)

        made = result(
            editor, flat("white", (100, 50)), step, assets={"m.png": flat("black", (100, 100))}
        )

        left, top, right, bottom = ink_box(made)
        assert numpy.allclose((left, top, right, bottom), (25, 0, 75, 50), atol=2)


A, B = 0.6, 0.25  # the picture's and the mark's light, both opaque
FORMULAS = {
    Blend.SOURCE: B,
    Blend.OVER: B,
    Blend.IN: B,
    Blend.ATOP: B,
    Blend.DEST: A,
    Blend.DEST_OVER: A,
    Blend.DEST_IN: A,
    Blend.DEST_ATOP: A,
    Blend.ADD: A + B,
    Blend.SATURATE: A,
    Blend.MULTIPLY: A * B,
    Blend.SCREEN: A + B - A * B,
    Blend.OVERLAY: 1 - 2 * (1 - A) * (1 - B),
    Blend.DARKEN: min(A, B),
    Blend.LIGHTEN: max(A, B),
    Blend.COLOUR_DODGE: A / (1 - B),
    Blend.COLOUR_BURN: max(0, 1 - (1 - A) / B),
    Blend.HARD_LIGHT: 2 * A * B,
    Blend.SOFT_LIGHT: A - (1 - 2 * B) * A * (1 - A),
    Blend.DIFFERENCE: A - B,
    Blend.EXCLUSION: A + B - 2 * A * B,
}
CLEARED = [Blend.CLEAR, Blend.OUT, Blend.DEST_OUT, Blend.XOR]


class TestBlend:
    def test_every_mode_is_looked_at(self) -> None:
        assert {*FORMULAS, *CLEARED} == set(Blend)
        assert len(Blend) == 25

    @pytest.mark.parametrize("blend", FORMULAS, ids=lambda blend: blend.value)
    def test_two_opaque_colours_join_by_the_formula(self, editor, blend) -> None:
        step = Watermark("m.png", **CORNER, width=50, opacity=1, blend=blend)

        made = result(editor, flat((153,) * 3), step, assets={"m.png": flat((64,) * 3, (50, 50))})

        assert numpy.allclose(
            pixel(made, 20, 20), (*(min(1, FORMULAS[blend]) * 255,) * 3, 255), atol=2
        )
        assert pixel(made, 100, 100) == (153, 153, 153, 255)

    @pytest.mark.parametrize("blend", CLEARED, ids=lambda blend: blend.value)
    def test_what_a_mode_clears_is_transparent(self, editor, blend) -> None:
        step = Watermark("m.png", **CORNER, width=50, opacity=1, blend=blend)

        made = result(editor, flat("red"), step, assets={"m.png": flat("blue", (50, 50))})

        assert pixel(made, 20, 20)[3] == 0
        assert pixel(made, 100, 100) == (255, 0, 0, 255)

    def test_opacity_weighs_the_blended_colour(self, editor) -> None:
        step = Watermark("m.png", **CORNER, width=50, opacity=0.5, blend=Blend.MULTIPLY)

        made = result(editor, flat((153,) * 3), step, assets={"m.png": flat((64,) * 3, (50, 50))})

        assert numpy.allclose(pixel(made, 20, 20)[0], 153 * 0.5 + 255 * A * B * 0.5, atol=2)

    @pytest.mark.parametrize(
        ("blend", "mixed"), [(Blend.MULTIPLY, A * B), (Blend.SCREEN, A + B - A * B)]
    )
    def test_where_both_shine_through_each_counts_by_its_alpha(self, editor, blend, mixed) -> None:
        """Compositing and Blending Level 1, §5.8.2."""
        step = Watermark("m.png", **CORNER, width=50, opacity=0.5, blend=blend)
        base = flat((153, 153, 153, 102), mode="RGBA")

        made = result(editor, base, step, assets={"m.png": flat((64,) * 3, (50, 50))})

        colour = 0.5 * 0.4 * A + 0.6 * 0.5 * B + 0.4 * 0.5 * mixed
        alpha = 0.5 + 0.4 * 0.5
        assert numpy.allclose(
            pixel(made, 20, 20), (*(colour / alpha * 255,) * 3, alpha * 255), atol=2
        )


class TestShadow:
    @pytest.mark.parametrize("opacity", [1, 0.5])
    def test_it_is_the_marks_outline_blurred(self, editor, opacity) -> None:
        """Opacity fades the mark with its shadow; what the mark hides of it stays hidden."""
        shadow = Shadow(6, Color(0, 0, 0, 204))
        step = Watermark("m.png", Gravity.CENTER, width=40, opacity=opacity, shadow=shadow)

        made = result(editor, flat("white"), step, assets={"m.png": flat("white", (40, 40))})

        alpha = numpy.zeros((120, 200))
        alpha[40:80, 80:120] = 255
        dark = gaussian_filter(alpha, 6) * 0.8 * opacity
        dark[40:80, 80:120] = 0
        assert numpy.allclose(darkness(made), dark, atol=4)

    def test_it_does_not_move_the_mark_and_ends_with_the_frame(self, editor) -> None:
        step = Watermark("m.png", **CORNER, width=20, opacity=1, shadow=Shadow(100, BLACK))

        made = result(
            editor, flat("white", (60, 40)), step, assets={"m.png": flat("lime", (20, 20))}
        )

        assert size_of(made) == (60, 40)
        assert pixel(made, 0, 0) == pixel(made, 19, 19) == (0, 255, 0, 255)


class TestText:
    def test_it_stands_where_gravity_and_offsets_say(self, editor) -> None:
        right = written(
            editor, "Hello", gravity=Gravity.SOUTHEAST, offset_x=11, offset_y=7, size=60
        )

        _, top, end, bottom = ink_box(right)
        assert (end, bottom) == pytest.approx((589, 293), abs=1)
        assert 35 < bottom - top < 60  # an l is 0.77 em high in Noto Sans

    def test_a_share_is_of_the_shorter_side(self, editor) -> None:
        in_pixels = written(editor, "Hello", size=60)
        as_share = written(editor, "Hello", size=Percent(20))

        assert in_pixels == as_share

    @pytest.mark.parametrize("script", ["Żółć", "Ωραίο", "Привет"])
    def test_the_fonts_have_the_letters_and_differ(self, editor, script) -> None:
        drawn = {font: darkness(written(editor, script, size=60, font=font)) for font in Font}
        unknown = darkness(written(editor, "\ue000" * len(script), size=60))

        assert not numpy.array_equal(*drawn.values())
        for shape in drawn.values():
            assert shape.sum() > 0
            assert not numpy.array_equal(shape, unknown)

    def test_letters_have_their_own_widths_at_every_size(self, editor) -> None:
        for size in (*range(8, 60, 5), 150):
            narrow, wide = (
                ink_box(written(editor, letters, size=size, font=font))
                for font, letters in ((Font.SANS, "iii"), (Font.SERIF, "WWW"))
            )
            assert wide[2] - wide[0] > 2.2 * (narrow[2] - narrow[0])

    def test_it_has_its_colour_and_opacity(self, editor) -> None:
        made = written(editor, "M", size=250, color=Color(255, 0, 0, 128), opacity=0.5)
        solid = written(editor, "M", size=250, color=Color(0, 0, 255))

        assert values(solid).min(axis=(0, 1)) == pytest.approx((0, 0, 255), abs=1)
        assert values(made)[..., 1].min() == pytest.approx(255 * 0.75, abs=3)
        assert values(made)[..., 0].min() == pytest.approx(255, abs=1)

    @pytest.mark.parametrize("rtl", [False, True])
    def test_lines_share_the_side_that_align_says(self, editor, rtl) -> None:
        for align, share in ((Align.LEFT, 0), (Align.CENTER, 0.5), (Align.RIGHT, 1)):
            made = written(editor, "mmmmmm\nm", size=50, align=align, rtl=rtl)
            left, _, right, bottom = ink_box(made)
            low = darkness(made)[bottom - 15 : bottom] > 100
            columns = numpy.flatnonzero(low.any(axis=0))
            room = right - left - (columns.max() + 1 - columns.min())
            assert columns.min() - left == pytest.approx(room * share, abs=2)

    def test_right_to_left_turns_what_belongs_to_neither_side(self, editor) -> None:
        left, right = (written(editor, "HHH .", size=60, rtl=rtl) for rtl in (False, True))

        for made, is_last in ((left, True), (right, False)):
            rows = darkness(made) > 100
            box = ink_box(made)
            upper = numpy.flatnonzero(rows[box[1] : box[1] + 20].any(axis=0))
            assert bool(upper.max() + 10 < box[2]) is is_last
            assert bool(upper.min() > box[0] + 10) is not is_last

    def test_it_is_wrapped_at_its_width_and_at_the_frame(self, editor) -> None:
        words = "one two three four five six seven eight nine ten"
        narrow, whole = (written(editor, words, size=30, width=width) for width in (150, None))

        assert ink_box(narrow)[2] <= 151
        assert ink_box(narrow)[3] > 3 * ink_box(whole)[3]
        assert 400 < ink_box(whole)[2] <= 600

    def test_line_spacing_moves_lines_apart(self, editor) -> None:
        tight, loose = (
            ink_box(written(editor, "x\nx", size=40, line_spacing=spacing)) for spacing in (1, 2)
        )

        assert loose[3] - tight[3] == pytest.approx(40, abs=1)

    def test_it_is_turned_and_tiled_and_has_a_shadow(self, editor) -> None:
        upright = ink_box(written(editor, "Hello", size=60))
        turned = ink_box(written(editor, "Hello", size=60, angle=90))
        tiled = darkness(written(editor, "I", size=40, tile=True, spacing=10))
        shade = written(editor, "I", size=90, color=Color(255, 255, 255), shadow=Shadow(3, BLACK))

        assert (turned[2] - turned[0], turned[3] - turned[1]) == pytest.approx(
            (upright[3] - upright[1], upright[2] - upright[0]), abs=1
        )
        period = ink_box(written(editor, "I", size=40))[2] + 10
        row = tiled[5]
        assert numpy.allclose(row[: 600 - period], row[period:], atol=1) or numpy.array_equal(
            row[:500], numpy.roll(row, -(period + 1))[:500]
        )
        assert darkness(shade).max() > 60

    def test_it_is_scaled_down_to_the_frame(self, editor) -> None:
        step = Watermark(text="WWW", **INK, size=60)

        left, top, right, bottom = ink_box(made := result(editor, flat("white", (80, 60)), step))

        assert (left, top) == (0, 0)
        assert right <= 80
        assert bottom == pytest.approx(60, abs=3)
        assert size_of(made) == (80, 60)


class TestWhatIsWrittenIsNoMarkup:
    def test_brackets_are_drawn_as_they_are(self, editor) -> None:
        plain = ink_box(written(editor, "x", size=20))
        marked = ink_box(written(editor, '<span size="999999">x</span>', size=20))
        ampersand, spelled = (ink_box(written(editor, text, size=40)) for text in ("&", "&amp;"))

        assert marked[3] - marked[1] < 3 * (plain[3] - plain[1])
        assert marked[2] - marked[0] > 15 * (plain[2] - plain[0])
        assert spelled[2] - spelled[0] > 2.5 * (ampersand[2] - ampersand[0])

    @pytest.mark.parametrize(
        "text",
        [
            "<b>", "</markup>", "&", "&lt;", "&#x0;", "<!--", "]]>", '"\'', "%s%n", "${date}",
            "\u202eabc\u2066\u200f\u202c", "a\u2028b\u2029c", "a" + "\u0301" * 499, "\u0301",
            "😀👨\u200d👩\u200d👧", "日本語", "مرحبا", "שלום", "\u200b", "\ufffe\uffff\U0010ffff", "\ufdfd" * 500,
            "W" * 500, "x\n" * 249 + "x", "\ufffc", "\ufeff",
        ],
        ids=ascii,
    )  # fmt: skip
    @pytest.mark.parametrize("size", [(300, 200), (1, 1), (1, 400)])
    def test_any_text_is_drawn(self, editor, text, size) -> None:
        made = result(editor, flat("white", size), Watermark(text=text, size=Percent(1000)))

        assert size_of(made) == size

    def test_a_value_is_neither_markup_nor_a_variable(self, editor) -> None:
        name = "<b>${date}&amp;"
        step = Watermark(text="${user.username}", **INK, size=30)
        filled = step.filled({Variable.USERNAME: name, Variable.DATE: "2026-01-31"})

        assert filled.letters == name
        assert result(editor, flat("white", (600, 300)), filled) == written(
            editor, "<b>$${date}&amp;", size=30
        )


class TestEveryPicture:
    @pytest.mark.parametrize(
        "make",
        [
            pictures.one_pixel,
            lambda: pictures.line(1, 16_384),
            lambda: pictures.line(16_384, 1),
            lambda: pictures.transparent(64, 48),
            lambda: pictures.encoded(Image.new("L", (64, 48), 90), "PNG"),
            lambda: pictures.encoded(Image.new("I;16", (64, 48), 9000), "PNG"),
            lambda: pictures.encoded(Image.new("CMYK", (64, 48), (9, 90, 50, 0)), "JPEG"),
        ],
        ids=["pixel", "tall", "wide", "transparent", "grey", "16-bit", "cmyk"],
    )
    @pytest.mark.parametrize(
        "options",
        [
            {"text": "©", "size": 30},
            {"text": "©", "tile": True, "angle": 30.0, "spacing": Percent(2)},
            {"image": "m.png", "tile": True, "angle": -30.0, "shadow": Shadow(100)},
            {"image": "m.png", "width": 1, "tile": True, "spacing": 16_384},
            {"image": "m.png", "angle": 45.0, "shadow": Shadow(), "blend": Blend.XOR},
        ],
        ids=["text", "texts", "tiles", "far", "turned"],
    )
    def test_the_smallest_thinnest_and_oddest_pass(self, editor, make, options) -> None:
        assets = {"m.png": pictures.logo(20, 10)} if "image" in options else {}

        made = result(editor, make(), Watermark(**options), assets=assets, format=PNG)

        assert size_of(made) == size_of(make())

    def test_every_frame_has_the_mark(self, editor) -> None:
        source = pictures.animated_gif(4, (120, 80))
        step = Watermark(text="I", size=80, opacity=1, color=BLACK, **CORNER)

        data = result(editor, source, step)

        left, top, right, bottom = ink_box(result(editor, flat("white", (120, 80)), step))
        made = Image.open(io.BytesIO(data))
        assert made.n_frames == 4
        for number in range(4):
            made.seek(number)
            assert made.convert("L").getpixel(((left + right) // 2, (top + bottom) // 2)) < 30
        assert frames_of(source) == 4

    def test_the_longest_pipelines_are_drawn(self, editor) -> None:
        """A text of 2000 bytes in each operation, and fifty regions in each."""
        text = Watermark(text="\U0001f600" * 500, shadow=Shadow(2.5))
        part = Region(Percent(12.3456), Percent(23.4567), 16_384, 16_384, Outline.ELLIPSE)

        for step in (text, Redact((part,) * 50, RedactMode.FILL)):
            made = result(editor, flat("white"), *[step] * Pipeline.MAX_OPERATIONS)
            assert size_of(made) == (200, 120)

    def test_several_marks_stand_over_each_other(self, editor) -> None:
        marks = [
            Watermark("m.png", **CORNER, width=50, opacity=1),
            Watermark(text="I", **INK, size=100),
        ]

        made = result(editor, flat("white"), *marks, assets={"m.png": flat("lime", (50, 50))})

        assert pixel(made, 49, 10) == (0, 255, 0, 255)
        assert values(made)[:, :50].sum(axis=2).min() < 60
