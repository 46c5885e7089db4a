"""Accounts that are given up, and what is left of them: nothing."""

import hashlib
from typing import Any
from uuid import UUID

import attrs
import pytest

from application.accounts.finish_erasure import FinishErasure, DestructionOutcome
from application.accounts.erase_account import EraseAccount, EraseAccountRequest
from application.accounts.log_in import WrongCredentials
from application.accounts.refresh_session import InvalidRefreshToken
from application.accounts.view_erasure import ErasureView, ViewErasure, ViewErasureRequest
from application.actor import Actor
from application.administration.change_user import ChangeUser, ChangeUserRequest
from application.administration.erase_user import EraseUser, EraseUserRequest
from application.administration.view_user import ViewUser, ViewUserRequest
from application.audit import Doer, Operator
from application.errors import (
    InsufficientScope,
    LastAdmin,
    NotAllowed,
    NotFound,
    OwnAccount,
    TooManyRequests,
    WrongPassword,
)
from application.ports.access_tokens import InvalidToken
from application.ports.failpoints import Failpoints
from application.ports.notifier import DeliveryFailed
from application.ports.repositories.users import UserFilter
from domain.images.asset import Asset, AssetKind
from domain.notifications.letter import LetterKind
from domain.tasks.task import TaskStatus
from domain.users.erasure import CLOSED_AFTER
from domain.users.roles import Role
from domain.users.scopes import Scope
from tests.builders import NOON, a_delivery, a_preset, a_webhook, an_admin, an_api_key
from tests.unit.application.test_accounts import EMAIL, PASSWORD, Accounts
from tests.unit.application.workbench import Workbench


class Crash(Exception):
    """The process dies here."""


class CrashingFailpoints(Failpoints):
    """Dies at one point, once."""

    def __init__(self, at: str) -> None:
        self.at: str | None = at

    def reach(self, name: str) -> None:
        if name == self.at:
            self.at = None
            raise Crash


@attrs.frozen
class Registry:
    """The use cases around the end of an account, over one bench."""

    accounts: Accounts

    @property
    def bench(self) -> Workbench:
        return self.accounts.bench

    def erase(self, actor: Actor, password: str = PASSWORD) -> UUID:
        bench = self.bench
        use_case = EraseAccount(
            bench.database, self.accounts.hasher, self.accounts.guesses, bench.end_account
        )
        return use_case(EraseAccountRequest(actor, password))

    def erase_by(self, who: Doer, user_id: UUID) -> UUID:
        bench = self.bench
        return EraseUser(bench.database, bench.end_account)(EraseUserRequest(who, user_id))

    def destroy(self, erasure_id: UUID, **overrides: Any) -> DestructionOutcome:
        bench = self.bench
        use_case = FinishErasure(
            bench.database,
            bench.object_store,
            bench.clock,
            **{"failpoints": bench.failpoints} | overrides,
        )
        return use_case(erasure_id)

    def destroy_all(self, erasure_id: UUID, **overrides: Any) -> None:
        for _ in range(20):
            if self.destroy(erasure_id, **overrides) is DestructionOutcome.DESTROYED:
                return
        raise AssertionError("it does not end")

    def view(self, erasure_id: UUID, after: int = 0) -> ErasureView:
        return ViewErasure(self.bench.database)(ViewErasureRequest(erasure_id, after))

    def actor(self) -> Actor:
        return self.accounts.authenticate(self.accounts.log_in())

    def rows_of(self, table: str, column: str, value: Any) -> int:
        with self.bench.database.reading() as work:
            connection = work.letters._connection  # type: ignore[attr-defined]
            [(count,)] = connection.rows(
                f"SELECT count(*) FROM {table} WHERE {column} = :value", value=value
            )
        return int(count)


@pytest.fixture
def registry(bench: Workbench) -> Registry:
    registry = Registry(Accounts(bench))
    registry.accounts.register()
    return registry


