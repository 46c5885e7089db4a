"""A preset, and what it means."""

from collections.abc import Mapping
from typing import Any

import attrs

from application.ports.pipeline_texts import PipelineTexts
from domain.images.canonical import canonical
from domain.images.preset import Preset


@attrs.frozen
class PresetView:
    """
    A version of a preset, and what it means.

    Attributes:
        document: Its pipeline's one form, as the long form of the language; None if it is of a
            newer version of ours.
        digest: SHA-256 of that, in hex.
    """

    preset: Preset
    document: Mapping[str, Any] | None
    digest: str | None


def view_of(preset: Preset, texts: PipelineTexts) -> PresetView:
    """Return *preset* with what it means."""
    if preset.pipeline is None:
        return PresetView(preset, None, None)
    pipeline = canonical(preset.pipeline).pipeline
    return PresetView(preset, texts.document(pipeline), texts.digest(pipeline))
