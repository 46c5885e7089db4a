"""The language of processing options: what each notation means, and that its book tells the truth."""

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from cattrs.errors import BaseValidationError
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.serialization.converter import make_converter
from adapters.serialization.pipelines import pipeline_from_document, pipeline_to_document
from domain.errors import DomainError
from domain.images.analysis import Aspect
from domain.images.formats import ImageFormat
from domain.images.operations import (
    OPERATION_NAMES,
    Trim,
    Region,
    RedactMode,
    Redact,
    Outline,
    Tint,
    Threshold,
    Sepia,
    RoundCorners,
    Pixelate,
    Pad,
    Normalize,
    Negate,
    Most,
    Gamma,
    Extend,
    Duotone,
    Contrast,
    AspectRatio,
    AutoOrient,
    Blend,
    Blur,
    Crop,
    Fit,
    Flip,
    Gravity,
    Grayscale,
    Operation,
    Resize,
    Rotate,
    Sharpen,
    Shadow,
    Watermark,
    camel_case,
)
from domain.images.output import Auto, Kept, Metadata, Output, Palette, Qualities
from domain.images.pipeline import Origin, Pipeline, Sampling
from domain.images.units import WHITE, Color, Percent
from domain.notifications.channel import NotificationRequest, Occasion
from entrypoints.http.errors import RequestRefused
from entrypoints.http.processing_options import SHORT_FORM, ProcessingOptionsReader
from tests.builders import a_preset

CONVERTER = make_converter()
READER = ProcessingOptionsReader(CONVERTER)
BOOK = (Path(__file__).resolve().parents[2] / "docs/processing-options.md").read_text()
BIGGER = {"without_enlargement": False}


def steps(document: Any) -> tuple[Operation, ...]:
    first, *others = READER.read(document).pipeline.operations
    assert first == AutoOrient()
    return tuple(others)


@pytest.mark.parametrize(
    ("size", "meaning"),
    [
        ("800x600", Resize(800, 600)),
        ("800x", Resize(800)),
        ("x600", Resize(None, 600)),
        ("50%", Resize(Percent(50))),
        ("150%", Resize(Percent(150), **BIGGER)),
        ("800x600>", Resize(800, 600)),
        ("800x600<", Resize(800, 600, without_reduction=True, **BIGGER)),
        ("800x600!", Resize(800, 600, Fit.FILL, **BIGGER)),
        ("800x600^", Resize(800, 600, Fit.OUTSIDE, **BIGGER)),
        ("800x600#", Resize(800, 600, Fit.COVER, **BIGGER)),
        ({"width": 10, "fit": "cover"}, Resize(10, fit=Fit.COVER)),
    ],
)
def test_sizes(size: Any, meaning: Resize) -> None:
    assert steps({"resize": size}) == (meaning,)