def furnish(registry: Registry, actor: Actor) -> None:
    """Give the actor one of everything."""
    bench, user = registry.bench, registry.accounts.user()
    done = bench.a_completed_task(actor)
    bench.upload(actor)
    asset_key = str(bench.ids.new())
    with bench.object_store.stage() as staged:
        staged.write(b"logo")
        bench.object_store.put(asset_key, staged)
    asset = Asset(
        id=bench.ids.new(),
        user_id=user.id,
        name="mine.png",
        kind=AssetKind.PICTURE,
        file_path=asset_key,
        byte_size=4,
        sha256="ab" * 32,
        created_at=NOON,
    )
    for change in (
        lambda work: work.assets.add(asset),
        lambda work: work.presets.add(a_preset(user)),
        lambda work: work.webhooks.add(a_webhook(user)),
        lambda work: work.api_keys.add(an_api_key(user)),
        lambda work: work.deliveries.add_new([a_delivery(done)]),
    ):
        bench.write(change)
    registry.accounts.update(actor, email="other@example.com")
    registry.accounts.update(actor, email=EMAIL)


class TestErasing:
    def test_nobody_gets_in_any_more_at_once(self, registry: Registry) -> None:
        accounts = registry.accounts
        signed_in, other = accounts.sign_in(), accounts.sign_in()

        registry.erase(accounts.authenticate(signed_in.access_token))

        for tokens in (signed_in, other):
            with pytest.raises(InvalidToken):
                accounts.authenticate(tokens.access_token)
            with pytest.raises(InvalidRefreshToken):
                accounts.refresh(tokens.refresh_token)
        with pytest.raises(WrongCredentials):
            accounts.log_in()

    def test_name_and_address_are_free_again(self, registry: Registry) -> None:
        registry.erase(registry.actor())

        registry.accounts.register()

        assert registry.accounts.log_in()

    @pytest.mark.parametrize("password", ["password124", "", "x" * 1_000_000], ids=len)
    def test_it_takes_the_password(self, registry: Registry, password: str) -> None:
        actor = registry.actor()

        with pytest.raises(WrongPassword):
            registry.erase(actor, password)

        assert registry.accounts.log_in()
        assert registry.bench.outbox_count() == 0

    def test_the_password_cannot_be_guessed_for_long(self, registry: Registry) -> None:
        actor = registry.actor()
        for _ in range(5):
            with pytest.raises(WrongPassword):
                registry.erase(actor, "wrong horse")

        with pytest.raises(TooManyRequests):
            registry.erase(actor)

    def test_tasks_under_way_are_given_up_and_what_they_made_is_thrown_away(
        self, registry: Registry
    ) -> None:
        bench, actor = registry.bench, registry.actor()
        uploaded = bench.upload(actor)
        erased = []
        bench.editor.meanwhile = lambda: erased.append(registry.erase(actor))

        bench.process_task()(uploaded.task_id)

        assert bench.task(uploaded.task_id).status is TaskStatus.CANCELLED
        registry.destroy_all(erased[0])
        assert bench.stored() == set()

    def test_a_worker_that_is_late_finds_nothing_to_end(self, registry: Registry) -> None:
        bench, actor = registry.bench, registry.actor()
        uploaded = bench.upload(actor)
        bench.editor.meanwhile = lambda: registry.destroy_all(registry.erase(actor))

        bench.process_task()(uploaded.task_id)

        assert bench.task(uploaded.task_id) is None
        assert bench.stored() == set()


