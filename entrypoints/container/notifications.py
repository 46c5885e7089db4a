"""Who is told, and telling them."""

from application.notifications.add_webhook import AddWebhook
from application.notifications.announce_outcome import AnnounceOutcome
from application.notifications.list_webhooks import ListWebhooks
from application.notifications.make_notice import MakeNotice
from application.notifications.remove_webhook import RemoveWebhook
from application.notifications.send_delivery import SendDelivery
from application.notifications.send_letter import SendLetter
from entrypoints.container.accounts import AccountUseCases
from entrypoints.container.room import Room, adapters, duration, settings, use_case


class NotificationUseCases(Room):
    """Those of `application/notifications/`."""

    add_webhook = use_case(AddWebhook, guard=adapters.webhook_guard)
    list_webhooks = use_case(ListWebhooks)
    remove_webhook = use_case(RemoveWebhook)
    send_delivery = use_case(
        SendDelivery,
        make_notice=use_case(
            MakeNotice, link_lifetime=duration(settings.provided.downloads.notice_link_seconds)
        ),
        post_letter=AccountUseCases.post_letter,
        lease=duration(settings.provided.notifier.lease_seconds),
    )
    send_letter = use_case(
        SendLetter,
        postman=adapters.email_notifier,
        base_url=settings.provided.base_url,
        lease=duration(settings.provided.notifier.lease_seconds),
    )
    announce_outcome = use_case(AnnounceOutcome, send_delivery=send_delivery)
