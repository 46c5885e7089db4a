"""Notices as webhooks, signed as Standard Webhooks 1.0.0 says."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import structlog

from adapters.outbound.guarded_client import Answer, GuardedClient
from adapters.outbound.rules import CallFailed, CallForbidden
from adapters.serialization.analyses import analysis_to_document
from application.ports.clock import Clock
from application.ports.notifier import DeliveryFailed, Notice, Notifier
from application.ports.signing_secrets import SigningSecrets
from domain.notifications.channel import Occasion
from domain.tasks.task import Result, TaskStatus

_log: Final = structlog.get_logger(__name__)
_SECRET_PREFIX = "whsec_"  # noqa: S105, the public part of it
_STATUS = {Occasion.COMPLETED: TaskStatus.COMPLETED, Occasion.FAILED: TaskStatus.FAILED}
_MAY_ASK_US_TO_WAIT = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_LONGEST_WAIT = timedelta(days=1)
# Receivers may refuse bodies of 20 kB (Standard Webhooks 1.0.0); all in one is short by its nature
# but for what failures say and for links, which hold a name and a store's signature each.
_MAX_BODY_BYTES = 20_000
_MAX_DETAIL_CHARACTERS = 2_000


class SignedWebhook(Notifier):
    """Posts the notice as JSON to a URL, with the user's signature."""

    def __init__(
        self,
        client: GuardedClient,
        secrets: SigningSecrets,
        clock: Clock,
        *,
        user_agent: str = "Safelight-Webhook/1",
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._clock = clock
        self._user_agent = user_agent

    def send(self, address: str, notice: Notice) -> None:
        """Post; only a status of 200 to 299 means that it arrived."""
        secret = self._secrets.webhook_secret(notice.user_id)
        body = _body(notice)
        message_id = str(notice.delivery_id)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._user_agent,
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": _signature(secret, message_id, timestamp, body),
        }
        log = _log.bind(delivery_id=message_id, host=_host_of(address))
        try:
            self._post(address, headers, body)
        except DeliveryFailed as failure:
            log.warning("webhook failed", reason=str(failure), transient=failure.transient)
            raise
        log.info("webhook delivered")

    def _post(self, address: str, headers: dict[str, str], body: bytes) -> None:
        try:
            answer = self._client.post(address, headers, body)
        except CallForbidden as error:
            raise DeliveryFailed(f"Not sent: {error}.", transient=False) from error
        except CallFailed as error:
            raise DeliveryFailed(f"Not delivered: {error}.") from error
        self._judge(answer)

    def _judge(self, answer: Answer) -> None:
        status = answer.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if status == HTTPStatus.GONE:
            raise DeliveryFailed(
                "The receiver answered 410: it wants no more.", transient=False, unwanted=True
            )
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise DeliveryFailed(f"The receiver answered {status}; redirects are not followed.")
        wait = self._wait(answer.retry_after) if status in _MAY_ASK_US_TO_WAIT else None
        raise DeliveryFailed(f"The receiver answered {status}.", wait=wait)

    def _wait(self, retry_after: str | None) -> timedelta | None:
        """Read a Retry-After header: seconds or a date (RFC 9110 §10.2.3)."""
        if retry_after is None:
            return None
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            # Cut before it is a number: a million digits are one long calculation.
            return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        wait = moment.replace(tzinfo=moment.tzinfo or UTC) - self._clock.now()
        return min(wait, _LONGEST_WAIT) if wait > timedelta() else None


def _host_of(url: str) -> str | None:
    """Return the host alone: a URL's path or query may be a secret of the customer's."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _body(notice: Notice) -> bytes:
    """Return *notice* as JSON; if that is too long, its variants have no links."""
    document = _document(notice)
    body = orjson.dumps(document)
    if len(body) > _MAX_BODY_BYTES:
        for variant in document["data"].get("variants", ()):
            del variant["downloadUrl"]
        body = orjson.dumps(document)
    return body


def _document(notice: Notice) -> dict[str, Any]:
    result, failure = notice.result, notice.failure
    data: dict[str, Any] = {
        "imageId": str(notice.image_id),
        "taskId": str(notice.task_id),
        "status": _STATUS[notice.occasion].value,
        "label": notice.label,
    }
    if notice.download_url is not None:
        data["downloadUrl"] = notice.download_url
    if notice.download_expires_at is not None:
        data["downloadExpiresAt"] = _iso(notice.download_expires_at)
    if result is not None:
        data["result"] = _result(result)
    if notice.variants:
        data["variants"] = [
            {"variant": one.variant, "downloadUrl": url, **_result(one)}
            for one, url in notice.variants
        ]
    if notice.analysis is not None:
        data["analysis"] = analysis_to_document(notice.analysis)
    if failure is not None:
        data["failure"] = {
            "code": failure.code.value,
            "detail": failure.detail[:_MAX_DETAIL_CHARACTERS],
        }
    return {"type": notice.occasion.value, "timestamp": _iso(notice.occurred_at), "data": data}


def _result(result: Result) -> dict[str, Any]:
    return {
        "format": result.format.value,
        "width": result.width,
        "height": result.height,
        "byteSize": result.byte_size,
        "sha256": result.sha256,
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
