"""Objects in a bucket of any store that speaks S3."""

import base64
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from botocore.exceptions import IncompleteReadError, ReadTimeoutError

from adapters.storage.file_stretch import FileStretch
from adapters.storage.keys import checked_key, is_key
from adapters.storage.local_files import LocalStagedObject, digest_of, local_errors
from adapters.storage.s3_bucket import S3Bucket, S3Location
from adapters.storage.s3_errors import status_of
from application.errors import PortFailure
from application.ports.object_store import (
    Fingerprint,
    ObjectCorrupt,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    StagedObject,
    StorageUnavailable,
)

_MIB: Final = 1024 * 1024
# Small, because a read comes back only when it has all it asked for, and a trickle has to be
# noticed.
_READ_BYTES: Final = 8 * 1024
_SHA256: Final = "sha256"


class S3ObjectStore(ObjectStore):
    """
    Keeps each object under `prefix/key` in a bucket.

    Objects are staged in unnamed files of *staging*, a directory on the local disk, and sent
    from there: with `If-None-Match: *`, so that an object is never replaced, and with their
    SHA-256, which the store compares before it shows them. The digest stands in the object's
    metadata too, so that reading compares it again, end to end. An object is fetched into an
    unnamed file, whole, before anybody reads it.

    Args:
        multipart_bytes: Larger objects are sent in parts.
        part_bytes: At least 5 MiB, at least a ten thousandth of the largest object (S3's limits).
    """

    def __init__(
        self,
        location: S3Location,
        staging: Path,
        *,
        multipart_bytes: int = 64 * _MIB,
        part_bytes: int = 16 * _MIB,
    ) -> None:
        self._bucket = S3Bucket(location)
        self._location = location
        self._staging = staging
        self._multipart_bytes = multipart_bytes
        self._part_bytes = part_bytes
        with local_errors("The staging directory cannot be used."):
            staging.mkdir(mode=0o700, parents=True, exist_ok=True)

    def check(self) -> None:
        """Raise `StorageMisconfigured` or `StorageUnavailable` if the bucket cannot be used."""
        self._bucket.check()

    @contextmanager
    def stage(self) -> Iterator[LocalStagedObject]:
        """Make an unnamed file; it is gone with its last descriptor, however the process ends."""
        with self._unnamed_file() as file:
            yield LocalStagedObject(file)

    def put(self, key: str, staged: StagedObject) -> None:
        """Send the file in one piece, or in parts if it is large."""
        name = self._name(key)
        descriptor = staged.file.fileno()
        with local_errors("The disk did not give the staged bytes."):
            byte_size = os.fstat(descriptor).st_size
            digest = digest_of(descriptor, 0, byte_size)
        if byte_size > self._multipart_bytes:
            self._put_in_parts(name, descriptor, byte_size, digest)
            return
        with _unless_it_exists():
            self._bucket.persist(
                lambda: self._bucket.once(
                    "put_object",
                    Key=name,
                    Body=self._stretch(descriptor, 0, byte_size),
                    ContentLength=byte_size,
                    ChecksumSHA256=_base64(digest),
                    Metadata={_SHA256: digest.hex()},
                    IfNoneMatch="*",
                )
            )

    def open(
        self, key: str, fingerprint: Fingerprint | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """Fetch the object when the context is entered; nothing is asked before."""
        return self._fetched(self._name(key), fingerprint)

    def room(self) -> None:
        """Return None: a bucket does not run out of room."""

    def stat(self, key: str) -> ObjectInfo:
        """Ask for the object's headers."""
        name = self._name(key)
        try:
            answer = self._bucket.call("head_object", Key=name)
        except ObjectMissing:
            # An answer without a body does not tell a missing object from a missing bucket.
            self._bucket.check()
            raise
        return ObjectInfo(key, answer["ContentLength"], answer["LastModified"])

    def delete(self, key: str) -> None:
        """Delete the object; in a bucket with versions its bytes stay until these expire."""
        with suppress(ObjectMissing):
            self._bucket.call("delete_object", Key=self._name(key))

    def keys(self) -> Iterator[str]:
        """List page by page, passing over what others keep in the bucket."""
        head = self._location.name_of("")
        more: dict[str, str] = {}
        while True:
            page = self._bucket.call("list_objects_v2", Prefix=head, **more)
            names = (entry["Key"].removeprefix(head) for entry in page.get("Contents", ()))
            yield from filter(is_key, names)
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def sweep_staging(self, started_before: datetime) -> int:
        """Abort what dead processes began to send in parts; unnamed files go by themselves."""
        aborted = 0
        more: dict[str, str] = {}
        while True:
            page = self._bucket.call(
                "list_multipart_uploads", Prefix=self._location.name_of(""), **more
            )
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] < started_before:
                    self._abort(upload["Key"], upload["UploadId"])
                    aborted += 1
            if not page.get("IsTruncated"):
                return aborted
            more = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _put_in_parts(self, name: str, descriptor: int, byte_size: int, digest: bytes) -> None:
        upload = self._bucket.call(
            "create_multipart_upload",
            Key=name,
            ChecksumAlgorithm="SHA256",
            Metadata={_SHA256: digest.hex()},
        )["UploadId"]
        kept = False
        try:
            offsets = range(0, byte_size, self._part_bytes)
            parts = [
                self._put_part(
                    name, upload, number, descriptor, offset, min(byte_size, offset + offsets.step)
                )
                for number, offset in enumerate(offsets, start=1)
            ]
            with _unless_it_exists():
                self._complete(name, upload, parts)
                kept = True
        finally:
            if not kept:
                # The sweep aborts what cannot be aborted now.
                with suppress(PortFailure):
                    self._abort(name, upload)

    def _put_part(
        self, name: str, upload: str, number: int, descriptor: int, start: int, end: int
    ) -> dict[str, Any]:
        with local_errors("The disk did not give the staged bytes."):
            checksum = _base64(digest_of(descriptor, start, end))
        sent = self._bucket.persist(
            lambda: self._bucket.once(
                "upload_part",
                Key=name,
                UploadId=upload,
                PartNumber=number,
                Body=self._stretch(descriptor, start, end),
                ContentLength=end - start,
                ChecksumSHA256=checksum,
            )
        )
        return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum}

    def _complete(self, name: str, upload: str, parts: list[dict[str, Any]]) -> None:
        try:
            self._bucket.call(
                "complete_multipart_upload",
                Key=name,
                UploadId=upload,
                MultipartUpload={"Parts": parts},
                IfNoneMatch="*",
            )
        except ObjectMissing as error:
            # The upload is gone: completed by an attempt whose answer was lost, or aborted.
            try:
                self._bucket.call("head_object", Key=name)
            except ObjectMissing:
                raise StorageUnavailable("The upload vanished while it was sent.") from error

    def _abort(self, name: str, upload: str) -> None:
        with suppress(ObjectMissing):
            self._bucket.call("abort_multipart_upload", Key=name, UploadId=upload)

    @contextmanager
    def _fetched(self, name: str, fingerprint: Fingerprint | None) -> Iterator[BinaryIO]:
        with self._unnamed_file() as file:
            try:
                self._bucket.persist(lambda: self._fetch(name, fingerprint, file))
            except ObjectCorrupt:
                # Damaged on its way, perhaps, and whole if it is fetched once more.
                self._bucket.persist(lambda: self._fetch(name, fingerprint, file))
            yield file

    def _fetch(self, name: str, fingerprint: Fingerprint | None, file: BinaryIO) -> None:
        answer = self._bucket.once("get_object", Key=name)
        byte_size, body = answer["ContentLength"], answer["Body"]
        expected = fingerprint.sha256 if fingerprint else answer["Metadata"].get(_SHA256)
        end = time.monotonic() + self._bucket.seconds_for(byte_size)
        digest = hashlib.sha256()
        with local_errors("The disk did not take the fetched bytes."):
            file.seek(0)
            file.truncate()
        target = LocalStagedObject(file)
        try:
            while chunk := body.read(_READ_BYTES):
                digest.update(chunk)
                target.write(chunk)
                if time.monotonic() > end:
                    raise ReadTimeoutError(endpoint_url=self._location.said)
        finally:
            # What was not read to its end cannot carry another answer.
            body.close()
        if file.tell() != byte_size:
            raise IncompleteReadError(actual_bytes=file.tell(), expected_bytes=byte_size)
        if expected is not None and digest.hexdigest() != expected:
            raise ObjectCorrupt(f"The object {name} has other bytes than were put.")
        file.seek(0)

    @contextmanager
    def _unnamed_file(self) -> Iterator[BinaryIO]:
        with local_errors("The disk has no place for a new file."):
            file = tempfile.TemporaryFile(dir=self._staging, buffering=0)  # noqa: SIM115, below
        try:
            yield cast("BinaryIO", file)
        finally:
            # Closing cannot lose anything: what is to stay is in the bucket.
            with suppress(OSError):
                file.close()

    def _stretch(self, descriptor: int, start: int, end: int) -> FileStretch:
        return FileStretch(descriptor, start, end, self._bucket.seconds_for(end - start))

    def _name(self, key: str) -> str:
        return self._location.name_of(checked_key(key))


@contextmanager
def _unless_it_exists() -> Iterator[None]:
    """Let an object that was there first stay: the store has refused to replace it."""
    try:
        yield
    except PortFailure as failure:
        if status_of(failure.__cause__) != HTTPStatus.PRECONDITION_FAILED:
            raise


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
