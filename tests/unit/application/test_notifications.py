"""Who is told of a task's end, how often it is tried, and the webhooks that people keep."""

from datetime import timedelta
from uuid import UUID, uuid4

import attrs
import pytest

from application.actor import Actor
from application.errors import NotFound, TooManyWebhooks
from application.notifications.add_webhook import MAX_WEBHOOKS, AddWebhook, AddWebhookRequest
from application.notifications.list_webhooks import ListWebhooks
from application.notifications.remove_webhook import RemoveWebhook, RemoveWebhookRequest
from application.notifications.send_delivery import SendOutcome
from application.ports.image_editor import EditFailed
from application.ports.notifier import DeliveryFailed, Notice
from domain.errors import WebhookURLForbidden
from domain.notifications.channel import ChannelKind, NotificationRequest, Occasion, Webhook
from domain.notifications.delivery import Delivery, DeliveryStatus
from domain.notifications.letter import LetterKind
from domain.tasks.task import Failure, FailureCode, Task
from tests.unit.application.test_downloads import follow, request_of
from tests.unit.application.workbench import Workbench

A_FAILURE = Failure(FailureCode.TRUNCATED, "The file ends too early.")


def add_webhook(bench: Workbench, actor: Actor, url: str = "https://a.example/") -> Webhook:
    request = AddWebhookRequest(actor, url)
    return adding(bench)(request).webhook


def adding(bench: Workbench) -> AddWebhook:
    return AddWebhook(bench.database, bench.clock, bench.ids, bench.webhook_guard)


def a_failed_task(bench: Workbench, actor: Actor, notify: NotificationRequest) -> Task:
    def refuse() -> None:
        raise EditFailed(A_FAILURE)

    bench.editor.meanwhile = refuse
    return bench.a_completed_task(actor, notify=notify)


def tell_everybody(bench: Workbench, task: Task) -> None:
    """Announce the end, and hear every message that this puts into the outbox."""
    bench.take_outbox()
    bench.announce_outcome(task.id)
    for kind, delivery_id in bench.take_outbox():
        assert kind == "DeliveryDue"
        bench.send_delivery(delivery_id)


