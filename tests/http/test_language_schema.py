"""The schema and the reader agree on what is the language."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from adapters.serialization.canonical_texts import CanonicalTexts
from adapters.serialization.converter import make_converter
from adapters.serialization.pipelines import pipeline_to_document
from domain.images.operations import OPERATION_NAMES
from domain.images.pipeline import Pipeline
from entrypoints.http.language_schema import language_schema
from entrypoints.http.processing_options import ProcessingOptionsReader
from tests.http.house import Caller
from tests.pipelines import examples, pipelines

BOOK = (Path(__file__).parents[2] / "docs" / "processing-options.md").read_text()
READER = ProcessingOptionsReader(make_converter())
SCHEMA = Draft202012Validator(language_schema())
EXAMPLES = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", BOOK, re.DOTALL)]
LONG = [one for one in EXAMPLES if {"pipeline", "output", "version"} & one.keys()]


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(language_schema())
    assert json.loads(json.dumps(language_schema())) == language_schema()


@pytest.mark.parametrize("example", LONG, ids=lambda one: json.dumps(one)[:60])
def test_every_long_example_of_the_book_is_valid(example: dict[str, Any]) -> None:
    SCHEMA.validate(example)


def test_there_are_examples_of_every_operation() -> None:
    used = {step["op"] for one in LONG for step in one.get("pipeline", [])}

    assert used == set(OPERATION_NAMES)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pipeline": [{"op": "blurr"}]},
        {"pipeline": [{"op": "blur", "sigma": 101}]},
        {"pipeline": [{"op": "blur", "sigma": "2"}]},
        {"pipeline": [{"op": "blur", "strength": 2}]},
        {"pipeline": [{"op": "rotate"}]},
        {"pipeline": [{"op": "resize", "width": 10, "fit": "round"}]},
        {"pipeline": [{"op": "negate"}] * 21},
        {"output": {"format": "bmp"}},
        {"output": {"quality": {"png": 3}}},
        {"output": {"effort": 11}},
        {"variants": {"main": {}}},
        {"variants": {"a": {"from": "b"}}},
        {"priority": "soon"},
        {"analyze": ["faces"]},
        {"analyze": "phash"},
        {"sampling": "best"},
        {"colour": "red"},
        {"preset": "Card"},
        {"preset": "card@0"},
        {"preset": 3},
        {"variants": {"a": {"preset": "card", "pipeline": []}}},
    ],
    ids=lambda one: json.dumps(one)[:60],
)
def test_what_the_reader_refuses_the_schema_does(wrong: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid(wrong)
    with pytest.raises(Exception, match="."):
        READER.read(wrong | {"version": 1})


@settings(max_examples=examples(200), deadline=None)
@given(pipelines())
def test_what_is_written_out_is_valid(pipeline: Pipeline) -> None:
    SCHEMA.validate(CanonicalTexts().document(pipeline))
    SCHEMA.validate(json.loads(json.dumps(pipeline_to_document(pipeline))))


def test_a_preset_may_be_named() -> None:
    for name in ("card", "card@3"):
        SCHEMA.validate({"preset": name, "output": {"quality": 80}})


def test_it_is_served_to_everybody(caller: Caller) -> None:
    answer = caller.simulate_get("/api/operations")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json == language_schema()