@pytest.mark.parametrize(
    ("document", "meaning"),
    [
        ({"crop": "400x300"}, Crop(width=400, height=300)),
        ({"crop": "400x300+10+0"}, Crop(10, 0, 400, 300)),
        ({"crop": "16:9"}, Crop(aspect_ratio=AspectRatio(16, 9))),
        ({"rotate": -90}, Rotate(-90)),
        ({"rotate": {"angle": 5, "background": "#fff"}}, Rotate(5, Color(255, 255, 255))),
        ({"flip": "horizontal"}, Flip(horizontal=True)),
        ({"flip": "both"}, Flip(horizontal=True, vertical=True)),
        ({"grayscale": True}, Grayscale()),
        ({"blur": 2}, Blur(2)),
        ({"blur": True}, Blur()),
        ({"sharpen": {"sigma": 2, "m2": 1}}, Sharpen(2, m2=1)),
        ({"filters": "grayscale"}, Grayscale()),
        ({"filters": ["negate"]}, Negate()),
        ({"filters": ["normalize"]}, Normalize()),
        ({"filters": ["gamma"]}, Gamma()),
        ({"filters": ["gamma:1.5"]}, Gamma(1.5)),
        ({"filters": ["threshold:90"]}, Threshold(90)),
        ({"filters": ["contrast:2"]}, Contrast(2)),
        ({"filters": ["sepia:0.5"]}, Sepia(0.5)),
        ({"filters": ["pixelate:16"]}, Pixelate(16)),
        ({"filters": {"op": "tint", "color": "navy"}}, Tint(Color(0, 0, 128))),
        (
            {"filters": [{"op": "duotone", "dark": "black", "light": "white"}]},
            Duotone(Color(0, 0, 0), Color(255, 255, 255)),
        ),
        ({"pipeline": [{"op": "roundCorners"}]}, RoundCorners()),
        ({"pipeline": [{"op": "roundCorners", "radius": "max"}]}, RoundCorners(Most.MAX)),
        ({"pipeline": [{"op": "roundCorners", "radius": "10%"}]}, RoundCorners(Percent(10))),
        ({"pipeline": [{"op": "roundCorners", "radius": 7}]}, RoundCorners(7)),
        (
            {"pipeline": [{"op": "pad", "left": 5, "extendWith": "mirror"}]},
            Pad(left=5, extend_with=Extend.MIRROR),
        ),
        ({"pipeline": [{"op": "trim", "background": "white"}]}, Trim(background=WHITE)),
        ({"pipeline": [{"op": "trim", "equalX": True}]}, Trim(equal_x=True)),
        (
            {
                "pipeline": [
                    {
                        "op": "redact",
                        "mode": "fill",
                        "regions": [
                            {"left": 1, "top": "2%", "width": 3, "height": 4, "shape": "ellipse"}
                        ],
                    }
                ]
            },
            Redact((Region(1, Percent(2), 3, 4, Outline.ELLIPSE),), RedactMode.FILL),
        ),
        (
            {
                "filters": {
                    "op": "blur",
                    "sigma": 9,
                    "regions": [{"left": 0, "top": 0, "width": 3, "height": 4}],
                }
            },
            Blur(9, (Region(0, 0, 3, 4),)),
        ),
        ({"watermark": "logo.png"}, Watermark("logo.png")),
        (
            {"watermark": {"text": "${date}", "shadow": {}, "blend": "soft-light"}},
            Watermark(text="${date}", shadow=Shadow(), blend=Blend.SOFT_LIGHT),
        ),
        ({"watermark": {"image": "a", "gravity": "north"}}, Watermark("a", Gravity.NORTH)),
        (
            {"watermark": {"text": "a", "font": "brand.ttf"}},
            Watermark(text="a", font="brand.ttf"),
        ),
    ],
)
def test_notations(document: Any, meaning: Operation) -> None:
    assert steps(document) == (meaning,)


def test_variants() -> None:
    short = READER.read(
        {
            "resize": "800x600",
            "format": "webp",
            "quality": 70,
            "variants": {
                "card": {"resize": "400x400#"},
                "thumb": {"from": "upload", "resize": "100x100", "format": "jpeg"},
            },
        }
    ).pipeline
    long = READER.read(
        {
            "pipeline": [{"op": "resize", "width": 800, "height": 600}],
            "output": {"format": "webp", "quality": 70},
            "variants": {
                "card": {
                    "pipeline": [
                        {
                            "op": "resize",
                            "width": 400,
                            "height": 400,
                            "fit": "cover",
                            "withoutEnlargement": False,
                        }
                    ]
                },
                "thumb": {
                    "from": "upload",
                    "pipeline": [{"op": "resize", "width": 100, "height": 100}],
                    "output": {"format": "jpeg", "quality": 70},
                },
            },
        }
    ).pipeline

    assert short == long
    assert short.result_names == ("main", "card", "thumb")
    card, thumb = short.variants
    assert (card.origin, card.output) == (Origin.MAIN, Output(ImageFormat.WEBP, 70))
    assert (thumb.origin, thumb.output) == (Origin.UPLOAD, Output(ImageFormat.JPEG, 70))
    assert thumb.operations == (AutoOrient(), Resize(100, 100))
    assert pipeline_from_document(json.loads(json.dumps(pipeline_to_document(short)))) == short


def test_variants_are_left_lying_where_the_rest_is() -> None:
    pipeline = READER.read(
        {
            "source": {"autoOrient": False},
            "variants": {"a": {"from": "upload", "rotate": 90}, "b": {"watermark": "logo.png"}},
        }
    ).pipeline

    assert pipeline.variants[0].operations == (Rotate(90),)
    assert pipeline.asset_names == ("logo.png",)


