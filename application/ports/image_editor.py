"""Draws pipelines: pixels in, pixels out."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import BinaryIO, Protocol

import attrs

from application.errors import PortFailure
from domain.images.analysis import Analysis
from domain.images.formats import ImageFormat
from domain.images.pipeline import MAIN, Pipeline
from domain.tasks.task import Failure

Watch = Callable[[int], bool]
"""
Is told how far an edit is, in percent, about once a second; answers whether it is still wanted.

An edit that takes less than that is not watched at all.
"""


@attrs.frozen
class Drawn:
    """
    One picture that an edit made.

    Attributes:
        width: Pixels, of one frame.
        height: Pixels likewise.
    """

    format: ImageFormat
    width: int
    height: int
    byte_size: int
    sha256: str


@attrs.frozen
class Edited:
    """
    What an edit made.

    Attributes:
        pictures: Each result, by its name.
        stage_seconds: Wall time of each stage of the edit, by its name.
        analysis: What the pipeline asks about the picture as it came; None if it asks nothing.
    """

    pictures: Mapping[str, Drawn]
    stage_seconds: Mapping[str, float]
    analysis: Analysis | None = None

    @property
    def main(self) -> Drawn:
        """The result that is there without any variant."""
        return self.pictures[MAIN]


class EditFailed(PortFailure):
    """
    The picture cannot be drawn; trying again will not help.

    Attributes:
        failure: The code and the sentence that the customer sees.
    """

    code = "edit-failed"

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code.value}: {failure.detail}")
        self.failure = failure


class EditAbandoned(PortFailure):
    """Nobody wants the result any longer, as the edit's watch said."""

    code = "edit-abandoned"


class EditorUnavailable(PortFailure):
    """No renderer could be had, through no fault of the picture; try again."""

    code = "editor-unavailable"
    transient = True


class ImageEditor(Protocol):
    """Draws pipelines."""

    @abstractmethod
    def edit(
        self,
        source: BinaryIO,
        pipeline: Pipeline,
        assets: Mapping[str, BinaryIO],
        targets: Mapping[str, BinaryIO],
        watch: Watch | None = None,
    ) -> Edited:
        """
        Run *pipeline* over the picture in *source* and write each result to its target.

        The picture is decoded once, however many results there are and whatever is asked about it,
        which is about the picture before any operation, turned upright. All files have file
        descriptors and stand at position 0; the targets are empty, can be read as well as written,
        and stand at position 0 again afterwards. Widths and heights are those a viewer sees once
        `AutoOrient` has run. Every operation is applied to every frame of an animation. Metadata
        other than the ICC profile is dropped. Thread-safe.

        Args:
            assets: The pictures that the pipeline names, by those names.
            targets: A file for each of the pipeline's results, by its name.
            watch: Is asked about once a second; what it says takes effect at once, in the middle
                of an operation.

        Raises:
            EditAbandoned: *watch* said so.
            EditFailed: The bytes, the pipeline or a limit make a result impossible; then none of
                the targets is any good.
            EditorUnavailable: The renderer could not be started.
            StorageFull: There is no room left for the result.
            StorageUnavailable: One of the files cannot be read or written for now.
        """
