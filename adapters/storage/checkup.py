"""Looks whether a store keeps the port's word, with an object that is gone again afterwards."""

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener
from uuid import uuid4

from botocore.exceptions import ClientError

from adapters.storage.s3_bucket import S3Bucket, S3Location, make_client
from application.checkup import Finding, doubtful, fine, wrong
from application.errors import PortFailure
from application.ports.object_store import Fingerprint, ObjectMissing, ObjectStore

_HTTP_SECONDS = 5.0
_LINK_SECONDS = 60
_CLOCKS_APART_SECONDS = 60.0
"""S3 refuses whoever is a quarter of an hour off."""


def check_store(store: ObjectStore) -> Iterator[Finding]:
    """Put an object, read it, try to replace it, delete it."""
    store.check()
    key, content, other = f"{uuid4()}/0", secrets.token_bytes(64), secrets.token_bytes(64)
    fingerprint = Fingerprint(len(content), hashlib.sha256(content).hexdigest())
    try:
        _put(store, key, content)
        with store.open(key, fingerprint) as file:
            file.read()
        yield fine("an object was put and read again")
        _put(store, key, other)
        with store.open(key) as file:
            kept = file.read()
    finally:
        store.delete(key)
    if kept != content:
        yield wrong(
            "the store replaces objects: it does not honour If-None-Match",
            "use a store that does; here a picture could be overwritten by another attempt",
        )
    else:
        yield fine("an object that is there is not replaced")
    try:
        store.stat(key)
    except ObjectMissing:
        yield fine("a deleted object is gone")
    else:
        yield wrong("a deleted object is still there", "let us delete objects in the bucket")


def check_bucket(location: S3Location) -> Iterator[Finding]:
    """Look at what only a bucket has: its clock, its checksums, and who else may read it."""
    bucket = S3Bucket(location)
    yield _clock(bucket)
    name = location.name_of(f"{uuid4()}/0")
    try:
        yield _checksum(bucket, name)
        bucket.call("put_object", Key=name, Body=b"probe")
        address = bucket.client.generate_presigned_url(
            "get_object", Params={"Bucket": location.bucket, "Key": name}
        ).partition("?")[0]
        if _status_of(address) == HTTPStatus.OK:
            yield wrong(
                "everybody may read the bucket", "take public access away from it; links suffice"
            )
        else:
            yield fine("nobody reads the bucket without a signature")
    finally:
        with suppress(PortFailure):
            bucket.call("delete_object", Key=name)


def check_links(location: S3Location, customers: S3Location) -> Iterator[Finding]:
    """
    Open a link as a customer would.

    Args:
        customers: The bucket as customers reach it.
    """
    with _probe(S3Bucket(location)) as name:
        link = make_client(customers).generate_presigned_url(
            "get_object",
            Params={"Bucket": customers.bucket, "Key": name},
            ExpiresIn=_LINK_SECONDS,
        )
        status = _status_of(link)
    if status == HTTPStatus.OK:
        yield fine(f"a presigned link opens at {customers.said}")
    else:
        yield wrong(
            f"a presigned link does not open at {customers.said}: {status or 'no answer'}",
            "correct SAFELIGHT_STORAGE_LINKS_ENDPOINT, or set SAFELIGHT_STORAGE_LINKS to api",
        )


def _put(store: ObjectStore, key: str, content: bytes) -> None:
    with store.stage() as staged:
        staged.write(content)
        store.put(key, staged)


@contextmanager
def _probe(bucket: S3Bucket) -> Iterator[str]:
    name = bucket.location.name_of(f"{uuid4()}/0")
    bucket.call("put_object", Key=name, Body=b"probe")
    try:
        yield name
    finally:
        with suppress(PortFailure):
            bucket.call("delete_object", Key=name)


def _clock(bucket: S3Bucket) -> Finding:
    answer = bucket.call("list_objects_v2", Prefix=bucket.location.name_of(""), MaxKeys=1)
    headers: dict[str, Any] = answer["ResponseMetadata"]["HTTPHeaders"]
    try:
        apart = abs(time.time() - parsedate_to_datetime(headers.get("date", "")).timestamp())
    except ValueError:
        return doubtful("the store does not tell its time", "compare the clocks by hand")
    if apart > _CLOCKS_APART_SECONDS:
        return doubtful(
            f"its clock and ours are {apart:.0f} s apart; from 900 s on it refuses us",
            "let NTP set the clocks of both machines",
        )
    return fine("its clock and ours agree")


def _checksum(bucket: S3Bucket, name: str) -> Finding:
    wrong_digest = "A" * 43 + "="
    try:
        bucket.once("put_object", Key=name, Body=b"probe", ChecksumSHA256=wrong_digest)
    except ClientError:
        return fine("bytes that were damaged on their way are refused")
    return doubtful(
        "the store takes bytes that do not fit their checksum",
        "nothing, if that is known: readers compare it again, and fail where it would have",
    )


def _status_of(address: str) -> int:
    """Ask as anybody would; 0 stands for no answer."""
    try:
        with build_opener(ProxyHandler({})).open(address, timeout=_HTTP_SECONDS) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0
