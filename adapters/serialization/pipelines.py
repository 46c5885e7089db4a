"""Pipelines as the documents that we store and hand to the renderer: the long form, version 1."""

from collections.abc import Sequence
from typing import Any, Final

import cattrs

from adapters.serialization.converter import make_converter
from domain.images.analysis import Aspect, in_order
from domain.images.operations import Operation
from domain.images.output import Output
from domain.images.pipeline import Origin, Pipeline, Sampling, Variant

VERSION: Final = 1
_MEMBERS: Final = frozenset({"version", "pipeline", "output", "variants", "analyze", "sampling"})
# That of the versions which do not know the member; they refuse what has it.
_SAMPLING_BEFORE: Final = Sampling.QUALITY


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
    if pipeline.analyze:
        document["analyze"] = [aspect.value for aspect in in_order(pipeline.analyze)]
    if whole or pipeline.sampling is not _SAMPLING_BEFORE:
        document["sampling"] = pipeline.sampling.value
    return document


def pipeline_from_document(document: dict[str, Any]) -> Pipeline:
    """
    Read a pipeline that `pipeline_to_document` wrote, of this version or an older one.

    Whoever draws half of what was asked for draws something else: what a newer version has written
    is read whole or not at all.

    Raises:
        ValueError: The document is of a version that this program does not know, or says more.
        DomainError, BaseValidationError, KeyError: It says what this program does not understand.
    """
    if document.get("version") != VERSION:
        raise ValueError(f"unknown pipeline version {document.get('version')!r}")
    if unknown := document.keys() - _MEMBERS:
        raise ValueError(f"unknown members of a pipeline: {sorted(unknown)}")
    converter = make_converter()
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
        analyze=frozenset(Aspect(name) for name in document.get("analyze", ())),
        sampling=Sampling(document.get("sampling", _SAMPLING_BEFORE.value)),
    )


def _run(operations: Sequence[Operation], output: Output, *, whole: bool) -> dict[str, Any]:
    converter = make_converter(whole=whole)
    return {
        "pipeline": [converter.unstructure(step, Operation) for step in operations],
        "output": converter.unstructure(output),
    }


def _step(converter: cattrs.Converter, document: dict[str, Any]) -> Operation:
    step: Operation = converter.structure(document, Operation)  # type: ignore[arg-type]  # a union
    return step
