"""One bucket of an S3-compatible store: how to reach it, its errors, and patience with it."""

import random
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004, botocore's name
    HTTPClientError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError
from botocore.session import Session

from application.errors import PortFailure
from application.ports.object_store import (
    ObjectMissing,
    StorageFull,
    StorageMisconfigured,
    StorageUnavailable,
)

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; HEAD has no body, so there
# the code is the status.
_MISSING: Final = {"NoSuchKey", "404", "NoSuchUpload"}
_WRONG_KEYS: Final = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthorizationHeaderMalformed",
}
_FORBIDDEN: Final = {"AccessDenied", "AllAccessDisabled", "403"}
_ELSEWHERE: Final = {"PermanentRedirect", "301", "IllegalLocationConstraintException"}
_FULL: Final = {"InsufficientStorage", "XMinioStorageFull", "QuotaExceeded", "507"}
_HEALS: Final = {
    "BadDigest",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
    "IncompleteBody",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "SlowDown",
    "TooManyRequests",
    "OperationAborted",
    "ConditionalRequestConflict",
}
_HEALING_STATUSES: Final = {408, 409, 425, 429}
_UNREACHED: Final = (ConnectionError, HTTPClientError, ResponseParserError)
_ERRORS: Final = (BotoCoreError, ClientError, ResponseParserError)

_ATTEMPTS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.2
_CONNECTIONS: Final = 32
_SLOWEST_BYTES_PER_SECOND: Final = 512 * 1024

_T = TypeVar("_T")


@attrs.frozen
class S3Location:
    """
    Where objects are kept, and who we are there.

    Attributes:
        endpoint: Base URL of an S3-compatible store; None for AWS.
        region: None for what the environment says.
        prefix: Put before every key; several installations may share a bucket.
        path_style: `endpoint/bucket/key` instead of `bucket.endpoint/key`.
        access_key: With *secret_key*; None for what the environment offers, as the AWS tools
            look for it: variables, a profile, the machine's own role.
        time_limit: Seconds after which a store that does not answer is called unavailable,
            counting every attempt.
    """

    bucket: str
    endpoint: str | None = None
    region: str | None = None
    prefix: str = attrs.field(default="", converter=lambda prefix: prefix.strip("/"))
    path_style: bool = False
    access_key: str | None = None
    secret_key: str | None = attrs.field(default=None, repr=False)
    time_limit: float = 15.0

    def name_of(self, key: str) -> str:
        """Return the name that the bucket knows *key* by."""
        return f"{self.prefix}/{key}" if self.prefix else key

    @property
    def said(self) -> str:
        """The place, for a message to operators."""
        return f"the bucket {self.bucket!r} at {self.endpoint or 'AWS'}"