class TestErasingSomebodyElse:
    @pytest.fixture
    def admin(self, registry: Registry) -> Actor:
        root = an_admin()
        registry.bench.write(lambda work: work.users.add(root))
        return Actor(root.id, root.roles)

    def test_it_is_the_end_that_its_owner_would_have_made(
        self, registry: Registry, admin: Actor
    ) -> None:
        bench, actor = registry.bench, registry.actor()
        furnish(registry, actor)
        tokens = registry.accounts.sign_in()

        erasure_id = registry.erase_by(admin, actor.user_id)

        with pytest.raises(InvalidToken):
            registry.accounts.authenticate(tokens.access_token)
        with pytest.raises(InvalidRefreshToken):
            registry.accounts.refresh(tokens.refresh_token)
        with pytest.raises(WrongCredentials):
            registry.accounts.log_in()
        registry.destroy_all(erasure_id)
        assert bench.stored() == set()
        assert registry.view(erasure_id).erasure.counts["images"] == 2

    def test_what_is_left_of_it_for_a_day_is_no_account(
        self, registry: Registry, admin: Actor
    ) -> None:
        bench, actor = registry.bench, registry.actor()
        registry.erase_by(admin, actor.user_id)

        for again in (
            lambda: registry.erase_by(admin, actor.user_id),
            lambda: ViewUser(bench.database)(ViewUserRequest(admin, actor.user_id)),
            lambda: ChangeUser(bench.database, bench.clock)(
                ChangeUserRequest(admin, actor.user_id, frozenset(Role), disabled=False)
            ),
        ):
            with pytest.raises(NotFound):
                again()
        listed = bench.read(lambda work: work.users.page(UserFilter(), None, 10))
        assert [user.id for user in listed] == [admin.user_id]
        assert bench.read(lambda work: work.users.by_username(f"erased-{actor.user_id}")) is None

    def test_nobody_else_may_and_nobody_does_it_to_themselves(
        self, registry: Registry, admin: Actor
    ) -> None:
        actor = registry.actor()
        program = attrs.evolve(admin, scopes=frozenset(Scope), key_id=registry.bench.ids.new())

        with pytest.raises(NotAllowed):
            registry.erase_by(actor, admin.user_id)
        with pytest.raises(InsufficientScope):
            registry.erase_by(program, actor.user_id)
        with pytest.raises(OwnAccount):
            registry.erase_by(admin, admin.user_id)
        with pytest.raises(NotFound):
            registry.erase_by(admin, registry.bench.ids.new())

        assert registry.accounts.log_in()
        assert registry.bench.outbox_count() == 0

    def test_the_last_admin_stays_whoever_asks(self, registry: Registry, admin: Actor) -> None:
        operator = Operator("admin erase-user")
        with pytest.raises(LastAdmin):
            registry.erase_by(operator, admin.user_id)

        second = an_admin()
        registry.bench.write(lambda work: work.users.add(second))
        registry.erase_by(Actor(second.id, second.roles), admin.user_id)
        # Who was let in before they were erased themselves is no admin any more.
        with pytest.raises(LastAdmin):
            registry.erase_by(admin, second.id)


class TestTheLastLetter:
    def test_it_tells_the_address_and_forgets_it(self, registry: Registry) -> None:
        bench, actor = registry.bench, registry.actor()
        bench.take_outbox()

        registry.destroy_all(registry.erase(actor))
        assert registry.rows_of("letters", "address", EMAIL) == 1, "it outlives the account"
        [(address, letter)] = bench.post_letters()

        assert (address, letter.kind) == (EMAIL, LetterKind.ACCOUNT_ERASED)
        assert (letter.username, letter.token) == (None, None)
        assert registry.rows_of("letters", "1", 1) == 0

    def test_it_is_tried_again_and_forgotten_even_if_it_never_arrives(
        self, registry: Registry
    ) -> None:
        bench = registry.bench
        registry.erase(registry.actor())
        bench.letters.trouble = DeliveryFailed("The mail server is away.")
        bench.post_letters()
        assert registry.rows_of("letters", "status", "pending") == 1

        bench.letters.trouble = DeliveryFailed("There is no such mailbox.", transient=False)
        bench.write(
            lambda work: work.letters._connection.change(  # type: ignore[attr-defined]
                "UPDATE letters SET due_at = created_at, rung_until = NULL"
            )
        )
        bench.sweep()()
        bench.post_letters()

        assert registry.rows_of("letters", "1", 1) == 0

    def test_who_has_the_address_anew_is_not_taken_for_the_one_who_had_it(
        self, registry: Registry
    ) -> None:
        registry.erase(registry.actor())
        registry.accounts.register("grace", EMAIL)

        [(address, letter)] = registry.bench.post_letters()

        assert (address, letter.username) == (EMAIL, None)