@pytest.mark.parametrize("form", [{"resize": "80x60"}, {"pipeline": []}], ids=["short", "long"])
def test_sampling_is_fast_unless_quality_is_asked_for(form: dict[str, Any]) -> None:
    assert READER.read(form).pipeline.sampling is Sampling.FAST
    for sampling in Sampling:
        asked = READER.read(form | {"sampling": sampling.value}).pipeline
        assert asked.sampling is sampling
        assert pipeline_from_document(json.loads(json.dumps(pipeline_to_document(asked)))) == asked


def test_what_was_stored_before_sampling_had_a_name_keeps_its_quality() -> None:
    before = {"version": 1, "pipeline": [{"op": "resize", "width": 80}], "output": {}}

    assert pipeline_from_document(before).sampling is Sampling.QUALITY
    # What those versions can draw, they are given in their words.
    assert pipeline_to_document(Pipeline((Resize(80),), sampling=Sampling.QUALITY)) == before
    with pytest.raises(ValueError, match="best"):
        pipeline_from_document(before | {"sampling": "best"})


@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        ({"variants": {f"v{n}": {} for n in range(21)}}, "too-many-variants", "/variants"),
        ({"variants": {"a/b": {}}}, "invalid-parameter", "/variants/a~1b"),
        ({"variants": {"x" * 41: {}}}, "invalid-parameter", f"/variants/{'x' * 41}"),
        (
            {"variants": {"a": {"from": "upload", "filters": ["negate"] * 20}}},
            "too-many-operations",
            "/variants/a",
        ),
        (
            {"variants": {"a": {"pipeline": [{"op": "negate"}] * 21}}},
            "too-many-operations",
            "/variants/a/pipeline",
        ),
        (
            {
                "variants": {
                    "a": {"watermark": [f"{n}.png" for n in range(11)]},
                    "b": {"watermark": [f"x{n}.png" for n in range(11)]},
                }
            },
            "invalid-parameter",
            "/variants",
        ),
    ],
)
def test_refused_variants(document: Any, code: str, pointer: str) -> None:
    with pytest.raises(DomainError) as refused:
        READER.read(document)

    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_the_short_form_runs_in_one_order_whatever_it_is_written_in() -> None:
    members = {
        "watermark": ["a", "b"],
        "filters": ["blur:2", {"op": "sharpen"}, "grayscale"],
        "sharpen": True,
        "flip": "vertical",
        "resize": "10x10",
        "quality": 7,
        "rotate": 90,
        "grayscale": True,
        "blur": 3,
        "crop": "1:1",
        "format": "jpg",
    }

    pipeline = READER.read(members).pipeline

    assert pipeline.operations == (
        AutoOrient(),
        Crop(aspect_ratio=AspectRatio(1, 1)),
        Resize(10, 10),
        Rotate(90),
        Flip(vertical=True),
        Grayscale(),
        Blur(3),
        Sharpen(),
        Blur(2),
        Sharpen(),
        Grayscale(),
        Watermark("a"),
        Watermark("b"),
    )
    assert pipeline.output == Output(ImageFormat.JPEG, 7)
    assert READER.read(dict(reversed(members.items()))).pipeline == pipeline


def test_what_is_switched_off_is_not_done() -> None:
    nothing = {"grayscale": False, "blur": False, "sharpen": False, "filters": [], "strip": True}

    assert steps(nothing) == ()


def test_outputs() -> None:
    asked = READER.read(
        {
            "output": {
                "format": "gif",
                "quality": {"jpeg": 60},
                "palette": {"colors": 16},
                "delay": [40, 80],
                "loop": 2,
                "metadata": {"keep": ["exif", "icc"], "stripGps": False},
            }
        }
    ).pipeline.output

    assert asked == Output(
        ImageFormat.GIF,
        Qualities(jpeg=60),
        palette=Palette(16),
        delay=(40, 80),
        loop=2,
        metadata=Metadata((Kept.EXIF, Kept.ICC), strip_gps=False),
    )
    assert READER.read({"format": "auto"}).pipeline.output.format is Auto.AUTO
    assert READER.read({"quality": 50}).pipeline.output.quality == Qualities(50, 50, 50)
    assert READER.read({"strip": True}).pipeline.output.metadata.keep == (Kept.ICC,)
    assert READER.read({"strip": False}).pipeline.output.metadata.keep == (Kept.ALL,)


def test_outputs_that_were_stored_before_there_was_more_to_say_are_read() -> None:
    old = {"version": 1, "pipeline": [], "output": {"format": "webp", "quality": 70}}

    assert pipeline_from_document(old).output == Output(ImageFormat.WEBP, 70)


