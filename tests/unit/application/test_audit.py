"""The audit trail: each action about accounts, rights and what is shared leaves one entry."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import attrs
import pytest

from adapters.security.argon2_hasher import Argon2PasswordHasher
from adapters.security.jwt_tokens import JWTAccessTokens
from adapters.persistence.rate_limiter import DatabaseRateLimiter
from application.accounts.throttle_guesses import GuessAllowance, ThrottleGuesses
from application.accounts.authenticate import Authenticate
from application.accounts.change_password import ChangePassword, ChangePasswordRequest
from application.accounts.end_sessions import EndSessions, EndSessionsRequest
from application.accounts.erase_account import EraseAccount, EraseAccountRequest
from application.accounts.export_account import ExportAccount
from application.accounts.refresh_session import InvalidRefreshToken, RefreshSession
from application.accounts.reset_password import (
    ForgotPassword,
    ForgotPasswordRequest,
    ResetPassword,
    ResetPasswordRequest,
)
from application.accounts.session_tokens import SignedIn
from application.accounts.verify_email import AskToVerifyEmail, VerifyEmail
from application.accounts.create_api_key import CreateAPIKey, CreateAPIKeyRequest
from application.accounts.log_in import LogIn, LogInRequest, WrongCredentials
from application.accounts.log_out import LogOut
from application.accounts.note_key_use import NoteKeyUse
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.register_user import RegisterUser, RegisterUserRequest
from application.accounts.revoke_api_key import RevokeAPIKey, RevokeAPIKeyRequest
from application.accounts.unlink_identity import UnlinkIdentity, UnlinkIdentityRequest
from application.accounts.update_profile import UpdateProfile, UpdateProfileRequest
from application.accounts.view_profile import ViewProfile, ViewProfileRequest
from application.actor import Actor
from application.administration.change_user import ChangeUser, ChangeUserRequest
from application.administration.create_admin import CreateAdmin, CreateAdminRequest
from application.administration.erase_user import EraseUser, EraseUserRequest
from application.administration.list_users import ListUsers, ListUsersRequest
from application.administration.read_audit import ReadAudit, ReadAuditRequest
from application.administration.retain import Retain, RetentionPolicy
from application.administration.view_user import ViewUser, ViewUserRequest
from application.administration.drop_task import DropTask
from application.administration.look_through_tasks import LookThroughTasks, LookThroughTasksRequest
from application.administration.read_logs import ReadLogs, ReadLogsRequest
from application.administration.requeue_task import RequeueTask
from application.administration.view_queues import ViewQueues
from application.images.erase_image import EraseImage, EraseImageRequest
from application.ports.repositories.tasks import TaskFilter
from application.sparing import FewAMinute
from domain.tasks.task import TaskStatus
from tests.unit.application.test_administration import a_failed_task
from tests.unit.application.test_assets import add as add_asset
from tests.unit.application.test_assets import remove as remove_asset
from tests.unit.application.test_provider_sign_in import Gate
from tests.unit.application.test_presets import NEGATIVE, Desk
from application.audit import Operator
from application.errors import InvalidMailedToken, LastAdmin, NotAllowed, NotFound
from application.ports.access_tokens import InvalidToken
from application.ports.repositories.audit_trail import AuditFilter
from domain.errors import InvalidParameter, MalwareFound
from domain.users.audit import (
    MAX_TEXT_CHARACTERS,
    AuditAction,
    AuditEntry,
    AuditOutcome,
    AuditRecord,
    one_line,
)
from domain.users.identity import Identity
from domain.users.roles import Role
from domain.users.scopes import Scope
from domain.users.user import User
from tests import pictures
from tests.builders import a_user, an_admin
from tests.malware import EICAR, FakeScanner
from tests.unit.application.workbench import Workbench

PASSWORD = "correct horse battery"
HOME = "192.0.2.7"


@attrs.define
class Office:
    """The use cases about accounts over one bench; Ada is a user, Root an admin."""

    bench: Workbench
    ada: User = attrs.field(init=False)
    root: User = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        hashed = self.hasher.hash(PASSWORD)
        self.ada = a_user(username="ada", email="ada@example.com", password_hash=hashed)
        self.root = an_admin(username="root", email="root@example.com", password_hash=hashed)
        with self.bench.database.writing() as work:
            work.users.add(self.ada)
            work.users.add(self.root)
            work.commit()

    @property
    def hasher(self) -> Argon2PasswordHasher:
        return Argon2PasswordHasher(memory_kib=8, passes=1)

    @property
    def tokens(self) -> JWTAccessTokens:
        return self.bench.access_tokens

    @property
    def admin(self) -> Actor:
        return Actor(self.root.id, self.root.roles, address=HOME)

    @property
    def customer(self) -> Actor:
        return Actor(self.ada.id, self.ada.roles, address=HOME)

    def trail(self) -> list[AuditEntry]:
        with self.bench.database.reading() as work:
            return list(work.audit.page(AuditFilter(), None, 100))[::-1]

    @property
    def guesses(self) -> ThrottleGuesses:
        return ThrottleGuesses(DatabaseRateLimiter(self.bench.database), GuessAllowance(0, 0))

    def log_in(self, password: str = PASSWORD, email: str = "ada@example.com") -> str:
        return self.sign_in(password, email).access_token

    def sign_in(self, password: str = PASSWORD, email: str = "ada@example.com") -> SignedIn:
        bench = self.bench
        note = NoteRefusedSignIn(bench.database, bench.errands)
        return LogIn(
            bench.database,
            self.hasher,
            bench.session_tokens,
            bench.clock,
            bench.ids,
            self.guesses,
            note,
        )(LogInRequest(email, password, "", HOME, HOME))

    def fail_to_log_in(self, **who: str) -> None:
        with pytest.raises(WrongCredentials):
            self.log_in(**who)
        deadline = time.monotonic() + 10
        while not self.trail() and time.monotonic() < deadline:
            time.sleep(0.01)

    def authenticate(self, token: str) -> Actor:
        bench = self.bench
        note = NoteKeyUse(bench.database, bench.errands)
        return Authenticate(bench.database, self.tokens, bench.key_tokens, note, bench.clock)(token)

    def register(self, email: str = "bob@example.com") -> None:
        bench = self.bench
        RegisterUser(bench.database, self.hasher, bench.clock, bench.ids)(
            RegisterUserRequest("bob", email, PASSWORD, address=HOME)
        )

    def log_out(self) -> None:
        token = self.log_in()
        self.forget()
        for _ in range(2):
            LogOut(self.bench.database, self.tokens, self.bench.clock)(token, HOME)

    def forget(self) -> None:
        with self.bench.database.writing() as work:
            work.audit.remove_older_than(timedelta(seconds=-60), 1000)
            work.commit()

    def create_key(self) -> Any:
        bench = self.bench
        return CreateAPIKey(bench.database, bench.key_tokens, bench.clock, bench.ids)(
            CreateAPIKeyRequest(self.customer, "import", [Scope.IMAGES_READ], None, None)
        )

    def revoke_key(self) -> None:
        key = self.create_key().key
        self.forget()
        for _ in range(2):
            RevokeAPIKey(self.bench.database, self.bench.clock)(
                RevokeAPIKeyRequest(self.customer, key.id)
            )

    def change_profile(self) -> None:
        for _ in range(2):
            UpdateProfile(
                self.bench.database,
                self.hasher,
                self.bench.post_letter,
                self.bench.clock,
                self.guesses,
            )(UpdateProfileRequest(self.customer, email="new@example.com"))

    def change_password(self) -> None:
        bench = self.bench
        ChangePassword(bench.database, self.hasher, bench.post_letter, bench.clock, self.guesses)(
            ChangePasswordRequest(self.customer, PASSWORD, "another horse", HOME)
        )

    def gate(self) -> Gate:
        return Gate(self.bench)

    def link_identity(self, gate: Gate | None = None) -> Identity:
        gate = gate or self.gate()
        identity = gate.link(gate.signed_in(self.ada))
        gate.link(gate.signed_in(self.ada))  # again, which changes nothing
        return identity

    def come_by_provider(self) -> None:
        gate = self.gate()
        self.link_identity(gate)
        self.forget()
        gate.come()

    def unlink_identity(self) -> None:
        identity = self.link_identity()
        self.forget()
        UnlinkIdentity(self.bench.database)(UnlinkIdentityRequest(self.customer, identity.id))

    def mailed_token(self) -> str:
        [(_, letter)] = self.bench.post_letters()
        assert letter.token is not None
        return letter.token

    def reset_password(self) -> None:
        bench = self.bench
        self.forget_password(self.ada.email)
        self.forget()
        request = ResetPasswordRequest(self.mailed_token(), "another horse", HOME)
        use_case = ResetPassword(
            bench.database, self.hasher, bench.opaque_tokens, bench.post_letter, bench.clock
        )
        use_case(request)
        with pytest.raises(InvalidMailedToken):
            use_case(request)

    def verify(self) -> None:
        bench = self.bench
        AskToVerifyEmail(bench.database, bench.post_letter)(self.customer)
        VerifyEmail(bench.database, bench.opaque_tokens, bench.clock)(self.mailed_token(), HOME)

    def end_sessions(self) -> None:
        self.log_in()
        self.forget()
        for _ in range(2):
            EndSessions(self.bench.database, self.bench.clock)(EndSessionsRequest(self.customer))

    def refresh_again(self) -> None:
        bench = self.bench
        refresh = RefreshSession(bench.database, bench.session_tokens, bench.clock)
        stolen = self.sign_in().refresh_token
        refresh(refresh(stolen, HOME).refresh_token, HOME)
        self.forget()
        for _ in range(2):
            with pytest.raises(InvalidRefreshToken):
                refresh(stolen, HOME)

    def erase(self, user: User | None = None) -> None:
        user, bench = user or self.ada, self.bench
        EraseAccount(bench.database, self.hasher, self.guesses, bench.end_account)(
            EraseAccountRequest(Actor(user.id, user.roles, address=HOME), PASSWORD)
        )

    def erase_other(self) -> None:
        bench = self.bench
        EraseUser(bench.database, bench.end_account)(EraseUserRequest(self.admin, self.ada.id))

    def export(self) -> None:
        ExportAccount(self.bench.database, self.bench.clock)(self.customer)

    def forget_password(self, email: str) -> None:
        bench = self.bench
        ForgotPassword(bench.database, bench.post_letter)(ForgotPasswordRequest(email, HOME))

    def change(self, user: User | None = None, **changes: Any) -> User:
        user = user or self.ada
        return ChangeUser(self.bench.database, self.bench.clock)(
            ChangeUserRequest(self.admin, user.id, **changes)
        )

    def enable(self) -> None:
        self.change(disabled=True)
        self.forget()
        for _ in range(2):
            self.change(disabled=False)

    def create_admin(self, **overrides: str) -> Any:
        bench = self.bench
        who = {"username": "second", "email": "second@example.com", "password": PASSWORD}
        return CreateAdmin(bench.database, self.hasher, bench.clock, bench.ids)(
            CreateAdminRequest(Operator("admin create"), **(who | overrides))
        )

    def desk(self) -> Desk:
        return Desk(self.bench, self.admin)

    def change_preset(self) -> None:
        self.desk().add(shared=True)
        self.forget()
        for _ in range(2):
            self.desk().change(NEGATIVE, shared=True)

    def remove_preset(self) -> None:
        self.desk().add(shared=True)
        self.forget()
        self.desk().remove(shared=True)

    def add_asset(self) -> None:
        add_asset(self.bench, self.admin, shared=True)

    def erase_image(self) -> None:
        bench = self.bench
        uploaded = bench.upload(self.customer)
        erase = EraseImage(bench.database, bench.ids, bench.clock)
        erase(EraseImageRequest(self.customer, uploaded.image_id))

    def send_malware(self) -> None:
        self.bench.scanner = FakeScanner()
        with pytest.raises(MalwareFound):
            self.bench.upload(self.customer, pictures.small_jpeg() + EICAR)

    def remove_asset(self) -> None:
        self.add_asset()
        self.forget()
        remove_asset(self.bench, self.admin, shared=True)

    def requeue(self) -> None:
        RequeueTask(self.bench.database)(a_failed_task(self.bench).id, self.admin)

    def drop(self) -> None:
        bench = self.bench
        task = a_failed_task(bench)
        DropTask(bench.database, bench.object_store, bench.clock)(task.id, self.admin)

    def look_at(self, name: str) -> None:
        ViewProfile(self.bench.database)(ViewProfileRequest(self.admin, name))
        ViewProfile(self.bench.database)(ViewProfileRequest(self.admin))  # one's own is no news


@pytest.fixture
def office(bench: Workbench) -> Office:
    return Office(bench)


DONE, REFUSED = AuditOutcome.DONE, AuditOutcome.REFUSED
WHAT_LEAVES_AN_ENTRY: dict[str, tuple[Callable[[Office], Any], AuditAction, AuditOutcome]] = {
    "sign-in": (lambda o: o.log_in(), AuditAction.SIGN_IN, DONE),
    "sign-in refused": (
        lambda o: o.fail_to_log_in(password="wrong horse"), AuditAction.SIGN_IN, REFUSED
    ),
    "sign-in of nobody": (
        lambda o: o.fail_to_log_in(email=PASSWORD), AuditAction.SIGN_IN, REFUSED
    ),
    "sign-out": (lambda o: o.log_out(), AuditAction.SIGN_OUT, DONE),
    "registration": (lambda o: o.register(), AuditAction.REGISTER, DONE),
    "registration of who has an account": (
        lambda o: o.register("ada@example.com"), AuditAction.REGISTER, REFUSED
    ),
    "profile": (lambda o: o.change_profile(), AuditAction.CHANGE_PROFILE, DONE),
    "password changed": (lambda o: o.change_password(), AuditAction.CHANGE_PASSWORD, DONE),
    "password forgotten": (
        lambda o: o.forget_password("ADA@example.com"), AuditAction.ASK_FOR_RESET, DONE
    ),
    "password of nobody forgotten": (
        lambda o: o.forget_password("nobody@example.com"), AuditAction.ASK_FOR_RESET, REFUSED
    ),
    "password reset": (lambda o: o.reset_password(), AuditAction.RESET_PASSWORD, DONE),
    "address verified": (lambda o: o.verify(), AuditAction.VERIFY_EMAIL, DONE),
    "sessions ended": (lambda o: o.end_sessions(), AuditAction.END_SESSIONS, DONE),
    "refresh token sent again": (lambda o: o.refresh_again(), AuditAction.END_SESSIONS, DONE),
    "data taken along": (lambda o: o.export(), AuditAction.EXPORT_ACCOUNT, DONE),
    "other's account erased": (lambda o: o.erase_other(), AuditAction.ERASE_ACCOUNT, DONE),
    "account erased": (lambda o: o.erase(), AuditAction.ERASE_ACCOUNT, DONE),
    "key made": (lambda o: o.create_key(), AuditAction.CREATE_API_KEY, DONE),
    "key revoked": (lambda o: o.revoke_key(), AuditAction.REVOKE_API_KEY, DONE),
    "sign-in by provider": (
        lambda o: o.come_by_provider(), AuditAction.SIGN_IN, DONE
    ),
    "identity linked": (lambda o: o.link_identity(), AuditAction.LINK_IDENTITY, DONE),
    "identity unlinked": (lambda o: o.unlink_identity(), AuditAction.UNLINK_IDENTITY, DONE),
    "admin made": (lambda o: o.create_admin(), AuditAction.CREATE_ADMIN, DONE),
    "roles": (lambda o: o.change(roles=frozenset(Role)), AuditAction.CHANGE_ROLES, DONE),
    "disabled": (lambda o: o.change(disabled=True), AuditAction.DISABLE_ACCOUNT, DONE),
    "enabled": (lambda o: o.enable(), AuditAction.ENABLE_ACCOUNT, DONE),
    "picture erased": (lambda o: o.erase_image(), AuditAction.ERASE_IMAGE, DONE),
    "profile seen": (lambda o: o.look_at("ada"), AuditAction.VIEW_PROFILE, DONE),
    "users seen": (
        lambda o: ListUsers(o.bench.database)(ListUsersRequest(o.admin)),
        AuditAction.LIST_USERS, DONE,
    ),
    "user seen": (
        lambda o: ViewUser(o.bench.database)(ViewUserRequest(o.admin, o.ada.id)),
        AuditAction.VIEW_USER, DONE,
    ),
    "trail seen": (
        lambda o: ReadAudit(o.bench.database)(ReadAuditRequest(o.admin)),
        AuditAction.READ_AUDIT, DONE,
    ),
    "malware sent": (lambda o: o.send_malware(), AuditAction.SEND_MALWARE, REFUSED),
    "preset added": (lambda o: o.desk().add(shared=True), AuditAction.ADD_SHARED_PRESET, DONE),
    "preset changed": (lambda o: o.change_preset(), AuditAction.CHANGE_SHARED_PRESET, DONE),
    "preset removed": (lambda o: o.remove_preset(), AuditAction.REMOVE_SHARED_PRESET, DONE),
    "asset added": (lambda o: o.add_asset(), AuditAction.ADD_SHARED_ASSET, DONE),
    "asset removed": (lambda o: o.remove_asset(), AuditAction.REMOVE_SHARED_ASSET, DONE),
    "tasks seen": (
        lambda o: LookThroughTasks(o.bench.database)(
            LookThroughTasksRequest(o.admin, TaskFilter(TaskStatus.FAILED))
        ),
        AuditAction.LIST_TASKS, DONE,
    ),
    "queues seen": (
        lambda o: ViewQueues(o.bench.database)(o.admin), AuditAction.VIEW_QUEUES, DONE
    ),
    "log seen": (
        lambda o: ReadLogs(o.bench.database)(ReadLogsRequest(o.admin)),
        AuditAction.READ_LOGS, DONE,
    ),
    "task put back": (lambda o: o.requeue(), AuditAction.REQUEUE_TASK, DONE),
    "task dropped": (lambda o: o.drop(), AuditAction.DROP_TASK, DONE),
}  # fmt: skip


def test_the_table_has_every_action() -> None:
    assert {action for _, action, _ in WHAT_LEAVES_AN_ENTRY.values()} == set(AuditAction)


def test_ones_own_presets_and_assets_are_nobody_elses_business(office: Office) -> None:
    office.desk().add()
    office.desk().change(NEGATIVE)
    office.desk().remove()
    add_asset(office.bench, office.admin)
    remove_asset(office.bench, office.admin)

    assert office.trail() == []


@pytest.mark.parametrize("what", WHAT_LEAVES_AN_ENTRY)
def test_each_action_leaves_one_entry(office: Office, what: str) -> None:
    act, action, outcome = WHAT_LEAVES_AN_ENTRY[what]

    act(office)

    [entry] = office.trail()
    assert (entry.record.action, entry.record.outcome) == (action, outcome)
    assert entry.record.address == (None if entry.record.command else HOME)
    assert PASSWORD not in str(entry)


def test_of_a_forgotten_password_the_account_is_told_and_never_what_was_typed(
    office: Office,
) -> None:
    for email in ("ADA@example.com", "nobody@example.com"):
        for _ in range(5):
            office.forget_password(email)

    told = [(entry.record.subject, entry.record.user_id) for entry in office.trail()]
    assert told == [(f"user:{office.ada.id}", None)] * 3 + [(None, None)] * 3
    assert "nobody@" not in str(office.trail())


def test_nothing_is_left_of_what_was_not_done(office: Office) -> None:
    with pytest.raises(NotAllowed):
        ListUsers(office.bench.database)(ListUsersRequest(office.customer))
    with pytest.raises(NotAllowed):
        ReadAudit(office.bench.database)(ReadAuditRequest(office.customer))
    with pytest.raises(NotAllowed):
        ChangeUser(office.bench.database, office.bench.clock)(
            ChangeUserRequest(office.customer, office.ada.id, disabled=True)
        )
    with pytest.raises(NotFound):
        office.change(a_user(), disabled=True)
    office.change(roles=office.ada.roles, disabled=False)

    assert office.trail() == []


def test_refused_sign_ins_do_not_fill_the_table(office: Office) -> None:
    done: list[Callable[[], None]] = []

    class Later:
        def run_soon(self, errand: Callable[[], None]) -> None:
            done.append(errand)

    bench = office.bench
    note = NoteRefusedSignIn(bench.database, Later(), FewAMinute(3))
    for _ in range(10):
        note(None, HOME, bench.clock.now())
    assert len(done) == 3

    bench.clock.advance(timedelta(minutes=1))
    note(office.ada, HOME, bench.clock.now())
    for errand in done:
        errand()

    told = [entry.record.subject for entry in office.trail()]
    assert told == [None, None, None, f"user:{office.ada.id}"]


def test_no_line_can_be_forged() -> None:
    record = AuditRecord(AuditAction.SIGN_IN, detail="x\n2026 root did it\x1b[2J\u202e\x00")

    assert record.detail == "x\\u000a2026 root did it\\u001b[2J\\u202e\\u0000"
    assert one_line(record.detail) == record.detail
    assert len(one_line("a" * 5000) or "") == MAX_TEXT_CHARACTERS


def test_what_is_too_old_goes_if_the_operator_says_so(office: Office) -> None:
    office.log_in()
    bench = office.bench

    kept = Retain(bench.database, bench.object_store, RetentionPolicy())
    short = Retain(
        bench.database, bench.object_store, RetentionPolicy(audit=timedelta(seconds=-60))
    )

    assert (kept(), kept.forecast().audit, len(office.trail())) == (0, 0, 1)
    assert (short.forecast().audit, short(), office.trail()) == (1, 1, [])


class TestDisabledAccounts:
    def test_sessions_and_keys_stop_at_once_and_work_again_later(self, office: Office) -> None:
        tokens = [office.log_in(), office.create_key().token]
        assert {office.authenticate(token).user_id for token in tokens} == {office.ada.id}

        office.change(disabled=True)
        for token in tokens:
            with pytest.raises(InvalidToken):
                office.authenticate(token)
        office.change(disabled=False)

        assert {office.authenticate(token).user_id for token in tokens} == {office.ada.id}

    def test_refresh_tokens_get_nothing_and_work_again_later(self, office: Office) -> None:
        token = office.sign_in().refresh_token
        refresh = RefreshSession(
            office.bench.database, office.bench.session_tokens, office.bench.clock
        )

        office.change(disabled=True)
        with pytest.raises(InvalidRefreshToken):
            refresh(token)
        office.change(disabled=False)

        assert refresh(token)

    def test_signing_in_is_answered_as_a_wrong_password_is(self, office: Office) -> None:
        office.change(disabled=True)
        office.forget()

        with pytest.raises(WrongCredentials) as right:
            office.log_in()
        with pytest.raises(WrongCredentials) as wrong:
            office.log_in("wrong horse")

        assert right.value.detail == wrong.value.detail


class TestTheLastAdmin:
    @pytest.mark.parametrize(
        "changes", [{"disabled": True}, {"roles": frozenset({Role.USER})}], ids=["off", "role"]
    )
    def test_cannot_go(self, office: Office, changes: dict[str, Any]) -> None:
        with pytest.raises(LastAdmin):
            office.change(office.root, **changes)

        office.create_admin()
        assert office.change(office.root, **changes) != office.root

    def test_cannot_give_the_account_up(self, office: Office) -> None:
        with pytest.raises(LastAdmin):
            office.erase(office.root)

        office.create_admin()
        office.erase(office.root)

        with office.bench.database.reading() as work:
            assert [admin.username for admin in work.users.hold_admins()] == ["second"]

    def test_of_two_who_take_it_from_each_other_at_once_one_stays(self, office: Office) -> None:
        second = an_admin(id=office.create_admin())
        start, refused = threading.Barrier(2), []

        def take_from(user: User) -> None:
            start.wait(10)
            try:
                office.change(user, roles=frozenset({Role.USER}))
            except LastAdmin as refusal:
                refused.append(refusal)

        with ThreadPoolExecutor() as threads:
            list(threads.map(take_from, [office.root, second]))

        assert len(refused) == 1

    def test_somebody_without_any_role_there_is_not(self, office: Office) -> None:
        with pytest.raises(InvalidParameter):
            office.change(roles=frozenset())
