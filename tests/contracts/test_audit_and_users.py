"""What every database promises of the audit trail, of admins, and of looking for accounts."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import attrs
import pytest

from adapters.system.clock import SystemClock
from adapters.system.ids import RandomIds
from application.accounts.end_account import EndAccount
from application.actor import Actor
from application.administration.erase_user import EraseUser, EraseUserRequest
from application.errors import LastAdmin
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.repositories.users import UserFilter
from application.ports.unit_of_work import Database
from application.ports.repositories.processing_log import LogFilter, LogLine
from domain.tasks.log_entry import LogEntry
from tests.contracts.test_unit_of_work import a_stored_task
from domain.users.audit import AuditAction, AuditEntry, AuditOutcome, AuditRecord
from domain.users.roles import Role
from domain.users.user import User
from tests.builders import NOON, a_session, a_user, an_admin, an_api_key
from tests.contracts.databases import DATABASES, PLACES, QUICK_PLACES, Place


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    place = DATABASES[request.param](request)
    yield place.open()
    place.leave()


@pytest.fixture(params=QUICK_PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    place = PLACES[request.param](request)
    yield place
    place.leave()


def keep(database: Database, *things: User | AuditRecord) -> None:
    for thing in things:
        with database.writing() as work:
            work.users.add(thing) if isinstance(thing, User) else work.audit.add(thing)
            work.commit()


def trail(
    database: Database,
    before: AuditEntry | None = None,
    limit: int = 100,
    wanted: AuditFilter | None = None,
) -> list[AuditEntry]:
    place = None if before is None else (before.at, before.id)
    with database.reading() as work:
        return list(work.audit.page(wanted or AuditFilter(), place, limit))


class TestAuditTrail:
    def test_what_is_added_is_there_as_it_was_at_the_databases_time(
        self, database: Database
    ) -> None:
        record = AuditRecord(
            AuditAction.CHANGE_ROLES,
            AuditOutcome.REFUSED,
            uuid4(),
            uuid4(),
            "admin grant-role",
            "192.0.2.1",
            "user:1",
            "admin\nby hand",
        )

        keep(database, record)

        [entry] = trail(database)
        assert entry.record == record
        assert entry.record.detail == "admin\\u000aby hand"
        assert abs(datetime.now(UTC) - entry.at) < timedelta(minutes=1)

    def test_pages_are_newest_first_and_leave_nothing_out(self, database: Database) -> None:
        keep(database, *(AuditRecord(AuditAction.SIGN_IN, detail=str(at)) for at in range(5)))

        first = trail(database, limit=2)
        second = trail(database, first[-1], limit=2)
        third = trail(database, second[-1], limit=2)

        told = [entry.record.detail for entry in (*first, *second, *third)]
        assert told == ["4", "3", "2", "1", "0"]

    def test_each_choice_leaves_out_the_others(self, database: Database) -> None:
        ada, bob = uuid4(), uuid4()
        keep(
            database,
            AuditRecord(AuditAction.SIGN_IN, user_id=ada),
            AuditRecord(AuditAction.SIGN_OUT, user_id=ada, subject="session:1"),
            AuditRecord(AuditAction.SIGN_IN, user_id=bob),
        )

        def count(**choice: object) -> int:
            return len(trail(database, wanted=AuditFilter(**choice)))  # type: ignore[arg-type]

        assert count() == 3
        assert count(action=AuditAction.SIGN_IN) == 2
        assert count(user_id=ada) == 2
        assert count(user_id=ada, action=AuditAction.SIGN_IN) == 1
        assert count(subject="session:1") == 1
        [_, _, oldest] = trail(database)
        assert count(since=oldest.at) == 3
        assert count(until=oldest.at) == 0
        assert count(since=datetime.now(UTC) + timedelta(minutes=1)) == 0

    def test_what_is_too_old_goes_the_oldest_first(self, database: Database) -> None:
        keep(database, *(AuditRecord(AuditAction.SIGN_IN, detail=str(at)) for at in range(3)))

        with database.writing() as work:
            assert work.audit.remove_older_than(timedelta(days=1), 10) == 0
            assert work.audit.count_older_than(timedelta(seconds=-60)) == 3
            assert work.audit.remove_older_than(timedelta(seconds=-60), 2) == 2
            work.commit()

        assert [entry.record.detail for entry in trail(database)] == ["2"]

    def test_what_is_undone_leaves_no_entry(self, database: Database) -> None:
        with database.writing() as work:
            work.audit.add(AuditRecord(AuditAction.REGISTER))

        assert trail(database) == []


class TestAccounts:
    def test_a_disabled_account_is_known_as_such_wherever_it_is_met(
        self, database: Database
    ) -> None:
        user = a_user()
        keep(database, user)
        session, key = a_session(user), an_api_key(user)
        with database.writing() as work:
            work.sessions.add(session)
            work.api_keys.add(key)
            work.users.update(attrs.evolve(user, disabled_at=NOON))
            work.commit()

        with database.reading() as work:
            with_session = work.sessions.with_user(session.id)
            with_key = work.api_keys.with_user(key.id)
            alone = work.users.get(user.id)

        assert with_session == (session, alone)
        assert with_key == (key, alone)
        assert alone is not None
        assert alone.disabled_at == NOON

    def test_ending_a_session_tells_whether_there_was_one_to_end(self, database: Database) -> None:
        user = a_user()
        keep(database, user)
        session = a_session(user)
        with database.writing() as work:
            work.sessions.add(session)
            assert [work.sessions.revoke(session.id, NOON) for _ in range(2)] == [True, False]
            assert not work.sessions.revoke(uuid4(), NOON)
            work.commit()

    def test_admins_who_are_not_disabled_are_held(self, database: Database) -> None:
        admin = an_admin(username="root", email="root@example.com")
        off = an_admin(username="off", email="off@example.com", disabled_at=NOON)
        keep(database, a_user(), admin, off)

        with database.writing() as work:
            assert [user.id for user in work.users.hold_admins()] == [admin.id]

    def test_pages_go_by_name_or_address_and_by_their_beginnings(self, database: Database) -> None:
        people = [
            a_user(username=name, email=f"{name.lower()}.{number}@example.com")
            for number, name in enumerate(["Zoe", "adam", "Ada", "ADELE", "Bob"])
        ]
        keep(database, *people)

        def names(wanted: UserFilter, limit: int = 10) -> list[str]:
            found: list[User] = []
            after = None
            while True:
                with database.reading() as work:
                    page = work.users.page(wanted, after, limit)
                    found += page
                    if len(page) < limit:
                        return [user.username for user in found]
                    after = work.users.place_of(page[-1], wanted)

        assert names(UserFilter()) == ["Ada", "adam", "ADELE", "Bob", "Zoe"]
        assert names(UserFilter(), limit=2) == ["Ada", "adam", "ADELE", "Bob", "Zoe"]
        assert names(UserFilter(name="aD"), limit=1) == ["Ada", "adam", "ADELE"]
        assert names(UserFilter(name="%")) == []
        assert names(UserFilter(email="ADA")) == ["Ada", "adam"]
        assert names(UserFilter(email="zoe.0@"), limit=1) == ["Zoe"]

    def test_pages_go_by_role_and_by_whether_somebody_is_disabled(self, database: Database) -> None:
        keep(
            database,
            a_user(username="ada", email="ada@example.com"),
            a_user(username="off", email="off@example.com", disabled_at=NOON),
            an_admin(username="root", email="root@example.com"),
        )

        def names(**choice: object) -> list[str]:
            with database.reading() as work:
                page = work.users.page(UserFilter(**choice), None, 10)  # type: ignore[arg-type]
            return [user.username for user in page]

        assert names(role=Role.ADMIN) == ["root"]
        assert names(role=Role.USER) == ["ada", "off"]
        assert names(is_disabled=True) == ["off"]
        assert names(is_disabled=False) == ["ada", "root"]


def test_of_two_admins_who_are_taken_away_at_once_the_second_sees_the_first_gone(
    place: Place,
) -> None:
    database = place.open()
    admins = [an_admin(username=name, email=f"{name}@example.com") for name in ("one", "two")]
    keep(database, *admins)
    start, left = threading.Barrier(2), []

    def take_away(admin: User) -> None:
        start.wait(10)
        with database.writing() as work:
            held = work.users.hold_admins()
            left.append(len(held))
            if len(held) > 1:
                work.users.update(attrs.evolve(admin, roles=frozenset({Role.USER})))
            work.commit()

    threads = [threading.Thread(target=take_away, args=(admin,)) for admin in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(left) == [1, 2]
    with database.writing() as work:
        assert len(work.users.hold_admins()) == 1


def test_of_two_admins_who_erase_each_other_at_once_one_stays(place: Place) -> None:
    database = place.open()
    admins = [an_admin(username=name, email=f"{name}@example.com") for name in ("one", "two")]
    keep(database, *admins)
    erase = EraseUser(database, EndAccount(RandomIds(), SystemClock()))
    start, refused = threading.Barrier(2), []

    def erase_the_other(one: User, other: User) -> None:
        start.wait(10)
        try:
            erase(EraseUserRequest(Actor(one.id, one.roles), other.id))
        except LastAdmin as refusal:
            refused.append(refusal)

    threads = [
        threading.Thread(target=erase_the_other, args=pair) for pair in (admins, admins[::-1])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(refused) == 1
    with database.writing() as work:
        [stays] = work.users.hold_admins()
        [entry] = work.audit.page(AuditFilter(AuditAction.ERASE_ACCOUNT), None, 10)
        assert not work.erasures.due(datetime.now(UTC), 10), "its ring is on its way"
    assert entry.record.user_id == stays.id
    assert entry.record.subject == f"user:{next(one.id for one in admins if one != stays)}"


def test_the_processing_log_is_shown_newest_first_and_by_choice(database: Database) -> None:
    tasks = [a_stored_task(database) for _ in range(2)]
    with database.writing() as work:
        for attempt, outcome in enumerate(("retried", "failed"), 1):
            for task in tasks:
                work.processing_log.add(
                    LogEntry(task.id, attempt, NOON, NOON, outcome, None, {"decode": 0.5})
                )
        work.commit()

    def page(before: int | None = None, limit: int = 10, **choice: object) -> list[LogLine]:
        wanted = LogFilter(**choice)  # type: ignore[arg-type]
        with database.reading() as work:
            return list(work.processing_log.page(wanted, before, limit))

    lines = page()
    assert [line.entry.attempt for line in lines] == [2, 2, 1, 1]
    assert page(limit=3) + page(lines[2].id) == lines
    assert page(task_id=tasks[0].id) == [lines[1], lines[3]]
    assert page(user_id=tasks[1].user_id) == [lines[0], lines[2]]
    assert page(outcome="retried", task_id=tasks[1].id) == [lines[2]]
    assert {line.user_id for line in lines} == {task.user_id for task in tasks}
