"""Opening an account, signing in and out, and the profile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest

from adapters.persistence.rate_limiter import DatabaseRateLimiter
from adapters.security.argon2_hasher import Argon2PasswordHasher
from adapters.security.common_passwords import CommonPasswords
from adapters.security.jwt_tokens import JWTAccessTokens
from application.accounts.authenticate import Authenticate
from application.accounts.log_in import LogIn, LogInRequest, WrongCredentials
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.log_out import LogOut
from application.accounts.note_key_use import NoteKeyUse
from application.accounts.register_user import RegisterUser, RegisterUserRequest
from application.accounts.throttle_guesses import GuessAllowance, ThrottleGuesses
from application.accounts.update_profile import UpdateProfile, UpdateProfileRequest
from application.accounts.view_profile import ViewProfile, ViewProfileRequest
from application.actor import Actor
from application.errors import NotAllowed, NotFound, TooManyRequests
from application.ports.access_tokens import InvalidToken
from application.ports.password_hasher import PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from application.ports.repositories.users import EmailTaken, UsernameTaken
from domain.errors import InvalidParameter, PasswordCompromised
from domain.users.roles import Role
from domain.users.user import User
from tests.unit.application.workbench import KEY, MINUTE, Workbench

PASSWORD = "password123"
EMAIL = "ada@example.com"
HOUR = timedelta(hours=1)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def a_cheap_hasher(passes: int = 1) -> Argon2PasswordHasher:
    return Argon2PasswordHasher(memory_kib=8, passes=passes)


@attrs.frozen
class Accounts:
    """The account use cases over one bench."""

    bench: Workbench
    hasher: PasswordHasher = attrs.field(factory=a_cheap_hasher)
    screening: PasswordScreening = NoScreening()

    @property
    def tokens(self) -> JWTAccessTokens:
        return JWTAccessTokens(
            {"k1": KEY}, "k1", issuer="safelight", audience="safelight", clock=self.bench.clock
        )

    def register(self, username: str = "ada", email: str = EMAIL, password: str = PASSWORD) -> None:
        use_case = RegisterUser(
            self.bench.database, self.hasher, self.bench.clock, self.bench.ids, self.screening
        )
        use_case(RegisterUserRequest(username, email, password))

    def log_in(self, email: str = EMAIL, password: str = PASSWORD, address: str = HERE) -> str:
        bench = self.bench
        guesses = ThrottleGuesses(DatabaseRateLimiter(bench.database), GuessAllowance(5, 50))
        note = NoteRefusedSignIn(bench.database, bench.errands)
        use_case = LogIn(
            bench.database, self.hasher, self.tokens, bench.clock, bench.ids, HOUR, guesses, note
        )
        return use_case(LogInRequest(email, password, address, address))

    def log_out(self, token: str) -> None:
        LogOut(self.bench.database, self.tokens, self.bench.clock)(token)

    def authenticate(self, token: str) -> Actor:
        bench = self.bench
        note_key_use = NoteKeyUse(bench.database, bench.errands)
        use_case = Authenticate(
            bench.database, self.tokens, bench.key_tokens, note_key_use, bench.clock
        )
        return use_case(token)

    def view(self, actor: Actor, user: str | None = None) -> User:
        return ViewProfile(self.bench.database)(ViewProfileRequest(actor, user))

    def update(self, actor: Actor, **changes: str) -> None:
        UpdateProfile(self.bench.database, self.bench.clock)(UpdateProfileRequest(actor, **changes))

    def user(self) -> User:
        return self.bench.read(lambda work: work.users.by_email(EMAIL))


@pytest.fixture
def accounts(bench: Workbench) -> Accounts:
    return Accounts(bench)


class TestRegisterUser:
    def test_opens_an_account_that_keeps_no_password(self, accounts: Accounts) -> None:
        accounts.register("Ada", "Ada@Example.com")

        user = accounts.user()
        assert (user.username, user.email) == ("Ada", "Ada@Example.com")
        assert user.roles == {Role.USER}
        assert user.created_at == user.updated_at == accounts.bench.clock.now()
        assert PASSWORD not in user.password_hash
        assert accounts.hasher.verify(PASSWORD, user.password_hash)

    @pytest.mark.parametrize(
        ("username", "email", "refusal"),
        [
            ("ADA", "other@example.com", UsernameTaken),
            ("other", "ADA@EXAMPLE.COM", EmailTaken),
            ("ada", EMAIL, EmailTaken),
        ],
    )
    def test_names_and_addresses_belong_to_one(
        self, accounts: Accounts, username: str, email: str, refusal: type[Exception]
    ) -> None:
        accounts.register()

        with pytest.raises(refusal):
            accounts.register(username, email)

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"username": ""}, "/username"),
            ({"email": "nowhere"}, "/email"),
            ({"password": "short"}, "/password"),
        ],
    )
    def test_refuses_what_has_not_the_form_it_must_have(
        self, accounts: Accounts, fields: dict[str, str], pointer: str
    ) -> None:
        with pytest.raises(InvalidParameter) as refused:
            accounts.register(**fields)

        assert refused.value.pointer == pointer
        assert accounts.user() is None

    @pytest.mark.parametrize("password", ["password123", "PASSWORD123", "Baseball", "ｂaseball"])
    def test_refuses_what_everybody_tries_if_it_is_screened(
        self, bench: Workbench, password: str
    ) -> None:
        accounts = Accounts(bench, screening=CommonPasswords())

        with pytest.raises(PasswordCompromised) as refused:
            accounts.register(password=password)
        assert (refused.value.code, refused.value.pointer) == ("password-compromised", "/password")
        accounts.register(password="a lamp beside 4 pears")

    def test_of_two_at_once_one_gets_the_account(self, accounts: Accounts) -> None:
        def ask(_: int) -> bool:
            try:
                accounts.register()
            except (EmailTaken, UsernameTaken):
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(ask, range(2))) == [False, True]


class TestSessions:
    def test_a_token_stands_for_its_user(self, accounts: Accounts) -> None:
        accounts.register()

        actor = accounts.authenticate(accounts.log_in("ADA@example.com"))

        assert actor.user_id == accounts.user().id
        assert actor.roles == {Role.USER}

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            (EMAIL, "password124"),
            (EMAIL, ""),
            (EMAIL, PASSWORD * 100),
            ("nobody@example.com", PASSWORD),
            ("", ""),
        ],
    )
    def test_what_is_wrong_stays_untold(
        self, accounts: Accounts, email: str, password: str
    ) -> None:
        accounts.register()

        with pytest.raises(WrongCredentials) as refused:
            accounts.log_in(email, password)

        assert refused.value.detail == "No account has this address with this password; check both."

    def test_signing_out_ends_one_session_at_once(self, accounts: Accounts) -> None:
        accounts.register()
        ended, kept = accounts.log_in(), accounts.log_in()

        accounts.log_out(ended)
        accounts.log_out(ended)

        with pytest.raises(InvalidToken):
            accounts.authenticate(ended)
        assert accounts.authenticate(kept)

    def test_a_session_ends_by_itself(self, accounts: Accounts) -> None:
        accounts.register()
        token = accounts.log_in()

        accounts.bench.clock.advance(HOUR - timedelta(seconds=1))
        assert accounts.authenticate(token)
        accounts.bench.clock.advance(timedelta(seconds=1))

        with pytest.raises(InvalidToken):
            accounts.authenticate(token)

    def test_a_change_of_roles_works_at_once(self, accounts: Accounts) -> None:
        accounts.register()
        token = accounts.log_in()
        promoted = attrs.evolve(accounts.user(), roles=frozenset({Role.ADMIN}))

        accounts.bench.write(lambda work: work.users.update(promoted))

        assert accounts.authenticate(token).roles == {Role.ADMIN}

    def test_a_forged_token_and_one_without_a_session_look_alike(self, accounts: Accounts) -> None:
        accounts.register()
        token = accounts.log_in()
        forger = JWTAccessTokens(
            {"k1": b"x" * 32},
            "k1",
            issuer="safelight",
            audience="safelight",
            clock=accounts.bench.clock,
        )
        session, _ = accounts.bench.read(
            lambda work: work.sessions.with_user(accounts.tokens.session_id(token))
        )
        unknown = accounts.tokens.issue(attrs.evolve(session, id=uuid4()))

        messages = set()
        for bad in (forger.issue(session), unknown, "", "a.b.c"):
            with pytest.raises(InvalidToken) as refused:
                accounts.authenticate(bad)
            messages.add(refused.value.detail)

        assert len(messages) == 1

    def test_an_old_hash_is_made_stronger_on_the_way_in(self, bench: Workbench) -> None:
        Accounts(bench, a_cheap_hasher(passes=1)).register()
        stronger = Accounts(bench, a_cheap_hasher(passes=2))

        stronger.log_in()

        assert ",t=2," in stronger.user().password_hash
        assert stronger.log_in()

    def test_a_profile_changed_while_a_hash_is_made_stronger_stays_changed(
        self, bench: Workbench
    ) -> None:
        """The whole account was written back as it had been before the hashing."""
        accounts = Accounts(bench)
        accounts.register()

        class SlowHasher(Argon2PasswordHasher):
            def hash(self, password: str) -> str:
                actor = bench.actor_of(accounts.user())
                accounts.update(actor, username="lovelace")
                return super().hash(password)

        Accounts(bench, SlowHasher(memory_kib=8, passes=2)).log_in()

        assert accounts.user().username == "lovelace"
        assert ",t=2," in accounts.user().password_hash


class TestProfiles:
    def test_people_see_their_own(self, bench: Workbench, accounts: Accounts) -> None:
        user = bench.a_user(username="Ada")
        actor = bench.actor_of(user)

        for name in (None, "Ada", "ada", str(user.id)):
            assert accounts.view(actor, name) == user

    @pytest.mark.parametrize("there", [True, False])
    def test_whether_another_exists_stays_untold(
        self, bench: Workbench, accounts: Accounts, there: bool
    ) -> None:
        other = bench.a_user()

        with pytest.raises(NotAllowed):
            accounts.view(bench.an_actor(), other.username if there else "nobody")

    def test_an_admin_sees_anybodys_by_name_or_id(
        self, bench: Workbench, accounts: Accounts
    ) -> None:
        admin = bench.an_actor(roles=frozenset({Role.ADMIN}))
        other = bench.a_user(username="Ada")

        assert accounts.view(admin, "ada") == other
        assert accounts.view(admin, str(other.id)) == other
        for nobody in ("nobody", str(uuid4())):
            with pytest.raises(NotFound):
                accounts.view(admin, nobody)

    def test_who_has_no_account_any_more_finds_nothing(
        self, bench: Workbench, accounts: Accounts
    ) -> None:
        ghost = Actor(uuid4(), frozenset({Role.USER}))

        with pytest.raises(NotFound):
            accounts.view(ghost)
        with pytest.raises(NotFound):
            accounts.update(ghost, username="ghost")

    @pytest.mark.parametrize("changes", [{"username": "Grace"}, {"email": "grace@example.com"}, {}])
    def test_what_is_not_named_stays(
        self, bench: Workbench, accounts: Accounts, changes: dict[str, Any]
    ) -> None:
        user = bench.a_user()
        bench.clock.advance(MINUTE)

        accounts.update(bench.actor_of(user), **changes)

        changed = attrs.evolve(user, updated_at=bench.clock.now(), **changes)
        assert bench.read(lambda work: work.users.get(user.id)) == changed

    def test_a_refused_change_changes_nothing(self, bench: Workbench, accounts: Accounts) -> None:
        bench.a_user(username="grace", email="grace@example.com")
        user = bench.a_user()
        actor = bench.actor_of(user)

        for changes, refusal in (
            ({"username": "GRACE", "email": "new@example.com"}, UsernameTaken),
            ({"username": "new", "email": "Grace@example.com"}, EmailTaken),
            ({"username": "new", "email": "nowhere"}, InvalidParameter),
        ):
            with pytest.raises(refusal):
                accounts.update(actor, **changes)

        assert bench.read(lambda work: work.users.get(user.id)) == user


class TestGuesses:
    def guess(
        self, accounts: Accounts, times: int, email: str = EMAIL, address: str = HERE
    ) -> tuple[int, int]:
        """Return how many wrong passwords were looked at, and how many were throttled."""

        def ask(number: int) -> bool:
            try:
                accounts.log_in(email, f"wrong-{number}", address)
            except WrongCredentials:
                return True
            except TooManyRequests:
                return False
            raise AssertionError("a wrong password is right")

        with ThreadPoolExecutor(8) as pool:
            looked_at = sum(pool.map(ask, range(times)))
        return looked_at, times - looked_at

    def let_pass(self, accounts: Accounts, seconds: int) -> None:
        """Let every window have begun earlier."""
        database: Any = accounts.bench.database
        with database.counting() as connection:
            for subject, ends_at in connection.rows("SELECT subject, ends_at FROM rate_counts"):
                connection.change(
                    "UPDATE rate_counts SET ends_at = :ends_at WHERE subject = :subject",
                    subject=subject,
                    ends_at=connection.as_time(ends_at) - timedelta(seconds=seconds),
                )

    def test_of_a_hundred_at_once_ninety_are_throttled_and_the_owner_gets_in_elsewhere(
        self, accounts: Accounts
    ) -> None:
        accounts.register()

        assert self.guess(accounts, 100) == (5, 95)
        assert accounts.log_in(address=THERE)
        with pytest.raises(TooManyRequests) as refused:
            accounts.log_in(address=HERE)
        assert 0 < refused.value.retry_after_seconds <= 60

    def test_an_account_that_does_not_exist_is_throttled_the_same(self, accounts: Accounts) -> None:
        assert self.guess(accounts, 100, email="nobody@example.com") == (5, 95)

    def test_the_case_of_an_address_is_no_way_around(self, accounts: Accounts) -> None:
        assert self.guess(accounts, 5) == (5, 0)
        assert self.guess(accounts, 5, email=EMAIL.upper()) == (0, 5)

    def test_whoever_goes_on_waits_for_longer(self, accounts: Accounts) -> None:
        rounds = []
        for wait in (61, 61, 14 * 60, 61, 15 * 60):
            rounds.append(self.guess(accounts, 20)[0])
            self.let_pass(accounts, wait)

        assert rounds == [5, 5, 0, 5, 5]
        with pytest.raises(TooManyRequests) as refused:
            accounts.log_in(address=HERE)
        assert refused.value.retry_after_seconds > 5 * 3600

    def test_one_address_guesses_at_few_accounts(self, accounts: Accounts) -> None:
        looked_at = sum(
            self.guess(accounts, 5, email=f"user{number}@example.com")[0] for number in range(20)
        )

        assert looked_at == 50

    def test_right_passwords_use_nothing_up(self, accounts: Accounts) -> None:
        accounts.register()

        for _ in range(60):
            self.guess(accounts, 1) if _ % 4 == 0 else accounts.log_in()
        assert accounts.log_in()
