"""Open what a download link points to."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import BinaryIO

import attrs

from application.errors import NotFound
from application.images.download_name import download_name
from application.images.require_kept import require_results_kept
from application.ports.download_links import LinkedFile, LinkVerifier
from application.ports.object_store import Fingerprint, ObjectStore
from application.ports.unit_of_work import Database
from domain.tasks.task import Result


@attrs.frozen
class OpenResultRequest:
    """A download link's parts, as they stood in its URL."""

    linked: LinkedFile
    expires: str
    key_id: str
    signature: str


@attrs.frozen
class OpenedResult:
    """
    A result that may be read.

    Attributes:
        open: Opens the bytes; may raise `ObjectMissing` or `StorageUnavailable`.
    """

    result: Result
    download_name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


@attrs.frozen
class OpenResult:
    """
    Find the result that a signed link points to; whoever holds the link may open it.

    Raises:
        LinkForged, LinkExpired: The link is no good, or no longer.
        NotFound: There is no such result.
        FileGone, ObjectMissing: It is no longer kept, or lost.
    """

    database: Database
    object_store: ObjectStore
    verifier: LinkVerifier

    def __call__(self, request: OpenResultRequest) -> OpenedResult:
        """Verify, look up."""
        self.verifier.verify(request.linked, request.expires, request.key_id, request.signature)
        with self.database.reading() as work:
            task = work.tasks.get(request.linked.task_id)
            image = work.images.get(task.image_id) if task else None
        if task is None or image is None:
            raise NotFound
        require_results_kept(task)
        for result in task.results:
            if result.variant == request.linked.variant:
                return OpenedResult(
                    result,
                    download_name(image, result),
                    partial(
                        self.object_store.open,
                        result.file_path,
                        Fingerprint(result.byte_size, result.sha256),
                    ),
                )
        raise NotFound