@pytest.mark.parametrize(
    "newer",
    [
        {"version": 2},
        {"collage": {}},
        {"pipeline": [{"op": "swirl"}]},
        {"pipeline": [{"op": "negate", "amount": 0.5}]},
        {"output": {"format": "webp", "glow": True}},
        {"variants": {"a": {"from": "main", "pipeline": [], "output": {"glow": True}}}},
    ],
)
def test_what_a_newer_version_stored_is_read_whole_or_not_at_all(newer: Any) -> None:
    stored = pipeline_to_document(READER.read({"resize": "80x60"}).pipeline)

    with pytest.raises((ValueError, BaseValidationError, DomainError)):
        pipeline_from_document(stored | newer)


@pytest.mark.parametrize(
    ("output", "pointer"),
    [
        ({"quality": 0}, "/output/quality"),
        ({"quality": {"jpeg": 101}}, "/output/quality/jpeg"),
        ({"quality": {"png": 50}}, "/output/quality/png"),
        ({"quality": "high"}, "/output/quality"),
        ({"maxBytes": 10}, "/output/maxBytes"),
        ({"maxBytes": 5000, "lossless": True}, "/output/maxBytes"),
        ({"effort": 11}, "/output/effort"),
        ({"delay": 5}, "/output/delay"),
        ({"delay": 0}, "/output/delay"),
        ({"metadata": {"keep": 5}}, "/output/metadata/keep"),
        ({"delay": []}, "/output/delay"),
        ({"loop": -1}, "/output/loop"),
        ({"palette": {"colors": 1}}, "/output/palette/colors"),
        ({"palette": 16}, "/output/palette"),
        ({"metadata": ["icc"]}, "/output/metadata"),
        ({"palette": {"dither": 2}}, "/output/palette/dither"),
        ({"chromaSubsampling": "4:1:1"}, "/output/chromaSubsampling"),
        ({"metadata": {"keep": ["all", "icc"]}}, "/output/metadata/keep"),
        ({"metadata": {"keep": ["icc", "icc"]}}, "/output/metadata/keep"),
        ({"metadata": {"keep": ["gps"]}}, "/output/metadata/keep/0"),
        ({"background": "transparent"}, "/output/background"),
        ({"format": "jpeg", "lossless": True}, "/output/lossless"),
        ({"format": "webp", "progressive": True}, "/output/progressive"),
        ({"format": "jpeg", "palette": {}}, "/output/palette"),
        ({"format": "png", "maxBytes": 5000}, "/output/maxBytes"),
        ({"format": "avif", "loop": 0}, "/output/loop"),
    ],
)
def test_refused_outputs(output: Any, pointer: str) -> None:
    with pytest.raises(DomainError) as refused:
        READER.read({"output": output})

    assert refused.value.pointer == pointer
    assert refused.value.code in ("invalid-parameter", "unknown-member")


def test_turning_upright_comes_first_unless_it_is_switched_off() -> None:
    off = {"source": {"autoOrient": False}}
    listed = {"pipeline": [{"op": "autoOrient"}, {"op": "grayscale"}]}

    assert READER.read(off).pipeline.operations == ()
    assert READER.read(listed).pipeline.operations == (AutoOrient(), Grayscale())
    later = {**off, "pipeline": [{"op": "grayscale"}, {"op": "autoOrient"}]}
    assert READER.read(later).pipeline.operations == (Grayscale(), AutoOrient())


def test_notices() -> None:
    everything = NotificationRequest()

    assert READER.read({}).notify == everything
    assert READER.read({"notify": {"webhook": None, "events": None}}).notify == everything
    asked = {"webhook": "https://e.com/", "events": ["task.failed"]}
    wanted = NotificationRequest("https://e.com/", frozenset({Occasion.FAILED}))
    for document in ({"notify": asked}, {"version": 1, "notify": asked}):
        assert READER.read(document).notify == wanted
    assert READER.read({"notify": {"events": []}}).notify.occasions == frozenset()


