"""Where things are kept and carried."""

from pathlib import Path

import attrs

from entrypoints.settings import forms as form
from entrypoints.settings.field import setting

_MIB = 1024 * 1024


@attrs.frozen
class DatabaseSettings:
    """Where everything is remembered."""

    url: str | None = setting(
        None,
        form.url("sqlite", "postgresql", secret=True),
        "The database; a SQLite file in the data directory if absent.",
    )
    pool_size: int = setting(
        8, form.whole(1, 256), "PostgreSQL connections of each process at most."
    )


@attrs.frozen
class BrokerSettings:
    """Who carries messages between processes."""

    url: str | None = setting(
        None,
        form.url("embedded", "amqp", "amqps", "sqs", secret=True),
        "The message broker; an embedded queue in the data directory if absent. SQS is sqs:// for "
        "Amazon's with the machine's role, or sqs://key:secret@host:port.",
    )
    sqs_queues: str | None = setting(
        None,
        form.url("http", "https"),
        "What the URL of every SQS queue begins with, such as "
        "https://sqs.eu-central-1.amazonaws.com/123456789012/safelight-.",
    )
    sqs_region: str | None = setting(
        None, form.text(), "Region of the SQS queues; the one in their URL if absent."
    )
    lease_seconds: int = setting(
        60,
        form.whole(4, 43_200),
        "How long a message in hand is hidden from others, on the embedded queue and SQS; whoever "
        "has it renews that after each quarter.",
    )


@attrs.frozen
class StorageSettings:
    """Where pictures are kept."""

    root: Path | None = setting(
        None, form.path(), "Directory of originals and results; in the data directory if absent."
    )
    bucket: str | None = setting(
        None, form.text(), "S3 bucket of originals and results, in place of a directory."
    )
    endpoint: str | None = setting(
        None, form.url("http", "https"), "Base URL of an S3-compatible store; AWS if absent."
    )
    region: str | None = setting(
        None, form.text(), "Region of the bucket; what the AWS environment says if absent."
    )
    prefix: str = setting(
        "", form.text(), "Put before every key, so that several installations share a bucket."
    )
    path_style: bool = setting(
        False, form.flag(), "Ask for endpoint/bucket/key instead of bucket.endpoint/key."
    )
    access_key: str | None = setting(
        None,
        form.secret(1),
        "Access key id; what the AWS environment offers if absent, the machine's role for one.",
    )
    secret_key: str | None = setting(None, form.secret(1), "Secret that belongs to it.")
    links: str = setting(
        "api",
        form.choice("api", "bucket"),
        "Who serves download links: the API, or the bucket by presigned URLs.",
    )
    links_endpoint: str | None = setting(
        None, form.url("http", "https"), "The store as customers reach it, if they do otherwise."
    )


@attrs.frozen
class RetentionSettings:
    """How long things are kept; the relay removes them."""

    originals_days: int = setting(
        0, form.whole(0, 36_500), "Uploaded pictures, from the upload on; 0 keeps them for ever."
    )
    results_days: int = setting(
        0, form.whole(0, 36_500), "Results, from the task's end on; 0 keeps them for ever."
    )
    logs_days: int = setting(
        90,
        form.whole(0, 36_500),
        "Logs of attempts, notices and sessions that are over; 0 keeps them for ever.",
    )
    audit_days: int = setting(
        400, form.whole(0, 36_500), "The audit trail, who did what; 0 keeps it for ever."
    )


@attrs.frozen
class DownloadsSettings:
    """Download links."""

    link_seconds: int = setting(
        600, form.whole(1, 30 * 86_400), "How long a link that was asked for opens its result."
    )
    notice_link_seconds: int = setting(
        7 * 86_400, form.whole(1, 30 * 86_400), "How long a link in a mail or webhook does."
    )


@attrs.frozen
class LinksSettings:
    """Signatures of download links."""

    key: str | None = setting(
        None, form.secret(32), "Signs download links; `keys/links.key` if absent."
    )