class TestAnnounceOutcome:
    def test_tells_every_address_once(self, bench: Workbench) -> None:
        user = bench.a_user()
        actor = bench.actor_of(user)
        for url in ("https://a.example/", "https://b.example/"):
            add_webhook(bench, actor, url)
            bench.clock.advance(timedelta(seconds=1))
        task = bench.a_completed_task(
            actor, notify=NotificationRequest(webhook="https://c.example/")
        )

        tell_everybody(bench, task)

        assert [address for address, _ in bench.mail.sent] == [user.email]
        assert sorted(address for address, _ in bench.webhooks.sent) == [
            "https://a.example/",
            "https://b.example/",
            "https://c.example/",
        ]
        assert {one.status for one in bench.deliveries_of(task.id)} == {DeliveryStatus.DELIVERED}
        assert sorted(bench.telemetry.deliveries) == [
            ("email", "delivered"),
            *[("webhook", "delivered")] * 3,
        ]

    def test_a_url_that_is_asked_for_twice_is_called_once(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        add_webhook(bench, actor, "https://a.example/")
        task = bench.a_completed_task(
            actor, notify=NotificationRequest(webhook="https://a.example/")
        )

        tell_everybody(bench, task)

        assert len(bench.webhooks.sent) == 1

    def test_a_single_address_costs_no_message(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        bench.take_outbox()

        bench.announce_outcome(task.id)

        assert len(bench.mail.sent) == 1
        assert bench.outbox_count() == 0

    def test_one_address_a_channel_is_told_at_once_and_every_other_by_a_message_of_its_own(
        self, bench: Workbench
    ) -> None:
        actor = bench.an_actor()
        for url in ("https://a.example/", "https://b.example/", "https://c.example/"):
            add_webhook(bench, actor, url)
        task = bench.a_completed_task(actor)
        bench.take_outbox()

        bench.announce_outcome(task.id)

        assert (len(bench.mail.sent), len(bench.webhooks.sent)) == (1, 1)
        waiting = {
            one.id for one in bench.deliveries_of(task.id) if one.status is DeliveryStatus.PENDING
        }
        assert len(waiting) == 2
        assert bench.sweep()() == 0, "they have been rung for"
        rung = bench.take_outbox()
        assert {kind for kind, _ in rung} == {"DeliveryDue"}
        assert {delivery_id for _, delivery_id in rung} == waiting

    def test_the_notice_says_all_there_is_to_say(self, bench: Workbench) -> None:
        user = bench.a_user()
        task = bench.a_completed_task(bench.actor_of(user))

        bench.announce_outcome(task.id)

        [(_, notice)] = bench.mail.sent
        [delivery] = bench.deliveries_of(task.id)
        assert notice.occasion is Occasion.COMPLETED
        assert (notice.delivery_id, notice.task_id, notice.image_id) == (
            delivery.id,
            task.id,
            task.image_id,
        )
        assert (notice.user_id, notice.username, notice.label) == (
            user.id,
            user.username,
            "holiday.jpg",
        )
        assert (notice.result, notice.failure) == (task.results[0], None)
        assert notice.occurred_at == task.finished_at
        assert notice.download_expires_at == bench.clock.now() + timedelta(days=7)
        assert notice.download_url is not None
        assert follow(bench, request_of(notice.download_url)).result == task.results[0]

    def test_a_failure_is_told_without_a_link(self, bench: Workbench) -> None:
        task = a_failed_task(bench, bench.an_actor(), NotificationRequest())

        bench.announce_outcome(task.id)

        [(_, notice)] = bench.mail.sent
        assert (notice.occasion, notice.failure) == (Occasion.FAILED, A_FAILURE)
        assert (notice.download_url, notice.download_expires_at, notice.result) == (None,) * 3

    def test_what_has_been_tried_comes_again_by_its_own_schedule(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        bench.mail.trouble = DeliveryFailed("busy")
        bench.announce_outcome(task.id)
        bench.mail.trouble = None

        tell_everybody(bench, task)

        assert bench.mail.sent == []

    def test_heard_twice_it_tells_once(self, bench: Workbench) -> None:
        task = bench.a_completed_task()

        for _ in range(2):
            tell_everybody(bench, task)

        assert len(bench.mail.sent) == 1
        assert len(bench.deliveries_of(task.id)) == 1

    @pytest.mark.parametrize(
        ("occasions", "failed", "told"),
        [
            ({Occasion.COMPLETED}, False, 1),
            ({Occasion.COMPLETED}, True, 0),
            ({Occasion.FAILED}, False, 0),
            ({Occasion.FAILED}, True, 1),
            (set(), False, 0),
        ],
    )
    def test_an_upload_may_ask_to_be_told_of_less(
        self, bench: Workbench, occasions: set[Occasion], failed: bool, told: int
    ) -> None:
        notify = NotificationRequest("https://a.example/", frozenset(occasions))
        actor = bench.an_actor()
        task = (
            a_failed_task(bench, actor, notify)
            if failed
            else bench.a_completed_task(actor, notify=notify)
        )

        tell_everybody(bench, task)

        assert (len(bench.mail.sent), len(bench.webhooks.sent)) == (told, told)

    def test_nothing_is_told_before_the_end_or_of_nothing(self, bench: Workbench) -> None:
        uploaded = bench.upload(bench.an_actor())

        bench.announce_outcome(uploaded.task_id)
        bench.announce_outcome(uuid4())

        assert bench.mail.sent == []
        assert bench.deliveries_of(uploaded.task_id) == []

    def test_one_address_in_trouble_keeps_no_other_waiting(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        add_webhook(bench, actor)
        bench.webhooks.trouble = DeliveryFailed("refused")
        task = bench.a_completed_task(actor)

        tell_everybody(bench, task)

        assert len(bench.mail.sent) == 1
        statuses = {one.channel: one.status for one in bench.deliveries_of(task.id)}
        assert statuses == {
            ChannelKind.EMAIL: DeliveryStatus.DELIVERED,
            ChannelKind.WEBHOOK: DeliveryStatus.PENDING,
        }

    def test_while_it_tells_nobody_else_does(self, bench: Workbench) -> None:
        task = bench.a_completed_task()
        rung = []

        class SlowMail(type(bench.mail)):  # type: ignore[misc]
            """Lets another notifier hear of the end, and of the delivery, while it sends."""

            def send(self, address: str, notice: Notice) -> None:
                bench.announce_outcome(task.id)
                rung.append(bench.send_delivery(notice.delivery_id))
                super().send(address, notice)

        slow = attrs.evolve(bench, mail=SlowMail())
        slow.announce_outcome(task.id)

        assert (len(slow.mail.sent), bench.mail.sent) == (1, [])
        assert rung == [SendOutcome.SKIPPED]


class TestSendDelivery:
    def announced(self, bench: Workbench, trouble: DeliveryFailed | None = None) -> Delivery:
        """Make the first attempt of an e-mail."""
        bench.mail.trouble = trouble
        task = bench.a_completed_task()
        bench.announce_outcome(task.id)
        bench.mail.trouble = None
        return self.again(bench, task.id)

    def again(self, bench: Workbench, task_id: UUID) -> Delivery:
        [delivery] = bench.deliveries_of(task_id)
        return delivery

    def test_an_attempt_that_failed_is_made_again_with_the_same_id(self, bench: Workbench) -> None:
        failed = self.announced(bench, DeliveryFailed("the server was busy"))

        outcome = bench.send_delivery(failed.id)

        delivered = self.again(bench, failed.task_id)
        assert failed.due_at == bench.clock.now() + timedelta(seconds=5)
        assert (failed.attempts, failed.last_error) == (1, "the server was busy")
        assert outcome is SendOutcome.DELIVERED
        assert [notice.delivery_id for _, notice in bench.mail.sent] == [failed.id]
        assert (delivered.status, delivered.attempts) == (DeliveryStatus.DELIVERED, 2)
        assert delivered.last_error is None
        assert bench.telemetry.deliveries == [("email", "retried"), ("email", "delivered")]

    def test_the_whole_schedule_is_tried_and_then_given_up(self, bench: Workbench) -> None:
        waits = [seconds.total_seconds() for seconds in Delivery.RETRY_AFTER]
        bench.clock.advance(-timedelta(days=10))
        delivery = self.announced(bench, DeliveryFailed("nobody there"))
        bench.mail.trouble = DeliveryFailed("nobody there")

        seen = []
        while delivery.status is DeliveryStatus.PENDING:
            seen.append((delivery.due_at - bench.clock.now()).total_seconds())
            bench.clock.moment = delivery.due_at
            bench.send_delivery(delivery.id)
            delivery = self.again(bench, delivery.task_id)

        assert seen == waits
        assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, len(waits) + 1)
        assert bench.telemetry.deliveries[-1] == ("email", "failed")
        assert bench.send_delivery(delivery.id) is SendOutcome.SKIPPED

    def test_what_cannot_heal_is_given_up_at_once(self, bench: Workbench) -> None:
        delivery = self.announced(bench, DeliveryFailed("gone", transient=False))

        assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 1)
        assert bench.send_delivery(delivery.id) is SendOutcome.SKIPPED

    def test_a_receiver_may_ask_for_a_longer_wait(self, bench: Workbench) -> None:
        delivery = self.announced(bench, DeliveryFailed("slow down", wait=timedelta(minutes=3)))

        assert delivery.due_at == bench.clock.now() + timedelta(minutes=3)

    def test_what_is_not_due_is_not_sent(self, bench: Workbench) -> None:
        delivery = self.announced(bench, DeliveryFailed("later", wait=timedelta(hours=36)))
        bench.write(
            lambda work: work.deliveries.save(
                attrs.evolve(delivery, due_at=bench.clock.now() + timedelta(days=2))
            )
        )

        assert bench.send_delivery(delivery.id) is SendOutcome.SKIPPED
        assert bench.send_delivery(uuid4()) is SendOutcome.SKIPPED

        assert bench.mail.sent == []

    def test_two_notifiers_at_once_send_once(self, bench: Workbench) -> None:
        delivery = self.announced(bench, DeliveryFailed("busy"))
        meanwhile = []

        class SlowMail(type(bench.mail)):  # type: ignore[misc]
            """Lets another notifier try while it sends."""

            def send(self, address: str, notice: object) -> None:
                meanwhile.append(bench.send_delivery(delivery.id))
                super().send(address, notice)

        slow = attrs.evolve(bench, mail=SlowMail())

        assert slow.send_delivery(delivery.id) is SendOutcome.DELIVERED
        assert meanwhile == [SendOutcome.SKIPPED]
        assert len(slow.mail.sent) == 1
        assert bench.mail.sent == []

    def test_what_nobody_foresaw_counts_as_an_attempt_and_is_told(self, bench: Workbench) -> None:
        delivery = self.announced(bench, DeliveryFailed("busy"))
        bench.mail.trouble = ZeroDivisionError()

        with pytest.raises(ZeroDivisionError):
            bench.send_delivery(delivery.id)

        tried = self.again(bench, delivery.task_id)
        assert tried.attempts == delivery.attempts + 1
        assert tried.due_at > delivery.due_at
        assert tried.last_error == "An error on our side."


class TestWebhooks:
    def list(self, bench: Workbench, actor: Actor) -> list[Webhook]:
        return list(ListWebhooks(bench.database, bench.signing_secrets)(actor).webhooks)

    def test_are_listed_to_their_owner_with_the_secret(self, bench: Workbench) -> None:
        actor, other = bench.an_actor(), bench.an_actor()
        added = []
        for url in ("https://b.example/", "https://a.example/"):
            added.append(add_webhook(bench, actor, url))
            bench.clock.advance(timedelta(seconds=1))

        view = ListWebhooks(bench.database, bench.signing_secrets)(actor)

        assert view.webhooks == added
        assert view.signing_secret == bench.signing_secrets.webhook_secret(actor.user_id)
        assert view.signing_secret not in repr(view)
        assert self.list(bench, other) == []

    def test_adding_one_twice_changes_nothing(self, bench: Workbench) -> None:
        actor = bench.an_actor()

        assert add_webhook(bench, actor) == add_webhook(bench, actor)

        assert len(self.list(bench, actor)) == 1

    def test_an_account_may_have_ten(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        for number in range(MAX_WEBHOOKS):
            add_webhook(bench, actor, f"https://{number}.example/")

        with pytest.raises(TooManyWebhooks):
            add_webhook(bench, actor, "https://one-more.example/")

        add_webhook(bench, actor, "https://0.example/")
        add_webhook(bench, bench.an_actor(), "https://one-more.example/")

    @pytest.mark.parametrize(
        "url",
        ["", "ftp://a.example/", "https://ada:pw@a.example/", "https://10.0.0.1/"]
        + ["https://inside.example/", "http://a.example/", "https://a.example:22/"],
    )
    def test_must_be_urls_that_are_called(self, bench: Workbench, url: str) -> None:
        with pytest.raises(WebhookURLForbidden) as refused:
            add_webhook(bench, bench.an_actor(), url)

        assert refused.value.pointer == "/url"

    def test_are_removed_by_their_owner_alone(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        webhook = add_webhook(bench, actor)
        remove = RemoveWebhook(bench.database)

        with pytest.raises(NotFound):
            remove(RemoveWebhookRequest(bench.an_actor(), webhook.id))
        remove(RemoveWebhookRequest(actor, webhook.id))
        with pytest.raises(NotFound):
            remove(RemoveWebhookRequest(actor, webhook.id))

        assert self.list(bench, actor) == []

    def test_of_receivers_that_want_no_more_are_called_no_more(self, bench: Workbench) -> None:
        """Their owner is told once, however many deliveries hear of it, and can change it back."""
        user = bench.a_user()
        actor = bench.actor_of(user)
        gone = add_webhook(bench, actor, "https://gone.example/")
        kept = add_webhook(bench, actor, "https://kept.example/")
        tasks = [bench.a_completed_task(actor) for _ in range(2)]
        bench.webhooks.trouble = DeliveryFailed("busy")
        for task in tasks:
            tell_everybody(bench, task)
        pending = [
            one.id
            for task in tasks
            for one in bench.deliveries_of(task.id)
            if one.address == gone.url
        ]

        bench.webhooks.trouble = DeliveryFailed("410", transient=False, unwanted=True)
        outcomes = [bench.send_delivery(one) for one in pending]
        bench.webhooks.trouble = None

        assert outcomes == [SendOutcome.FAILED] * 2
        assert {one.url: one.disabled_at for one in self.list(bench, actor)} == {
            gone.url: bench.clock.now(),
            kept.url: None,
        }
        letters = bench.post_letters()
        assert [(to, letter.kind) for to, letter in letters] == [
            (user.email, LetterKind.WEBHOOK_DISABLED)
        ]
        bench.webhooks.sent.clear()
        tell_everybody(bench, bench.a_completed_task(actor))
        assert [url for url, _ in bench.webhooks.sent] == [kept.url]

        assert add_webhook(bench, actor, gone.url) == gone
        tell_everybody(bench, bench.a_completed_task(actor))
        assert {url for url, _ in bench.webhooks.sent} == {gone.url, kept.url}

    def test_a_receiver_that_an_upload_names_and_that_wants_no_more_disables_nothing(
        self, bench: Workbench
    ) -> None:
        actor = bench.an_actor()
        kept = add_webhook(bench, actor)
        task = bench.a_completed_task(
            actor, notify=NotificationRequest(webhook="https://once.example/")
        )
        bench.webhooks.trouble = DeliveryFailed("busy")
        tell_everybody(bench, task)
        [once] = [one for one in bench.deliveries_of(task.id) if "once" in one.address]
        bench.webhooks.trouble = DeliveryFailed("410", transient=False, unwanted=True)

        bench.send_delivery(once.id)

        assert self.list(bench, actor) == [kept]
        assert bench.post_letters() == []
