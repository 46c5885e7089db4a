"""No operation can be built wrong."""

import math
from typing import ClassVar
from typing import get_args

import pytest

from domain.errors import InvalidParameter, TooManyOperations
from domain.images.formats import ImageFormat
from domain.images.operations import (
    OPERATION_NAMES,
    AspectRatio,
    AutoOrient,
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
    Normalize,
    Operation,
    Pad,
    Pixelate,
    Redact,
    Region,
    Resize,
    Rotate,
    RoundCorners,
    Sepia,
    Shadow,
    Sharpen,
    Threshold,
    Tint,
    Trim,
    Variable,
    Watermark,
)
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.units import TRANSPARENT, WHITE, Percent


@pytest.mark.parametrize(
    ("make", "pointer"),
    [
        (lambda: Resize(), None),
        (lambda: Resize(0, 10), "/width"),
        (lambda: Resize(10, -1), "/height"),
        (lambda: Resize(Percent(0)), "/width"),
        (lambda: Resize(16_385), "/width"),
        (lambda: Crop(), None),
        (lambda: Crop(width=5), None),
        (lambda: Crop(left=1, width=5, height=5), None),
        (lambda: Crop(-1, 0, 5, 5), "/left"),
        (lambda: Crop(0, -1, 5, 5), "/top"),
        (lambda: Crop(0, 0, 0, 5), "/width"),
        (lambda: Crop(width=5, height=5, aspect_ratio=AspectRatio(1, 1)), "/aspectRatio"),
        (lambda: AspectRatio(0, 1), None),
        (lambda: AspectRatio(1, 10_001), None),
        (lambda: Rotate(360.5), "/angle"),
        (lambda: Rotate(1e308), "/angle"),
        (lambda: Rotate(math.nan), "/angle"),
        (lambda: Rotate(-math.inf), "/angle"),
        (lambda: Flip(), None),
        (lambda: Blur(0), "/sigma"),
        (lambda: Blur(0.29), "/sigma"),
        (lambda: Blur(1e9), "/sigma"),
        (lambda: Blur(math.nan), "/sigma"),
        (lambda: Sharpen(-1), "/sigma"),
        (lambda: Sharpen(m2=101), "/m2"),
        (lambda: Normalize(lower=-1), "/lower"),
        (lambda: Normalize(upper=100.5), "/upper"),
        (lambda: Normalize(lower=60, upper=60), "/lower"),
        (lambda: Gamma(0.9), "/gamma"),
        (lambda: Gamma(3.1), "/gamma"),
        (lambda: Threshold(-1), "/threshold"),
        (lambda: Threshold(256), "/threshold"),
        (lambda: Modulate(brightness=-1), "/brightness"),
        (lambda: Modulate(saturation=11), "/saturation"),
        (lambda: Modulate(hue=361), "/hue"),
        (lambda: Modulate(lightness=math.nan), "/lightness"),
        (lambda: Contrast(-0.1), "/factor"),
        (lambda: Tint(TRANSPARENT), "/color"),
        (lambda: Sepia(1.1), "/amount"),
        (lambda: Duotone(TRANSPARENT, WHITE), "/dark"),
        (lambda: Duotone(WHITE, TRANSPARENT), "/light"),
        (lambda: Duotone(WHITE, WHITE, -0.1), "/intensity"),
        (lambda: Flatten(TRANSPARENT), "/background"),
        (lambda: Pixelate(1), "/size"),
        (lambda: Pixelate(1001), "/size"),
        (lambda: Trim(threshold=256), "/threshold"),
        (lambda: Region(-1, 0, 5, 5), "/left"),
        (lambda: Region(0, 20_000, 5, 5), "/top"),
        (lambda: Region(0, 0, 0, 5), "/width"),
        (lambda: Region(0, 0, 5, Percent(0)), "/height"),
        (lambda: Blur(2, (Region(0, 0, 1, 1),) * 51), "/regions"),
        (lambda: Redact(()), "/regions"),
        (lambda: Redact((Region(0, 0, 1, 1),) * 51), "/regions"),
        (lambda: Redact((Region(0, 0, 1, 1),), strength=0), "/strength"),
        (lambda: Pad(), None),
        (lambda: Pad(all=-1), "/all"),
        (lambda: Pad(left=Percent(20_000)), "/left"),
        (lambda: Border(-1), "/width"),
        (lambda: RoundCorners(-1), "/radius"),
        (lambda: RoundCorners(Percent(math.nan)), "/radius"),
        (lambda: Watermark("logo.png", opacity=1.1), "/opacity"),
        (lambda: Watermark("logo.png", width=0), "/width"),
        (lambda: Watermark("logo.png", offset_x=-1), "/offsetX"),
        (lambda: Watermark("logo.png", offset_y=Percent(math.nan)), "/offsetY"),
        (lambda: Output(quality=0), "/quality"),
        (lambda: Output(quality=101), "/quality"),
    ],
)
def test_a_value_out_of_range_is_refused_and_pointed_at(make, pointer):
    with pytest.raises(InvalidParameter) as refused:
        make()

    assert refused.value.pointer == pointer
    assert refused.value.detail


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../../etc/passwd", "/etc/passwd", "a/b.png", "a\\b.png", "a..b",
        "http://example.com/x.png", "logo.png\n", "logo\0.png", " logo.png", ".logo.png",
        "ｌogo.png", "lógo.png", "x" * 101, "logo\u202e.png",
    ],
)  # fmt: skip
def test_a_watermark_is_a_plain_name_never_a_path_or_url(name):
    with pytest.raises(InvalidParameter) as refused:
        Watermark(name)

    assert refused.value.pointer == "/image"