class TestDestroying:
    def test_nothing_is_left_but_the_receipt(self, registry: Registry) -> None:
        bench, actor = registry.bench, registry.actor()
        furnish(registry, actor)
        stored = bench.stored()
        user_id = actor.user_id

        erasure_id = registry.erase(actor)
        assert registry.view(erasure_id).erasure.destroyed_at is None
        registry.destroy_all(erasure_id)

        assert bench.stored() == set()
        for table in (
            "images",
            "tasks",
            "assets",
            "presets",
            "webhooks",
            "api_keys",
            "sessions",
            "letters",
        ):
            assert registry.rows_of(table, "user_id", user_id) == 0, table
        for table in ("results", "deliveries", "processing_log", "preset_versions"):
            assert registry.rows_of(table, "1", 1) == 0, table
        view = registry.view(erasure_id)
        counts = dict(view.erasure.counts)
        assert counts.pop("bytes") > 0
        assert counts == {
            "images": 2,
            "tasks": 2,
            "cancelledTasks": 1,
            "results": 1,
            "deliveries": 1,
            "logEntries": 1,
            "assets": 1,
            "presets": 1,
            "presetVersions": 1,
            "webhooks": 1,
            "apiKeys": 1,
            "sessions": 1,
            "letters": 4,
            "files": 4,
        }
        keys = [file.key for file in view.files]
        assert set(keys) == stored and len(keys) == len(stored)
        digest = hashlib.sha256("".join(f"{key}\n" for key in keys).encode()).hexdigest()
        assert view.erasure.files_sha256 == digest
        assert view.erasure.destroyed_at == bench.clock.now()

    def test_what_belongs_to_others_stays(self, registry: Registry) -> None:
        bench = registry.bench
        registry.accounts.register("bob", "bob@example.com")
        bob = registry.accounts.authenticate(registry.accounts.log_in("bob@example.com"))
        kept = bench.a_completed_task(bob)
        stored = bench.stored()
        actor = registry.actor()
        bench.a_completed_task(actor)

        registry.destroy_all(registry.erase(actor))

        assert bench.stored() == stored
        assert bench.task(kept.id) == kept
        assert registry.accounts.log_in("bob@example.com")

    @pytest.mark.parametrize("at", ["erasure.after_rows", "erasure.after_files"])
    def test_a_crash_leaves_nothing_behind(self, registry: Registry, at: str) -> None:
        bench, actor = registry.bench, registry.actor()
        furnish(registry, actor)
        stored = bench.stored()
        erasure_id = registry.erase(actor)
        with pytest.raises(Crash):
            registry.destroy_all(erasure_id, failpoints=CrashingFailpoints(at))

        bench.take_outbox()
        registry.destroy_all(erasure_id)

        assert bench.stored() == set()
        view = registry.view(erasure_id)
        assert {file.key for file in view.files} == stored
        assert view.erasure.counts["images"] == 2

    def test_many_pictures_go_a_batch_at_a_time(self, registry: Registry) -> None:
        bench, actor = registry.bench, registry.actor()
        for _ in range(5):
            bench.upload(actor)
        erasure_id = registry.erase(actor)
        bench.take_outbox()

        outcomes = []
        while DestructionOutcome.DESTROYED not in outcomes:
            outcomes.append(registry.destroy(erasure_id, batch=2))
            assert len(outcomes) < 10

        assert outcomes == [DestructionOutcome.GOES_ON] * 3 + [DestructionOutcome.DESTROYED]
        assert bench.take_outbox() == [("ErasureDue", erasure_id)] * 3
        assert registry.view(erasure_id).erasure.counts["images"] == 5

    def test_what_a_request_under_way_still_wrote_goes_with_the_nameless_row(
        self, registry: Registry
    ) -> None:
        bench, actor = registry.bench, registry.actor()
        erasure_id = registry.erase(actor)
        registry.destroy_all(erasure_id)
        bench.upload(actor)  # its request was let in before
        bench.take_outbox()
        assert bench.sweep()() == 0
        bench.clock.advance(CLOSED_AFTER)
        bench.write(lambda work: work.erasures.postpone(erasure_id, -CLOSED_AFTER))

        assert bench.sweep()() == 1
        assert bench.take_outbox() == [("ErasureDue", erasure_id)]
        registry.destroy_all(erasure_id)

        assert bench.stored() == set()
        assert registry.rows_of("users", "id", actor.user_id) == 0
        assert registry.view(erasure_id).erasure.counts["images"] == 1
        assert registry.destroy(erasure_id) is DestructionOutcome.SKIPPED
        assert bench.sweep()() == 0

    def test_what_was_lost_on_its_way_is_rung_for_again(self, registry: Registry) -> None:
        bench = registry.bench
        erasure_id = registry.erase(registry.actor())
        bench.take_outbox()
        assert bench.sweep()() == 0  # its first ring may still be on its way
        bench.write(lambda work: work.erasures.postpone(erasure_id, -CLOSED_AFTER))

        assert bench.sweep()() == 1
        assert bench.take_outbox() == [("ErasureDue", erasure_id)]

    def test_an_unknown_receipt_is_not_there(self, registry: Registry) -> None:
        with pytest.raises(NotFound):
            registry.view(registry.bench.ids.new())
        assert registry.destroy(registry.bench.ids.new()) is DestructionOutcome.SKIPPED
