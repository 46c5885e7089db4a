"""How customers are told, and how often it is tried."""

from datetime import timedelta

import pytest

from domain.errors import InvalidParameter
from domain.notifications.channel import NotificationRequest, Occasion, checked_webhook_url
from domain.notifications.delivery import Delivery, DeliveryStatus
from tests.builders import NOON, a_delivery


class TestDelivery:
    def test_is_tried_ten_times_over_75_hours_and_35_minutes(self):
        delivery, now = a_delivery(), NOON

        while delivery.status is DeliveryStatus.PENDING:
            now = delivery.due_at
            delivery.fail("connection refused", now, transient=True)

        assert delivery.status is DeliveryStatus.FAILED
        assert delivery.attempts == 10
        assert now - NOON == timedelta(hours=75, minutes=35, seconds=5)
        assert delivery.last_error == "connection refused"

    def test_is_first_tried_again_after_five_seconds_then_five_minutes(self):
        delivery = a_delivery()

        delivery.fail("500", NOON, transient=True)
        first = delivery.due_at
        delivery.fail("500", first, transient=True)

        assert first - NOON == timedelta(seconds=5)
        assert delivery.due_at - first == timedelta(minutes=5)

    def test_waits_grow(self):
        assert list(Delivery.RETRY_AFTER) == sorted(set(Delivery.RETRY_AFTER))

    def test_that_cannot_heal_fails_at_once(self):
        delivery = a_delivery()

        delivery.fail("550 no such user", NOON, transient=False)

        assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 1)
        assert delivery.due_at == NOON

    def test_that_arrives_in_the_end_has_no_error(self):
        delivery = a_delivery()
        delivery.fail("500", NOON, transient=True)

        delivery.succeed()

        assert (delivery.status, delivery.attempts) == (DeliveryStatus.DELIVERED, 2)
        assert delivery.last_error is None

    @pytest.mark.parametrize(
        ("asked", "granted"),
        [
            (timedelta(seconds=90), timedelta(seconds=90)),
            (timedelta(seconds=1), timedelta(seconds=5)),
            (timedelta(0), timedelta(seconds=5)),
            (timedelta(days=-1), timedelta(seconds=5)),
            (timedelta(days=4000), timedelta(hours=24)),
            (timedelta.max, timedelta(hours=24)),
        ],
    )
    def test_grants_the_receiver_a_longer_wait_within_reason(self, asked, granted):
        """A receiver that asked for ten thousand years was once the end of the notifier."""
        delivery = a_delivery()

        delivery.fail("429", NOON, transient=True, wait=asked)

        assert delivery.due_at - NOON == granted


class TestWebhookURL:
    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "https://example.com/hooks?id=1&x=%20#f",
            "HTTPS://EXAMPLE.com:8443/",
            "http://127.0.0.1:8080/hook",
            "https://[2001:db8::1]/",
            "https://example.com/" + "x" * 1_980,
        ],
    )
    def test_may_be(self, url):
        assert NotificationRequest(webhook=url).webhook == url

    @pytest.mark.parametrize(
        "url",
        [
            "", "example.com", "//example.com", "/hook", "https://", "https:///x", "https:example.com",
            "ftp://example.com", "file:///etc/passwd", "gopher://example.com", "javascript:alert(1)",
            "json://example.com", "syslog://", "https://ada@example.com", "https://a:b@example.com",
            "https://@example.com", "https://example.com@127.0.0.1", "https://example.com:0/",
            "https://example.com:65536/", "https://example.com:port/", "https://example.com:-1/",
            "https://[::1", "https://example.com\\@127.0.0.1", "https://example.com/\r\nX: y",
            "https://exam ple.com", " https://example.com", "https://example.com\n",
            "https://example.com/\x7f", "https://example.com/\0", "https://exämple.com",
            "https://①②⑦.0.0.1", "https://example。com", "https://example.com/" + "x" * 2_000,
        ],
    )  # fmt: skip
    def test_may_not_be(self, url):
        with pytest.raises(InvalidParameter) as refused:
            NotificationRequest(webhook=url)

        assert refused.value.pointer == "/webhook"

    def test_is_refused_where_the_caller_wrote_it(self):
        with pytest.raises(InvalidParameter) as refused:
            checked_webhook_url("nonsense", pointer="/url")

        assert refused.value.pointer == "/url"


def test_an_upload_that_asks_for_nothing_is_told_of_everything_by_its_account_alone():
    assert NotificationRequest() == NotificationRequest(None, frozenset(Occasion))
