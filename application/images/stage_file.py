"""Take in a file's bytes as they arrive."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

import attrs

from application.ports.object_store import ObjectStore, StagedObject
from domain.images.upload_policy import UploadPolicy


@attrs.frozen
class StagedFile:
    """
    A file that has arrived whole and is not in the store yet.

    Attributes:
        file_name: As the client sent it; never used as a path or key.
    """

    staged: StagedObject
    file_name: str | None
    byte_size: int
    sha256: str


@attrs.frozen
class StageFile:
    """
    Write a file's chunks to the store's staging place, counting and hashing on the way.

    The bytes pass through Python once and are never whole in memory. Leaving the context
    discards what has not been put into the store by then.

    Raises:
        ContentTooLarge: As soon as one byte too many has come.
        StorageUnavailable: The bytes cannot be kept.
    """

    object_store: ObjectStore
    policy: UploadPolicy

    def __call__(
        self, chunks: Iterable[bytes | bytearray | memoryview], file_name: str | None
    ) -> AbstractContextManager[StagedFile]:
        """Read every chunk, then yield what arrived."""
        return self._stage(chunks, file_name)

    @contextmanager
    def _stage(
        self, chunks: Iterable[bytes | bytearray | memoryview], file_name: str | None
    ) -> Iterator[StagedFile]:
        with self.object_store.stage() as staged:
            digest = hashlib.sha256()
            byte_size = 0
            for chunk in chunks:
                byte_size += len(chunk)
                if byte_size > self.policy.max_bytes:
                    self.policy.check_size(byte_size)
                digest.update(chunk)
                staged.write(chunk)
            yield StagedFile(staged, file_name, byte_size, digest.hexdigest())