class S3Bucket:
    """
    Calls operations on one bucket. Thread-safe; makes no connection before it is called.

    What can heal is tried up to five times with random pauses. Attempts begin in the first half
    of the time limit only, and none waits longer for an answer than a third of it: so a store
    that hangs is given up within the limit, and one that stumbles is not noticed.
    """

    def __init__(self, location: S3Location) -> None:
        self.location = location
        self.client = make_client(location)

    def call(self, operation: str, **parameters: Any) -> Any:
        """
        Call an operation by its name, such as `head_object`, and return its answer.

        Raises:
            ObjectMissing: There is no such object, or multipart upload.
            StorageMisconfigured: The bucket, or access to it, is not there.
            StorageUnavailable: The store did not answer, or refused for now.
        """
        return self.persist(lambda: self.once(operation, **parameters))

    def once(self, operation: str, **parameters: Any) -> Any:
        """Call an operation and try no second time; its errors are botocore's."""
        return getattr(self.client, operation)(Bucket=self.location.bucket, **parameters)

    def persist(self, action: Callable[[], _T]) -> _T:
        """Return what *action* returns, trying again what can heal; raise as `call` does."""
        last_start = time.monotonic() + self.location.time_limit / 2
        attempt = 1
        while True:
            try:
                return action()
            except _ERRORS as error:
                failure = self._failure_of(error)
                heals = type(failure) is StorageUnavailable
                # Spread over the whole pause, so that many who failed at once do not come back
                # at once.
                longest = _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
                pause = random.uniform(0, longest)  # noqa: S311, nobody gains by guessing it
                if not heals or attempt == _ATTEMPTS or time.monotonic() + pause > last_start:
                    raise failure from error
            time.sleep(pause)
            attempt += 1

    def check(self) -> None:
        """Ask for the bucket; raise as `call` does if it cannot be used."""
        self.call("list_objects_v2", Prefix=self.location.name_of(""), MaxKeys=1)

    def seconds_for(self, byte_size: int) -> float:
        """Return how long so many bytes may take on their way in one attempt."""
        return self.location.time_limit / 2 + byte_size / _SLOWEST_BYTES_PER_SECOND

    def _failure_of(self, error: Exception) -> PortFailure:
        place = self.location.said
        if isinstance(error, ClientError):
            return self._refusal(error)
        if isinstance(error, _UNREACHED):
            return StorageUnavailable(f"No sound answer came from {place}: {error}")
        if isinstance(error, NoCredentialsError):
            return StorageMisconfigured(
                f"There are no credentials for {place}: set an access key and its secret key, or "
                "give the machine a role."
            )
        return StorageMisconfigured(f"No request for {place} can be made: {error}")

    def _refusal(self, error: ClientError) -> PortFailure:
        place, operation = self.location.said, error.operation_name
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _MISSING:
            return ObjectMissing(f"{operation}: there is no such object in {place}.")
        if code == "NoSuchBucket":
            return StorageMisconfigured(f"There is no {place[4:]}: create it, or name another.")
        if code in _FULL:
            return StorageFull(f"There is no room left in {place}.")
        if code in _WRONG_KEYS:
            return StorageMisconfigured(
                f"The credentials or the region for {place} are wrong ({code}): check access key, "
                "secret key and region."
            )
        if code in _FORBIDDEN:
            return StorageMisconfigured(
                f"{operation} is not allowed in {place}: the credentials must be good, and need "
                "the permissions GetObject, PutObject, DeleteObject, ListBucket, "
                "AbortMultipartUpload and ListBucketMultipartUploads."
            )
        if code in _ELSEWHERE:
            return StorageMisconfigured(f"It is another region that has {place}: set that one.")
        if code == "NotImplemented":
            return StorageMisconfigured(
                f"{operation}: the store does not know all that we need, such as conditional "
                f"writes and checksums: {error}"
            )
        if code in _HEALS or status in _HEALING_STATUSES or status >= 500:
            return StorageUnavailable(f"{place[0].upper()}{place[1:]} is not well: {error}")
        return StorageMisconfigured(f"{place[0].upper()}{place[1:]} refuses us: {error}")


def make_client(location: S3Location) -> Any:
    """Return a botocore client; raise `StorageMisconfigured` if there can be none."""
    config = Config(
        # Version 2 is what botocore would presign with for some endpoints.
        signature_version="s3v4",
        s3={"addressing_style": "path" if location.path_style else "virtual"},
        connect_timeout=location.time_limit / 6,
        read_timeout=location.time_limit / 3,
        max_pool_connections=_CONNECTIONS,
        # `S3Bucket.persist` tries again: botocore's own way knows no limit to the whole.
        retries={"total_max_attempts": 1, "mode": "standard"},
        # We send and compare SHA-256 ourselves.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return Session().create_client(
            "s3",
            endpoint_url=location.endpoint,
            region_name=location.region,
            aws_access_key_id=location.access_key,
            aws_secret_access_key=location.secret_key,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise StorageMisconfigured(f"{location.said} cannot be addressed: {error}") from error
