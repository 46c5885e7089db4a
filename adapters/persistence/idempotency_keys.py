"""Answers by the keys of their requests."""

from datetime import timedelta

from adapters.persistence.connection import Connection, Document
from application.ports.repositories.idempotency_keys import (
    IdempotencyKeys,
    RememberedReply,
    TwinRequest,
)


class SqlIdempotencyKeys(IdempotencyKeys):
    """Answers in the table `idempotency_keys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, scope: str, key: str, max_age: timedelta) -> RememberedReply | None:
        row = self._connection.row(
            """
            SELECT fingerprint, reply FROM idempotency_keys
            WHERE scope = :scope AND key = :key AND created_at > clock_after(:age)
            """,
            scope=scope,
            key=key,
            age=-max_age.total_seconds(),
        )
        if row is None:
            return None
        return RememberedReply(scope, key, row[0], self._connection.as_document(row[1]))

    def add(self, remembered: RememberedReply, max_age: timedelta) -> None:
        written = self._connection.change(
            """
            INSERT INTO idempotency_keys (scope, key, fingerprint, reply, created_at)
            VALUES (:scope, :key, :fingerprint, :reply, clock_now())
            ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint,
                reply = excluded.reply, created_at = excluded.created_at
            WHERE idempotency_keys.created_at <= clock_after(:age)
            """,
            scope=remembered.scope,
            key=remembered.key,
            fingerprint=remembered.fingerprint,
            reply=Document(remembered.reply),
            age=-max_age.total_seconds(),
        )
        if not written:
            raise TwinRequest("The same request has just been carried out.")

    def remove_older_than(self, max_age: timedelta, limit: int) -> int:
        return self._connection.change(
            """
            DELETE FROM idempotency_keys WHERE (scope, key) IN (
                SELECT scope, key FROM idempotency_keys WHERE created_at <= clock_after(:age)
                ORDER BY created_at LIMIT :limit
            )
            """,
            age=-max_age.total_seconds(),
            limit=limit,
        )
