"""Who is told, and telling them."""

from dependency_injector import providers

from application.notifications.add_webhook import AddWebhook
from application.notifications.announce_outcome import AnnounceOutcome
from application.notifications.list_webhooks import ListWebhooks
from application.notifications.make_notice import MakeNotice
from application.notifications.remove_webhook import RemoveWebhook
from application.notifications.send_delivery import SendDelivery
from application.notifications.send_letter import SendLetter
from entrypoints.container.accounts import AccountUseCases
from entrypoints.container.room import Room, adapters, duration, once, settings


class NotificationUseCases(Room):
    """Those of `application/notifications/`."""

    add_webhook = once(
        AddWebhook,
        database=adapters.database,
        clock=adapters.clock,
        ids=adapters.ids,
        guard=adapters.webhook_guard,
    )
    list_webhooks = once(
        ListWebhooks, database=adapters.database, signing_secrets=adapters.signing_secrets
    )
    remove_webhook = once(RemoveWebhook, database=adapters.database)
    send_delivery = once(
        SendDelivery,
        database=adapters.database,
        notifiers=adapters.notifiers,
        make_notice=providers.Factory(
            MakeNotice,
            links=adapters.links,
            clock=adapters.clock,
            link_lifetime=duration(settings.provided.downloads.notice_link_seconds),
        ),
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        post_letter=AccountUseCases.post_letter,
        lease=duration(settings.provided.notifier.lease_seconds),
    )
    send_letter = once(
        SendLetter,
        database=adapters.database,
        postman=adapters.email_notifier,
        opaque_tokens=adapters.opaque_tokens,
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        base_url=settings.provided.base_url,
        lease=duration(settings.provided.notifier.lease_seconds),
    )
    announce_outcome = once(
        AnnounceOutcome,
        database=adapters.database,
        send_delivery=send_delivery,
        clock=adapters.clock,
    )
