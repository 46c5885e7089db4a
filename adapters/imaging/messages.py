"""
What an editor and its renderers say to each other: JSON in single packets, files beside it.

Both sides check what they read; a renderer that has met hostile bytes is not to be believed.
"""

import json
from typing import Any, Final

import attrs

from adapters.imaging.storage_faults import STORAGE_ERRORS
from adapters.serialization.pipelines import pipeline_from_document, pipeline_to_document
from domain.images.formats import ImageFormat
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode

PACKET_BYTES: Final = 128 * 1024
"""Room for the longest pipeline: fifty regions, or five hundred characters, an operation."""

MAX_FILES: Final = 2 + Pipeline.MAX_OPERATIONS
"""Source, target and one asset for each operation."""


FORK: Final = b"F"
"""Asks the zygote for a renderer; its socket and its standard error come with it."""

REAP: Final = b"R"
"""Asks the zygote how a renderer ended; its process id follows."""

CHECK: Final = b"check"
"""Asks a renderer to prove its walls; the answer is a JSON document."""


class MalformedMessage(Exception):
    """The other side does not speak as agreed."""


@attrs.frozen
class Order:
    """A pipeline to draw; the files come with it: source, target, then the assets as named."""

    pipeline: Pipeline
    asset_names: tuple[str, ...]

    def encode(self) -> bytes:
        """Return the packet for this order."""
        return _packet(
            {"pipeline": pipeline_to_document(self.pipeline), "assets": list(self.asset_names)}
        )

    @classmethod
    def decode(cls, packet: bytes) -> "Order":
        """Read a packet made by `encode`."""
        document = json.loads(packet)
        return cls(pipeline_from_document(document["pipeline"]), tuple(document["assets"]))


@attrs.frozen
class Done:
    """What was drawn, and what it took."""

    format: ImageFormat
    width: int
    height: int
    frames: int
    stage_seconds: dict[str, float]
    peak_bytes: int


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


def encode_reply(reply: Reply) -> bytes:
    """Return the packet for *reply*."""
    if isinstance(reply, Done):
        document = attrs.asdict(reply) | {"format": reply.format.value}
    elif isinstance(reply, StorageFault):
        document = {"storage": reply.error_number, "peak_bytes": reply.peak_bytes}
    else:
        document = {
            "failure": reply.failure.code.value,
            "detail": reply.failure.detail[:500],
            "trace": reply.trace[-8000:],
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
            return StorageFault(number, int(document["peak_bytes"]))
        if "failure" in document:
            return Refused(
                Failure(FailureCode(document["failure"]), str(document["detail"])[:500]),
                str(document["trace"]),
                int(document["peak_bytes"]),
            )
        return Done(
            ImageFormat(document["format"]),
            int(document["width"]),
            int(document["height"]),
            int(document["frames"]),
            {str(name): float(value) for name, value in document["stage_seconds"].items()},
            int(document["peak_bytes"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MalformedMessage(repr(packet[:200])) from error


def _packet(document: dict[str, Any]) -> bytes:
    packet = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    if len(packet) > PACKET_BYTES:
        raise MalformedMessage(f"a message of {len(packet)} bytes")
    return packet