@pytest.mark.parametrize("name", ["logo.png", "Logo 2.PNG", "a", "x" * 100, "my-logo_v1.webp"])
def test_a_watermark_may_be_called(name):
    assert Watermark(name).image == name


def test_a_refusal_seen_from_further_out_keeps_its_kind_and_says_where():
    with pytest.raises(InvalidParameter) as refused:
        Blur(0)

    seen = refused.value.under("/pipeline/3")

    assert type(seen) is InvalidParameter
    assert seen.pointer == "/pipeline/3/sigma"
    assert seen.detail == refused.value.detail


def test_every_operation_has_a_name_in_the_language():
    assert set(OPERATION_NAMES.values()) == set(get_args(Operation))


def test_gravities_and_fits_are_called_as_customers_call_them():
    assert {fit.value for fit in Fit} == {"inside", "outside", "cover", "contain", "fill"}
    assert {gravity.value for gravity in Gravity} == {
        "center", "north", "northeast", "east", "southeast", "south", "southwest", "west",
        "northwest",
    }  # fmt: skip


class TestPipeline:
    def test_says_nothing_more_than_to_turn_the_picture_upright_unless_told(self):
        assert Pipeline() == Pipeline((AutoOrient(),), Output(None, None))

    def test_holds_twenty_operations_and_no_more(self):
        assert len(Pipeline((Grayscale(),) * 20).operations) == 20

        with pytest.raises(TooManyOperations, match="20"):
            Pipeline((Grayscale(),) * 21)

    def test_names_each_asset_once_in_order(self):
        pipeline = Pipeline((Watermark("b.png"), Blur(), Watermark("a.png"), Watermark("b.png")))

        assert pipeline.asset_names == ("b.png", "a.png")

    def test_equal_pipelines_are_equal_and_can_be_keys(self):
        assert len({Pipeline((Resize(8, 6),)), Pipeline((Resize(8, 6),))}) == 1


@pytest.mark.parametrize(
    ("format", "media_type", "extension", "animated"),
    [
        (ImageFormat.JPEG, "image/jpeg", ".jpg", False),
        (ImageFormat.PNG, "image/png", ".png", False),
        (ImageFormat.WEBP, "image/webp", ".webp", True),
        (ImageFormat.AVIF, "image/avif", ".avif", False),
        (ImageFormat.GIF, "image/gif", ".gif", True),
        (ImageFormat.TIFF, "image/tiff", ".tiff", False),
    ],
)
def test_formats_are_known_by(format, media_type, extension, animated):
    assert (format.media_type, format.extension) == (media_type, extension)
    assert format.may_be_animated is animated