@pytest.mark.parametrize(
    ("document", "code", "pointer"),
    [
        ([], "invalid-parameter", ""),
        (5, "invalid-parameter", ""),
        ("resize", "invalid-parameter", "/pipeline/0"),
        ({"pipeline": [{"op": "blur", "regions": True}]}, "invalid-parameter",
         "/pipeline/0/regions"),
        ({"pipeline": [{"op": "blur", "regions": ""}]}, "invalid-parameter",
         "/pipeline/0/regions"),
        ({"output": {"metadata": {"keep": {"icc": 1}}}}, "invalid-parameter",
         "/output/metadata/keep"),
        ({"version": 2}, "invalid-parameter", "/version"),
        ({"version": True}, "invalid-parameter", "/version"),
        ({"version": 1, "resize": "8x6"}, "unknown-member", "/resize"),
        ({"a/b~c": 1}, "unknown-member", "/a~1b~0c"),
        ({"pipeline": {}}, "invalid-parameter", "/pipeline"),
        ({"pipeline": ["grayscale"]}, "invalid-parameter", "/pipeline/0"),
        ({"pipeline": [{}]}, "invalid-parameter", "/pipeline/0/op"),
        (
            {"watermark": [{"text": "a"}, {"text": "${x}"}]},
            "invalid-parameter",
            "/watermark/1/text",
        ),
        (
            {"watermark": {"text": "a", "shadow": {"sigma": 0}}},
            "invalid-parameter",
            "/watermark/shadow/sigma",
        ),
        ({"watermark": {"text": "a", "blend": "hue"}}, "invalid-parameter", "/watermark/blend"),
        ({"watermark": {"text": "\0"}}, "invalid-parameter", "/watermark/text"),
        ({"watermark": {"text": 5}}, "invalid-parameter", "/watermark/text"),
        ({"pipeline": [{"op": "watermark"}]}, "invalid-parameter", "/pipeline/0/image"),
        (
            {"pipeline": [{"op": "watermark", "image": "a", "offsetX": -1}]},
            "invalid-parameter",
            "/pipeline/0/offsetX",
        ),
        (
            {"pipeline": [{"op": "resize", "width": 5, "withoutReduction": 1}]},
            "invalid-parameter",
            "/pipeline/0/withoutReduction",
        ),
        ({"output": []}, "invalid-parameter", "/output"),
        ({"source": True}, "invalid-parameter", "/source"),
        ({"source": {"autoOrient": 1}}, "invalid-parameter", "/source/autoOrient"),
        ({"source": {"page": 1}}, "unknown-member", "/source/page"),
        ({"strip": "no"}, "invalid-parameter", "/strip"),
        ({"sampling": "best"}, "invalid-parameter", "/sampling"),
        ({"sampling": None}, "invalid-parameter", "/sampling"),
        ({"variants": {"a": {"sampling": "fast"}}}, "unknown-member", "/variants/a/sampling"),
        ({"filters": ["blur:2", "crop:1"]}, "invalid-parameter", "/filters/1"),
        ({"filters": ["blur:200"]}, "invalid-parameter", "/filters/0"),
        ({"filters": [{"op": "flip", "vertical": True}]}, "invalid-parameter", "/filters/0"),
        ({"filters": [{"op": "blur", "sigma": 0}]}, "invalid-parameter", "/filters/0/sigma"),
        ({"filters": ["blur"] * 21}, "too-many-operations", "/filters"),
        ({"filters": ["blur"] * 20}, "too-many-operations", ""),
        ({"watermark": ["a", {"image": "b", "opacity": 2}]}, "invalid-parameter",
         "/watermark/1/opacity"),
        ({"watermark": 5}, "invalid-parameter", "/watermark"),
        ({"resize": "800x!"}, "invalid-parameter", "/resize"),
        ({"resize": None}, "invalid-parameter", "/resize"),
        ({"flip": True}, "invalid-parameter", "/flip"),
        ({"notify": {"webhook": 5}}, "invalid-parameter", "/notify/webhook"),
        ({"notify": {"webhook": "file:///"}}, "webhook-url-forbidden", "/notify/webhook"),
        ({"notify": {"events": "task.failed"}}, "invalid-parameter", "/notify/events"),
        ({"notify": {"events": ["task.failed", 1]}}, "invalid-parameter", "/notify/events/1"),
        ({"notify": {"email": "a"}}, "unknown-member", "/notify/email"),
        ({"analyze": "blurhash"}, "invalid-parameter", "/analyze"),
        ({"analyze": ["blurhash", "blur"]}, "invalid-parameter", "/analyze/1"),
        ({"analyze": [["phash"]]}, "invalid-parameter", "/analyze/0"),
        ({"analyze": ["exif"] * 8}, "invalid-parameter", "/analyze"),
        ({"version": 1, "analyze": ["gps"]}, "invalid-parameter", "/analyze/0"),
        ({"variants": {"a": {"analyze": []}}}, "unknown-member", "/variants/a/analyze"),
    ],
)  # fmt: skip
def test_refusals_point_to_what_the_customer_wrote(document: Any, code: str, pointer: str) -> None:
    with pytest.raises(DomainError) as refusal:
        READER.read(document)

    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


