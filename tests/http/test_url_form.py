"""The language's URL form: what each spelling means, and where it is refused."""

from pathlib import Path
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from adapters.serialization.converter import make_converter
from adapters.serialization.url_texts import url_form
from domain.errors import DomainError
from domain.images.abbreviations import ABBREVIATIONS
from domain.images.operations import OPERATION_NAMES
from domain.images.pipeline import Pipeline, Variant
from entrypoints.http.errors import RequestRefused
from entrypoints.http.processing_options import ProcessingOptionsReader
from tests.pipelines import examples, pipelines

READER = ProcessingOptionsReader(make_converter())
BOOK = (Path(__file__).resolve().parents[2] / "docs/processing-options.md").read_text()


def step(op: str, **members: Any) -> dict[str, Any]:
    return {"pipeline": [{"op": op, **members}]}


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("", {}),
        ("out:format=same", {}),
        ("grayscale", step("grayscale")),
        ("flip:horizontal", step("flip", horizontal=True)),
        ("flip:horizontal=false,vertical=true", step("flip", vertical=True)),
        ("resize:w=400,h=300,fit=cover,g=north,bg=fff",
         step("resize", width=400, height=300, fit="cover", gravity="north", background="#fff")),
        ("resize:width=50p", step("resize", width="50%")),
        ("resize:width=12.5%25", step("resize", width="12.5%")),
        ("resize:w=9,dpr=2e0", step("resize", width=9, dpr=2.0)),
        ("resize:w=9,h=8,fit=cover,g=focus,focus.x=0.3,focus.y=1",
         step("resize", width=9, height=8, fit="cover", gravity="focus",
              focus={"x": 0.3, "y": 1})),
        ("crop:ar=16:9", step("crop", aspectRatio="16:9")),
        ("crop:ar=16%3A9", step("crop", aspectRatio="16:9")),
        ("tint:color=%23369", step("tint", color="#336699")),
        ("tint:color=navy", step("tint", color="#000080")),
        ("roundCorners:radius=max", step("roundCorners", radius="max")),
        ("redact:regions.0.left=1,regions.0.top=5p,regions.0.w=9,regions.0.h=8,"
         "regions.1.left=0,regions.1.top=0,regions.1.w=7,regions.1.h=7,regions.1.shape=ellipse",
         step("redact", regions=[
             {"left": 1, "top": "5%", "width": 9, "height": 8},
             {"left": 0, "top": 0, "width": 7, "height": 7, "shape": "ellipse"},
         ])),
        ("watermark:text=a%2Fb%2Cc%3Dd%20%C2%A9,shadow", step(
            "watermark", text="a/b,c=d ©", shadow={})),
        ("watermark:text=true,shadow.sigma=2", step("watermark", text="true", shadow={"sigma": 2})),
        ("watermark:text=50p+1;2", step("watermark", text="50p+1;2")),
        ("out:format=webp,q=70", {"output": {"format": "webp", "quality": 70}}),
        ("out:q.jpeg=70,quality.webp=60", {"output": {"quality": {"jpeg": 70, "webp": 60}}}),
        ("out:palette", {"output": {"palette": {}}}),
        ("out:palette.colors=9,palette.dither=0.5",
         {"output": {"palette": {"colors": 9, "dither": 0.5}}}),
        ("out:delay=100", {"output": {"delay": 100}}),
        ("out:delay=100;", {"output": {"delay": [100]}}),
        ("out:delay=100;200", {"output": {"delay": [100, 200]}}),
        ("out:metadata.keep=icc;xmp,metadata.stripGps=false",
         {"output": {"metadata": {"keep": ["icc", "xmp"], "stripGps": False}}}),
        ("out:metadata.keep=none", {"output": {"metadata": {"keep": ["none"]}}}),
        ("source:autoOrient=false/rotate:angle=-90",
         {"source": {"autoOrient": False}, **step("rotate", angle=-90)}),
        ("grayscale/autoOrient/out:lossless",
         {"pipeline": [{"op": "grayscale"}, {"op": "autoOrient"}], "output": {"lossless": True}}),
    ],
)  # fmt: skip
def test_it_means_what_the_long_form_does(text: str, document: dict[str, Any]) -> None:
    assert READER.read(text) == READER.read(document)
    assert READER.parse(f" {text}\n".encode()) == READER.read(document)