class TestTexts:
    VALUES: ClassVar = {
        Variable.USERNAME: "Ada$",
        Variable.IMAGE_ID: "${date}",
        Variable.DATE: "2026-01-31",
    }

    @pytest.mark.parametrize(
        ("text", "letters"),
        [
            ("a", "a"),
            ("© ${user.username} ${date}", "© Ada$ 2026-01-31"),
            ("${image.id}", "${date}"),
            ("${user.username}{date}", "Ada${date}"),
            ("$${date}", "${date}"),
            ("$$${date}", "$${date}"),
            ("costs $5 {a}", "costs $5 {a}"),
        ],
    )
    def test_values_are_filled_in_once_and_as_they_are(self, text, letters):
        filled = Watermark(text=text).filled(self.VALUES)

        assert filled.letters == letters
        assert filled.variables == frozenset()
        assert filled.filled(self.VALUES) == filled

    def test_a_pipeline_fills_all_its_texts(self):
        pipeline = Pipeline((Watermark("a.png"), Watermark(text="${date}"), Watermark(text="b")))

        assert pipeline.asset_names == ("a.png",)
        assert pipeline.variables == {Variable.DATE}
        assert pipeline.filled(self.VALUES).operations[1] == Watermark(text="2026-01-31")

    @pytest.mark.parametrize("name", ["brand.ttf", "Brand Sans-2.OTF", "a.b.ttf", "1.otf"])
    def test_a_font_may_be_a_file(self, name):
        step = Watermark(text="a", font=name)
        pipeline = Pipeline((Watermark("a.png"), step, Watermark(text="b")))

        assert (step.own_font, Watermark(text="b").own_font) == (name, None)
        assert pipeline.asset_names == ("a.png", name)
        assert (pipeline.picture_names, pipeline.font_names) == (("a.png",), (name,))
        assert pipeline.in_own_fonts == (step,)

    @pytest.mark.parametrize(
        "name",
        [
            "Sans", "Noto Sans", "brand.woff2", "brand.ttc", "", ".ttf", "/etc/a.ttf", "../a.ttf",
            "a..ttf", "https://example.com/a.ttf", "a.ttf\n", "a" * 97 + ".ttf", "ä.ttf",
        ],
    )  # fmt: skip
    def test_other_fonts_are_refused(self, name):
        with pytest.raises(InvalidParameter) as refused:
            Watermark(text="a", font=name)

        assert refused.value.pointer == "/font"

    def test_a_pipeline_has_so_many_fonts_and_no_more(self):
        steps = [Watermark(text="a", font=f"{number}.ttf") for number in range(6)]

        assert len(Pipeline((*steps[:5], *steps[:5])).font_names) == 5
        with pytest.raises(InvalidParameter, match="5 different fonts"):
            Pipeline(tuple(steps))

    def test_what_gets_too_long_is_cut(self):
        filled = Watermark(text="${image.id}" * 45).filled({Variable.IMAGE_ID: "x" * 36})

        assert len(filled.text) == 500

    @pytest.mark.parametrize(
        "text",
        [
            "", " \n", "x" * 501, "a\0b", "a\x1b[1m", "\x7f", "a\tb", "a\rb", "\ud800",
            "${}", "${", "${date", "${ date }", "${Date}", "${user.password}", "a${b}", "${${date}}",
        ],
    )  # fmt: skip
    def test_what_cannot_be_written_is_refused_and_pointed_at(self, text):
        with pytest.raises(InvalidParameter) as refused:
            Watermark(text=text)

        assert refused.value.pointer == "/text"

    @pytest.mark.parametrize(
        ("make", "pointer"),
        [
            (lambda: Watermark(), "/image"),
            (lambda: Watermark("a.png", text="b"), "/text"),
            (lambda: Watermark("a.png", size=20), "/size"),
            (lambda: Watermark("a.png", line_spacing=2), "/lineSpacing"),
            (lambda: Watermark("a.png", rtl=True), "/rtl"),
            (lambda: Watermark(text="a", size=0), "/size"),
            (lambda: Watermark(text="a", line_spacing=0.4), "/lineSpacing"),
            (lambda: Watermark(text="a", angle=361), "/angle"),
            (lambda: Watermark(text="a", angle=math.nan), "/angle"),
            (lambda: Watermark(text="a", spacing=-1), "/spacing"),
            (lambda: Shadow(0), "/sigma"),
            (lambda: Shadow(101), "/sigma"),
        ],
    )
    def test_a_mark_out_of_range_is_refused_and_pointed_at(self, make, pointer):
        with pytest.raises(InvalidParameter) as refused:
            make()

        assert refused.value.pointer == pointer
