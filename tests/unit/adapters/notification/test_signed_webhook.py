"""Webhooks as their receivers see them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.outbound.guarded_client import GuardedClient
from adapters.outbound.rules import OutboundRules
from adapters.notification.signed_webhook import SignedWebhook
from adapters.security.signing_secrets import DerivedSigningSecrets
from application.ports.notifier import DeliveryFailed, Notice
from domain.images.analysis import Aspect
from domain.tasks.task import Failure, FailureCode
from tests.builders import NOON, a_result, an_analysis
from tests.clocks import MovableClock
from tests.unit.adapters.notification.notices import a_notice, a_notice_of_failure
from tests.unit.adapters.notification.sinks import Request, WebhookSink

SECRETS = DerivedSigningSecrets(b"k" * 32)
LOCAL_CLIENT = GuardedClient(OutboundRules(allowed_networks=[ip_network("127.0.0.0/8")]))


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink().running() as sink:
        yield sink


def send(
    sink: WebhookSink, notice: Notice | None = None, clock: MovableClock | None = None
) -> Request:
    webhook = SignedWebhook(LOCAL_CLIENT, SECRETS, clock or MovableClock())
    webhook.send(f"http://127.0.0.1:{sink.port}/hook?token=hidden", notice or a_notice())
    return sink.requests[-1]


def failure_of(sink: WebhookSink, status: int, **headers: str) -> DeliveryFailed:
    sink.status = status
    sink.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(DeliveryFailed) as failure:
        send(sink)
    assert "hidden" not in str(failure.value)
    return failure.value


class TestTheSignature:
    def test_the_reference_library_accepts_it(self, sink: WebhookSink) -> None:
        notice = a_notice()
        secret = SECRETS.webhook_secret(notice.user_id)

        request = send(sink, notice, MovableClock(datetime.now(UTC)))

        assert Webhook(secret).verify(request.body, request.headers)["type"] == "task.completed"
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(request.body + b" ", request.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "b3RoZXI=" * 4).verify(request.body, request.headers)

    def test_every_attempt_has_the_same_id_and_its_own_time(self, sink: WebhookSink) -> None:
        notice, clock = a_notice(), MovableClock()

        first = send(sink, notice, clock).headers
        clock.advance(timedelta(minutes=5))
        second = send(sink, notice, clock).headers

        assert first["webhook-id"] == second["webhook-id"] == str(notice.delivery_id)
        assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 300
        assert first["webhook-signature"] != second["webhook-signature"]


class TestTheBody:
    def test_tells_of_a_finished_picture(self, sink: WebhookSink) -> None:
        notice = a_notice()
        assert notice.result is not None

        request = send(sink, notice)

        assert request.headers["Content-Type"] == "application/json"
        assert json.loads(request.body) == {
            "type": "task.completed",
            "timestamp": "2026-03-14T12:00:00.000Z",
            "data": {
                "imageId": str(notice.image_id),
                "taskId": str(notice.task_id),
                "status": "completed",
                "label": "holiday.jpg",
                "downloadUrl": notice.download_url,
                "downloadExpiresAt": "2026-03-17T12:00:00.000Z",
                "result": {
                    "format": "webp",
                    "width": 800,
                    "height": 600,
                    "byteSize": 61_234,
                    "sha256": notice.result.sha256,
                },
            },
        }

    def test_tells_what_was_found_out(self, sink: WebhookSink) -> None:
        request = send(sink, a_notice(analysis=an_analysis()))

        told = json.loads(request.body)["data"]["analysis"]
        assert told["phash"] == an_analysis().phash
        assert told["dominantColors"][0] == {"color": "#102030ff", "share": 0.75}
        assert told.keys() == {aspect.value for aspect in Aspect}
        plain = json.loads(send(sink).body)["data"]
        assert "analysis" not in plain
        assert len(request.body) < len(json.dumps(plain)) + 2000

    def test_tells_of_a_failure(self, sink: WebhookSink) -> None:
        document = json.loads(send(sink, a_notice_of_failure()).body)

        assert document["type"] == "task.failed"
        assert document["data"]["status"] == "failed"
        assert document["data"]["failure"] == {
            "code": "truncated",
            "detail": "The file ends before the picture does.",
        }
        assert not {"downloadUrl", "result"} & document["data"].keys()

    def test_stays_below_what_receivers_must_take(self, sink: WebhookSink) -> None:
        notice = a_notice_of_failure(
            label="\U0001f3de" * 255, failure=Failure(FailureCode.INTERNAL, "\U0001f3de" * 90_000)
        )

        assert len(send(sink, notice).body) < 20_000

    def test_links_of_variants_are_left_out_where_the_body_would_be_too_long(
        self, sink: WebhookSink
    ) -> None:
        """Twenty links with a long name in each, or from a store that signs at length."""
        variants = [a_result(variant=f"variant-{number:02}" + "x" * 30) for number in range(20)]
        label = "\U0001f3de" * 250 + ".jpg"
        url = "https://pics.example/files/1/main/" + quote(label) + "?exp=1&kid=1&sig=" + "a" * 43

        def told(*links: str) -> tuple[int, dict[str, Any]]:
            notice = a_notice(
                label=label,
                download_url=url,
                variants=tuple(zip(variants[: len(links)], links, strict=True)),
                analysis=an_analysis(),
            )
            request = send(sink, notice)
            return len(request.body), json.loads(request.body)["data"]

        size, few = told(url)
        assert size < 20_000
        assert few["variants"][0]["downloadUrl"] == url
        size, many = told(*[url] * 20)
        assert size < 20_000
        assert many["downloadUrl"] == url
        assert [one["variant"] for one in many["variants"]] == [one.variant for one in variants]
        assert not any("downloadUrl" in one for one in many["variants"])


class TestTheAnswer:
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_every_2xx_means_delivered(self, sink: WebhookSink, status: int) -> None:
        sink.status = status

        send(sink)

    @pytest.mark.parametrize("status", [301, 302, 304, 307, 400, 401, 404, 408, 500, 501, 599])
    def test_everything_else_is_tried_again_by_the_schedule(
        self, sink: WebhookSink, status: int
    ) -> None:
        failure = failure_of(sink, status, Retry_After="60", Location="http://127.0.0.1/")

        assert failure.transient
        assert failure.wait is None
        assert str(status) in str(failure)

    def test_410_is_final(self, sink: WebhookSink) -> None:
        failure = failure_of(sink, 410)

        assert not failure.transient
        assert failure.unwanted
        assert not failure_of(sink, 404).unwanted

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    @pytest.mark.parametrize(
        ("retry_after", "wait"),
        [
            ("60", timedelta(seconds=60)),
            ("0", timedelta()),
            (format_datetime(NOON + timedelta(minutes=5), usegmt=True), timedelta(minutes=5)),
            (format_datetime(NOON - timedelta(minutes=5), usegmt=True), None),
            ("9" * 5_000, timedelta(days=1)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
            ("Fri, 31 Dec 9999 23:59:59 -2359", timedelta(days=1)),
            ("-5", None),
            ("soon", None),
            ("1.5", None),
            ("\u00b2", None),
            ("", None),
        ],
    )
    def test_a_busy_receiver_may_ask_us_to_wait(
        self, sink: WebhookSink, status: int, retry_after: str, wait: timedelta | None
    ) -> None:
        assert failure_of(sink, status, Retry_After=retry_after).wait == wait

    def test_a_forbidden_address_is_final(self) -> None:
        webhook = SignedWebhook(GuardedClient(OutboundRules()), SECRETS, MovableClock())

        with pytest.raises(DeliveryFailed) as failure:
            webhook.send("https://169.254.169.254/latest/meta-data", a_notice())

        assert not failure.value.transient
        assert "169" not in str(failure.value)
