"""Identities at providers, and sign-ins through them that are under way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from adapters.persistence.connection import Connection, Row, UniqueViolation
from application.ports.repositories.identities import Identities, IdentityTaken, SignInAttempts
from domain.users.identity import Identity, SignInAttempt

_COLUMNS = "id, user_id, issuer, subject, email, created_at, last_used_at"
_FIND = f"SELECT {_COLUMNS} FROM identities WHERE issuer = :issuer AND subject = :subject"
_OF_USER = f"SELECT {_COLUMNS} FROM identities WHERE user_id = :user_id ORDER BY created_at, id"


class SqlIdentities(Identities):
    """Identities in the table `identities`, whose unique index speaks for `IdentityTaken`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, identity: Identity) -> None:
        try:
            self._connection.change(
                """
                INSERT INTO identities (
                    id, user_id, issuer, subject, email, created_at, last_used_at
                ) VALUES (
                    :id, :user_id, :issuer, :subject, :email, :created_at, :last_used_at
                )
                """,
                id=identity.id,
                user_id=identity.user_id,
                issuer=identity.issuer,
                subject=identity.subject,
                email=identity.email,
                created_at=identity.created_at,
                last_used_at=identity.last_used_at,
            )
        except UniqueViolation as error:
            raise IdentityTaken("This identity is linked already.") from error

    def find(self, issuer: str, subject: str) -> Identity | None:
        row = self._connection.row(_FIND, issuer=issuer, subject=subject)
        return None if row is None else self._identity_from(row)

    def of_user(self, user_id: UUID) -> Sequence[Identity]:
        rows = self._connection.rows(_OF_USER, user_id=user_id)
        return [self._identity_from(row) for row in rows]

    def note_use(self, identity_id: UUID, email: str | None, at: datetime) -> None:
        self._connection.change(
            "UPDATE identities SET email = :email, last_used_at = :at WHERE id = :id",
            id=identity_id,
            email=email,
            at=at,
        )

    def remove(self, identity_id: UUID) -> None:
        self._connection.change("DELETE FROM identities WHERE id = :id", id=identity_id)

    def _identity_from(self, row: Row) -> Identity:
        read = self._connection
        return Identity(
            id=read.as_uuid(row[0]),
            user_id=read.as_uuid(row[1]),
            issuer=row[2],
            subject=row[3],
            email=row[4],
            created_at=read.as_time(row[5]),
            last_used_at=read.as_time_or_none(row[6]),
        )


class SqlSignInAttempts(SignInAttempts):
    """Attempts in the table `sign_in_attempts`; one that is taken is deleted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, attempt: SignInAttempt, now: datetime) -> None:
        self._connection.change("DELETE FROM sign_in_attempts WHERE expires_at <= :now", now=now)
        self._connection.change(
            """
            INSERT INTO sign_in_attempts (
                state_sha256, browser_sha256, provider, nonce, code_verifier, expires_at, user_id,
                session_id
            ) VALUES (
                :state_sha256, :browser_sha256, :provider, :nonce, :code_verifier, :expires_at,
                :user_id, :session_id
            )
            """,
            state_sha256=attempt.state_sha256,
            browser_sha256=attempt.browser_sha256,
            provider=attempt.provider,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            expires_at=attempt.expires_at,
            user_id=attempt.user_id,
            session_id=attempt.session_id,
        )

    def take(
        self, state_sha256: str, browser_sha256: str, provider: str, now: datetime
    ) -> SignInAttempt | None:
        # One statement decides; whoever comes second waits for the first, and finds nothing.
        row = self._connection.row(
            """
            DELETE FROM sign_in_attempts
            WHERE state_sha256 = :state AND browser_sha256 = :browser AND provider = :provider
                AND expires_at > :now
            RETURNING state_sha256, browser_sha256, provider, nonce, code_verifier, expires_at,
                user_id, session_id
            """,
            state=state_sha256,
            browser=browser_sha256,
            provider=provider,
            now=now,
        )
        return None if row is None else self._attempt_from(row)

    def _attempt_from(self, row: Row) -> SignInAttempt:
        read = self._connection
        return SignInAttempt(
            state_sha256=row[0],
            browser_sha256=row[1],
            provider=row[2],
            nonce=row[3],
            code_verifier=row[4],
            expires_at=read.as_time(row[5]),
            user_id=None if row[6] is None else read.as_uuid(row[6]),
            session_id=None if row[7] is None else read.as_uuid(row[7]),
        )
