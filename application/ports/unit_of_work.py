"""Transactions over everything that is remembered."""

from abc import abstractmethod
from contextlib import AbstractContextManager
from typing import Protocol

from application.errors import PortFailure
from application.ports.repositories.api_keys import APIKeys
from application.ports.repositories.assets import Assets
from application.ports.repositories.audit_trail import AuditTrail
from application.ports.repositories.deliveries import Deliveries
from application.ports.repositories.erasures import Erasures
from application.ports.repositories.files import Files
from application.ports.repositories.history import History
from application.ports.repositories.idempotency_keys import IdempotencyKeys
from application.ports.repositories.identities import Identities, SignInAttempts
from application.ports.repositories.images import Images
from application.ports.repositories.letters import Letters
from application.ports.repositories.outbox import Outbox
from application.ports.repositories.presets import Presets
from application.ports.repositories.processing_log import ProcessingLog
from application.ports.repositories.sessions import Sessions
from application.ports.repositories.tasks import Tasks
from application.ports.repositories.users import Users
from application.ports.repositories.webhooks import Webhooks
from application.ports.repositories.workers import Workers


class DatabaseUnavailable(PortFailure):
    """The database did not answer, or was too busy for too long."""

    code = "database-unavailable"
    transient = True


class CommitUnknown(DatabaseUnavailable):
    """The answer to a commit was lost: everything may have been written, or nothing."""

    code = "commit-unknown"


class DatabaseNotPermitted(DatabaseUnavailable):
    """
    The database lets us in, and not do what we have to, until an operator grants it.

    Transient all the same: no task should fail because a right was given an hour too late.
    """

    code = "database-not-permitted"


class UnitOfWork(Protocol):
    """One transaction's view of everything that is remembered."""

    users: Users
    sessions: Sessions
    api_keys: APIKeys
    identities: Identities
    sign_in_attempts: SignInAttempts
    images: Images
    assets: Assets
    presets: Presets
    tasks: Tasks
    outbox: Outbox
    deliveries: Deliveries
    letters: Letters
    webhooks: Webhooks
    processing_log: ProcessingLog
    idempotency_keys: IdempotencyKeys
    files: Files
    erasures: Erasures
    history: History
    workers: Workers
    audit: AuditTrail

    @abstractmethod
    def commit(self) -> None:
        """
        Make every change since the start durable, all or none; then ring the outbox bell if due.

        Raises:
            DatabaseUnavailable: Nothing was changed, unless only the answer was lost. Whoever
                tries again, or undoes what went before, looks first.
        """


class Database(Protocol):
    """Opens transactions; thread-safe."""

    @abstractmethod
    def writing(self, *, durable: bool = True) -> AbstractContextManager[UnitOfWork]:
        """
        Open a transaction that may change things; leaving without `commit` undoes it.

        Without *durable* a power cut, though no killed process, may undo what has been committed:
        for leases and marks, which are made good again. It spares a wait for the disk.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """
        Ask questions that change nothing, lock nothing and delay no writer.

        Each sees a whole number of transactions; the next may see more of them.
        """

    @abstractmethod
    def ping(self) -> None:
        """Ask the database for a sign of life, or raise `DatabaseUnavailable`."""
