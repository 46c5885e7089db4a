"""Everything that is remembered, and the transactions around it."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import attrs

from application.errors import AlreadyExists, PortFailure
from application.ports.message_publisher import Message
from domain.images.image import Image
from domain.notifications.channel import Webhook
from domain.notifications.delivery import Delivery
from domain.tasks.task import Task
from domain.users.session import Session
from domain.users.user import User


class DatabaseUnavailable(PortFailure):
    """The database did not answer, or was too busy for too long."""

    code = "database-unavailable"
    transient = True


class UsernameTaken(AlreadyExists):
    """Another account has this user name."""

    code = "username-taken"


class EmailTaken(AlreadyExists):
    """Another account has this e-mail address."""

    code = "email-taken"


class Users(Protocol):
    """Accounts."""

    @abstractmethod
    def add(self, user: User) -> None:
        """Add an account, or raise `UsernameTaken` or `EmailTaken`."""

    @abstractmethod
    def update(self, user: User) -> None:
        """Replace an account, or raise `UsernameTaken` or `EmailTaken`."""

    @abstractmethod
    def get(self, user_id: UUID) -> User | None:
        """Return the account by its id."""

    @abstractmethod
    def by_email(self, email: str) -> User | None:
        """Return the account by its address, whatever the case."""

    @abstractmethod
    def by_username(self, username: str) -> User | None:
        """Return the account by its name, whatever the case."""


class Sessions(Protocol):
    """Signings-in."""

    @abstractmethod
    def add(self, session: Session) -> None:
        """Add a session."""

    @abstractmethod
    def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its user in one question: asked on every request."""

    @abstractmethod
    def revoke(self, session_id: UUID, now: datetime) -> None:
        """End a session; ending an ended one changes nothing."""


@attrs.frozen
class Asset:
    """
    A picture that pipelines may name.

    Attributes:
        user_id: Its owner, or None for one that everybody may use.
        file_path: Key in the object store.
    """

    id: UUID
    user_id: UUID | None
    name: str
    file_path: str
    sha256: str
    created_at: datetime


class Assets(Protocol):
    """Pictures that pipelines may name."""

    @abstractmethod
    def add(self, asset: Asset) -> None:
        """Add an asset, or raise `AlreadyExists` if its owner has one by that name."""

    @abstractmethod
    def find(self, user_id: UUID | None, name: str) -> Asset | None:
        """Return the user's own asset by that name, else the shared one."""


class Images(Protocol):
    """Uploaded pictures."""

    @abstractmethod
    def add(self, image: Image, task: Task) -> None:
        """Add a picture together with the first task over it."""

    @abstractmethod
    def get(self, image_id: UUID) -> Image | None:
        """Return a picture by its id."""


class Tasks(Protocol):
    """Tasks and their results; every change also sets the image's status."""

    @abstractmethod
    def add(self, task: Task) -> None:
        """Add a task, and its events to the outbox."""

    @abstractmethod
    def get(self, task_id: UUID) -> Task | None:
        """Return a task with its results, by its id."""

    @abstractmethod
    def newest_of(self, image_id: UUID) -> Task | None:
        """Return the newest task over an image, with its results."""

    @abstractmethod
    def claim(self, task_id: UUID, lease: timedelta) -> Task | None:
        """
        Claim a queued task: one more attempt, one more fence, a lease by the database's clock.

        Returns None when the task is not there or not queued: somebody else's, or done.
        """

    @abstractmethod
    def extend_leases(self, held: Sequence[tuple[UUID, int]], lease: timedelta) -> None:
        """Renew the leases of tasks, by id and fence, that still hold."""

    @abstractmethod
    def save_if_held(self, task: Task, *, delay: timedelta = timedelta()) -> bool:
        """
        Save a claimed task and its results, and its events to the outbox due after *delay*.

        Returns False, and changes nothing, when the fence or the state no longer holds.
        """

    @abstractmethod
    def expired(self, limit: int) -> Sequence[Task]:
        """Return tasks in progress whose lease is over, by the database's clock; oldest first."""

    @abstractmethod
    def ring_again(self, older_than: timedelta, limit: int) -> int:
        """
        Put `TaskQueued` into the outbox anew for tasks that have waited unrung for too long.

        Each ring for the same task waits longer than the one before it, up to fourfold.

        Returns how many. Survives a broker that lost its disk. A task whose `TaskQueued` still
        waits in the outbox is left alone.
        """

    @abstractmethod
    def mark_announced(self, task_id: UUID) -> None:
        """Remember that whoever is to be told of a task's end has a delivery."""

    @abstractmethod
    def announce_again(self, older_than: timedelta, limit: int) -> int:
        """
        Put the events of ended tasks into the outbox anew that nobody has announced for too long.

        Returns how many.
        """

    @abstractmethod
    def count_by_status(self) -> dict[str, int]:
        """Return how many tasks are queued and in progress."""


