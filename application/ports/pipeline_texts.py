"""Writes pipelines down in their one form."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from domain.images.pipeline import Pipeline


class PipelineTexts(Protocol):
    """Writes pipelines down in their one form; they are canonical already."""

    @abstractmethod
    def document(self, pipeline: Pipeline) -> Mapping[str, Any]:
        """Return *pipeline* in the long form of the language, every default written out."""

    @abstractmethod
    def digest(self, pipeline: Pipeline) -> str:
        """Return the SHA-256, in hex, of that document as JSON in the form of RFC 8785."""

    @abstractmethod
    def url_form(self, pipeline: Pipeline) -> str | None:
        """Return *pipeline* in the URL form of the language; None if it has variants."""
