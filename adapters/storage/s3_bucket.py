"""One bucket of an S3-compatible store: how to reach it, and patience with it."""

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar

import attrs
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import create_loader
from botocore.session import Session

from adapters.storage.s3_errors import S3_ERRORS, failure_of
from application.ports.object_store import StorageMisconfigured, StorageUnavailable

_ATTEMPTS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.2
_CONNECTIONS: Final = 32
_SLOWEST_BYTES_PER_SECOND: Final = 512 * 1024

_T = TypeVar("_T")


def _without_slashes(prefix: str) -> str:
    return prefix.strip("/")


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
    prefix: str = attrs.field(default="", converter=_without_slashes)
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
            except S3_ERRORS as error:
                failure = failure_of(error, self.location.said)
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
        session = Session()
        session.register_component("data_loader", _descriptions())
        return session.create_client(
            "s3",
            endpoint_url=location.endpoint,
            region_name=location.region,
            aws_access_key_id=location.access_key,
            aws_secret_access_key=location.secret_key,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise StorageMisconfigured(f"{location.said} cannot be addressed: {error}") from error


@cache
def _descriptions() -> Any:
    # To read what botocore knows of S3 takes a third of a second; all clients share it.
    return create_loader()
