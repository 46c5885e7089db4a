"""One form for all pipelines that mean the same."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from adapters.serialization.canonical_texts import CanonicalTexts
from adapters.serialization.converter import make_converter
from adapters.serialization.pipelines import pipeline_to_document
from domain.images.canonical import canonical
from domain.images.operations import OPERATION_NAMES, AutoOrient, Operation
from domain.images.pipeline import USUAL_SAMPLING, Origin, Pipeline, Variant
from entrypoints.http.processing_options import ProcessingOptionsReader
from tests.pipelines import examples, operation, pipelines

READER = ProcessingOptionsReader(make_converter())
TEXTS = CanonicalTexts()


def digest_of(options: Any) -> str:
    return TEXTS.digest(canonical(READER.read(options).pipeline).pipeline)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"resize": "800x600"}, {"pipeline": [{"op": "resize", "width": 800, "height": 600}]}),
        (
            {"resize": "50%"},
            {"version": 1, "pipeline": [{"op": "resize", "width": "50.0%", "fit": "inside"}]},
        ),
        (
            {"rotate": 90, "format": "png"},
            {"pipeline": [{"op": "rotate", "angle": 450.0 - 360}], "output": {"format": "png"}},
        ),
        ({"filters": ["contrast:1", "gamma:1.0", "negate"]}, {"filters": ["negate"]}),
        ({"rotate": 360}, {}),
        (
            {"pipeline": [{"op": "pad", "all": 5, "background": "white"}]},
            {"pipeline": [{"op": "pad", "all": 5, "background": "#fff"}]},
        ),
        ({"resize": "80x"}, {"resize": "80x", "sampling": "fast"}),
        # Nothing is resized.
        ({"rotate": 90, "sampling": "quality"}, {"rotate": 90}),
        ({"resize": "100%", "sampling": "quality"}, {}),
        ({"quality": 70}, {"quality": {"jpeg": 70, "webp": 70, "avif": 70}}),
        (
            {"resize": "400x300#", "blur": 2, "format": "auto"},
            "resize:w=400,h=300,fit=cover,withoutEnlargement=false/blur:sigma=2.0/out:format=auto",
        ),
        ({"pipeline": [{"op": "resize", "width": 80.0}]}, "resize:w=80"),
        ({"output": {"quality": 80.0, "effort": 3.0}}, "out:effort=3,q=80"),
        ({"output": {"delay": [100, 40, 40.0]}}, "out:delay=100;40"),
        ({"output": {"delay": [40]}}, {"output": {"delay": 40}}),
        ({"output": {"metadata": {"keep": ["icc", "copyright"]}}}, {}),
        ({"output": {"metadata": {"keep": []}}}, "out:metadata.keep=none"),
        ({"output": {"metadata": {"keep": ["exif", "copyright"]}}}, "out:metadata.keep=exif"),
        (
            {"variants": {"b": {"blur": 2}, "a": {"blur": 3}}},
            {"variants": {"a": {"blur": 3.0}, "b": {"pipeline": [{"op": "blur", "sigma": 2}]}}},
        ),
    ],
)
def test_what_means_the_same_has_one_digest(one, other) -> None:
    assert digest_of(one) == digest_of(other)


@pytest.mark.parametrize(
    "other",
    [
        {"resize": "801x600"},
        {"resize": "800x600!"},
        {"resize": "800x600", "source": {"autoOrient": False}},
        {"resize": "800x600", "format": "webp"},
        {"resize": "800x600", "sampling": "quality"},
        {"resize": "800x600", "variants": {"a": {}}},
    ],
)
def test_what_does_not_has_another(other) -> None:
    assert digest_of({"resize": "800x600"}) != digest_of(other)


def test_what_is_asked_is_told_but_no_part_of_the_digest() -> None:
    asked = READER.read({"resize": "800x600", "analyze": ["phash", "exif", "phash"]}).pipeline

    assert TEXTS.document(canonical(asked).pipeline)["analyze"] == ["exif", "phash"]
    assert TEXTS.digest(canonical(asked).pipeline) == digest_of({"resize": "800x600"})
    assert READER.read(dict(TEXTS.document(asked))).pipeline == asked
    assert "analyze" not in TEXTS.document(READER.read({}).pipeline)


def test_the_digest_is_of_what_rfc_8785_makes_of_the_document() -> None:
    document = TEXTS.document(READER.read({"source": {"autoOrient": False}}).pipeline)

    # Sorted members, no spaces, numbers as JavaScript has them.
    assert json.loads(json.dumps(document)) == document
    assert document["pipeline"] == [] and document["source"] == {"autoOrient": False}
    assert TEXTS.digest(Pipeline((), sampling=USUAL_SAMPLING)) == TEXTS.digest(
        READER.read({"source": {"autoOrient": False}}).pipeline
    )


def test_variants_may_lie_as_they_came_where_the_main_result_does_not() -> None:
    pipeline = Pipeline((AutoOrient(),), variants=(Variant("a", origin=Origin.UPLOAD),))

    assert READER.read(through_json(TEXTS.document(pipeline))).pipeline == pipeline


def through_json(document: Any) -> Any:
    return json.loads(json.dumps(document))


@settings(max_examples=examples(250), deadline=None)
@given(pipelines(variants=2))
def test_the_one_form_is_itself_read_as_what_it_means(pipeline: Pipeline) -> None:
    once = canonical(pipeline).pipeline

    again = READER.read(through_json(TEXTS.document(once))).pipeline

    assert canonical(once).pipeline == once
    assert again == once
    assert TEXTS.digest(again) == TEXTS.digest(once)


def respelled(value: Any) -> Any:
    """Return *value* in other spellings of its numbers, colours and shares, members reversed."""
    match value:
        case dict():
            return {name: respelled(one) for name, one in reversed(value.items())}
        case list():
            return [respelled(one) for one in value]
        case "#ffffffff":
            return "White"
        case "#00000000":
            return "transparent"
        case str() if value.startswith("#"):
            return value.removesuffix("ff").upper() if len(value) == 9 else value
        case str() if value.endswith("%"):
            return value.replace("%", ".0%") if value[:-1].isdigit() else value
        case int() if not isinstance(value, bool):
            return float(value)
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


@settings(max_examples=examples(250), deadline=None)
@given(pipelines(variants=1))
def test_every_spelling_has_the_same_digest(pipeline: Pipeline) -> None:
    """Defaults written out or left out, numbers and colours in any notation, and the URL form."""
    digest = TEXTS.digest(canonical(pipeline).pipeline)
    # All turning is among the operations; what is stored leaves another sampling out than texts do.
    unturned = {"source": {"autoOrient": False}, "sampling": pipeline.sampling.value}
    usual, whole = (
        through_json(pipeline_to_document(pipeline, whole=one)) | unturned for one in (False, True)
    )
    texts = [
        step.get("text") or ""
        for run in (whole, *whole.get("variants", {}).values())
        for step in run["pipeline"]
    ]

    forms = [usual, whole]
    if not any(text.startswith("#") or text.endswith("%") for text in texts):
        forms.append(respelled(whole))
    if not pipeline.variants:
        forms += [TEXTS.url_form(pipeline), TEXTS.url_form(canonical(pipeline).pipeline)]
    assert [digest_of(form) for form in forms] == [digest] * len(forms)


@pytest.mark.parametrize("kind", OPERATION_NAMES.values(), ids=OPERATION_NAMES)
def test_so_it_is_of_each_operation(kind: type[Operation]) -> None:
    @settings(max_examples=examples(100) // 10, deadline=None, derandomize=True)
    @given(operation(kind))
    def read(step: Operation) -> None:
        pipeline = Pipeline((step,))
        once = canonical(pipeline).pipeline
        text = TEXTS.url_form(pipeline)
        assert READER.read(through_json(TEXTS.document(pipeline))).pipeline == pipeline
        assert READER.read(text).pipeline == pipeline
        assert canonical(once).pipeline == once

    read()
