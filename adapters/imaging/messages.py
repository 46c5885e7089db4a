"""
What an editor and its renderers say to each other: JSON in single packets, files beside it.

Both sides check what they read; a renderer that has met hostile bytes is not to be believed.
"""

import functools
import json
import re
from enum import Enum
from typing import Any, Final

import attrs

from adapters.imaging.storage_faults import STORAGE_ERRORS
from adapters.serialization.analyses import (
    UnreadableAnalysis,
    analysis_from_document,
    analysis_to_document,
)
from adapters.serialization.pipelines import pipeline_from_document, pipeline_to_document
from domain.images.analysis import Analysis
from domain.images.formats import ImageFormat
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode

PACKET_BYTES: Final = 160 * 1024
"""More than twice the longest options that are taken in; sockets hold 208 KiB by default."""

MAX_FILES: Final = 2 + Pipeline.MAX_VARIANTS + Pipeline.MAX_ASSETS
"""Source, a target for each result, assets."""


class Fonts(Enum):
    """
    The fonts that a renderer can draw with; the value asks the zygote for such a one.

    Its socket and its standard error come with it. What has to open fonts takes longer to come.
    """

    NONE = b"F"
    SHIPPED = b"L"
    OWN = b"O"  # those that ship, and those that come with the first order

    @classmethod
    def needed_for(cls, pipeline: Pipeline) -> "Fonts":
        """Return the least that *pipeline* can be drawn with."""
        if pipeline.font_names:
            return cls.OWN
        return cls.SHIPPED if pipeline.has_texts else cls.NONE


REAP: Final = b"R"
"""Asks the zygote how a renderer ended; its process id follows."""

PROGRESS: Final = b"P"
"""Says, before the reply, how far a renderer is; the percent follows as one byte."""

_DETAIL: Final = 500
_TRACE: Final = 8000
# Most uploads of an hour ask for one of a few pipelines; an order is 160 KiB at the most.
_ORDERS_KEPT: Final = 16
_STAGE: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_MOST_STAGES: Final = 20
_LONGEST_SECONDS: Final = 1e6

CHECK: Final = b"check"
"""Asks a renderer to prove its walls; the answer is a JSON document."""


class MalformedMessage(Exception):
    """The other side does not speak as agreed."""


@attrs.frozen
class Order:
    """A pipeline to draw; the files come with it: source, a target a result, assets as named."""

    pipeline: Pipeline
    asset_names: tuple[str, ...]

    @property
    def first_asset(self) -> int:
        """The place of the first asset among the files."""
        return 1 + len(self.pipeline.result_names)

    def encode(self) -> bytes:
        """Return the packet for this order."""
        return _packed(self)

    @classmethod
    def decode(cls, packet: bytes) -> "Order":
        """Read a packet made by `encode`."""
        return _unpacked(packet)


@functools.lru_cache(_ORDERS_KEPT)
def _packed(order: Order) -> bytes:
    return _packet(
        {"pipeline": pipeline_to_document(order.pipeline), "assets": list(order.asset_names)}
    )


@functools.lru_cache(_ORDERS_KEPT)
def _unpacked(packet: bytes) -> Order:
    document = json.loads(packet)
    return Order(pipeline_from_document(document["pipeline"]), tuple(document["assets"]))


@attrs.frozen
class Written:
    """One result: its format, the sides of a frame in pixels, how many frames."""

    format: ImageFormat
    width: int
    height: int
    frames: int


@attrs.frozen
class Done:
    """What was drawn, in the order of the pipeline's results, what it took, and what was asked."""

    written: tuple[Written, ...]
    stage_seconds: dict[str, float]
    peak_bytes: int
    analysis: Analysis | None = None


@attrs.frozen
class Refused:
    """Why nothing was drawn; *trace* is for operators and empty unless the fault is ours."""

    failure: Failure
    trace: str
    peak_bytes: int


@attrs.frozen
class StorageFault:
    """The disk, not the picture, is why nothing was drawn; *error_number* is an `errno`."""

    error_number: int
    peak_bytes: int


Reply = Done | Refused | StorageFault


def encode_progress(percent: int) -> bytes:
    """Return the packet that says so."""
    return PROGRESS + bytes((percent,))


def progress_in(packet: bytes) -> int | None:
    """
    Return the percent that *packet* tells of, or None if it is none of these.

    Raises:
        MalformedMessage: There is no such percent.
    """
    if packet[:1] != PROGRESS:
        return None
    if len(packet) != 2 or packet[1] > 100:
        raise MalformedMessage(repr(packet[:200]))
    return packet[1]


def encode_reply(reply: Reply) -> bytes:
    """Return the packet for *reply*."""
    if isinstance(reply, Done):
        document = {
            "written": [
                [one.format.value, one.width, one.height, one.frames] for one in reply.written
            ],
            "stage_seconds": reply.stage_seconds,
            "peak_bytes": reply.peak_bytes,
        }
        if reply.analysis is not None:
            document["analysis"] = analysis_to_document(reply.analysis)
    elif isinstance(reply, StorageFault):
        document = {"storage": reply.error_number, "peak_bytes": reply.peak_bytes}
    else:
        document = {
            "failure": reply.failure.code.value,
            "detail": reply.failure.detail[:_DETAIL],
            "trace": reply.trace[-_TRACE:],
            "peak_bytes": reply.peak_bytes,
        }
    return _packet(document)


def decode_reply(packet: bytes) -> Reply:
    """
    Read a packet made by `encode_reply`, or by whoever took over the renderer.

    Raises:
        MalformedMessage: It is not what a renderer may say.
    """
    try:
        document = json.loads(packet)
        if "storage" in document:
            number = STORAGE_ERRORS[STORAGE_ERRORS.index(document["storage"])]
            return StorageFault(number, _count(document["peak_bytes"]))
        if "failure" in document:
            return Refused(
                Failure(FailureCode(document["failure"]), _text(document["detail"], _DETAIL)),
                _text(document["trace"], _TRACE),
                _count(document["peak_bytes"]),
            )
        return Done(
            tuple(
                Written(
                    ImageFormat(name), *(_count(number, 1) for number in (width, height, frames))
                )
                for name, width, height, frames in document["written"]
            ),
            _stages(document["stage_seconds"]),
            _count(document["peak_bytes"]),
            analysis_from_document(document["analysis"]) if "analysis" in document else None,
        )
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        ArithmeticError,
        RecursionError,
        UnreadableAnalysis,
    ) as error:
        raise MalformedMessage(repr(packet[:200])) from error


def _count(value: Any, least: int = 0) -> int:
    if type(value) is not int or not least <= value < 1 << 63:
        raise ValueError(value)
    return value


def _text(value: Any, longest: int) -> str:
    # Half a surrogate pair is text for JSON, but for no database.
    return str(value)[:longest].encode(errors="replace").decode()


def _stages(value: Any) -> dict[str, float]:
    if len(value) > _MOST_STAGES:
        raise ValueError(len(value))
    return {_stage(name): _seconds(seconds) for name, seconds in value.items()}


def _stage(name: str) -> str:
    if _STAGE.fullmatch(name) is None:
        raise ValueError(name)
    return name


def _seconds(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < _LONGEST_SECONDS:
        raise ValueError(value)
    return float(value)


def _packet(document: dict[str, Any]) -> bytes:
    packet = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if len(packet) > PACKET_BYTES:
        raise MalformedMessage(f"a message of {len(packet)} bytes")
    return packet