@pytest.mark.parametrize("form", [{}, {"version": 1}, {"resize": "8x8"}, {"pipeline": []}])
def test_both_forms_ask_about_the_picture(form: Any) -> None:
    asked = READER.read(form | {"analyze": ["phash", "dominantColors", "phash"]}).pipeline

    assert asked.analyze == {Aspect.PHASH, Aspect.DOMINANT_COLORS}
    assert attrs.evolve(asked, analyze=frozenset()) == READER.read(form).pipeline
    document = pipeline_to_document(asked)
    assert document["analyze"] == ["dominantColors", "phash"]
    assert pipeline_from_document(document) == asked


def test_what_a_newer_version_asks_about_is_not_forgotten() -> None:
    document = pipeline_to_document(READER.read({"analyze": ["phash"]}).pipeline)

    with pytest.raises(ValueError, match="faces"):
        pipeline_from_document(document | {"analyze": ["phash", "faces"]})


def test_the_book_lists_what_can_be_asked() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", _chapter("Analyze"), re.MULTILINE)

    assert rows == [aspect.value for aspect in Aspect]


_JUNK = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text()
    | some.sampled_from(["800x600", "50%", "16:9", "blur:2", "logo.png", "white", "#fff", "same", "phash"]),
    lambda inner: some.lists(inner, max_size=3)
    | some.dictionaries(some.sampled_from(["op", "width", "image", "sigma", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(some.dictionaries(some.sampled_from([*SHORT_FORM, "pipeline", "output"]), _JUNK, max_size=4))
def test_whatever_is_sent_is_a_pipeline_that_can_be_stored_or_a_refusal(document: Any) -> None:
    try:
        pipeline = READER.parse(json.dumps(document).encode()).pipeline
    except (DomainError, RequestRefused):
        return
    assert pipeline_from_document(pipeline_to_document(pipeline)) == pipeline


def test_every_example_of_the_book_is_accepted() -> None:
    examples = re.findall(r"```json\n(.*?)```", BOOK, re.DOTALL)

    assert len(examples) > len(OPERATION_NAMES)
    for example in examples:
        READER.parse(example.encode(), lambda _: a_preset())
    for name, example in re.findall(r"^\| `(\w+)` \|.*\| `([^|]+)` \|$", _section("short"), re.M):
        READER.parse(f'{{"{name}": {example}}}'.encode(), lambda _: a_preset())


def test_the_book_lists_the_members_of_the_short_form() -> None:
    assert re.findall(r"^\| `(\w+)` \|", _section("short"), re.MULTILINE) == list(SHORT_FORM)


@pytest.mark.parametrize("name", [*OPERATION_NAMES, "Output"])
def test_the_book_lists_every_parameter_with_its_default(name: str) -> None:
    kind = OPERATION_NAMES.get(name, Output)
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", _chapter(name), re.MULTILINE)

    assert rows == [(camel_case(one.name), _default(one)) for one in attrs.fields(kind)]


def test_the_book_has_no_operation_that_is_not_there() -> None:
    assert re.findall(r"^### `(\w+)`", BOOK, re.MULTILINE) == list(OPERATION_NAMES)


def _section(name: str) -> str:
    return BOOK.split(f"## The {name} form")[1].split("### Sizes")[0]


def _chapter(name: str) -> str:
    heading = f"### `{name}`" if name in OPERATION_NAMES else f"## {name}\n"
    return re.split(r"^##", BOOK.split(heading)[1], flags=re.MULTILINE)[0]


def _default(field: "attrs.Attribute[Any]") -> str:
    if field.default is attrs.NOTHING:
        return "*needed*"
    if field.name == "format":
        return '`"same"`'
    if field.default is None:
        return "—"
    value = CONVERTER.unstructure(field.default)
    return f"`{json.dumps(value)}`"
