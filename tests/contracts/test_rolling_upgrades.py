"""
What an older process makes of rows that a newer one beside it wrote.

Every column that holds a word of a closed list gets one that this version does not know.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from adapters.persistence.connection import Document, TextArray
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.unit_of_work import Database
from domain.images.asset import AssetKind
from domain.images.formats import UnknownFormat
from domain.images.gone import Gone
from domain.notifications.delivery import DeliveryStatus
from domain.notifications.letter import Letter, LetterKind
from domain.tasks.priority import Priority
from domain.tasks.task import UnknownStatus
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord
from domain.users.roles import Permission, Role, permits
from domain.words import UnknownWord
from tests.builders import NOON, a_delivery, a_result, an_api_key, an_asset_of
from tests.contracts.databases import DATABASES
from tests.contracts.test_unit_of_work import (
    A_FAILURE,
    MINUTE,
    a_stored_task,
    a_stored_user,
    claimed,
    read,
    take_all,
    write,
)

NEWER = "sparkling"


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    place = DATABASES[request.param](request)
    yield place.open()
    place.leave()


def rewrite(database: Database, table: str, **words: object) -> None:
    """Write *words* into every row of *table*, as a newer version would."""
    columns = ", ".join(f"{name} = :{name}" for name in words)
    write(
        database,
        lambda work: work.users._connection.change(f"UPDATE {table} SET {columns}", **words),
    )


class TestAuditTrail:
    def test_what_was_done_is_shown_in_the_newer_versions_words(self, database: Database) -> None:
        """An older API answered 500 to whoever read the trail."""
        write(database, lambda work: work.audit.add(AuditRecord(AuditAction.SIGN_IN)))
        rewrite(database, "audit_entries", action=NEWER, outcome="postponed")
        write(database, lambda work: work.audit.add(AuditRecord(AuditAction.SIGN_OUT)))

        newest, oldest = read(database, lambda work: work.audit.page(AuditFilter(), None, 10))
        assert (newest.record.action, newest.record.outcome) == (
            AuditAction.SIGN_OUT, AuditOutcome.DONE,
        )  # fmt: skip
        assert oldest.record.action == UnknownWord(NEWER)
        assert oldest.record.outcome == UnknownWord("postponed")


class TestLetters:
    @pytest.fixture
    def letter(self, database: Database) -> Letter:
        user = a_stored_user(database)
        letter = Letter(
            id=user.id, kind=LetterKind.PASSWORD_RESET, address=user.email, user_id=user.id,
            created_at=NOON, due_at=NOON,
        )  # fmt: skip
        write(database, lambda work: work.letters.add(letter))
        return letter

    def test_of_a_newer_kind_are_left_to_a_newer_process(
        self, database: Database, letter: Letter
    ) -> None:
        """An older notifier failed on one, and came back to it again and again."""
        rewrite(database, "letters", kind=NEWER)

        assert not read(database, lambda work: work.letters.has_due())
        assert write(database, lambda work: work.letters.due(10)) == []
        assert write(database, lambda work: work.letters.claim(letter.id, MINUTE)) is None

        rewrite(database, "letters", kind=letter.kind.value)  # the newer process looks
        assert write(database, lambda work: work.letters.claim(letter.id, MINUTE)) == letter

    def test_a_token_is_good_whatever_became_of_its_letter(
        self, database: Database, letter: Letter
    ) -> None:
        assert letter.user_id
        user_id = letter.user_id
        write(
            database, lambda work: work.letters.keep_token(letter.id, user_id, "s", NOON + MINUTE)
        )
        rewrite(database, "letters", status="opened")

        found = read(database, lambda work: work.letters.by_token(letter.kind, "s", NOON))

        assert found and (found.id, found.status) == (letter.id, DeliveryStatus.DELIVERED)


class TestDeliveries:
    @pytest.mark.parametrize("column", ["channel", "occasion", "status"])
    def test_of_a_newer_kind_are_left_to_a_newer_process(
        self, database: Database, column: str
    ) -> None:
        task = a_stored_task(database)
        delivery = a_delivery(task)
        write(database, lambda work: work.deliveries.add_new([delivery]))
        rewrite(database, "deliveries", **{column: NEWER})

        assert not read(database, lambda work: work.deliveries.has_due())
        assert write(database, lambda work: work.deliveries.due(10)) == []
        assert write(database, lambda work: work.deliveries.claim(delivery.id, MINUTE)) is None
        assert read(database, lambda work: work.deliveries.of_task(task.id)) == []

        rewrite(database, "deliveries", **{column: attrs.asdict(delivery)[column].value})
        assert write(database, lambda work: work.deliveries.claim(delivery.id, MINUTE)) == delivery


class TestAccounts:
    def test_a_newer_role_opens_nothing_and_outlives_a_change(self, database: Database) -> None:
        """An older API failed over every request of the account."""
        user = a_stored_user(database)
        _give_roles(database, Role.USER.value, NEWER)

        def find() -> Any:
            return read(database, lambda work: work.users.get(user.id))

        found = find()
        assert found.roles == {Role.USER}
        assert not permits(found.roles, Permission.READ_AUDIT)
        changed = attrs.evolve(found, username="grace", roles=frozenset({Role.ADMIN}))
        write(database, lambda work: work.users.update(changed))
        assert find() == changed
        assert find().other_roles == {NEWER}

    def test_a_newer_role_alone_opens_nothing_at_all(self, database: Database) -> None:
        user = a_stored_user(database)
        key = an_api_key(user)
        write(database, lambda work: work.api_keys.add(key))
        _give_roles(database, NEWER)

        _, owner = read(database, lambda work: work.api_keys.with_user(key.id))

        assert not any(permits(owner.roles, one) for one in Permission)


def _give_roles(database: Database, *roles: str) -> None:
    rewrite(database, "users", roles=TextArray(roles))


class TestAssets:
    def test_one_of_a_newer_kind_is_listed_and_can_be_removed_but_not_used(
        self, database: Database
    ) -> None:
        user = a_stored_user(database)
        asset = an_asset_of(user.id)
        write(database, lambda work: work.assets.add(asset))
        rewrite(database, "assets", kind=NEWER)

        [listed] = read(database, lambda work: work.assets.page(user.id, None, 10))
        assert listed.kind == UnknownWord(NEWER)
        owned = read(database, lambda work: work.assets.owned(user.id, asset.name))
        assert owned == listed
        for kind in (None, *AssetKind):
            assert (
                read(database, lambda work, kind=kind: work.assets.find(user.id, asset.name, kind))
                is None
            )


class TestTasks:
    def test_a_newer_state_is_shown_and_nobody_here_acts_on_it(self, database: Database) -> None:
        task = a_stored_task(database)
        take_all(database)
        rewrite(database, "tasks", status=NEWER)
        rewrite(database, "images", status=NEWER)

        found = read(database, lambda work: work.tasks.get(task.id))
        image = read(database, lambda work: work.images.get(task.image_id))
        assert found.status == image.status == UnknownStatus(NEWER)
        assert not found.status.is_final
        [listed] = read(database, lambda work: work.tasks.page_of(task.user_id, None, None, 10))
        assert listed == found
        assert write(database, lambda work: work.tasks.claim(task.id, MINUTE)) is None
        assert write(database, lambda work: work.tasks.ring_again(-MINUTE, 10)) == 0
        assert write(database, lambda work: work.tasks.announce_again(-MINUTE, 10)) == 0

    def test_a_newer_reason_of_failure_is_shown(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database))
        task.fail(A_FAILURE, datetime.now(UTC))
        write(database, lambda work: work.tasks.save_if_held(task))
        rewrite(database, "tasks", failure_code=NEWER)

        failure = read(database, lambda work: work.tasks.get(task.id)).failure

        assert (failure.code, failure.detail) == (UnknownWord(NEWER), A_FAILURE.detail)

    def test_a_newer_lane_is_that_of_whoever_waits(self, database: Database) -> None:
        task = a_stored_task(database)
        take_all(database)
        rewrite(database, "tasks", priority=NEWER)

        assert claimed(database, task).priority is Priority.INTERACTIVE
        rewrite(database, "tasks", status="queued")
        assert write(database, lambda work: work.tasks.ring_again(-MINUTE, 10)) == 1
        [message] = take_all(database)
        assert message.priority is Priority.INTERACTIVE

    def test_what_is_gone_in_a_newer_way_is_gone(self, database: Database) -> None:
        task = a_stored_task(database)
        rewrite(database, "tasks", gone=NEWER)
        rewrite(database, "images", gone=NEWER)

        assert read(database, lambda work: work.tasks.get(task.id)).gone is Gone.REMOVED
        assert read(database, lambda work: work.images.get(task.image_id)).gone is Gone.REMOVED

    def test_pictures_and_results_of_a_newer_format_are_bytes(self, database: Database) -> None:
        task = claimed(database, a_stored_task(database))
        task.complete((a_result(),), datetime.now(UTC))
        write(database, lambda work: work.tasks.save_if_held(task))
        rewrite(database, "images", format="jxl")
        rewrite(database, "results", format="jxl")

        [result] = read(database, lambda work: work.tasks.get(task.id)).results
        [image] = read(database, lambda work: work.images.page(task.user_id, None, 10))
        assert result.format == image.header.format == UnknownFormat("jxl")
        assert (result.format.media_type, result.format.extension) == (
            "application/octet-stream", "",
        )  # fmt: skip

    def test_newer_things_to_be_told_of_are_left_out(self, database: Database) -> None:
        task = a_stored_task(database)
        rewrite(database, "tasks", notify=Document(webhook=None, events=["task.completed", NEWER]))

        found = read(database, lambda work: work.tasks.get(task.id))

        assert {occasion.value for occasion in found.notify.occasions} == {"task.completed"}
