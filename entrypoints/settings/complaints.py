"""What is wrong with settings, for the person who set them."""

from collections.abc import Iterator
from typing import Final

import attrs

from entrypoints.settings.whole import Settings

PREFIX: Final = "SAFELIGHT_"
_LONGEST_PRESIGNED_SECONDS: Final = 7 * 86_400  # Signature Version 4 allows no more


@attrs.frozen
class Complaint:
    """One thing that is wrong, for the person who set it."""

    name: str
    predicate: str

    def __str__(self) -> str:
        return f"{self.name} {self.predicate}"


class SettingsRefused(Exception):
    """Some variables are wrong; `complaints` lists every one of them."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


def contradictions(settings: Settings) -> Iterator[Complaint]:
    """Say what does not go together, although each for itself is right."""
    if settings.http.bind.startswith(("fd://", "unix:")) and settings.http.base_url is None:
        yield Complaint(
            f"{PREFIX}HTTP_BASE_URL", f"must be set if {PREFIX}HTTP_BIND is {settings.http.bind}"
        )
    if (settings.broker_url.startswith("sqs:")) != (settings.broker.sqs_queues is not None):
        yield Complaint(
            f"{PREFIX}BROKER_SQS_QUEUES", f"must be set if, and only if, {PREFIX}BROKER_URL is SQS"
        )
    http = settings.http
    if (http.tls_certificate is None) != (http.tls_key is None):
        given, missing = ("CERTIFICATE", "KEY") if http.tls_key is None else ("KEY", "CERTIFICATE")
        yield Complaint(
            f"{PREFIX}HTTP_TLS_{missing}", f"must be set if {PREFIX}HTTP_TLS_{given} is"
        )
    yield from _storage_contradictions(settings)
    tasks = settings.tasks
    if tasks.beat_seconds * 3 > tasks.lease_seconds:
        yield Complaint(
            f"{PREFIX}TASKS_BEAT_SECONDS",
            f"must be at most a third of {PREFIX}TASKS_LEASE_SECONDS ({tasks.lease_seconds:g}), "
            f"not {tasks.beat_seconds:g}",
        )
    webhook, notifier = settings.webhook, settings.notifier
    if notifier.lease_seconds <= webhook.timeout_seconds:
        yield Complaint(
            f"{PREFIX}NOTIFIER_LEASE_SECONDS",
            f"must be greater than {PREFIX}WEBHOOK_TIMEOUT_SECONDS "
            f"({webhook.timeout_seconds:g}), not {notifier.lease_seconds:g}",
        )


def _storage_contradictions(settings: Settings) -> Iterator[Complaint]:
    storage = settings.storage
    if storage.bucket is None:
        if storage.links == "bucket":
            yield Complaint(f"{PREFIX}STORAGE_LINKS", f"needs {PREFIX}STORAGE_BUCKET")
        return
    if storage.root is not None:
        yield Complaint(
            f"{PREFIX}STORAGE_ROOT", f"must be absent if {PREFIX}STORAGE_BUCKET is there"
        )
    if (storage.access_key is None) != (storage.secret_key is None):
        there = storage.secret_key is None
        given, missing = ("ACCESS", "SECRET") if there else ("SECRET", "ACCESS")
        yield Complaint(
            f"{PREFIX}STORAGE_{missing}_KEY", f"must be set if {PREFIX}STORAGE_{given}_KEY is"
        )
    if storage.links == "bucket":
        for name in ("link_seconds", "notice_link_seconds"):
            lifetime = getattr(settings.downloads, name)
            if lifetime > _LONGEST_PRESIGNED_SECONDS:
                yield Complaint(
                    f"{PREFIX}DOWNLOADS_{name.upper()}",
                    f"must be at most {_LONGEST_PRESIGNED_SECONDS} while the bucket serves links, "
                    f"not {lifetime:g}",
                )
