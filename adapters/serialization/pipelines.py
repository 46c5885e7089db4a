"""Pipelines as the documents that we store and hand to the renderer: the long form, version 1."""

from collections.abc import Sequence
from typing import Any, Final

import cattrs

from adapters.serialization.converter import make_converter
from domain.images.operations import Operation
from domain.images.output import Output
from domain.images.pipeline import Origin, Pipeline, Variant

VERSION: Final = 1


def pipeline_to_document(pipeline: Pipeline, *, whole: bool = False) -> dict[str, Any]:
    """Return *pipeline* in the long form of the language, defaults left out unless *whole*."""
    document = {"version": VERSION, **_run(pipeline.operations, pipeline.output, whole=whole)}
    if pipeline.variants:
        document["variants"] = {
            variant.name: {
                "from": variant.origin.value,
                **_run(variant.operations, variant.output, whole=whole),
            }
            for variant in pipeline.variants
        }
    return document


def pipeline_from_document(document: dict[str, Any]) -> Pipeline:
    """
    Read a pipeline that `pipeline_to_document` wrote.

    Raises:
        ValueError: The document is of a version that this program does not know.
    """
    if document.get("version") != VERSION:
        raise ValueError(f"unknown pipeline version {document.get('version')!r}")
    converter = make_converter(strict=False)
    return Pipeline(
        operations=tuple(_step(converter, step) for step in document["pipeline"]),
        output=converter.structure(document["output"], Output),
        variants=tuple(
            Variant(
                name=name,
                operations=tuple(_step(converter, step) for step in variant["pipeline"]),
                output=converter.structure(variant["output"], Output),
                origin=Origin(variant["from"]),
            )
            for name, variant in document.get("variants", {}).items()
        ),
    )


def _run(operations: Sequence[Operation], output: Output, *, whole: bool) -> dict[str, Any]:
    converter = make_converter(strict=False, whole=whole)
    return {
        "pipeline": [converter.unstructure(step, Operation) for step in operations],
        "output": converter.unstructure(output),
    }


def _step(converter: cattrs.Converter, document: dict[str, Any]) -> Operation:
    step: Operation = converter.structure(document, Operation)  # type: ignore[arg-type]  # a union
    return step
