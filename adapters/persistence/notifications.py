"""Notices on their way, and the webhooks that users keep."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from adapters.persistence.connection import Connection, Row, UniqueViolation
from adapters.persistence.words import is_known
from application.errors import AlreadyExists
from application.ports.repositories.deliveries import Deliveries
from application.ports.repositories.webhooks import Webhooks
from domain.notifications.channel import ChannelKind, Occasion, Webhook
from domain.notifications.delivery import Delivery, DeliveryStatus

_COLUMNS = "id, task_id, channel, address, occasion, due_at, status, attempts, last_error"
# What a newer version beside this one writes is for its own notifiers.
_IS_OURS = f"{is_known('channel', ChannelKind)} AND {is_known('occasion', Occasion)}"
_CAN_BE_SHOWN = f"{_IS_OURS} AND {is_known('status', DeliveryStatus)}"
_OF_TASK = f"""
    SELECT {_COLUMNS} FROM deliveries
    WHERE task_id = :id AND {_CAN_BE_SHOWN}
    ORDER BY created_at, id
"""
_CLAIM = f"""
    UPDATE deliveries SET lease_until = clock_after(:lease)
    WHERE id = :id AND status = 'pending' AND due_at <= clock_now() AND {_IS_OURS}
        AND (lease_until IS NULL OR lease_until <= clock_now())
    RETURNING {_COLUMNS}
"""
_IS_DUE = f"""
    status = 'pending' AND due_at <= clock_now() AND {_IS_OURS}
        AND (lease_until IS NULL OR lease_until <= clock_now())
        AND (rung_until IS NULL OR rung_until <= clock_now())
"""
_HAS_DUE = f"SELECT 1 FROM deliveries WHERE {_IS_DUE} LIMIT 1"
_DUE = f"""
    SELECT {_COLUMNS} FROM deliveries WHERE {_IS_DUE}
    ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
"""


class SqlDeliveries(Deliveries):
    """Notices in the table `deliveries`; `lease_until` keeps one from being sent twice at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_new(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self._connection.change(
                """
                INSERT INTO deliveries (
                    id, task_id, channel, address, occasion, due_at, status, attempts, created_at
                ) VALUES (
                    :id, :task_id, :channel, :address, :occasion, :due_at, :status, :attempts,
                    clock_now()
                )
                ON CONFLICT (task_id, channel, address) DO NOTHING
                """,
                id=delivery.id,
                task_id=delivery.task_id,
                channel=delivery.channel.value,
                address=delivery.address,
                occasion=delivery.occasion.value,
                due_at=delivery.due_at,
                status=delivery.status.value,
                attempts=delivery.attempts,
            )

    def of_task(self, task_id: UUID) -> Sequence[Delivery]:
        return self._many(_OF_TASK, id=task_id)

    def remove_of(self, task_id: UUID) -> None:
        self._connection.change("DELETE FROM deliveries WHERE task_id = :id", id=task_id)

    def claim(self, delivery_id: UUID, lease: timedelta) -> Delivery | None:
        found = self._many(_CLAIM, id=delivery_id, lease=lease.total_seconds())
        return found[0] if found else None

    def save(self, delivery: Delivery) -> None:
        self._connection.change(
            """
            UPDATE deliveries SET due_at = :due_at, status = :status, attempts = :attempts,
                last_error = :last_error, lease_until = NULL, rung_until = NULL
            WHERE id = :id AND status = 'pending'
            """,
            id=delivery.id,
            due_at=delivery.due_at,
            status=delivery.status.value,
            attempts=delivery.attempts,
            last_error=delivery.last_error,
        )

    def postpone(self, delivery_id: UUID, delay: timedelta) -> None:
        self._connection.change(
            "UPDATE deliveries SET rung_until = clock_after(:delay) WHERE id = :id",
            id=delivery_id,
            delay=delay.total_seconds(),
        )

    def has_due(self) -> bool:
        return self._connection.row(_HAS_DUE) is not None

    def due(self, limit: int) -> Sequence[Delivery]:
        return self._many(_DUE, limit=limit)

    def _many(self, sql: str, **values: object) -> list[Delivery]:
        return [self._delivery_from(row) for row in self._connection.rows(sql, **values)]

    def _delivery_from(self, row: Row) -> Delivery:
        read = self._connection
        return Delivery(
            id=read.as_uuid(row[0]),
            task_id=read.as_uuid(row[1]),
            channel=ChannelKind(row[2]),
            address=row[3],
            occasion=Occasion(row[4]),
            due_at=read.as_time(row[5]),
            status=DeliveryStatus(row[6]),
            attempts=row[7],
            last_error=row[8],
        )


class SqlWebhooks(Webhooks):
    """Webhooks in the table `webhooks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> None:
        try:
            self._connection.change(
                """
                INSERT INTO webhooks (id, user_id, url, created_at, disabled_at)
                VALUES (:id, :user_id, :url, :created_at, :disabled_at)
                """,
                id=webhook.id,
                user_id=webhook.user_id,
                url=webhook.url,
                created_at=webhook.created_at,
                disabled_at=webhook.disabled_at,
            )
        except UniqueViolation as error:
            raise AlreadyExists("This webhook is there already.") from error

    def of_user(self, user_id: UUID) -> Sequence[Webhook]:
        read = self._connection
        rows = read.rows(
            """
            SELECT id, user_id, url, created_at, disabled_at FROM webhooks
            WHERE user_id = :user_id ORDER BY created_at, id
            """,
            user_id=user_id,
        )
        return [
            Webhook(
                id=read.as_uuid(row[0]),
                user_id=read.as_uuid(row[1]),
                url=row[2],
                created_at=read.as_time(row[3]),
                disabled_at=None if row[4] is None else read.as_time(row[4]),
            )
            for row in rows
        ]

    def disable(self, user_id: UUID, url: str, at: datetime) -> bool:
        return bool(
            self._connection.change(
                """
                UPDATE webhooks SET disabled_at = :at
                WHERE user_id = :user_id AND url = :url AND disabled_at IS NULL
                """,
                user_id=user_id,
                url=url,
                at=at,
            )
        )

    def enable(self, webhook_id: UUID) -> None:
        self._connection.change(
            "UPDATE webhooks SET disabled_at = NULL WHERE id = :id", id=webhook_id
        )

    def remove(self, user_id: UUID, webhook_id: UUID) -> bool:
        return bool(
            self._connection.change(
                "DELETE FROM webhooks WHERE id = :id AND user_id = :user_id",
                id=webhook_id,
                user_id=user_id,
            )
        )
