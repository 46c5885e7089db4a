"""Pipelines as JSON in the form of RFC 8785, and the digests of that."""

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs
import rfc8785

from adapters.serialization.pipelines import pipeline_to_document
from adapters.serialization.url_texts import url_form
from application.ports.pipeline_texts import PipelineTexts
from domain.images.operations import AutoOrient
from domain.images.pipeline import Origin, Pipeline


class CanonicalTexts(PipelineTexts):
    """Writes the long form, version 1, with every member that has a value."""

    def document(self, pipeline: Pipeline) -> Mapping[str, Any]:
        document = pipeline_to_document(pipeline, whole=True)
        # Otherwise reading it again would put a turning upright in front.
        runs = [
            pipeline.operations,
            *(one.operations for one in pipeline.variants if one.origin is Origin.UPLOAD),
        ]
        upright = all(run[:1] == (AutoOrient(),) for run in runs)
        whole: dict[str, Any] = _without_none(document | {"source": {"autoOrient": upright}})
        return whole

    def digest(self, pipeline: Pipeline) -> str:
        # What is asked about the picture is no part of what is drawn.
        drawn = attrs.evolve(pipeline, analyze=frozenset())
        return hashlib.sha256(rfc8785.dumps(dict(self.document(drawn)))).hexdigest()

    def url_form(self, pipeline: Pipeline) -> str | None:
        return url_form(pipeline)


# Any: whatever JSON holds.
def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_without_none(one) for one in value]
    return value
