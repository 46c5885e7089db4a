"""Analyses as the documents that we store, send and show."""

from typing import Any

from cattrs.errors import BaseValidationError

from adapters.serialization.converter import make_converter
from domain.errors import DomainError
from domain.images.analysis import Analysis


class UnreadableAnalysis(Exception):
    """A document says what this program does not understand, or what no picture can have."""


def analysis_to_document(analysis: Analysis) -> dict[str, Any]:
    """Return what is known, each aspect by its name in the language."""
    document: dict[str, Any] = make_converter().unstructure(analysis)
    return document


def analysis_from_document(document: object) -> Analysis:
    """
    Read what `analysis_to_document` wrote; believe nothing of it.

    Raises:
        UnreadableAnalysis: It is of another form, or a value is out of its range.
    """
    try:
        return make_converter().structure(document, Analysis)
    except (BaseValidationError, DomainError, KeyError, TypeError, ValueError) as error:
        raise UnreadableAnalysis(repr(document)[:200]) from error