@attrs.frozen
class OutboxEntry:
    """A message that waits to be published."""

    id: int
    message: Message


class Outbox(Protocol):
    """Messages that wait to be published."""

    @abstractmethod
    def add(self, message: Message, *, delay: timedelta = timedelta()) -> None:
        """Add a message, due after *delay* by the database's clock."""

    @abstractmethod
    def take_due(self, limit: int, lease: timedelta) -> Sequence[OutboxEntry]:
        """
        Take due messages, oldest first, and keep them from every other taker for *lease*.

        The broker is spoken to outside any transaction: a slow one must delay no writer.
        """

    @abstractmethod
    def release(self, entry_ids: Sequence[int], delay: timedelta) -> None:
        """Give taken messages back, due again after *delay*."""

    @abstractmethod
    def has_due(self) -> bool:
        """Whether any message is due."""

    @abstractmethod
    def remove(self, entry_ids: Sequence[int]) -> None:
        """Forget messages that the broker has confirmed."""

    @abstractmethod
    def count(self) -> int:
        """Return how many messages wait."""


class Deliveries(Protocol):
    """Notices on their way."""

    @abstractmethod
    def add_new(self, deliveries: Sequence[Delivery]) -> None:
        """Add deliveries; one that is there (task, channel, address) already stays as it is."""

    @abstractmethod
    def of_task(self, task_id: UUID) -> Sequence[Delivery]:
        """Return every delivery about a task."""

    @abstractmethod
    def claim(self, delivery_id: UUID, lease: timedelta) -> Delivery | None:
        """Claim a pending, due delivery for *lease*, or return None: somebody else's, or done."""

    @abstractmethod
    def renew(self, delivery_id: UUID, lease: timedelta) -> None:
        """Let the claim on a pending delivery hold for *lease* from now."""

    @abstractmethod
    def save(self, delivery: Delivery) -> None:
        """Save a claimed delivery after an attempt."""

    @abstractmethod
    def postpone(self, delivery_id: UUID, delay: timedelta) -> None:
        """Leave a pending delivery out of `due` for *delay*, so that one ring is not made twice."""

    @abstractmethod
    def due(self, limit: int) -> Sequence[Delivery]:
        """Return pending deliveries whose time has come and that nobody holds, oldest first."""


class Webhooks(Protocol):
    """URLs that are called for a user."""

    @abstractmethod
    def add(self, webhook: Webhook) -> None:
        """Add a webhook, or raise `AlreadyExists` if its user has one with that URL."""

    @abstractmethod
    def of_user(self, user_id: UUID) -> Sequence[Webhook]:
        """Return the user's webhooks, oldest first."""

    @abstractmethod
    def remove(self, user_id: UUID, webhook_id: UUID) -> bool:
        """Remove the user's webhook; False if there is none by that id."""


@attrs.frozen
class LogEntry:
    """
    One attempt at a task (system design §8.3).

    Attributes:
        outcome: `completed`, `failed`, `retried` or `superseded`.
        error: What went wrong, for operators and the owner; None if nothing did.
    """

    task_id: UUID
    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    error: str | None
    stage_seconds: dict[str, float]


class ProcessingLog(Protocol):
    """What became of each attempt."""

    @abstractmethod
    def add(self, entry: LogEntry) -> None:
        """Add an entry."""

    @abstractmethod
    def of_task(self, task_id: UUID) -> Sequence[LogEntry]:
        """Return a task's entries, oldest first."""


class UnitOfWork(Protocol):
    """One transaction's view of everything that is remembered."""

    users: Users
    sessions: Sessions
    images: Images
    assets: Assets
    tasks: Tasks
    outbox: Outbox
    deliveries: Deliveries
    webhooks: Webhooks
    processing_log: ProcessingLog

    @abstractmethod
    def commit(self) -> None:
        """
        Make every change since the start durable, all or none; then ring the outbox bell if due.

        Raises:
            DatabaseUnavailable: Nothing was changed. Saved tasks have handed over their events, so
                whoever tries again loads them anew.
        """


class Database(Protocol):
    """Opens transactions; thread-safe."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction that may change things; leaving without `commit` undoes it."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction that only reads, and delays no writer."""

    @abstractmethod
    def ping(self) -> None:
        """Ask the database for a sign of life, or raise `DatabaseUnavailable`."""
