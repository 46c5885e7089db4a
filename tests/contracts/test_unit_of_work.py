"""What every database promises."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest

from adapters.persistence.erasures import OF_A_TASK, WITHDRAWN
from adapters.persistence.sqlite import SqliteDatabase
from application.errors import AlreadyExists
from application.ports.message_publisher import Message
from application.ports.repositories.files import Amount
from application.ports.repositories.images import Usage
from application.ports.repositories.sessions import RefreshToken
from application.ports.repositories.users import EmailTaken, UserFilter, UsernameTaken
from application.ports.repositories.workers import Worker
from application.ports.repositories.idempotency_keys import RememberedReply, TwinRequest
from application.ports.repositories.users import EmailTaken, UsernameTaken
from application.ports.unit_of_work import Database, DatabaseUnavailable, UnitOfWork
from domain.images.analysis import Aspect
from domain.images.asset import Asset, AssetKind
from domain.images.abilities import Abilities
from domain.images.asset import Asset
from domain.images.formats import ImageFormat
from domain.tasks.log_entry import LogEntry
from domain.images.geometry import Gravity
from domain.images.image import Image
from domain.images.operations import AutoOrient, Font, Resize, Watermark
from domain.images.pipeline import Pipeline
from domain.notifications.channel import ChannelKind, NotificationRequest, Occasion
from domain.notifications.delivery import DeliveryStatus
from domain.notifications.letter import Letter, LetterKind
from domain.tasks.log_entry import LogEntry
from domain.tasks.priority import Priority
from domain.tasks.task import Failure, FailureCode, Task, TaskStatus
from domain.users.erasure import CLOSED_AFTER, Erasure
from domain.users.roles import Role
from domain.users.scopes import Scope
from domain.users.user import User
from tests.builders import (
    A_SHA256,
    NOON,
    a_delivery,
    a_preset,
    a_result,
    a_session,
    a_task,
    a_user,
    a_webhook,
    an_admin,
    an_analysis,
    an_api_key,
    an_asset_of,
    an_image,
)
from tests.contracts.databases import DATABASES, PLACES, QUICK_PLACES, Place

MINUTE = timedelta(minutes=1)
AT_ONCE = timedelta()
SOON = timedelta(milliseconds=40)
A_FAILURE = Failure(FailureCode.DECODE_FAILED, "The file is no picture.")

FORK = multiprocessing.get_context("fork")


def place_fixture(request: pytest.FixtureRequest) -> Iterator[Place]:
    place = PLACES[request.param](request)
    yield place
    place.leave()


quick_place = pytest.fixture(params=QUICK_PLACES, name="place")(place_fixture)
every_place = pytest.fixture(params=PLACES, name="every_place")(place_fixture)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    place = DATABASES[request.param](request)
    yield place.open()
    place.leave()


def write(database: Database, change: Callable[[UnitOfWork], Any]) -> Any:
    """Make one change and commit it."""
    with database.writing() as work:
        answer = change(work)
        work.commit()
    return answer


def read(database: Database, question: Callable[[UnitOfWork], Any]) -> Any:
    with database.reading() as work:
        return question(work)


def a_stored_user(database: Database, **overrides: Any) -> User:
    user = a_user(**overrides)
    write(database, lambda work: work.users.add(user))
    return user


def a_queued_task(image: Image, **overrides: Any) -> Task:
    """A task that has just been asked for, with the event that says so."""
    like = a_task(image, **overrides)
    return Task.queue(
        id=like.id,
        image_id=like.image_id,
        user_id=like.user_id,
        pipeline=like.pipeline,
        assets=like.assets,
        notify=like.notify,
        created_at=like.created_at,
        correlation_id=like.correlation_id,
        priority=like.priority,
        preset=like.preset,
    )


def a_stored_task(database: Database, **overrides: Any) -> Task:
    """A queued task over an image of a new user."""
    image = an_image(a_stored_user(database))
    task = a_queued_task(image, **overrides)
    write(database, lambda work: work.images.add(image, task))
    return task


def claimed(database: Database, task: Task, lease: timedelta = MINUTE) -> Task:
    found = write(database, lambda work: work.tasks.claim(task.id, lease))
    assert found is not None
    return found


def take_all(database: Database) -> list[Message]:
    """Take what is due in the outbox, for good."""

    def take(work: UnitOfWork) -> list[Message]:
        entries = work.outbox.take_due(1000, MINUTE)
        work.outbox.remove([entry.id for entry in entries])
        return [entry.message for entry in entries]

    return write(database, take)


def a_message(kind: str = "TaskQueued") -> Message:
    return Message(kind, uuid4(), "a-request")


class TestTransactions:
    def test_what_is_not_committed_is_undone(self, database: Database) -> None:
        user, other = a_user(), a_user()

        with database.writing() as work:
            work.users.add(user)
            assert work.users.get(user.id) == user
        with pytest.raises(ZeroDivisionError), database.writing() as work:
            work.users.add(other)
            raise ZeroDivisionError

        assert read(database, lambda work: work.users.get(user.id)) is None
        assert read(database, lambda work: work.users.get(other.id)) is None

    def test_a_transaction_is_seen_whole_or_not_at_all(self, place: Place) -> None:
        database, elsewhere = place.open(), place.open()
        user = a_user()

        with database.writing() as work:
            work.users.add(user)
            seen_before = read(elsewhere, lambda work: work.users.get(user.id))
            work.commit()

        assert seen_before is None
        assert read(elsewhere, lambda work: work.users.get(user.id)) == user

    def test_a_reader_delays_no_writer(self, place: Place) -> None:
        database, elsewhere = place.open(), place.open()
        user = a_user()

        with database.reading() as reader:
            assert reader.outbox.count() == 0
            write(elsewhere, lambda work: work.users.add(user))

        assert read(database, lambda work: work.users.get(user.id)) == user

    def test_a_refused_row_leaves_the_transaction_to_be_undone(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_user()

        with pytest.raises(UsernameTaken), database.writing() as work:
            work.users.add(bob)
            work.users.add(a_user(username=ada.username))

        assert read(database, lambda work: work.users.get(bob.id)) is None
        a_stored_user(database)

    def test_what_only_reads_has_nothing_to_commit(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(RuntimeError):
            work.commit()

    def test_gives_a_sign_of_life(self, database: Database) -> None:
        database.ping()

    def test_many_threads_may_share_one_database(self, database: Database) -> None:
        users = [a_user() for _ in range(40)]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda user: write(database, lambda work: work.users.add(user)), users))
            found = list(
                pool.map(lambda one: read(database, lambda work: work.users.get(one.id)), users)
            )

        assert found == users

    def test_a_busy_database_says_so_and_does_not_hang(self, place: Place) -> None:
        user = a_stored_user(place.open())
        impatient = place.open(busy_seconds=0.15)
        here, there = FORK.Pipe()

        def hold() -> None:
            with place.open().writing() as work:
                work.users.update(user)
                there.send("held")
                there.recv()

        holder = FORK.Process(target=hold)
        holder.start()
        assert here.recv() == "held"
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailable) as refused:
            write(impatient, lambda work: work.users.update(user))
        waited = time.monotonic() - started
        seen_meanwhile = read(impatient, lambda work: work.users.get(user.id))
        here.send("let go")
        holder.join(10)

        assert refused.value.transient
        assert 0.1 < waited < 3
        assert seen_meanwhile == user
        write(impatient, lambda work: work.users.update(user))

    def test_a_writer_that_dies_leaves_nothing_half_done_and_nobody_waiting(
        self, place: Place
    ) -> None:
        user = a_user()

        def die() -> None:
            with place.open().writing() as work:
                work.users.add(user)
                os.kill(os.getpid(), signal.SIGKILL)

        doomed = FORK.Process(target=die)
        doomed.start()
        doomed.join(10)

        database = place.open(busy_seconds=0.5)
        assert doomed.exitcode == -signal.SIGKILL
        assert read(database, lambda work: work.users.get(user.id)) is None
        write(database, lambda work: work.users.add(user))


class TestDurability:
    def test_a_commit_is_there_for_whoever_comes_later(self, every_place: Place) -> None:
        task = a_stored_task(every_place.open())

        assert read(every_place.open(), lambda work: work.tasks.get(task.id)) == task

    def test_no_acknowledged_row_is_lost_when_the_writer_is_killed(
        self, every_place: Place
    ) -> None:
        acknowledged: list[UUID] = []

        for round_ in range(10):
            source, sink = os.pipe()
            writer = FORK.Process(target=_commit_until_killed, args=(every_place, source, sink))
            writer.start()
            os.close(sink)
            heard = os.read(source, 16)
            time.sleep(0.003 * round_)
            os.kill(writer.pid or 0, signal.SIGKILL)
            writer.join()
            while chunk := os.read(source, 65_536):
                heard += chunk
            os.close(source)
            assert writer.exitcode == -signal.SIGKILL
            acknowledged += [UUID(bytes=heard[at : at + 16]) for at in range(0, len(heard), 16)]
            every_place.check()

        database = every_place.open()
        assert len(acknowledged) >= 10
        with database.writing() as work:
            assert all(work.users.get(user_id) for user_id in acknowledged)
            told = {entry.message.subject_id for entry in work.outbox.take_due(10**6, MINUTE)}
            # Each user came in one transaction with a message: neither is ever without the other.
            assert set(acknowledged) <= told
            assert all(work.users.get(user_id) for user_id in told)


def _commit_until_killed(place: Place, source: int, sink: int) -> None:
    os.close(source)
    database = place.open()
    while True:
        user = a_user()
        with database.writing() as work:
            work.users.add(user)
            work.outbox.add(Message("UserAdded", user.id, "a-request"))
            work.commit()
        os.write(sink, user.id.bytes)


class TestUsers:
    def test_gives_back_who_was_added(self, database: Database) -> None:
        user = an_admin(username="Zoë Ångström 写真", email="Zoe@Example.com")

        write(database, lambda work: work.users.add(user))

        assert read(database, lambda work: work.users.get(user.id)) == user
        assert read(database, lambda work: work.users.get(uuid4())) is None

    @pytest.mark.parametrize("name", ["Zoë", "zoë", "ZOË"])
    def test_finds_people_whatever_the_case(self, database: Database, name: str) -> None:
        user = a_stored_user(database, username="Zoë", email="Zoe@Example.com")

        assert read(database, lambda work: work.users.by_username(name)) == user
        assert read(database, lambda work: work.users.by_username(f"{name}x")) is None
        for email in ("zoe@example.com", "ZOE@EXAMPLE.COM"):
            assert read(database, lambda work: work.users.by_email(email)) == user
        assert read(database, lambda work: work.users.by_email("zo%@example.com")) is None

    @pytest.mark.parametrize("name", ["Zoë", "zoë", "ZOË"])
    def test_a_name_is_taken_whatever_its_case(self, database: Database, name: str) -> None:
        a_stored_user(database, username="Zoë")
        other = a_stored_user(database)

        with pytest.raises(UsernameTaken):
            a_stored_user(database, username=name)
        with pytest.raises(UsernameTaken):
            write(database, lambda work: work.users.update(attrs.evolve(other, username=name)))

    def test_an_address_is_taken_whatever_its_case(self, database: Database) -> None:
        a_stored_user(database, email="ada@example.com")
        other = a_stored_user(database)

        with pytest.raises(EmailTaken):
            a_stored_user(database, email="ADA@example.com")
        with pytest.raises(EmailTaken):
            write(
                database,
                lambda work: work.users.update(attrs.evolve(other, email="Ada@Example.com")),
            )

    def test_of_many_who_want_one_name_at_once_one_gets_it(self, database: Database) -> None:
        together = threading.Barrier(8)

        def ask(_: int) -> bool:
            together.wait()
            try:
                a_stored_user(database, username="ada")
            except UsernameTaken:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, range(8))) == 1

    def test_an_account_can_be_changed_and_may_change_its_own_case(
        self, database: Database
    ) -> None:
        user = a_stored_user(database, username="ada")
        changed = attrs.evolve(
            user,
            username="Ada",
            email="lovelace@example.com",
            password_hash="another",
            roles=frozenset({Role.ADMIN}),
            updated_at=NOON + MINUTE,
        )

        write(database, lambda work: work.users.update(changed))

        assert read(database, lambda work: work.users.by_username("ada")) == changed


class TestSessions:
    def test_are_found_together_with_their_user(self, database: Database) -> None:
        user = a_stored_user(database)
        session = a_session(user)

        write(database, lambda work: work.sessions.add(session))

        assert read(database, lambda work: work.sessions.with_user(session.id)) == (session, user)
        assert read(database, lambda work: work.sessions.with_user(uuid4())) is None

    def test_end_once(self, database: Database) -> None:
        session = a_session(a_stored_user(database))
        write(database, lambda work: work.sessions.add(session))

        for moment in (NOON, NOON + MINUTE):
            write(database, lambda work: work.sessions.revoke(session.id, moment))
        write(database, lambda work: work.sessions.revoke(uuid4(), NOON))

        found, _ = read(database, lambda work: work.sessions.with_user(session.id))
        assert found == attrs.evolve(session, revoked_at=NOON)

    def test_of_a_user_are_those_that_live_the_last_used_first(self, database: Database) -> None:
        ada = a_stored_user(database)
        live = [
            a_session(ada, last_used_at=NOON + MINUTE),
            a_session(ada, last_used_at=None, idle_until=None, created_at=NOON + MINUTE / 2),
            a_session(ada),
        ]
        others = [
            a_session(ada, idle_until=NOON + MINUTE),
            a_session(ada, expires_at=NOON + MINUTE),
            a_session(a_stored_user(database)),
        ]
        for session in reversed(live + others):
            write(database, lambda work: work.sessions.add(session))
        revoked = a_session(ada)
        write(database, lambda work: work.sessions.add(revoked))
        write(database, lambda work: work.sessions.revoke(revoked.id, NOON))

        found = read(database, lambda work: work.sessions.live_of(ada.id, NOON + MINUTE))

        assert found == live

    def test_are_ended_all_at_once_but_for_one(self, database: Database) -> None:
        ada = a_stored_user(database)
        sessions = [a_session(ada) for _ in range(3)]
        other = a_session(a_stored_user(database))
        for session in (*sessions, other):
            write(database, lambda work: work.sessions.add(session))

        def end(but: UUID | None) -> int:
            return write(database, lambda work: work.sessions.revoke_all_of(ada.id, NOON, but=but))

        assert end(sessions[0].id) == 2
        assert read(database, lambda work: work.sessions.live_of(ada.id, NOON)) == sessions[:1]
        assert end(None) == 1
        assert read(database, lambda work: work.sessions.live_of(ada.id, NOON)) == []
        assert read(database, lambda work: work.sessions.live_of(other.user_id, NOON)) == [other]

    def test_those_used_longest_ago_make_room(self, database: Database) -> None:
        ada = a_stored_user(database)
        used = [a_session(ada, last_used_at=NOON + number * MINUTE) for number in range(4)]
        never_used = a_session(ada, last_used_at=None, created_at=NOON + MINUTE / 2)
        revoked = a_session(ada)
        other = a_session(a_stored_user(database))
        for session in (*used, never_used, revoked, other):
            write(database, lambda work: work.sessions.add(session))
        write(database, lambda work: work.sessions.revoke(revoked.id, NOON))

        def make_room(keep: int) -> int:
            return write(
                database,
                lambda work: work.sessions.revoke_beyond(ada.id, NOON + MINUTE, keep=keep),
            )

        assert make_room(5) == 0
        assert make_room(3) == 2
        left = read(database, lambda work: work.sessions.live_of(ada.id, NOON + MINUTE))
        assert left == [used[3], used[2], used[1]]
        assert make_room(0) == 3
        assert read(database, lambda work: work.sessions.live_of(other.user_id, NOON)) == [other]

    def test_a_use_is_noted_unless_the_session_has_been_ended(self, database: Database) -> None:
        session = a_session(a_stored_user(database))
        write(database, lambda work: work.sessions.add(session))
        used = session.used(NOON + MINUTE, MINUTE)

        assert write(database, lambda work: work.sessions.note_use(used)) is True
        found, _ = read(database, lambda work: work.sessions.with_user(session.id))
        assert found == used

        write(database, lambda work: work.sessions.revoke(session.id, NOON))
        assert write(database, lambda work: work.sessions.note_use(session)) is False

    def test_those_that_ended_are_forgotten_but_for_the_newest(self, database: Database) -> None:
        ada = a_stored_user(database)
        live = a_session(ada)
        ended = [
            a_session(ada, created_at=NOON + number * MINUTE, expires_at=NOON + 9 * MINUTE)
            for number in range(4)
        ]
        for session in (live, *ended):
            write(database, lambda work: work.sessions.add(session))
            write(
                database,
                lambda work: work.sessions.add_refresh_token(session.id, str(session.id), NOON),
            )

        forgotten = write(
            database,
            lambda work: work.sessions.forget_ended(ada.id, NOON + 9 * MINUTE, keep=2),
        )

        assert forgotten == 2
        there = [
            read(database, lambda work: work.sessions.with_user(one.id)) is not None
            for one in (live, *ended)
        ]
        assert there == [True, False, False, True, True]
        assert (
            read(database, lambda work: work.sessions.find_refresh_token(str(ended[0].id))) is None
        )

    def test_a_refresh_token_is_exchanged_once(self, database: Database) -> None:
        session = a_session(a_stored_user(database))
        write(database, lambda work: work.sessions.add(session))
        write(database, lambda work: work.sessions.add_refresh_token(session.id, "one", NOON))

        def find(sha256: str) -> Any:
            return read(database, lambda work: work.sessions.find_refresh_token(sha256))

        def rotate(old: str, new: str) -> bool:
            return write(database, lambda work: work.sessions.rotate(old, new, NOON + MINUTE))

        assert find("one") == RefreshToken(session)
        assert rotate("one", "two") is True
        assert rotate("one", "three") is False
        assert rotate("nobody's", "four") is False
        assert find("one") == RefreshToken(session, used_at=NOON + MINUTE)
        assert find("two") == RefreshToken(session)
        assert find("three") is find("four") is None
        assert rotate("two", "three") is True
        assert find("one") == RefreshToken(session, used_at=NOON + MINUTE, successor_used=True)

    def test_of_eight_who_exchange_one_refresh_token_at_once_one_does(
        self, database: Database
    ) -> None:
        session = a_session(a_stored_user(database))
        write(database, lambda work: work.sessions.add(session))
        write(database, lambda work: work.sessions.add_refresh_token(session.id, "one", NOON))

        def rotate(number: int) -> bool:
            return write(database, lambda work: work.sessions.rotate("one", f"next-{number}", NOON))

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(rotate, range(8))) == [False] * 7 + [True]


class TestAPIKeys:
    def test_are_found_together_with_their_user(self, database: Database) -> None:
        ada = a_stored_user(database)
        keys = [
            an_api_key(ada, presets=frozenset({"card", "hero@2"})),
            an_api_key(ada, scopes=frozenset({Scope.IMAGES_READ}), expires_at=None),
        ]
        for key in (*keys, an_api_key(a_stored_user(database))):
            write(database, lambda work: work.api_keys.add(key))

        for key in keys:
            found = read(database, lambda work: work.api_keys.with_user(key.id))
            assert found == (key, ada)
        assert read(database, lambda work: work.api_keys.with_user(uuid4())) is None

    def test_are_listed_oldest_first_to_their_owner(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        newer, older = an_api_key(ada, created_at=NOON + MINUTE), an_api_key(ada)
        for key in (newer, older, an_api_key(bob)):
            write(database, lambda work: work.api_keys.add(key))

        assert read(database, lambda work: work.api_keys.of_user(ada.id)) == [older, newer]

    def test_are_revoked_once_and_by_their_owner_alone(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        key, other = an_api_key(ada), an_api_key(ada)
        for one in (key, other):
            write(database, lambda work: work.api_keys.add(one))

        def revoke(owner: User, now: datetime) -> Any:
            return write(database, lambda work: work.api_keys.revoke(owner.id, key.id, now))

        assert revoke(bob, NOON) is False
        assert revoke(ada, NOON + MINUTE) is True
        assert revoke(ada, NOON + 2 * MINUTE) is True

        of_ada = read(database, lambda work: work.api_keys.of_user(ada.id))
        assert {one.id: one.revoked_at for one in of_ada} == {key.id: NOON + MINUTE, other.id: None}

    def test_a_use_is_noted_unless_a_later_one_is(self, database: Database) -> None:
        key = an_api_key(a_stored_user(database))
        write(database, lambda work: work.api_keys.add(key))

        for at in (NOON, NOON + MINUTE, NOON):
            write(database, lambda work: work.api_keys.note_use(key.id, at))
        write(database, lambda work: work.api_keys.note_use(uuid4(), NOON))

        found, _ = read(database, lambda work: work.api_keys.with_user(key.id))
        assert found == attrs.evolve(key, last_used_at=NOON + MINUTE)

    def test_are_forgotten_one_by_one(self, database: Database) -> None:
        ada = a_stored_user(database)
        gone, kept = an_api_key(ada), an_api_key(ada)
        for key in (gone, kept):
            write(database, lambda work: work.api_keys.add(key))

        write(database, lambda work: work.api_keys.remove([gone.id, uuid4()]))

        assert read(database, lambda work: work.api_keys.of_user(ada.id)) == [kept]

    def test_a_scope_of_a_newer_version_opens_nothing_here(self, database: Database) -> None:
        """An older version beside it would have failed over every request with the key."""
        key = an_api_key(a_stored_user(database), scopes=frozenset({Scope.IMAGES_READ}))
        newer = SimpleNamespace(
            **attrs.asdict(key, recurse=False)
            | {"scopes": [Scope.IMAGES_READ, SimpleNamespace(value="moon:write")]}
        )
        write(database, lambda work: work.api_keys.add(newer))

        found, _ = read(database, lambda work: work.api_keys.with_user(key.id))
        assert found == key


class TestAssets:
    def an_asset(self, owner: User | None, name: str = "logo.png", **overrides: object) -> Asset:
        return an_asset_of(owner and owner.id, name=name, **overrides)

    def test_ones_own_goes_before_the_shared_one(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        shared, own = self.an_asset(None), self.an_asset(ada)

        for asset in (shared, own):
            write(database, lambda work: work.assets.add(asset))

        assert read(database, lambda work: work.assets.find(ada.id, "logo.png")) == own
        assert read(database, lambda work: work.assets.find(bob.id, "logo.png")) == shared
        assert read(database, lambda work: work.assets.find(None, "logo.png")) == shared
        assert read(database, lambda work: work.assets.find(ada.id, "LOGO.png")) is None

    def test_anothers_is_never_found(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        write(database, lambda work: work.assets.add(self.an_asset(bob)))

        assert read(database, lambda work: work.assets.find(ada.id, "logo.png")) is None
        assert read(database, lambda work: work.assets.find(None, "logo.png")) is None

    def test_an_owner_has_one_of_a_name(self, database: Database) -> None:
        ada = a_stored_user(database)
        for owner in (ada, None):
            write(database, lambda work: work.assets.add(self.an_asset(owner)))

        for owner in (ada, None):
            with pytest.raises(AlreadyExists):
                write(database, lambda work: work.assets.add(self.an_asset(owner)))

    def test_a_kind_may_be_asked_for(self, database: Database) -> None:
        ada = a_stored_user(database)
        own = self.an_asset(ada, "brand.ttf", kind=AssetKind.FONT)
        shared = self.an_asset(None, "brand.ttf", kind=AssetKind.PICTURE)
        for asset in (own, shared):
            write(database, lambda work: work.assets.add(asset))

        def found(kind: AssetKind | None) -> Asset | None:
            return read(database, lambda work: work.assets.find(ada.id, "brand.ttf", kind))

        assert found(None) == found(AssetKind.FONT) == own
        assert found(AssetKind.PICTURE) == shared

    def test_what_is_owned_is_found_with_its_owner_alone(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        own, shared = self.an_asset(ada), self.an_asset(None)
        for asset in (own, shared):
            write(database, lambda work: work.assets.add(asset))

        for owner, asset in ((ada.id, own), (None, shared), (bob.id, None)):
            assert read(database, lambda work: work.assets.owned(owner, "logo.png")) == asset

    def test_a_page_holds_ones_own_and_the_shared_newest_first(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        write(database, lambda work: work.assets.add(self.an_asset(bob)))
        made = [
            self.an_asset(owner, f"{number}.png", created_at=NOON + number // 2 * MINUTE)
            for number, owner in enumerate((ada, None, None, ada, ada))
        ]
        for asset in made:
            write(database, lambda work: work.assets.add(asset))

        def page(after: Asset | None, limit: int) -> list[Asset]:
            place = after and (after.created_at, after.id)
            return list(read(database, lambda work: work.assets.page(ada.id, place, limit)))

        newest_first = sorted(made, key=lambda one: (one.created_at, one.id))[::-1]
        assert page(None, 10) == newest_first
        assert page(None, 2) == newest_first[:2]
        assert page(newest_first[1], 2) == newest_first[2:4]
        assert page(newest_first[-1], 2) == []

    def test_what_an_account_has_is_counted(self, database: Database) -> None:
        ada = a_stored_user(database)
        for owner, name, byte_size in ((ada, "a.png", 10), (ada, "b.png", 20), (None, "c.png", 7)):
            asset = self.an_asset(owner, name, byte_size=byte_size)
            write(database, lambda work: work.assets.add(asset))

        assert read(database, lambda work: work.assets.amount_of(ada.id)) == Amount(2, 30)
        assert read(database, lambda work: work.assets.amount_of(uuid4())) == Amount(0, 0)

    def test_what_is_removed_is_gone_once(self, database: Database) -> None:
        asset = self.an_asset(None)
        write(database, lambda work: work.assets.add(asset))

        assert write(database, lambda work: work.assets.remove(asset.id)) is True
        assert write(database, lambda work: work.assets.remove(asset.id)) is False
        assert read(database, lambda work: work.assets.find(None, "logo.png")) is None

    def test_tasks_need_their_files_until_they_have_ended(self, database: Database) -> None:
        asset = self.an_asset(None)
        image = an_image(a_stored_user(database))
        task = a_queued_task(image, assets={'say "%_".png': asset.file_path, "b.png": "ab/1"})

        def needed(key: str = asset.file_path) -> bool:
            return read(database, lambda work: work.tasks.need_file(key))

        assert not needed()
        write(database, lambda work: work.images.add(image, task))
        assert needed() and needed("ab/1")
        assert not needed("b/1") and not needed(str(asset.id))
        claimed = write(database, lambda work: work.tasks.claim(task.id, MINUTE))
        assert needed()
        claimed.fail(Failure(FailureCode.DECODE_FAILED, "broken"), NOON)
        assert write(database, lambda work: work.tasks.save_if_held(claimed))
        assert not needed()


class TestPresets:
    def test_gives_back_what_a_name_stands_for_and_stood_for(self, database: Database) -> None:
        ada = a_stored_user(database)
        first = a_preset(ada, pipeline=Pipeline((Watermark("logo.png"),)))
        second = a_preset(ada, version=2, locked=True, created_at=NOON + MINUTE)

        for preset in (first, second):
            write(database, lambda work: work.presets.add(preset))

        def find(*which: Any) -> Any:
            return read(database, lambda work: work.presets.find(ada.id, *which))

        assert find("card") == find("card", 2) == second
        assert find("card", 1) == first
        assert find("card", 3) is None
        assert find("cards") is None

    def test_ones_own_goes_before_the_shared_one_whatever_its_versions(
        self, database: Database
    ) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        own, shared = a_preset(ada), a_preset(None)
        later = a_preset(None, version=2)
        for preset in (own, shared, later):
            write(database, lambda work: work.presets.add(preset))

        def find(owner: UUID | None, version: int | None = None) -> Any:
            return read(database, lambda work: work.presets.find(owner, "card", version))

        assert (find(ada.id), find(ada.id, 2)) == (own, None)
        assert (find(bob.id), find(bob.id, 1)) == (later, shared)
        assert find(None) == later

    def test_anothers_is_never_found(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        write(database, lambda work: work.presets.add(a_preset(bob)))

        for owner in (ada.id, None):
            assert read(database, lambda work: work.presets.find(owner, "card")) is None
            assert read(database, lambda work: work.presets.versions(owner, "card", None, 9)) == []
            assert read(database, lambda work: work.presets.page(owner, None, 9)) == []
            assert read(database, lambda work: work.presets.count(owner, 9)) == 0

    @pytest.mark.parametrize("is_shared", [False, True])
    def test_a_name_that_was_removed_goes_on_counting(
        self, database: Database, is_shared: bool
    ) -> None:
        user = None if is_shared else a_stored_user(database)
        owner = user and user.id
        first, second = a_preset(user), a_preset(user, version=2)
        assert write(database, lambda work: work.presets.last_version(owner, "card")) == 0
        write(database, lambda work: work.presets.add(first))
        write(database, lambda work: work.presets.remove(owner, "card"))

        assert read(database, lambda work: work.presets.find(owner, "card")) is None
        assert read(database, lambda work: work.presets.find(owner, "card", 1)) is None
        assert read(database, lambda work: work.presets.versions(owner, "card", None, 9)) == []
        assert read(database, lambda work: work.presets.page(owner, None, 9)) == []
        assert read(database, lambda work: work.presets.count(owner, 9)) == 0
        assert write(database, lambda work: work.presets.last_version(owner, "card")) == 1

        write(database, lambda work: work.presets.add(second))
        assert read(database, lambda work: work.presets.find(owner, "card")) == second
        assert read(database, lambda work: work.presets.find(owner, "card", 1)) == first

    def test_removing_touches_nobody_elses(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        for user in (ada, bob, None):
            write(database, lambda work: work.presets.add(a_preset(user)))

        write(database, lambda work: work.presets.remove(ada.id, "card"))

        assert read(database, lambda work: work.presets.find(ada.id, "card")).user_id is None
        assert read(database, lambda work: work.presets.find(bob.id, "card")).user_id == bob.id

    def test_there_is_one_of_each_version(self, database: Database) -> None:
        ada = a_stored_user(database)
        for user in (ada, None):
            write(database, lambda work: work.presets.add(a_preset(user)))

        for user in (ada, None):
            with pytest.raises(AlreadyExists):
                write(database, lambda work: work.presets.add(a_preset(user, locked=True)))
        assert not read(database, lambda work: work.presets.find(ada.id, "card")).locked

    def test_pages_go_by_name_with_ones_own_first(self, database: Database) -> None:
        ada = a_stored_user(database)
        names = ("a-b", "a_b", "a1", "ab", "b")
        for name in names:
            for user in (None, ada):
                write(database, lambda work: work.presets.add(a_preset(user, name=name)))
        newest = a_preset(ada, name="a1", version=2)
        write(database, lambda work: work.presets.add(newest))

        seen: list[Any] = []
        after = None
        while page := read(database, lambda work: work.presets.page(ada.id, after, 3)):
            seen += page
            after = (page[-1].name, page[-1].user_id is None)

        order = sorted(names)
        assert [one.name for one in seen] == [name for name in order for _ in range(2)]
        assert [one.user_id for one in seen] == [ada.id, None] * len(names)
        assert newest in seen and len(seen) == 2 * len(names)
        shared = read(database, lambda work: work.presets.page(None, None, 100))
        assert [one.user_id for one in shared] == [None] * len(names)
        assert read(database, lambda work: work.presets.count(ada.id, 100)) == len(names)
        assert read(database, lambda work: work.presets.count(None, 3)) == 3

    def test_pages_of_versions_begin_with_the_newest(self, database: Database) -> None:
        ada = a_stored_user(database)
        versions = [a_preset(ada, version=number) for number in (1, 2, 3)]
        for preset in versions:
            write(database, lambda work: work.presets.add(preset))

        def page(before: int | None) -> Any:
            return read(database, lambda work: work.presets.versions(ada.id, "card", before, 2))

        assert page(None) == [versions[2], versions[1]]
        assert page(2) == [versions[0]]
        assert page(1) == []

    def test_those_who_make_a_version_at_once_wait_for_each_other(self, place: Place) -> None:
        ada = a_stored_user(place.open())

        def make(_: int) -> int:
            with place.open().writing() as work:
                last = work.presets.last_version(ada.id, "card")
                work.presets.add(a_preset(ada, version=last + 1))
                work.commit()
            return last + 1

        write(place.open(), lambda work: work.presets.add(a_preset(ada)))
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(make, range(8)))

        assert sorted(made) == list(range(2, 10))


class TestImagesAndTasks:
    def test_gives_back_the_picture_and_its_task(self, database: Database) -> None:
        image = an_image(a_stored_user(database), label='写真 "1".jpg')
        task = a_queued_task(
            image,
            pipeline=Pipeline(
                (AutoOrient(), Resize(800, 600), Watermark("logo.png", Gravity.NORTH, opacity=0.25))
            ),
            assets={"logo.png": "abc/1"},
            notify=NotificationRequest("https://hooks.example.com/", frozenset({Occasion.FAILED})),
            correlation_id="req-1",
            preset=a_preset(version=3).origin,
        )

        write(database, lambda work: work.images.add(image, task))

        assert read(database, lambda work: work.images.get(image.id)) == image
        assert read(database, lambda work: work.tasks.get(task.id)) == task
        assert read(database, lambda work: work.images.get(uuid4())) is None
        assert read(database, lambda work: work.tasks.get(uuid4())) is None
        assert take_all(database) == [Message("TaskQueued", task.id, "req-1")]

    def test_frames_may_be_unknown_and_occasions_none(self, database: Database) -> None:
        image = an_image(a_stored_user(database))
        image = attrs.evolve(image, header=attrs.evolve(image.header, frames=None))
        task = a_queued_task(image, notify=NotificationRequest(occasions=frozenset()))

        write(database, lambda work: work.images.add(image, task))

        assert read(database, lambda work: work.images.get(image.id)) == image
        assert read(database, lambda work: work.tasks.get(task.id)) == task

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
    def test_pages_show_each_of_ones_own_images_once_newest_first(
        self, database: Database, limit: int
    ) -> None:
        """Five moments, some of several images, lie across the borders of pages."""
        ada, bert = a_stored_user(database), a_stored_user(database)
        moments = [NOON + timedelta(milliseconds=at) for at in (0, 1, 1, 1, 2, 3, 3, 4)]
        images = [an_image(user, created_at=moment) for user in (ada, bert) for moment in moments]
        for image in images[::2] + images[1::2]:
            write(database, lambda work: work.images.add(image, a_queued_task(image)))

        seen: list[Image] = []
        pages = 0
        while True:
            after = (seen[-1].created_at, seen[-1].id) if seen else None
            page = read(database, lambda work: work.images.page(ada.id, after, limit))
            if not page:
                break
            seen += page
            pages += 1

        expected = sorted(images[: len(moments)], key=lambda one: (one.created_at, one.id))[::-1]
        assert seen == expected
        assert pages == -(-len(moments) // limit)

    def test_a_page_goes_on_where_an_image_was(self, database: Database) -> None:
        """Whether it is still there or not; and what came in since does not move it."""
        user = a_stored_user(database)
        old, new, newest = (
            an_image(user, created_at=NOON + timedelta(seconds=at)) for at in range(3)
        )
        for image in (old, newest):
            write(database, lambda work: work.images.add(image, a_queued_task(image)))

        page = read(database, lambda work: work.images.page(user.id, (new.created_at, new.id), 10))

        assert page == [old]

    def test_whoever_has_no_images_has_no_page(self, database: Database) -> None:
        a_stored_task(database)

        for after in (None, (NOON + MINUTE, UUID(int=2**128 - 1)), (NOON, UUID(int=0))):
            assert not read(database, lambda work: work.images.page(uuid4(), after, 10))

    def test_moments_keep_their_order_across_time_zones(self, database: Database) -> None:
        image = an_image(a_stored_user(database))
        elsewhere = NOON.astimezone().replace(microsecond=250_000)
        task = a_queued_task(image, created_at=elsewhere)

        write(database, lambda work: work.images.add(image, task))

        found = read(database, lambda work: work.tasks.get(task.id)).created_at
        assert found == elsewhere
        assert found.tzinfo == UTC

    def test_the_newest_task_of_an_image_sets_its_status(self, database: Database) -> None:
        task = a_stored_task(database)

        def status() -> TaskStatus:
            return read(database, lambda work: work.images.get(task.image_id)).status

        assert status() is TaskStatus.QUEUED
        held = claimed(database, task)
        assert status() is TaskStatus.IN_PROGRESS
        held.fail(A_FAILURE, NOON)
        assert write(database, lambda work: work.tasks.save_if_held(held))
        assert status() is TaskStatus.FAILED
        newest = read(database, lambda work: work.tasks.newest_of(task.image_id))
        assert newest.id == task.id
        assert read(database, lambda work: work.tasks.newest_of(uuid4())) is None


class TestClaims:
    def test_a_claim_counts_an_attempt_and_a_fence(self, database: Database) -> None:
        task = a_stored_task(database)
        before = datetime.now(UTC) - timedelta(seconds=1)

        held = claimed(database, task)

        assert (held.status, held.attempts, held.fence) == (TaskStatus.IN_PROGRESS, 1, 1)
        assert held.started_at is not None and held.started_at >= before
        assert read(database, lambda work: work.tasks.get(task.id)) == held
        image = read(database, lambda work: work.images.get(task.image_id))
        assert image.status is TaskStatus.IN_PROGRESS

    def test_only_what_is_queued_can_be_claimed(self, database: Database) -> None:
        task = a_stored_task(database)
        held = claimed(database, task)

        def claim_again() -> Task | None:
            return write(database, lambda work: work.tasks.claim(task.id, MINUTE))

        assert claim_again() is None
        held.fail(A_FAILURE, NOON)
        write(database, lambda work: work.tasks.save_if_held(held))
        assert claim_again() is None
        assert write(database, lambda work: work.tasks.claim(uuid4(), MINUTE)) is None

    def test_a_claim_that_is_not_committed_is_none(self, database: Database) -> None:
        task = a_stored_task(database)

        with database.writing() as work:
            assert work.tasks.claim(task.id, MINUTE)

        assert claimed(database, task).attempts == 1

    def test_a_second_claim_counts_on_and_keeps_the_first_start(self, database: Database) -> None:
        task = a_stored_task(database)
        first = claimed(database, task)
        first.hand_back()
        write(database, lambda work: work.tasks.save_if_held(first))

        second = claimed(database, task)

        assert (second.attempts, second.fence) == (2, 2)
        assert second.started_at == read(database, lambda w: w.tasks.get(task.id)).started_at

    def test_of_eight_threads_that_race_one_wins_each_task(self, database: Database) -> None:
        tasks = [a_stored_task(database) for _ in range(10)]
        together = threading.Barrier(8)

        def race(_: int) -> list[UUID]:
            together.wait()
            return _claim_all(database, tasks)

        with ThreadPoolExecutor(8) as pool:
            won = [task_id for ids in pool.map(race, range(8)) for task_id in ids]

        assert sorted(won) == sorted(task.id for task in tasks)

    def test_of_three_processes_that_race_one_wins_each_task(self, place: Place) -> None:
        database = place.open()
        tasks = [a_stored_task(database) for _ in range(20)]
        together, answers = FORK.Barrier(3), FORK.SimpleQueue()

        def race() -> None:
            mine = place.open()
            together.wait(10)
            answers.put(_claim_all(mine, tasks))

        racers = [FORK.Process(target=race) for _ in range(3)]
        for racer in racers:
            racer.start()
        won = [task_id for _ in racers for task_id in answers.get()]
        for racer in racers:
            racer.join(10)

        assert sorted(won) == sorted(task.id for task in tasks)
        assert all(read(database, lambda w: w.tasks.get(task.id)).fence == 1 for task in tasks)


def _claim_all(database: Database, tasks: list[Task]) -> list[UUID]:
    return [
        task.id
        for task in tasks
        if write(database, lambda work: work.tasks.claim(task.id, MINUTE)) is not None
    ]


class TestFinishing:
    def test_a_completed_task_keeps_its_results_in_their_order(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database))
        take_all(database)
        results = tuple(a_result(variant=variant) for variant in ("main", "small", "a"))
        task.complete(results, NOON + MINUTE)

        assert write(database, lambda work: work.tasks.save_if_held(task))

        found = read(database, lambda work: work.tasks.get(task.id))
        assert found == task
        assert found.results == results
        newest = read(database, lambda work: work.tasks.newest_of(task.image_id))
        assert newest == task
        image = read(database, lambda work: work.images.get(task.image_id))
        assert image.status is TaskStatus.COMPLETED
        assert take_all(database) == [Message("TaskCompleted", task.id, task.correlation_id)]

    def test_a_completed_task_keeps_what_was_found_out(self, database: Database) -> None:
        pipeline = Pipeline(analyze=frozenset(Aspect))
        task = claimed(database, a_stored_task(database, pipeline=pipeline))
        task.complete((a_result(),), NOON + MINUTE, an_analysis())

        assert read(database, lambda work: work.tasks.newest_analysis_of(task.image_id)) is None
        assert write(database, lambda work: work.tasks.save_if_held(task))

        assert read(database, lambda work: work.tasks.get(task.id)) == task
        assert read(database, lambda work: work.tasks.newest_of(task.image_id)) == task
        found = read(database, lambda work: work.tasks.newest_analysis_of(task.image_id))
        assert found == an_analysis()

    def test_an_analysis_counts_only_while_the_fence_holds(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database))
        task.fence += 1
        task.complete((a_result(),), NOON + MINUTE, an_analysis())

        assert not write(database, lambda work: work.tasks.save_if_held(task))

        assert read(database, lambda work: work.tasks.newest_analysis_of(task.image_id)) is None

    def test_the_newest_task_that_was_asked_answers(self, database: Database) -> None:
        image = an_image(a_stored_user(database))
        tasks = [a_queued_task(image, created_at=NOON + number * MINUTE) for number in range(4)]
        write(database, lambda work: work.images.add(image, tasks[0]))
        for task in tasks[1:]:
            write(database, lambda work: work.tasks.add(task))
        analyses = [an_analysis(), an_analysis(phash="0" * 16), None]
        # Which one ends last means nothing; the fourth is not done at all.
        for task, analysis in reversed(list(zip(tasks, analyses, strict=False))):
            held = claimed(database, task)
            held.complete((a_result(),), NOON, analysis)
            assert write(database, lambda work: work.tasks.save_if_held(held))

        found = read(database, lambda work: work.tasks.newest_analysis_of(image.id))

        assert found == analyses[1]
        assert read(database, lambda work: work.tasks.newest_analysis_of(uuid4())) is None

    def test_a_failed_task_keeps_its_reason(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database))
        take_all(database)
        task.fail(A_FAILURE, NOON + MINUTE)

        assert write(database, lambda work: work.tasks.save_if_held(task))

        assert read(database, lambda work: work.tasks.get(task.id)) == task
        image = read(database, lambda work: work.images.get(task.image_id))
        assert image.status is TaskStatus.FAILED
        assert [message.kind for message in take_all(database)] == ["TaskFailed"]

    def test_a_task_that_is_handed_back_is_rung_for_after_the_delay(
        self, database: Database
    ) -> None:
        task = claimed(database, a_stored_task(database))
        take_all(database)
        task.hand_back()

        assert write(database, lambda work: work.tasks.save_if_held(task, delay=SOON))

        image = read(database, lambda work: work.images.get(task.image_id))
        assert image.status is TaskStatus.QUEUED
        assert read(database, lambda work: work.outbox.count()) == 1
        time.sleep(2 * SOON.total_seconds())
        assert [message.subject_id for message in take_all(database)] == [task.id]

    @pytest.mark.parametrize("end", ["complete", "fail", "hand_back"])
    def test_a_lost_fence_changes_nothing_at_all(self, database: Database, end: str) -> None:
        stale = claimed(database, a_stored_task(database), lease=AT_ONCE)
        [lost] = write(database, lambda work: work.tasks.expired(10))
        lost.lose_worker(NOON)
        write(database, lambda work: work.tasks.save_if_held(lost))
        current = claimed(database, stale)
        take_all(database)
        image = read(database, lambda work: work.images.get(stale.image_id))
        {
            "complete": lambda: stale.complete((a_result(),), NOON),
            "fail": lambda: stale.fail(A_FAILURE, NOON),
            "hand_back": stale.hand_back,
        }[end]()

        held = write(database, lambda work: work.tasks.save_if_held(stale))

        assert held is False
        assert read(database, lambda work: work.tasks.get(stale.id)) == current
        assert read(database, lambda work: work.images.get(image.id)) == image
        assert read(database, lambda work: work.outbox.count()) == 0
        current.complete((a_result(file_path="abc/2"),), NOON)
        assert write(database, lambda work: work.tasks.save_if_held(current))
        assert read(database, lambda work: work.tasks.get(stale.id)).results == current.results

    def test_what_was_taken_back_and_not_claimed_again_is_lost_as_well(
        self, database: Database
    ) -> None:
        stale = claimed(database, a_stored_task(database), lease=AT_ONCE)
        [lost] = write(database, lambda work: work.tasks.expired(10))
        lost.lose_worker(NOON)
        write(database, lambda work: work.tasks.save_if_held(lost))
        stale.complete((a_result(),), NOON)

        assert write(database, lambda work: work.tasks.save_if_held(stale)) is False

        assert read(database, lambda work: work.tasks.get(stale.id)).results == ()

    def test_one_end_is_written_once(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database))
        again = read(database, lambda work: work.tasks.get(task.id))
        for one in (task, again):
            one.complete((a_result(),), NOON)

        assert write(database, lambda work: work.tasks.save_if_held(task))
        assert write(database, lambda work: work.tasks.save_if_held(again)) is False

        assert read(database, lambda work: work.tasks.get(task.id)).results == task.results


class TestLeases:
    def test_a_lease_of_less_than_a_second_ends_on_time(self, database: Database) -> None:
        tasks = [
            claimed(database, a_stored_task(database), lease)
            for lease in (MINUTE, timedelta(milliseconds=150), AT_ONCE)
        ]

        at_first = write(database, lambda work: work.tasks.expired(10))
        time.sleep(0.16)
        later = write(database, lambda work: work.tasks.expired(10))

        assert tasks[2] in at_first and tasks[0] not in at_first
        assert {task.id for task in later} == {tasks[1].id, tasks[2].id}
        assert write(database, lambda work: work.tasks.expired(1)) == later[:1]

    def test_the_longest_overdue_comes_first(self, database: Database) -> None:
        tasks = [
            claimed(database, a_stored_task(database), -seconds * timedelta(seconds=1))
            for seconds in (1, 3, 2)
        ]

        overdue = write(database, lambda work: work.tasks.expired(2))

        assert [task.id for task in overdue] == [tasks[1].id, tasks[2].id]

    def test_a_lease_is_extended_only_while_the_fence_holds(self, database: Database) -> None:
        first, second = (claimed(database, a_stored_task(database), AT_ONCE) for _ in range(2))
        done = claimed(database, a_stored_task(database), AT_ONCE)
        done.fail(A_FAILURE, NOON)
        write(database, lambda work: work.tasks.save_if_held(done))
        held = [(first.id, first.fence), (second.id, second.fence + 1), (done.id, done.fence)]

        write(database, lambda work: work.tasks.extend_leases(held, MINUTE))
        write(database, lambda work: work.tasks.extend_leases([], MINUTE))

        assert write(database, lambda work: work.tasks.expired(10)) == [second]
        assert read(database, lambda work: work.tasks.get(done.id)) == done

    def test_a_task_that_waits_unrung_is_rung_ever_more_patiently(self, database: Database) -> None:
        waiting, busy = a_stored_task(database), a_stored_task(database)
        claimed(database, busy)
        take_all(database)
        patience = timedelta(milliseconds=80)

        def ring_again(older_than: timedelta) -> int:
            return write(database, lambda work: work.tasks.ring_again(older_than, 10))

        assert ring_again(MINUTE) == 0
        time.sleep(0.1)
        assert ring_again(patience) == 1
        assert take_all(database) == [Message("TaskQueued", waiting.id, waiting.correlation_id)]
        assert ring_again(MINUTE) == 0
        time.sleep(0.1)
        assert ring_again(patience) == 0
        time.sleep(0.08)
        assert ring_again(patience) == 1

    def test_an_image_is_touched_whenever_the_state_of_its_task_changes(
        self, database: Database
    ) -> None:
        task = a_stored_task(database)
        added_at = read(database, lambda work: work.images.get(task.image_id)).updated_at

        claimed(database, task)

        assert read(database, lambda work: work.images.get(task.image_id)).updated_at > added_at

    def test_an_end_that_nobody_announced_is_told_again(self, database: Database) -> None:
        completed, failed, announced = (
            claimed(database, a_stored_task(database)) for _ in range(3)
        )
        completed.complete((a_result(),), NOON)
        failed.fail(A_FAILURE, NOON)
        announced.fail(A_FAILURE, NOON)
        for task in (completed, failed, announced):
            write(database, lambda work: work.tasks.save_if_held(task))
        a_stored_task(database)

        def announce_again(older_than: timedelta) -> int:
            return write(database, lambda work: work.tasks.announce_again(older_than, 10))

        write(database, lambda work: work.tasks.mark_announced(announced.id))
        # As long as the first message waits for the broker, a second would change nothing.
        assert announce_again(AT_ONCE) == 0
        take_all(database)
        assert announce_again(MINUTE) == 0
        assert announce_again(AT_ONCE) == 2

        assert {(message.kind, message.subject_id) for message in take_all(database)} == {
            ("TaskCompleted", completed.id),
            ("TaskFailed", failed.id),
        }

    def test_a_task_that_is_saved_on_its_way_keeps_its_lease(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database), AT_ONCE)

        assert write(database, lambda work: work.tasks.save_if_held(task))

        assert write(database, lambda work: work.tasks.expired(10)) == [task]

    def test_rings_for_no_more_than_the_limit(self, database: Database) -> None:
        for _ in range(3):
            a_stored_task(database)

        def ring_again() -> int:
            time.sleep(0.002)  # rings of one millisecond have no order
            return write(database, lambda work: work.tasks.ring_again(AT_ONCE, 2))

        # While the first ring still waits for the broker, a second would only make it longer.
        assert ring_again() == 0
        take_all(database)
        assert [ring_again(), ring_again(), ring_again()] == [2, 1, 0]
        assert len(take_all(database)) == 3

    def test_pages_show_each_of_ones_own_tasks_once_newest_first(self, database: Database) -> None:
        image = an_image(a_stored_user(database))
        tasks = [
            a_queued_task(image, created_at=NOON + number // 2 * MINUTE) for number in range(5)
        ]
        write(database, lambda work: work.images.add(image, tasks[0]))
        for task in tasks[1:]:
            write(database, lambda work: work.tasks.add(task))
        a_stored_task(database)
        claimed(database, tasks[3])

        def page(status: TaskStatus | None, after: Any, limit: int = 2) -> list[Task]:
            return list(
                read(database, lambda w: w.tasks.page_of(image.user_id, status, after, limit))
            )

        seen, after = [], None
        while found := page(None, after):
            seen += found
            after = (found[-1].created_at, found[-1].id)
        order = sorted(tasks, key=lambda one: (one.created_at, one.id), reverse=True)
        assert [one.id for one in seen] == [one.id for one in order]
        assert [one.id for one in page(TaskStatus.IN_PROGRESS, None)] == [tasks[3].id]
        assert len(page(TaskStatus.QUEUED, None, 10)) == 4
        assert page(TaskStatus.FAILED, None) == []

    def test_counts_what_is_open(self, database: Database) -> None:
        assert read(database, lambda w: w.tasks.count_by_status()) == {
            "queued": 0,
            "in progress": 0,
        }
        tasks = [a_stored_task(database) for _ in range(4)]
        claimed(database, tasks[0])
        done = claimed(database, tasks[1])
        done.fail(A_FAILURE, NOON)
        write(database, lambda work: work.tasks.save_if_held(done))

        assert read(database, lambda w: w.tasks.count_by_status()) == {
            "queued": 2,
            "in progress": 1,
        }


class TestOutbox:
    def test_messages_come_out_oldest_first_and_go_once_confirmed(self, database: Database) -> None:
        messages = [a_message(kind) for kind in ("TaskQueued", "TaskCompleted", "TaskFailed")]
        for message in messages:
            write(database, lambda work: work.outbox.add(message))

        taken = write(database, lambda work: work.outbox.take_due(2, MINUTE))
        rest = write(database, lambda work: work.outbox.take_due(2, MINUTE))
        write(database, lambda work: work.outbox.remove([entry.id for entry in taken]))

        assert [entry.message for entry in taken] == messages[:2]
        assert [entry.message for entry in rest] == messages[2:]
        assert read(database, lambda work: work.outbox.count()) == 1

    def test_what_is_taken_is_nobody_elses_until_the_lease_is_over(
        self, database: Database
    ) -> None:
        write(database, lambda work: work.outbox.add(a_message()))

        first = write(database, lambda work: work.outbox.take_due(10, AT_ONCE))
        assert read(database, lambda work: work.outbox.has_due())
        second = write(database, lambda work: work.outbox.take_due(10, MINUTE))
        assert not read(database, lambda work: work.outbox.has_due())
        third = write(database, lambda work: work.outbox.take_due(10, MINUTE))

        assert first == second and len(first) == 1
        assert third == []

    def test_what_is_given_back_is_due_after_the_delay(self, database: Database) -> None:
        for _ in range(2):
            write(database, lambda work: work.outbox.add(a_message()))
        soon, late = write(database, lambda work: work.outbox.take_due(10, MINUTE))

        write(database, lambda work: work.outbox.release([soon.id], AT_ONCE))
        write(database, lambda work: work.outbox.release([late.id], MINUTE))

        assert write(database, lambda work: work.outbox.take_due(10, MINUTE)) == [soon]

    def test_a_delayed_message_waits(self, database: Database) -> None:
        late, at_once, soon = a_message(), a_message(), a_message()
        write(database, lambda work: work.outbox.add(late, delay=MINUTE))
        write(database, lambda work: work.outbox.add(soon, delay=SOON))
        write(database, lambda work: work.outbox.add(at_once))

        assert read(database, lambda work: work.outbox.count()) == 3
        time.sleep(2 * SOON.total_seconds())
        assert set(take_all(database)) == {at_once, soon}
        assert read(database, lambda work: work.outbox.has_due()) is False

    def test_two_takers_at_once_share_the_messages(self, database: Database) -> None:
        for _ in range(60):
            write(database, lambda work: work.outbox.add(a_message()))
        together = threading.Barrier(4)

        def take(_: int) -> list[int]:
            together.wait()
            ids = []
            while batch := write(database, lambda work: work.outbox.take_due(7, MINUTE)):
                ids += [entry.id for entry in batch]
            return ids

        with ThreadPoolExecutor(4) as pool:
            taken = [id for ids in pool.map(take, range(4)) for id in ids]

        assert len(taken) == len(set(taken)) == 60

    def test_the_bell_rings_after_a_commit_that_left_something_due(self, place: Place) -> None:
        elsewhere = place.open()
        rings: list[int] = []
        # A bell that looks: what it is rung for is visible to others by then.
        database = place.open(
            on_outbox=lambda: rings.append(read(elsewhere, lambda work: work.outbox.count()))
        )

        with database.writing() as work:
            work.outbox.add(a_message())
        assert rings == []
        write(database, lambda work: work.outbox.add(a_message(), delay=MINUTE))
        assert rings == []
        task = a_stored_task(database)
        assert rings == [2]
        claimed(database, task)
        entries = write(database, lambda work: work.outbox.take_due(10, MINUTE))
        write(database, lambda work: work.outbox.remove([entry.id for entry in entries]))
        assert rings == [2]
        write(database, lambda work: work.tasks.ring_again(AT_ONCE, 10))
        assert rings == [2]


class TestDeliveries:
    def test_are_added_once_for_each_address(self, database: Database) -> None:
        task = a_stored_task(database)
        mail = a_delivery(task)
        hook = a_delivery(task, channel=ChannelKind.WEBHOOK, address="https://a.example/")
        other = a_delivery(task, address="bob@example.com", occasion=Occasion.FAILED)

        write(database, lambda work: work.deliveries.add_new([mail, hook]))
        again = [a_delivery(task), attrs.evolve(hook, id=uuid4()), other]
        write(database, lambda work: work.deliveries.add_new(again))

        found = read(database, lambda work: work.deliveries.of_task(task.id))
        assert sorted(found, key=lambda one: one.id) == sorted(
            [mail, hook, other], key=lambda one: one.id
        )
        assert read(database, lambda work: work.deliveries.of_task(uuid4())) == []

    def test_one_claim_holds_until_its_lease_is_over(self, database: Database) -> None:
        delivery = a_delivery(a_stored_task(database))
        write(database, lambda work: work.deliveries.add_new([delivery]))

        def claim(lease: timedelta) -> Any:
            return write(database, lambda work: work.deliveries.claim(delivery.id, lease))

        assert claim(AT_ONCE) == delivery
        assert write(database, lambda work: work.deliveries.due(10)) == [delivery]
        assert claim(MINUTE) == delivery
        assert claim(MINUTE) is None
        assert write(database, lambda work: work.deliveries.due(10)) == []
        assert write(database, lambda work: work.deliveries.claim(uuid4(), MINUTE)) is None

    def test_of_eight_notifiers_one_claims(self, database: Database) -> None:
        delivery = a_delivery(a_stored_task(database))
        write(database, lambda work: work.deliveries.add_new([delivery]))
        together = threading.Barrier(8)

        def claim(_: int) -> bool:
            together.wait()
            found = write(database, lambda work: work.deliveries.claim(delivery.id, MINUTE))
            return found is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(claim, range(8))) == 1

    def test_what_was_attempted_is_kept_and_may_be_claimed_when_due(
        self, database: Database
    ) -> None:
        delivery = a_delivery(a_stored_task(database))
        write(database, lambda work: work.deliveries.add_new([delivery]))
        held = write(database, lambda work: work.deliveries.claim(delivery.id, MINUTE))

        held.fail("no answer", NOON, transient=True)
        write(database, lambda work: work.deliveries.save(held))

        assert write(database, lambda work: work.deliveries.due(10)) == [held]
        again = write(database, lambda work: work.deliveries.claim(delivery.id, MINUTE))
        assert (again.attempts, again.last_error) == (1, "no answer")
        assert again.due_at == NOON + timedelta(seconds=5)

    def test_what_is_not_due_or_at_an_end_cannot_be_claimed(self, database: Database) -> None:
        task = a_stored_task(database)
        later, done = a_delivery(task), a_delivery(task, address="bob@example.com")
        later.due_at = datetime.now(UTC).replace(microsecond=0) + MINUTE
        done.succeed()
        write(database, lambda work: work.deliveries.add_new([later, done]))

        for delivery in (later, done):
            assert write(database, lambda w: w.deliveries.claim(delivery.id, MINUTE)) is None
        assert write(database, lambda work: work.deliveries.due(10)) == []
        statuses = {d.status for d in read(database, lambda w: w.deliveries.of_task(task.id))}
        assert statuses == {DeliveryStatus.PENDING, DeliveryStatus.DELIVERED}

    def test_a_late_report_does_not_undo_a_delivery(self, database: Database) -> None:
        delivery = a_delivery(a_stored_task(database))
        write(database, lambda work: work.deliveries.add_new([delivery]))
        quick, late = (
            write(database, lambda work: work.deliveries.claim(delivery.id, AT_ONCE))
            for _ in range(2)
        )

        quick.succeed()
        late.fail("timed out", NOON, transient=True)
        for report in (quick, late):
            write(database, lambda work: work.deliveries.save(report))

        assert read(database, lambda w: w.deliveries.of_task(delivery.task_id)) == [quick]
        assert write(database, lambda work: work.deliveries.due(10)) == []

    def test_what_is_due_comes_oldest_first(self, database: Database) -> None:
        task = a_stored_task(database)
        deliveries = [
            a_delivery(task, address=f"{hours}@example.com", due_at=NOON - hours * 60 * MINUTE)
            for hours in (1, 3, 2)
        ]
        write(database, lambda work: work.deliveries.add_new(deliveries))

        due = write(database, lambda work: work.deliveries.due(2))

        assert due == [deliveries[1], deliveries[2]]

    def test_what_is_postponed_may_still_be_claimed(self, database: Database) -> None:
        delivery = a_delivery(a_stored_task(database))
        write(database, lambda work: work.deliveries.add_new([delivery]))

        write(database, lambda work: work.deliveries.postpone(delivery.id, AT_ONCE))
        assert write(database, lambda work: work.deliveries.due(10)) == [delivery]
        write(database, lambda work: work.deliveries.postpone(delivery.id, MINUTE))
        assert write(database, lambda work: work.deliveries.due(10)) == []
        assert write(database, lambda work: work.deliveries.claim(delivery.id, MINUTE))


class TestLetters:
    def a_letter(self, user: User | None = None, **overrides: Any) -> Letter:
        return Letter(
            **{
                "id": uuid4(),
                "kind": LetterKind.PASSWORD_RESET,
                "address": "ada@example.com",
                "user_id": user.id if user else None,
                "created_at": NOON,
                "due_at": NOON,
            }
            | overrides
        )

    def a_stored_letter(self, database: Database, **overrides: Any) -> Letter:
        letter = self.a_letter(a_stored_user(database), **overrides)
        write(database, lambda work: work.letters.add(letter))
        return letter

    def with_token(self, database: Database, letter: Letter, token: str) -> None:
        user_id = letter.user_id
        assert user_id is not None
        write(
            database,
            lambda work: work.letters.keep_token(letter.id, user_id, token, NOON + MINUTE),
        )

    def test_one_that_is_removed_is_forgotten(self, database: Database) -> None:
        letter, other = self.a_stored_letter(database), self.a_stored_letter(database)

        write(database, lambda work: work.letters.remove(letter.id))

        assert write(database, lambda work: work.letters.claim(letter.id, MINUTE)) is None
        assert write(database, lambda work: work.letters.claim(other.id, MINUTE)) == other

    def test_one_claim_holds_until_its_lease_is_over(self, database: Database) -> None:
        letter = self.a_stored_letter(database)
        other = self.a_letter()
        write(database, lambda work: work.letters.add(other))

        def claim(lease: timedelta = MINUTE, one: Letter = letter) -> Letter | None:
            return write(database, lambda work: work.letters.claim(one.id, lease))

        assert claim(AT_ONCE) == letter
        assert claim() == letter
        assert claim() is None
        assert claim(one=other) == other
        assert write(database, lambda work: work.letters.claim(uuid4(), MINUTE)) is None

    def test_what_was_attempted_is_kept(self, database: Database) -> None:
        letter = self.a_stored_letter(database)
        write(database, lambda work: work.letters.claim(letter.id, MINUTE))
        letter.fail("away", NOON, transient=True)
        write(database, lambda work: work.letters.save(letter))

        [again] = write(database, lambda work: work.letters.due(10))
        assert again == letter and again.attempts == 1
        again.succeed()
        write(database, lambda work: work.letters.save(again))

        assert write(database, lambda work: work.letters.due(10)) == []
        assert not read(database, lambda work: work.letters.has_due())

    def test_what_is_due_comes_oldest_first_unless_it_is_postponed(
        self, database: Database
    ) -> None:
        newer = self.a_stored_letter(database, due_at=NOON + MINUTE)
        older = self.a_stored_letter(database)
        self.a_stored_letter(database, due_at=datetime.now(UTC) + timedelta(days=1))

        assert read(database, lambda work: work.letters.has_due())
        assert write(database, lambda work: work.letters.due(10)) == [older, newer]
        write(database, lambda work: work.letters.postpone(older.id, MINUTE))
        assert write(database, lambda work: work.letters.due(10)) == [newer]

    def test_are_counted_by_address_and_kind(self, database: Database) -> None:
        self.a_stored_letter(database, address="Ada@example.com")
        self.a_stored_letter(database, created_at=NOON + MINUTE)
        self.a_stored_letter(database, kind=LetterKind.EMAIL_CHANGED)
        self.a_stored_letter(database, address="bob@example.com")

        def count(since: datetime) -> int:
            return read(
                database,
                lambda work: work.letters.count_to(
                    "ADA@example.com", LetterKind.PASSWORD_RESET, since
                ),
            )

        assert count(NOON - MINUTE) == 2
        assert count(NOON) == 1

    def test_a_token_is_good_once_and_for_a_while(self, database: Database) -> None:
        letter = self.a_stored_letter(database)
        self.with_token(database, letter, "first")
        self.with_token(database, letter, "digest")

        def find(sha256: str, now: datetime, kind: LetterKind = letter.kind) -> Letter | None:
            return read(database, lambda work: work.letters.by_token(kind, sha256, now))

        def use(sha256: str, now: datetime, kind: LetterKind = letter.kind) -> bool:
            return write(database, lambda work: work.letters.use_token(kind, sha256, now))

        assert find("digest", NOON) == letter
        assert find("first", NOON) is None
        assert find("digest", NOON, LetterKind.EMAIL_VERIFICATION) is None
        assert find("digest", NOON + MINUTE) is None
        assert use("digest", NOON + MINUTE) is False
        assert use("digest", NOON, LetterKind.EMAIL_VERIFICATION) is False
        assert use("digest", NOON) is True
        assert use("digest", NOON) is False
        assert find("digest", NOON) is None

    def test_of_eight_who_use_a_token_at_once_one_does(self, database: Database) -> None:
        letter = self.a_stored_letter(database)
        self.with_token(database, letter, "digest")

        def use(_: int) -> bool:
            return write(database, lambda work: work.letters.use_token(letter.kind, "digest", NOON))

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(use, range(8))) == [False] * 7 + [True]

    def test_the_tokens_of_a_user_are_voided_by_kind(self, database: Database) -> None:
        letters = [
            self.a_stored_letter(database),
            self.a_stored_letter(database),
            self.a_stored_letter(database, kind=LetterKind.EMAIL_VERIFICATION),
        ]
        for number, letter in enumerate(letters):
            self.with_token(database, letter, str(number))
        owner = letters[0].user_id
        assert owner is not None

        for kind in (LetterKind.PASSWORD_RESET, LetterKind.EMAIL_VERIFICATION):
            write(database, lambda work: work.letters.void_tokens(owner, kind, NOON))

        good = [
            read(database, lambda work: work.letters.by_token(one.kind, str(number), NOON))
            is not None
            for number, one in enumerate(letters)
        ]
        assert good == [False, True, True]


class TestErasures:
    def a_stored_erasure(self, database: Database, user: User, **overrides: Any) -> Erasure:
        erasure = Erasure(**{"id": uuid4(), "user_id": user.id, "requested_at": NOON} | overrides)
        write(database, lambda work: work.erasures.add(erasure))
        return erasure

    def test_every_table_that_holds_something_of_a_user_is_thought_of(
        self, database: Database
    ) -> None:
        """Whoever adds a table says here that it is destroyed with the account."""
        kept = {"erasures", "audit_entries"}  # the receipt, and the operator's evidence
        with database.reading() as work:
            connection = work.erasures._connection  # type: ignore[attr-defined]
            tables = (
                "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
                " WHERE m.type = 'table'"
                if isinstance(database, SqliteDatabase)
                else "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = current_schema()"
            )
            columns = connection.rows(tables)
        theirs = {table for table, column in columns if column in ("user_id", "task_id")}
        statements = " ".join(" ".join((*WITHDRAWN.values(), *OF_A_TASK.values())).split())
        thought_of = {table for table in theirs if f"FROM {table} " in statements}

        assert theirs - thought_of - kept == {"images", "tasks", "assets"}

    def test_gives_back_what_is_saved(self, database: Database) -> None:
        erasure = self.a_stored_erasure(database, a_stored_user(database), counts={"images": 1})
        changed = attrs.evolve(
            erasure.with_counts({"images": 2, "files": 3}),
            destroyed_at=NOON + MINUTE,
            files_sha256=A_SHA256,
        )

        assert read(database, lambda work: work.erasures.get(erasure.id)) == erasure
        write(database, lambda work: work.erasures.save(changed))

        assert read(database, lambda work: work.erasures.get(erasure.id)) == changed
        assert changed.counts == {"images": 3, "files": 3}
        assert read(database, lambda work: work.erasures.get(uuid4())) is None

    def test_rows_go_and_their_files_are_written_down(self, database: Database) -> None:
        task = a_stored_task(database)
        done = claimed(database, task)
        done.complete([a_result()], NOON)
        assert write(database, lambda work: work.tasks.save_if_held(done))
        user = read(database, lambda work: work.users.get(task.user_id))
        other = a_stored_task(database)
        erasure = self.a_stored_erasure(database, user)

        def destroy() -> Any:
            return write(database, lambda work: work.erasures.destroy_pictures(erasure, 10))

        gone = destroy()

        assert (gone["images"], gone["tasks"], gone["results"], gone["files"]) == (1, 1, 1, 2)
        assert destroy() == {}
        assert read(database, lambda work: work.tasks.get(task.id)) is None
        assert read(database, lambda work: work.images.get(task.image_id)) is None
        assert read(database, lambda work: work.tasks.get(other.id)) is not None
        files = read(database, lambda work: work.erasures.undestroyed(erasure.id, 10))
        assert [file.position for file in files] == [1, 2]
        write(database, lambda work: work.erasures.mark_destroyed(erasure.id, files[:1]))
        assert read(database, lambda w: w.erasures.undestroyed(erasure.id, 10)) == files[1:]
        assert read(database, lambda work: work.erasures.files(erasure.id, 0, 10)) == files
        assert read(database, lambda work: work.erasures.files(erasure.id, 1, 10)) == files[1:]

    def test_are_due_until_they_are_closed(self, database: Database) -> None:
        user = a_stored_user(database)
        erasure = self.a_stored_erasure(database, user)

        def due(now: datetime) -> Any:
            found = write(database, lambda work: work.erasures.due(now, 10))
            assert read(database, lambda work: work.erasures.has_due(now)) is bool(found)
            return found

        assert due(NOON) == [erasure.id]
        write(database, lambda work: work.erasures.postpone(erasure.id, MINUTE))
        assert due(NOON) == []
        write(database, lambda work: work.erasures.postpone(erasure.id, -MINUTE))
        done = attrs.evolve(erasure, destroyed_at=NOON)
        write(database, lambda work: work.erasures.save(done))
        assert due(NOON) == []
        assert due(NOON + CLOSED_AFTER) == [erasure.id]
        assert write(database, lambda work: work.erasures.hold(erasure.id)) == done
        write(database, lambda work: work.erasures.close(done))
        assert due(NOON + CLOSED_AFTER) == []
        assert write(database, lambda work: work.erasures.hold(erasure.id)) is None
        assert read(database, lambda work: work.users.get(user.id)) is None

    def test_a_picture_goes_alone_and_tells_its_files(self, database: Database) -> None:
        task = a_stored_task(database, assets={"logo.png": "shared/0"})
        done = claimed(database, task)
        result = a_result()
        done.complete([result], NOON)
        assert write(database, lambda work: work.tasks.save_if_held(done))
        write(database, lambda work: work.deliveries.add_new([a_delivery(done)]))
        image = read(database, lambda work: work.images.get(task.image_id))
        user = read(database, lambda work: work.users.get(task.user_id))
        kept = an_image(user)
        write(database, lambda work: work.images.add(kept, a_queued_task(kept)))

        def destroy(image_id: UUID) -> Any:
            return write(database, lambda work: work.erasures.destroy_picture(image_id, NOON))

        assert destroy(task.image_id) == [image.file_path, result.file_path]
        assert destroy(task.image_id) is None
        assert destroy(uuid4()) is None
        assert read(database, lambda work: work.images.get(task.image_id)) is None
        assert read(database, lambda work: work.tasks.get(task.id)) is None
        assert read(database, lambda work: work.deliveries.of_task(task.id)) == []
        assert read(database, lambda work: work.images.page(user.id, None, 10)) == [
            read(database, lambda work: work.images.get(kept.id))
        ]
        assert read(database, lambda work: work.images.usage_of(user.id, NOON - MINUTE)) == Usage(
            1, kept.byte_size, 1, NOON
        )

    def test_tasks_of_pictures_that_are_gone_count_until_they_are_old(
        self, database: Database
    ) -> None:
        task = a_stored_task(database)
        made = task.created_at
        user = read(database, lambda work: work.users.get(task.user_id))
        kept = an_image(user)
        write(database, lambda work: work.images.add(kept, a_queued_task(kept)))

        def usage(since: datetime) -> Usage:
            found: Usage = read(database, lambda work: work.images.usage_of(user.id, since))
            return found

        before = usage(made - MINUTE)
        write(database, lambda work: work.erasures.destroy_picture(task.image_id, made - MINUTE))

        assert (usage(made - MINUTE).tasks, before.tasks) == (2, 2)
        assert usage(made - MINUTE).oldest_task_at == before.oldest_task_at
        assert usage(made - MINUTE).images == before.images - 1
        assert usage(made).tasks == 0
        # Those that are too old to count are forgotten when the next picture goes.
        write(database, lambda work: work.erasures.destroy_picture(kept.id, made))
        assert usage(made - MINUTE).tasks == 0

    def test_a_pictures_files_are_due_until_they_are_gone(self, database: Database) -> None:
        user = a_stored_user(database)
        erasure = Erasure(uuid4(), user.id, NOON, has_account=False)
        write(database, lambda work: work.erasures.add(erasure, ["a/0", "b/1"]))

        def due() -> Any:
            found = write(database, lambda work: work.erasures.due(NOON, 10))
            assert read(database, lambda work: work.erasures.has_due(NOON)) is bool(found)
            return found

        def forget(position: int) -> None:
            files = read(database, lambda work: work.erasures.files(erasure.id, position - 1, 1))
            write(database, lambda work: work.erasures.mark_destroyed(erasure.id, files))
            write(database, lambda work: work.erasures.forget(erasure.id))

        assert due() == [erasure.id]
        write(database, lambda work: work.erasures.postpone(erasure.id, MINUTE))
        assert due() == []
        write(database, lambda work: work.erasures.postpone(erasure.id, -MINUTE))
        forget(1)
        assert due() == [erasure.id]
        assert write(database, lambda work: work.erasures.hold(erasure.id)) == erasure
        assert [f.key for f in read(database, lambda w: w.erasures.undestroyed(erasure.id, 9))] == [
            "b/1"
        ]
        forget(2)
        assert due() == []
        assert read(database, lambda work: work.erasures.get(erasure.id)) is None
        assert read(database, lambda work: work.users.get(user.id)) == user

    def test_an_earlier_version_does_not_take_a_pictures_for_an_accounts(
        self, database: Database
    ) -> None:
        """It would have destroyed the account: it carries out what is not closed."""
        erasure = Erasure(uuid4(), a_stored_user(database).id, NOON, has_account=False)
        write(database, lambda work: work.erasures.add(erasure, ["a/0"]))

        with database.reading() as work:
            connection = work.erasures._connection  # type: ignore[attr-defined]
            assert connection.rows("SELECT 1 FROM erasures WHERE closed_at IS NULL") == []

    def test_who_is_withdrawn_is_known_by_nothing(self, database: Database) -> None:
        user = a_stored_user(database)
        session, key = a_session(user), an_api_key(user)
        write(database, lambda work: work.sessions.add(session))
        write(database, lambda work: work.api_keys.add(key))

        gone = write(database, lambda work: work.erasures.withdraw(user.id, user.email))

        assert gone == {"sessions": 1, "apiKeys": 1}
        assert read(database, lambda work: work.sessions.with_user(session.id)) is None
        assert read(database, lambda work: work.api_keys.with_user(key.id)) is None
        assert read(database, lambda work: work.users.by_email(user.email)) is None
        assert read(database, lambda work: work.users.by_username(user.username)) is None

    def test_what_is_left_of_an_account_for_a_day_is_none(self, database: Database) -> None:
        user, other = a_stored_user(database, roles=frozenset(Role)), a_stored_user(database)
        write(database, lambda work: work.erasures.withdraw(user.id, user.email))
        nobody = f"erased-{user.id}"

        assert read(database, lambda work: work.users.get(user.id)) is None
        assert write(database, lambda work: work.users.hold(user.id)) is None
        assert read(database, lambda work: work.users.by_username(nobody)) is None
        assert read(database, lambda work: work.users.by_email(f"{user.id}@erased.invalid")) is None
        assert write(database, lambda work: work.users.hold_admins()) == []
        for wanted in (UserFilter(), UserFilter(name="erased"), UserFilter(email=str(user.id))):
            page = read(database, lambda work, wanted=wanted: work.users.page(wanted, None, 10))
            assert user.id not in [one.id for one in page]
        assert read(database, lambda work: work.users.get(other.id)) == other


class TestWebhooks:
    def test_are_listed_oldest_first_to_their_owner(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        newer = a_webhook(ada, url="https://a.example/2", created_at=NOON + MINUTE)
        older = a_webhook(ada, url="https://a.example/1")
        for webhook in (newer, older, a_webhook(bob)):
            write(database, lambda work: work.webhooks.add(webhook))

        assert read(database, lambda work: work.webhooks.of_user(ada.id)) == [older, newer]

    def test_a_url_is_called_once(self, database: Database) -> None:
        ada = a_stored_user(database)
        write(database, lambda work: work.webhooks.add(a_webhook(ada)))

        with pytest.raises(AlreadyExists):
            write(database, lambda work: work.webhooks.add(a_webhook(ada)))

    def test_are_disabled_once_and_enabled_again(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        webhook, other = a_webhook(ada), a_webhook(ada, url="https://other.example/")
        for one in (webhook, other, a_webhook(bob)):
            write(database, lambda work: work.webhooks.add(one))

        def disable() -> bool:
            return write(database, lambda work: work.webhooks.disable(ada.id, webhook.url, NOON))

        assert disable() is True
        assert disable() is False
        there = read(database, lambda work: work.webhooks.of_user(ada.id))
        assert {one.url: one.disabled_at for one in there} == {webhook.url: NOON, other.url: None}
        assert read(database, lambda work: work.webhooks.of_user(bob.id))[0].disabled_at is None
        write(database, lambda work: work.webhooks.enable(webhook.id))
        assert webhook in read(database, lambda work: work.webhooks.of_user(ada.id))

    def test_are_removed_by_their_owner_alone(self, database: Database) -> None:
        ada, bob = a_stored_user(database), a_stored_user(database)
        webhook = a_webhook(ada)
        write(database, lambda work: work.webhooks.add(webhook))

        assert write(database, lambda work: work.webhooks.remove(bob.id, webhook.id)) is False
        assert write(database, lambda work: work.webhooks.remove(ada.id, webhook.id)) is True
        assert write(database, lambda work: work.webhooks.remove(ada.id, webhook.id)) is False
        assert read(database, lambda work: work.webhooks.of_user(ada.id)) == []


class TestProcessingLog:
    def test_gives_back_every_attempt_in_order(self, database: Database) -> None:
        task, other = a_stored_task(database), a_stored_task(database)
        entries = [
            LogEntry(task.id, 1, NOON, NOON + MINUTE, "retried", "storage-unavailable: no", {}),
            LogEntry(
                task.id, 2, NOON + MINUTE, NOON + 2 * MINUTE, "completed", None, {"edit": 0.25}
            ),
        ]
        for entry in (*entries, attrs.evolve(entries[0], task_id=other.id)):
            write(database, lambda work: work.processing_log.add(entry))

        assert read(database, lambda work: work.processing_log.of_task(task.id)) == entries


class TestIdempotencyKeys:
    DAY = timedelta(hours=24)

    def add(self, database: Database, fingerprint: str, max_age: timedelta = DAY) -> None:
        reply = RememberedReply("ada", "key-1", fingerprint, {"id": fingerprint})
        write(database, lambda work: work.idempotency_keys.add(reply, max_age))

    def find(self, database: Database, max_age: timedelta = DAY) -> RememberedReply | None:
        return read(database, lambda work: work.idempotency_keys.find("ada", "key-1", max_age))

    def test_gives_back_what_was_answered(self, database: Database) -> None:
        assert self.find(database) is None

        self.add(database, "f1")

        assert self.find(database) == RememberedReply("ada", "key-1", "f1", {"id": "f1"})
        assert (
            read(database, lambda work: work.idempotency_keys.find("bert", "key-1", self.DAY))
            is None
        )

    def test_a_twin_is_noticed_and_changes_nothing(self, database: Database) -> None:
        self.add(database, "f1")

        with pytest.raises(TwinRequest):
            self.add(database, "f2")

        assert self.find(database).fingerprint == "f1"

    def test_an_old_key_may_be_used_again(self, database: Database) -> None:
        self.add(database, "f1")
        time.sleep(0.06)

        assert self.find(database, SOON) is None
        self.add(database, "f2", SOON)

        assert self.find(database).fingerprint == "f2"

    def test_old_keys_are_forgotten(self, database: Database) -> None:
        self.add(database, "f1")

        for age, removed in ((self.DAY, 0), (AT_ONCE, 1), (AT_ONCE, 0)):
            assert (
                write(database, lambda work: work.idempotency_keys.remove_older_than(age, 10))
                == removed
            )
        assert self.find(database) is None


class TestQueueLevels:
    def test_counts_what_waits_up_to_a_limit(self, database: Database) -> None:
        tasks = [a_stored_task(database) for _ in range(3)]
        write(database, lambda work: work.tasks.claim(tasks[0].id, MINUTE))

        def levels(at_most: int) -> tuple[int, int, int]:
            return read(
                database,
                lambda work: (
                    work.tasks.count_queued(at_most),
                    work.tasks.count_queued_of(tasks[1].user_id, at_most),
                    work.tasks.count_queued_of(tasks[0].user_id, at_most),
                ),
            )

        assert levels(10) == (2, 1, 0)
        assert levels(1) == (1, 1, 0)


class TestLanes:
    def test_the_outbox_gives_interactive_messages_first(self, database: Database) -> None:
        late, soon = (
            Message("TaskQueued", uuid4(), "r", priority)
            for priority in (Priority.BATCH, Priority.INTERACTIVE)
        )
        for message in (late, soon):
            write(database, lambda work: work.outbox.add(message))

        taken = write(database, lambda work: work.outbox.take_due(1, MINUTE))
        assert [entry.message for entry in taken] == [soon]
        taken = write(database, lambda work: work.outbox.take_due(2, MINUTE))
        assert [entry.message for entry in taken] == [late]

    def test_a_tasks_messages_travel_in_its_lane(self, database: Database) -> None:
        task = a_stored_task(database, priority=Priority.BATCH)

        assert [message.priority for message in take_all(database)] == [Priority.BATCH]
        assert read(database, lambda work: work.tasks.get(task.id)).priority is Priority.BATCH


class TestWorkers:
    ABILITIES = Abilities(
        "8.18.7",
        reads=(ImageFormat.JPEG, ImageFormat.AVIF),
        writes=(ImageFormat.JPEG,),
        fonts=(Font.SERIF,),
        missing_walls=("seccomp",),
    )
    DAY = timedelta(days=1)

    def worker(self, pid: int) -> Worker:
        return Worker(uuid4(), "host-1", pid, self.ABILITIES)

    def seen(self, database: Database, age: timedelta = DAY) -> list[Worker]:
        return read(database, lambda work: work.workers.seen_within(age))

    def test_what_they_told_is_remembered_and_they_are_told_apart(self, database: Database) -> None:
        first, second = self.worker(1), self.worker(2)

        for worker in (first, second, first):
            write(database, lambda work, worker=worker: work.workers.see(worker))

        assert sorted(self.seen(database), key=lambda one: one.pid) == [first, second]

    def test_what_they_can_do_may_change(self, database: Database) -> None:
        worker = self.worker(1)
        later = attrs.evolve(worker, abilities=attrs.evolve(self.ABILITIES, writes=()))

        write(database, lambda work: work.workers.see(worker))
        write(database, lambda work: work.workers.see(later))

        assert self.seen(database) == [later]

    def test_the_silent_are_not_seen_and_then_forgotten(self, database: Database) -> None:
        silent, talking = self.worker(1), self.worker(2)
        write(database, lambda work: work.workers.see(silent))
        time.sleep(0.3)
        write(database, lambda work: work.workers.see(talking))
        patience = timedelta(seconds=0.25)

        assert self.seen(database, patience) == [talking]
        assert write(database, lambda work: work.workers.forget_silent(patience)) == 1
        assert self.seen(database) == [talking]

    def test_who_leaves_is_forgotten(self, database: Database) -> None:
        worker = self.worker(1)
        write(database, lambda work: work.workers.see(worker))

        for _ in range(2):
            write(database, lambda work: work.workers.leave(worker.id))

        assert self.seen(database) == []
