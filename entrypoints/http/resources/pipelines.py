"""Pipelines before there is a task: what one means, and what this server can do at all."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Literal, TypedDict
from uuid import UUID

import attrs
import falcon

from application.errors import NotFound, PresetNotFound
from application.images.plan_pipeline import Plan, PlanPipelineRequest
from application.presets.find_preset import FindPresetRequest
from application.workers.tell_abilities import Seen
from domain.errors import DomainError, GeometryOutsideImage, InvalidParameter
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
from entrypoints.http.openapi.operation import Answer, Header, Schema, operation
from entrypoints.http.openapi.parts import Options
from entrypoints.http.openapi.schemas import SHA256, Rule
from entrypoints.http.payloads import PayloadReader, id_in_path
from entrypoints.http.processing_options import ProcessingOptionsReader
from entrypoints.http.resources.images import OF_PRESETS, OF_THE_LANGUAGE

_FOREVER: Final = "public, max-age=3600"
_A_MOMENT: Final = "public, max-age=15"


@attrs.frozen
class FactsBody:
    """What a customer tells of a picture."""

    __schema__: ClassVar[Schema] = {
        "anyOf": [
            {"required": ["imageId"], "properties": {"imageId": {"type": "string"}}},
            {
                "required": ["format", "width", "height"],
                "properties": {
                    "format": {"type": "string"},
                    "width": {"type": "integer"},
                    "height": {"type": "integer"},
                },
            },
        ]
    }

    image_id: str | None = None
    format: ImageFormat | None = None
    width: Annotated[int, Rule({"minimum": 1})] | None = None
    height: Annotated[int, Rule({"minimum": 1})] | None = None
    frames: Annotated[int, Rule({"minimum": 1})] = 1
    orientation: Annotated[int, Rule({"minimum": 1, "maximum": 8})] = 1
    progressive: bool | None = None
    alpha: bool | None = None
    bit_depth: Annotated[int, Rule({"minimum": 1, "maximum": 16})] | None = None


@attrs.frozen
class PlanBody:
    """What is to be planned; the options are read by their own reader."""

    processing_options: Options = attrs.field(factory=dict)
    image: FactsBody | None = None


class PredictedDocument(TypedDict):
    """What a result will be."""

    format: str
    width: int | None
    height: int | None
    frames: int


class CostDocument(TypedDict):
    """What a task will take at most."""

    pixels: int
    memoryBytes: int


class PlanDocument(TypedDict):
    """What processing options mean, and what they will make of a picture."""

    pipeline: dict[str, Any]
    pipelineHash: SHA256
    preset: str | None
    urlForm: str | None
    predicted: dict[str, PredictedDocument] | None
    warnings: list[str]
    cost: CostDocument | None


class FormatsDocument(TypedDict):
    """Formats by what can be done with them; `provenBy` is null while no worker has told."""

    read: list[str]
    write: list[str]
    animated: list[str]
    provenBy: Literal["workers"] | None


class WorkersDocument(TypedDict):
    """The workers that run now, and what only some of them can do."""

    count: int
    libvips: list[str]
    someRead: list[str]
    someWrite: list[str]


class LimitsDocument(TypedDict):
    """How much may come in."""

    uploadBytes: int
    sidePixels: int
    framePixels: int
    frames: int
    totalPixels: int
    operations: int
    variants: int


class CapabilitiesDocument(TypedDict):
    """What this server reads, writes and takes."""

    operations: list[str]
    analyses: list[str]
    formats: FormatsDocument
    fonts: list[str]
    workers: WorkersDocument
    limits: LimitsDocument


_KEPT: Final = Header("Cache-Control", "How long it may be kept.", is_sure=True)
_PLANNED: Final = Answer(200, PlanDocument, "What it means; nothing is kept.")
_LANGUAGE: Final = Answer(
    200,
    dict[str, Any],
    "The language of processing options, in its long form, as JSON Schema.",
    (_KEPT,),
    media_type="application/schema+json",
)
_CAPABILITIES: Final = Answer(200, CapabilitiesDocument, "What can be done here.", (_KEPT,))


@attrs.frozen
class PipelinePlan:
    """`/api/pipelines/plan`."""

    authentication: Authentication
    plan_pipeline: Callable[[PlanPipelineRequest], Plan]
    find_preset: Callable[[FindPresetRequest], Preset]
    payloads: PayloadReader
    options: ProcessingOptionsReader
    policy: UploadPolicy

    @operation(
        _PLANNED,
        body=PlanBody,
        refusals=(*OF_THE_LANGUAGE, *OF_PRESETS, NotFound, GeometryOutsideImage),
    )
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
        _PLANNED.write(resp, _plan(plan))

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
            "bitDepth": (8 if body.bit_depth is None else body.bit_depth, 16),
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

    @operation(_LANGUAGE)
    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Describe the language, as JSON Schema."""
        resp.set_header("Cache-Control", _FOREVER)
        _LANGUAGE.write(resp, language_schema())

    on_head = on_get


@attrs.frozen
class Capabilities:
    """`/api/capabilities`."""

    abilities: Callable[[], Seen]
    policy: UploadPolicy

    @operation(_CAPABILITIES)
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
        _CAPABILITIES.write(
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


def _plan(plan: Plan) -> PlanDocument:
    cost, predicted = plan.cost, plan.predicted
    return {
        "pipeline": dict(plan.document),
        "pipelineHash": plan.digest,
        "preset": None if plan.preset is None else str(plan.preset),
        "urlForm": plan.url_form,
        "predicted": None
        if predicted is None
        else {name: _predicted(result) for name, result in predicted.items()},
        "warnings": list(plan.warnings),
        "cost": None if cost is None else {"pixels": cost.pixels, "memoryBytes": cost.memory_bytes},
    }


def _predicted(result: Predicted) -> PredictedDocument:
    return {
        "format": Auto.AUTO.value if result.format is None else result.format.value,
        "width": result.width,
        "height": result.height,
        "frames": result.frames,
    }