@pytest.mark.parametrize(
    ("text", "code", "pointer"),
    [
        ("sharpen/explode:by=2", "unknown-operation", "/pipeline/1/op"),
        ("sharpen//blur", "unknown-operation", "/pipeline/1/op"),
        ("sharpen/", "unknown-operation", "/pipeline/1/op"),
        ("blur:", "unknown-member", "/pipeline/0/"),
        ("blur:sigma=2,", "unknown-member", "/pipeline/0/"),
        ("blur:w=2", "unknown-member", "/pipeline/0/width"),
        ("grayscale:sigma=2", "unknown-member", "/pipeline/0/sigma"),
        ("negate/blur:sigma=0.1/negate", "invalid-parameter", "/pipeline/1/sigma"),
        ("blur:sigma=two", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma=", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma=02", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma=2,sigma=3", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma=%2", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma=%ff", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:sigma.x=2", "invalid-parameter", "/pipeline/0/sigma"),
        ("blur:regions", "invalid-parameter", "/pipeline/0/regions"),
        ("blur:regions=1", "invalid-parameter", "/pipeline/0/regions"),
        ("blur:regions.0=1", "invalid-parameter", "/pipeline/0/regions"),
        ("blur:regions.1.left=1", "invalid-parameter", "/pipeline/0/regions"),
        ("blur:regions.x.left=1", "invalid-parameter", "/pipeline/0/regions"),
        ("blur:regions.0.left=1", "invalid-parameter", "/pipeline/0/regions/0/top"),
        ("blur:regions.0.depth=1", "unknown-member", "/pipeline/0/regions/0/depth"),
        ("blur:regions=1,regions.0.left=1", "invalid-parameter", "/pipeline/0/regions"),
        ("resize:w=10.5", "invalid-parameter", "/pipeline/0/width"),
        ("resize:w=1,width=1", "invalid-parameter", "/pipeline/0/width"),
        ("resize:w=100000", "output-too-large", "/pipeline/0/width"),
        ("watermark:text=a,shadow.sigma=0", "invalid-parameter", "/pipeline/0/shadow/sigma"),
        ("watermark:text=a,shadow=2", "invalid-parameter", "/pipeline/0/shadow"),
        ("watermark:text=%00", "invalid-parameter", "/pipeline/0/text"),
        ("watermark:image=..", "invalid-parameter", "/pipeline/0/image"),
        ("out:format=svg", "invalid-parameter", "/output/format"),
        ("out:quality=101", "invalid-parameter", "/output/quality"),
        ("out:quality.png=1", "unknown-member", "/output/quality/png"),
        ("out:delay=", "invalid-parameter", "/output/delay"),
        ("out:delay=5;x", "invalid-parameter", "/output/delay"),
        ("out:metadata.keep=icc;icc", "invalid-parameter", "/output/metadata/keep"),
        ("out:format=png/blur", "invalid-parameter", "/output"),
        ("out/out", "invalid-parameter", "/output"),
        ("blur/source:autoOrient=false", "invalid-parameter", "/source"),
        ("source:autoOrient=0", "invalid-parameter", "/source/autoOrient"),
        ("source:page=1", "unknown-member", "/source/page"),
        ("/".join(["negate"] * 20), "too-many-operations", "/pipeline"),
        ("/".join(["negate"] * 500), "too-many-operations", "/pipeline"),
        ("variants:a=b", "unknown-operation", "/pipeline/0/op"),
    ],
)  # fmt: skip
def test_refusals_point_into_the_long_form(text: str, code: str, pointer: str) -> None:
    with pytest.raises(DomainError) as refused:
        READER.read(text)

    assert (refused.value.code, refused.value.pointer) == (code, pointer)


@settings(max_examples=examples(200), deadline=None)
@given(pipelines(variants=0))
def test_every_pipeline_of_one_result_can_be_written_in_it(pipeline: Pipeline) -> None:
    text = url_form(pipeline)

    assert text is not None and re.fullmatch(r"[A-Za-z0-9._~:/,=;%+-]+", text)
    assert READER.read(text).pipeline == pipeline
    assert READER.parse(text.encode()).pipeline == pipeline


def test_variants_have_none() -> None:
    assert url_form(Pipeline((), variants=(Variant("a"),))) is None


@pytest.mark.parametrize(
    "text",
    [
        "resize:w=400,h=300,fit=cover/blur:sigma=2/out:format=auto",
        "source:autoOrient=false",
        "autoOrient/autoOrient",
        "crop:ar=16:9,g=attention/watermark:image=logo.png,offsetX=2.5p,width=160/out:q=80",
        "out:format=same",
    ],
)
def test_it_is_written_as_people_write_it(text: str) -> None:
    written = url_form(READER.read(text).pipeline)

    assert written == text.replace("width=", "w=")


_PIECES = some.sampled_from([
    *OPERATION_NAMES, *ABBREVIATIONS, "out", "source", "/", "/", ":", ":", ",", "=", "=", ".", ";",
    "%", "%2f", "0", "1", "-2.5", "true", "regions", "focus.x", "shadow", "sigma", "red", "50p", "{",
    "metadata", "keep", "é", "\x00", "\ud800", " ", "quality", "palette", "delay", "text", "1e999",
])  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(some.lists(_PIECES, max_size=14).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        pipeline = READER.read(text).pipeline
    except (DomainError, RequestRefused):
        return
    assert READER.read(url_form(pipeline)).pipeline == pipeline


def test_the_book_gives_each_abbreviation_and_good_examples() -> None:
    chapter = BOOK.split("## The URL form\n")[1].split("\n## ")[0]

    table = dict(re.findall(r"`(\w+)` for\s+`(\w+)`", chapter))
    shown = re.findall(r"```text\n(.*?)\n```", chapter, re.DOTALL)
    assert table == ABBREVIATIONS
    lines = "\n".join(shown).splitlines()
    assert len(lines) >= 5
    for text in lines:
        READER.read(text)
