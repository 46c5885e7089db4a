"""What an S3 store answers when it refuses, in the port's words."""

from typing import Any, Final

import attrs
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004, botocore's name
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from application.errors import PortFailure
from application.ports.object_store import (
    ObjectMissing,
    StorageFull,
    StorageMisconfigured,
    StorageUnavailable,
)

S3_ERRORS: Final = (BotoCoreError, ClientError, ResponseParserError)
"""All that botocore raises for what happens outside."""

_UNREACHED: Final = (
    ConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
)


@attrs.frozen
class _Row:
    kind: type[PortFailure]
    sentence: str
    codes: tuple[str, ...] = ()


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; an answer to HEAD has no
# body, so its code is the status.
_ROWS: Final = (
    _Row(
        ObjectMissing,
        "{operation}: there is no such object in {place}.",
        ("NoSuchKey", "NoSuchUpload", "404"),
    ),
    _Row(
        StorageUnavailable,
        "{operation}: {place} is not well: {error}",
        (
            "BadDigest",
            "IncompleteBody",
            "RequestTimeout",
            "SlowDown",
            "XAmzContentChecksumMismatch",
            "XAmzContentSHA256Mismatch",
        ),
    ),
    _Row(
        StorageUnavailable,
        "{operation}: our clock and that of {place} differ; set the clock of this machine.",
        ("RequestTimeTooSkewed",),
    ),
    _Row(
        StorageFull,
        "{operation}: there is no room left in {place}.",
        ("InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "507"),
    ),
    _Row(
        StorageMisconfigured,
        "There is no {place}: create it, or name another.",
        ("NoSuchBucket",),
    ),
    _Row(
        StorageMisconfigured,
        "The credentials for {place} are not good ({code}): check access key and secret key.",
        ("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"),
    ),
    _Row(
        StorageMisconfigured,
        "{operation} is not allowed in {place}: the credentials need the permissions GetObject, "
        "PutObject, DeleteObject, ListBucket, AbortMultipartUpload and "
        "ListBucketMultipartUploads.",
        ("403", "AccessDenied", "AllAccessDisabled"),
    ),
    _Row(
        StorageMisconfigured,
        "The region of {place} is another one: set that ({error}).",
        ("301", "AuthorizationHeaderMalformed", "PermanentRedirect"),
    ),
    _Row(
        StorageMisconfigured,
        "{operation}: {place} does not know all that we need, such as conditional writes and "
        "checksums: {error}",
        ("501", "NotImplemented"),
    ),
)
_HEALS: Final = _Row(StorageUnavailable, "{operation}: {place} is not well: {error}")
_REFUSES: Final = _Row(StorageMisconfigured, "{operation}: {place} refuses us: {error}")
_HEALING_STATUSES: Final = {408, 409, 425, 429}
_BY_CODE: Final = {code: row for row in _ROWS for code in row.codes}


def failure_of(error: Exception, place: str) -> PortFailure:
    """
    Return the failure that stands for one of `S3_ERRORS`.

    Args:
        place: The bucket, as operators know it.
    """
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", ""))
        row = _BY_CODE.get(code)
        if row is None:
            status = status_of(error)
            row = _HEALS if status >= 500 or status in _HEALING_STATUSES else _REFUSES
        return row.kind(
            row.sentence.format(operation=error.operation_name, place=place, code=code, error=error)
        )
    if isinstance(error, _UNREACHED):
        return StorageUnavailable(f"No sound answer came from {place}: {error}")
    if isinstance(error, NoCredentialsError):
        return StorageMisconfigured(
            f"There are no credentials for {place}: set an access key and its secret key, or "
            "give the machine a role."
        )
    return StorageMisconfigured(f"No request to {place} can be made: {error}")


def status_of(error: BaseException | None) -> int:
    """Return the HTTP status of a refusal, 0 for whatever is none."""
    if not isinstance(error, ClientError):
        return 0
    answer: dict[str, Any] = error.response.get("ResponseMetadata", {})
    return int(answer.get("HTTPStatusCode", 0))
