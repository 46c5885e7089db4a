"""An uploaded picture and what its header tells of it."""

import re
import unicodedata
from datetime import datetime
from uuid import UUID

import attrs

from domain.images.formats import ImageFormat, UnknownFormat
from domain.images.gone import Gone
from domain.tasks.task import TaskStatus, UnknownStatus

MAX_LABEL_CHARACTERS = 255


@attrs.frozen
class Coding:
    """
    How a file packs its pixels, on which depends what its decoder has to hold; None: not known.

    Attributes:
        in_passes: Whether rough passes over the whole picture come before finer ones, as in a
            progressive JPEG or an interlaced PNG.
        samples: Numbers kept for each pixel; less than its channels where colour is kept coarsely.
        bits: Of one sample.
        alpha: Whether something may shine through.
        lossless: Of WebP and AVIF, where both kinds exist.
        rows_at_once: Of TIFF: rows that can only be read together, a strip or a row of tiles.
        turned: Whether it has to be turned to stand upright; mirrored alone does not count.
    """

    in_passes: bool | None = None
    samples: float | None = None
    bits: int | None = None
    alpha: bool | None = None
    lossless: bool | None = None
    rows_at_once: int | None = None
    turned: bool | None = None


@attrs.frozen
class PictureHeader:
    """
    What the first bytes of a file declare; nothing of it is proven until the pixels are read.

    Attributes:
        width: Pixels, as stored (before any EXIF rotation).
        height: Pixels likewise, of one frame.
        frames: Frames or pages where the header tells, else None.
        coding: Told by whoever reads the file; not remembered with the picture.
    """

    format: ImageFormat | UnknownFormat
    width: int
    height: int
    frames: int | None = None
    coding: Coding = attrs.field(default=Coding(), eq=False)


@attrs.frozen
class Image:
    """
    A picture that belongs to a user.

    Attributes:
        file_path: Key of the original in the object store; never holds user text.
        label: The customer's file name, made safe; for display and download names only.
        sha256: Hex digest of the original's bytes.
        status: The state of its newest task.
        gone: Why its original is not in the store; None if it is.
    """

    id: UUID
    user_id: UUID
    file_path: str
    label: str
    header: PictureHeader
    byte_size: int
    sha256: str
    created_at: datetime
    updated_at: datetime
    status: TaskStatus | UnknownStatus = TaskStatus.QUEUED
    gone: Gone | None = None


def safe_label(file_name: str | None) -> str:
    """
    Make a label of at most 255 safe characters out of whatever a client sent as a file name.

    Directories, control characters, bidirectional overrides, line separators and quotes go; what
    is left empty becomes "image".
    """
    name = unicodedata.normalize("NFC", (file_name or "")[:4096])
    name = re.split(r"[/\\]", name.split("\0", 1)[0])[-1]
    spaced = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in name)
    kept = "".join(sign for sign in spaced if sign.isprintable() and sign not in '"<>|:*?;%')
    return kept.strip(" .")[:MAX_LABEL_CHARACTERS].rstrip(" .") or "image"
