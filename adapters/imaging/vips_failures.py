"""From what went wrong in a renderer to the code and the sentence that a customer sees."""

import os
from collections.abc import Sequence
from typing import Final

import pyvips

from adapters.imaging.asset_faults import AssetMissing, AssetUnusable
from adapters.imaging.headers import avif, png, webp
from adapters.imaging.storage_faults import STORAGE_ERRORS, reading_error, writing_error
from adapters.imaging.vips_loading import LoaderMismatch
from domain.errors import (
    GeometryOutsideImage,
    ImageRefused,
    ImageTooLarge,
    OutputTooLarge,
    TooManyFrames,
    UnsupportedCodec,
)
from domain.tasks.task import Failure, FailureCode

# The first that fits counts.
_REFUSALS: Final[dict[type[Exception], FailureCode]] = {
    GeometryOutsideImage: FailureCode.INVALID_GEOMETRY,
    OutputTooLarge: FailureCode.OUTPUT_TOO_LARGE,
    ImageTooLarge: FailureCode.IMAGE_TOO_LARGE,
    TooManyFrames: FailureCode.TOO_MANY_FRAMES,
    UnsupportedCodec: FailureCode.UNSUPPORTED_CODEC,
    ImageRefused: FailureCode.DECODE_FAILED,
    LoaderMismatch: FailureCode.DECODE_FAILED,
}

_PNG_END_BYTES: Final = 64 * 1024
"""How far before the end of the file, where other things may follow it, IEND is sought."""

_MOST_BOXES: Final = 64

# A header that counts more of something than any honest file has. Libraries call it want of memory,
# though they have asked for none.
_ABSURD: Final = ("security limit", "out of memory reading of")
# How the decoders of libvips 8.18 put it; the lists are tried in this order.
_MEMORY: Final = ("out of memory", "unable to allocate", "memory allocation", "bad_alloc")
_CODEC: Final = (
    "has not been built in",
    "not configured",
    "not supported",
    "unsupported",
    "not implemented",
    "no decoder",
    "sof type",
    "labq format",
    "samples out of range",
)
_CUT: Final = (
    "premature end",
    "unexpected end",
    "end of file",
    "truncated",
    "bad seek",
    "not enough data",
)

_DAMAGED: Final = Failure(FailureCode.DECODE_FAILED, "the picture is damaged and cannot be read")


def storage_error_of(
    error: Exception, *, sources: Sequence[int], targets: Sequence[int], output_bytes: int
) -> int | None:
    """
    Return the `errno` with which the storage brought *error* about, or None if it did not.

    What libvips passes on is believed: the disk may have recovered since. Where a decoder has
    swallowed the reason, the disk is asked again.
    """
    cause = error.cause if isinstance(error, AssetUnusable) else error
    if isinstance(cause, OSError):
        return cause.errno if cause.errno in STORAGE_ERRORS else None
    if not isinstance(cause, pyvips.Error):
        return None
    complaint = str(cause)
    lines = complaint.splitlines()
    for number in STORAGE_ERRORS:
        if f"system error: {os.strerror(number)}" in lines:
            return number
    if any(words in complaint.lower() for words in _MEMORY):
        return None
    faults = (writing_error(target, up_to=output_bytes) for target in targets)
    return reading_error(sources) or next(filter(None, faults), None)


def failure_of(
    error: Exception, *, source: int, targets: Sequence[int], output_bytes: int
) -> Failure | None:
    """
    Return the failure that *error* means for the customer, or None if the fault is ours.

    Notes of *error*, such as which result it was about, are told in front.
    """
    failure = _failure_of(error, source, targets, output_bytes)
    notes = getattr(error, "__notes__", ())
    if failure is None or not notes:
        return failure
    return Failure(failure.code, ": ".join((*notes, failure.detail)))


def _failure_of(
    error: Exception, source: int, targets: Sequence[int], output_bytes: int
) -> Failure | None:
    match error:
        case AssetMissing(name=name, kind=kind):
            return Failure(FailureCode.ASSET_MISSING, f'the {kind} "{name}" is missing')
        case AssetUnusable():
            return _unusable(error)
        case MemoryError():
            return _memory_failure()
        case pyvips.Error() if any(os.fstat(target).st_size >= output_bytes for target in targets):
            return Failure(
                FailureCode.OUTPUT_TOO_LARGE,
                f"the result would be larger than {output_bytes} bytes",
            )
        case pyvips.Error() | UnicodeDecodeError():
            return _decoder_failure(_complaint(error), source)
        case _:
            return _refusal(error)


def _unusable(error: AssetUnusable) -> Failure:
    inner = _refusal(error.cause) or _decoder_failure(_complaint(error.cause), None)
    if error.kind == "font" and inner.code is not FailureCode.LIMIT_MEMORY:
        return Failure(FailureCode.DECODE_FAILED, f'the font "{error.name}" cannot be read')
    return Failure(inner.code, f'the {error.kind} "{error.name}" cannot be used: {inner.detail}')


def _refusal(error: Exception) -> Failure | None:
    for kind, code in _REFUSALS.items():
        if isinstance(error, kind):
            return Failure(code, str(error))
    return None


def _memory_failure() -> Failure:
    return Failure(FailureCode.LIMIT_MEMORY, "the picture takes more memory than a task may use")


def _complaint(error: Exception) -> str:
    """Return what libvips says; nothing where it quotes a damaged file, and so is not UTF-8."""
    return "" if isinstance(error, UnicodeDecodeError) else str(error).lower()


def _decoder_failure(complaint: str, source: int | None) -> Failure:
    if any(words in complaint for words in _ABSURD):
        return _DAMAGED
    if any(words in complaint for words in _MEMORY):
        return _memory_failure()
    if any(words in complaint for words in _CODEC):
        return Failure(
            FailureCode.UNSUPPORTED_CODEC, "the picture is compressed in a way we cannot read"
        )
    if _is_cut(complaint, source):
        return Failure(FailureCode.TRUNCATED, "the picture is cut short; its end is missing")
    return _DAMAGED


def _is_cut(complaint: str, source: int | None) -> bool:
    """
    Tell whether the end is missing, by the complaint, or by the file itself where that says more.

    The decoders of PNG and WebP complain alike of any damage; that of AVIF looks beyond the end of
    whole files, too.
    """
    told = any(words in complaint for words in _CUT)
    if source is None:
        return told
    size = os.fstat(source).st_size
    start = os.pread(source, 12, 0)
    if start.startswith(png.MAGIC):
        end = os.pread(source, _PNG_END_BYTES, max(0, size - _PNG_END_BYTES))
        return told or b"IEND" not in end
    if webp.is_webp(start):
        return told or size < int.from_bytes(start[4:8], "little") + 8
    if avif.is_picture_container(start):
        return size < _end_of_boxes(source, size)
    return told


def _end_of_boxes(source: int, size: int) -> int:
    """Return where the boxes of an AVIF file end by their own word, while they can be followed."""
    end = 0
    for _ in range(_MOST_BOXES):
        if end >= size:
            break
        head = os.pread(source, 16, end)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:])
        if length < 8:  # 0 means all the rest
            break
        end += length
    return end
