"""Pipelines before there is a task: what one means, and what this server can do at all."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final
from uuid import UUID

import attrs
import falcon

from application.errors import PresetNotFound
from application.images.plan_pipeline import Plan, PlanPipelineRequest
from application.presets.find_preset import FindPresetRequest
from application.workers.tell_abilities import Seen
from domain.errors import DomainError, InvalidParameter
from domain.images.analysis import Aspect
from domain.images.formats import ImageFormat
from domain.images.image import Coding
from domain.images.operations import OPERATION_NAMES, Font
from domain.images.output import Auto
from domain.images.pipeline import Pipeline
from domain.images.prediction import Facts, Predicted
from domain.images.preset import Preset
from domain.images.upload_policy import UploadPolicy
from entrypoints.http.authentication import Authentication
from entrypoints.http.language_schema import language_schema
from entrypoints.http.payloads import PayloadReader, id_in_path, write_json
from entrypoints.http.processing_options import ProcessingOptionsReader

_FOREVER: Final = "public, max-age=3600"
_A_MOMENT: Final = "public, max-age=15"


@attrs.frozen
class FactsBody:
    """What a customer tells of a picture."""

    image_id: str | None = None
    format: ImageFormat | None = None
    width: int | None = None
    height: int | None = None
    frames: int = 1
    orientation: int = 1
    progressive: bool | None = None
    alpha: bool | None = None
    bit_depth: int | None = None


@attrs.frozen
class PlanBody:
    """What is to be planned; the options are read by their own reader."""

    # Any: whatever JSON holds.
    processing_options: Any = attrs.field(factory=dict)
    image: FactsBody | None = None


@attrs.frozen
class PipelinePlan:
    """`/api/pipelines/plan`."""

    authentication: Authentication
    plan_pipeline: Callable[[PlanPipelineRequest], Plan]
    find_preset: Callable[[FindPresetRequest], Preset]
    payloads: PayloadReader
    options: ProcessingOptionsReader
    policy: UploadPolicy

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say what processing options mean, and what they will make of a picture."""
        actor = self.authentication(req)
        body = self.payloads.read(req, PlanBody)
        try:
            options = self.options.read(
                body.processing_options,
                lambda reference: self.find_preset(FindPresetRequest(actor, reference)),
            )
        except (DomainError, PresetNotFound) as error:
            raise error.under("/processingOptions") from None
        facts, image_id = self._picture(body.image)
        plan = self.plan_pipeline(
            PlanPipelineRequest(
                actor, options.pipeline, facts=facts, image_id=image_id, preset=options.preset
            )
        )
        write_json(resp, _plan(plan))

    def _picture(self, body: FactsBody | None) -> tuple[Facts | None, UUID | None]:
        if body is None:
            return None, None
        if body.image_id is not None:
            return None, id_in_path(body.image_id)
        if body.format is None or body.width is None or body.height is None:
            raise InvalidParameter(
                "needs an imageId, or a format, a width and a height", pointer="/image"
            )
        limits = {
            "width": (body.width, self.policy.max_side_px),
            "height": (body.height, self.policy.max_side_px),
            "frames": (body.frames, self.policy.max_frames),
            "orientation": (body.orientation, 8),
            "bitDepth": (body.bit_depth or 8, 16),
        }
        for name, (value, most) in limits.items():
            if not 1 <= value <= most:
                raise InvalidParameter(f"must be from 1 to {most}", pointer=f"/image/{name}")
        coding = Coding(in_passes=body.progressive, alpha=body.alpha, bits=body.bit_depth)
        return Facts(
            body.format, body.width, body.height, body.frames, body.orientation, coding
        ), None


class Operations:
    """`/api/operations`."""

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Describe the language, as JSON Schema."""
        resp.set_header("Cache-Control", _FOREVER)
        write_json(resp, language_schema())
        resp.content_type = "application/schema+json"

    on_head = on_get


@attrs.frozen
class Capabilities:
    """`/api/capabilities`."""

    abilities: Callable[[], Seen]
    policy: UploadPolicy

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """
        Tell what this server reads, writes and takes.

        Formats and fonts are those of all workers that run now; where none has told of itself yet,
        they are those of the language, and it is said so.
        """
        seen = self.abilities()
        known = seen.workers > 0
        reads = _names(seen.reads if known else ImageFormat)
        writes = _names(seen.writes if known else ImageFormat)
        resp.set_header("Cache-Control", _A_MOMENT)
        write_json(
            resp,
            {
                "operations": list(OPERATION_NAMES),
                "analyses": [one.value for one in Aspect],
                "formats": {
                    "read": reads,
                    "write": ["same", Auto.AUTO.value, *writes],
                    "animated": [
                        one.value
                        for one in ImageFormat
                        if one.may_be_animated and one.value in writes
                    ],
                    "provenBy": "workers" if known else None,
                },
                "fonts": _names(seen.fonts if known else Font),
                "workers": {
                    "count": seen.workers,
                    "libvips": list(seen.libvips),
                    "someRead": _names(seen.partly_reads),
                    "someWrite": _names(seen.partly_writes),
                },
                "limits": {
                    "uploadBytes": self.policy.max_bytes,
                    "sidePixels": self.policy.max_side_px,
                    "framePixels": self.policy.max_frame_pixels,
                    "frames": self.policy.max_frames,
                    "totalPixels": self.policy.max_total_pixels,
                    "operations": Pipeline.MAX_OPERATIONS,
                    "variants": Pipeline.MAX_VARIANTS,
                },
            },
        )

    on_head = on_get


def _names(values: Iterable[Enum]) -> list[str]:
    return [one.value for one in values]


def _plan(plan: Plan) -> dict[str, Any]:
    cost, predicted = plan.cost, plan.predicted
    return {
        "pipeline": plan.document,
        "pipelineHash": plan.digest,
        "preset": None if plan.preset is None else str(plan.preset),
        "urlForm": plan.url_form,
        "predicted": None
        if predicted is None
        else {name: _predicted(result) for name, result in predicted.items()},
        "warnings": list(plan.warnings),
        "cost": None if cost is None else {"pixels": cost.pixels, "memoryBytes": cost.memory_bytes},
    }


def _predicted(result: Predicted) -> dict[str, Any]:
    return {
        "format": Auto.AUTO.value if result.format is None else result.format.value,
        "width": result.width,
        "height": result.height,
        "frames": result.frames,
    }
