"""Keeps bytes under keys: originals, results and assets."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, Protocol

import attrs

from application.errors import PortFailure


class ObjectMissing(PortFailure):
    """No object has this key."""

    code = "source-missing"


class ObjectCorrupt(ObjectMissing):
    """The key has other bytes than those that were put; those are gone."""

    code = "source-corrupt"


class StorageUnavailable(PortFailure):
    """The store did not answer, or refused for now."""

    code = "storage-unavailable"
    transient = True


class StorageFull(StorageUnavailable):
    """The store has no room left."""

    code = "storage-full"


class StorageMisconfigured(StorageUnavailable):
    """
    The store refuses us until an operator mends the settings; the message says which.

    Transient all the same: no task should fail because a key was changed an hour too early.
    """

    code = "storage-misconfigured"


@attrs.frozen
class Fingerprint:
    """
    What an object's bytes have to be.

    Attributes:
        sha256: Hex digest of them all.
    """

    byte_size: int
    sha256: str


@attrs.frozen
class ObjectInfo:
    """
    What the store tells of an object without opening it.

    Attributes:
        stored_at: When it was put, or copied to where it is; by the store's clock.
    """

    key: str
    byte_size: int
    stored_at: datetime


@attrs.frozen
class Room:
    """How much a store holds at most, and how much more it could take, in bytes."""

    total_bytes: int
    free_bytes: int


class StagedObject(Protocol):
    """
    Bytes that are on their way into the store and that no reader can see yet.

    Attributes:
        file: Readable, writable, seekable, with a file descriptor; unbuffered.
    """

    file: BinaryIO

    @abstractmethod
    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """
        Append *chunk*, all of it.

        Raises:
            StorageFull: There is no room left.
            StorageUnavailable: The bytes cannot be kept.
        """


class ObjectStore(Protocol):
    """
    Keeps bytes under keys.

    Keys match `[0-9a-f/-]+` and are never made of user text. What is remembered of a picture has
    its key as `file_path`, the system design's word for it (§8.1). Objects are never changed,
    only put and deleted.
    """

    @abstractmethod
    def stage(self) -> AbstractContextManager[StagedObject]:
        """
        Open a place to write to; leaving the context discards what has not been put.

        Raises:
            StorageUnavailable: No place can be had.
        """

    @abstractmethod
    def put(self, key: str, staged: StagedObject) -> None:
        """
        Make *staged* visible under *key*, whole and durable before this returns.

        Putting to a key that exists leaves the object that was there first.

        Raises:
            StorageUnavailable: The bytes did not become durable.
        """

    @abstractmethod
    def open(
        self, key: str, fingerprint: Fingerprint | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """
        Open an object for reading: seekable, with a file descriptor, at position 0.

        Calling may raise, or entering. Whoever gives a *fingerprint* never reads other bytes.

        Raises:
            ObjectMissing: No object has this key.
            ObjectCorrupt: The object is not what *fingerprint* says.
            StorageUnavailable: The store did not answer.
        """

    @abstractmethod
    def stat(self, key: str) -> ObjectInfo:
        """Return the size and age of an object, or raise `ObjectMissing`."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete an object; deleting what is not there is no error."""

    @abstractmethod
    def keys(self) -> Iterator[str]:
        """Yield every key in the store, in any order."""

    @abstractmethod
    def sweep_staging(self, started_before: datetime) -> int:
        """
        Discard what processes that have died since left on its way in; return how many there were.

        What somebody still writes to is left alone if it was begun after *started_before*, or if
        the store can tell.
        """

    @abstractmethod
    def room(self) -> Room | None:
        """Return how much room there is, or None if the store does not run out of it."""

    @abstractmethod
    def check(self) -> None:
        """
        Return if objects can be kept here.

        Raises:
            StorageMisconfigured: The place, or access to it, is not there; waiting does not help.
            StorageUnavailable: The store did not answer.
        """
