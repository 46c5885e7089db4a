"""Pipelines as the documents that we store and hand to the renderer: the long form, version 1."""

from typing import Any, Final

import cattrs

from adapters.serialization.converter import make_converter
from domain.images.operations import Operation
from domain.images.output import Output
from domain.images.pipeline import Pipeline

VERSION: Final = 1


def pipeline_to_document(pipeline: Pipeline) -> dict[str, Any]:
    """Return *pipeline* in the long form of the language, defaults left out."""
    converter = make_converter(strict=False)
    return {
        "version": VERSION,
        "pipeline": [converter.unstructure(step, Operation) for step in pipeline.operations],
        "output": converter.unstructure(pipeline.output),
    }


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
    )


def _step(converter: cattrs.Converter, document: dict[str, Any]) -> Operation:
    step: Operation = converter.structure(document, Operation)  # type: ignore[arg-type]  # a union
    return step
