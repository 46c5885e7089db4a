"""Opening an account, signing in and out, and the profile."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest

from adapters.persistence.rate_limiter import DatabaseRateLimiter
from adapters.security.argon2_hasher import Argon2PasswordHasher
from adapters.security.common_passwords import CommonPasswords
from adapters.security.jwt_tokens import JWTAccessTokens
from application.accounts.authenticate import Authenticate
from application.accounts.end_sessions import EndSessions, EndSessionsRequest
from application.accounts.list_sessions import ListSessions
from application.accounts.log_in import LogIn, LogInRequest, WrongCredentials
from application.accounts.open_session import MAX_SESSIONS
from application.accounts.log_out import LogOut
from application.accounts.note_key_use import NoteKeyUse
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.refresh_session import GRACE, InvalidRefreshToken, RefreshSession
from application.accounts.register_user import RegisterUser, RegisterUserRequest
from application.accounts.session_tokens import SignedIn
from application.accounts.throttle_guesses import GuessAllowance, ThrottleGuesses
from application.accounts.update_profile import UpdateProfile, UpdateProfileRequest
from application.accounts.view_profile import ViewProfile, ViewProfileRequest
from application.actor import Actor
from application.errors import NotAllowed, NotFound, TooManyRequests
from application.ports.access_tokens import InvalidToken
from application.ports.password_hasher import HasherBusy, PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from domain.notifications.letter import LetterKind
from application.ports.repositories.users import EmailTaken, UsernameTaken
from domain.errors import InvalidParameter, PasswordCompromised
from domain.users.roles import Role
from domain.users.session import Session
from domain.users.user import User
from tests.unit.application.workbench import MINUTE, Workbench

PASSWORD = "password123"
EMAIL = "ada@example.com"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
HERE, THERE = "192.0.2.1", "192.0.2.2"


def a_cheap_hasher(passes: int = 1) -> Argon2PasswordHasher:
    return Argon2PasswordHasher(memory_kib=8, passes=passes)


class CrowdedHasher(Argon2PasswordHasher):
    """One where the line is always full."""

    def verify(self, password: str, password_hash: str | None) -> bool:
        raise HasherBusy


@attrs.frozen
class Accounts:
    """The account use cases over one bench."""

    bench: Workbench
    hasher: PasswordHasher = attrs.field(factory=a_cheap_hasher)
    screening: PasswordScreening = NoScreening()
    password_for_address: bool = False

    def register(self, username: str = "ada", email: str = EMAIL, password: str = PASSWORD) -> None:
        use_case = RegisterUser(
            self.bench.database, self.hasher, self.bench.clock, self.bench.ids, self.screening
        )
        use_case(RegisterUserRequest(username, email, password))

    @property
    def guesses(self) -> ThrottleGuesses:
        return ThrottleGuesses(DatabaseRateLimiter(self.bench.database), GuessAllowance(5, 50))

    def sign_in(
        self,
        email: str = EMAIL,
        password: str = PASSWORD,
        client: str = "",
        address: str = HERE,
    ) -> SignedIn:
        bench = self.bench
        note = NoteRefusedSignIn(bench.database, bench.errands)
        use_case = LogIn(
            bench.database,
            self.hasher,
            bench.session_tokens,
            bench.clock,
            bench.ids,
            self.guesses,
            note,
        )
        return use_case(LogInRequest(email, password, client, address, address))

    def log_in(self, email: str = EMAIL, password: str = PASSWORD, address: str = HERE) -> str:
        return self.sign_in(email, password, address=address).access_token

    def refresh(self, token: str) -> SignedIn:
        return RefreshSession(self.bench.database, self.bench.session_tokens, self.bench.clock)(
            token
        )

    def sessions(self, actor: Actor) -> Sequence[Session]:
        return ListSessions(self.bench.database, self.bench.clock)(actor)

    def end(self, actor: Actor, session_id: UUID | None = None) -> None:
        EndSessions(self.bench.database, self.bench.clock)(EndSessionsRequest(actor, session_id))

    def log_out(self, token: str) -> None:
        LogOut(self.bench.database, self.bench.access_tokens, self.bench.clock)(token)

    def authenticate(self, token: str) -> Actor:
        bench = self.bench
        note_key_use = NoteKeyUse(bench.database, bench.errands)
        use_case = Authenticate(
            bench.database, bench.access_tokens, bench.key_tokens, note_key_use, bench.clock
        )
        return use_case(token)

    def view(self, actor: Actor, user: str | None = None) -> User:
        return ViewProfile(self.bench.database)(ViewProfileRequest(actor, user))

    def update(self, actor: Actor, **changes: str) -> None:
        bench = self.bench
        use_case = UpdateProfile(
            bench.database,
            self.hasher,
            bench.post_letter,
            bench.clock,
            self.guesses,
            self.password_for_address,
        )
        use_case(UpdateProfileRequest(actor, **changes))

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
        ("username", "email"),
        [
            ("ADA", "other@example.com"),
            ("ada", EMAIL),
        ],
    )
    def test_a_name_belongs_to_one(self, accounts: Accounts, username: str, email: str) -> None:
        accounts.register()

        with pytest.raises(UsernameTaken):
            accounts.register(username, email)

    def test_an_address_belongs_to_one_who_is_told_and_nobody_else_is(
        self, accounts: Accounts
    ) -> None:
        accounts.register()
        owner = accounts.user()

        for _ in range(5):
            accounts.register("other", EMAIL.upper(), "another horse")

        assert accounts.user() == owner
        assert accounts.log_in()
        with pytest.raises(WrongCredentials):
            accounts.log_in(password="another horse")
        letters = [(address, letter.kind) for address, letter in accounts.bench.post_letters()]
        assert letters == [(EMAIL, LetterKind.ALREADY_REGISTERED)] * 3
        accounts.register("other", "other@example.com")

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

    def test_a_token_ends_by_itself(self, accounts: Accounts) -> None:
        accounts.register()
        token = accounts.log_in()

        accounts.bench.clock.advance(15 * MINUTE)
        assert accounts.authenticate(token)  # clocks may differ by ten seconds
        accounts.bench.clock.advance(10 * SECOND)

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
            lambda work: work.sessions.with_user(accounts.bench.access_tokens.session_id(token))
        )
        times = {"issued_at": session.created_at, "expires_at": session.expires_at}
        unknown = accounts.bench.access_tokens.issue(attrs.evolve(session, id=uuid4()), **times)

        messages = set()
        for bad in (forger.issue(session, **times), unknown, "", "a.b.c"):
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


class TestRefreshing:
    def test_a_session_goes_on_with_new_tokens(self, accounts: Accounts) -> None:
        accounts.register()
        first = accounts.sign_in()
        accounts.bench.clock.advance(HOUR)

        second = accounts.refresh(first.refresh_token)

        with pytest.raises(InvalidToken):
            accounts.authenticate(first.access_token)
        actor = accounts.authenticate(second.access_token)
        [session] = accounts.sessions(actor)
        assert session.id == actor.session_id
        assert session.last_used_at == accounts.bench.clock.now()
        assert second.refresh_token != first.refresh_token

    def test_a_token_that_is_used_again_ends_the_session_at_once(self, accounts: Accounts) -> None:
        accounts.register()
        stolen = accounts.sign_in()
        kept = accounts.sign_in()
        second = accounts.refresh(stolen.refresh_token)
        third = accounts.refresh(second.refresh_token)

        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(stolen.refresh_token)

        with pytest.raises(InvalidToken):
            accounts.authenticate(third.access_token)
        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(third.refresh_token)
        assert accounts.authenticate(kept.access_token)

    def test_who_missed_the_answer_gets_the_same_again_for_a_moment(
        self, accounts: Accounts
    ) -> None:
        accounts.register()
        first = accounts.sign_in()
        second = accounts.refresh(first.refresh_token)
        accounts.bench.clock.advance(9 * SECOND)

        again = accounts.refresh(first.refresh_token)

        assert again.refresh_token == second.refresh_token
        assert accounts.authenticate(again.access_token)
        assert accounts.refresh(again.refresh_token)

    def test_the_moment_ends(self, accounts: Accounts) -> None:
        accounts.register()
        first = accounts.sign_in()
        second = accounts.refresh(first.refresh_token)
        accounts.bench.clock.advance(GRACE)

        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(first.refresh_token)
        with pytest.raises(InvalidToken):
            accounts.authenticate(second.access_token)

    def test_of_many_at_once_all_get_the_same_next_token(self, accounts: Accounts) -> None:
        accounts.register()
        first = accounts.sign_in()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(accounts.refresh, [first.refresh_token] * 8))

        assert len({answer.refresh_token for answer in answers}) == 1
        assert accounts.refresh(answers[0].refresh_token)

    def test_a_session_ends_when_it_is_not_used(self, accounts: Accounts) -> None:
        accounts.register()
        signed_in = accounts.sign_in()
        accounts.bench.clock.advance(timedelta(days=13))
        signed_in = accounts.refresh(signed_in.refresh_token)
        accounts.bench.clock.advance(timedelta(days=14))

        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(signed_in.refresh_token)

    def test_a_session_ends_however_much_it_is_used(self, accounts: Accounts) -> None:
        accounts.register()
        signed_in = accounts.sign_in()
        for _ in range(2):
            accounts.bench.clock.advance(timedelta(days=13))
            signed_in = accounts.refresh(signed_in.refresh_token)
        accounts.bench.clock.advance(timedelta(days=4) - 5 * MINUTE)
        signed_in = accounts.refresh(signed_in.refresh_token)
        assert accounts.authenticate(signed_in.access_token)
        accounts.bench.clock.advance(5 * MINUTE)

        with pytest.raises(InvalidToken):  # though its token would have been good for longer
            accounts.authenticate(signed_in.access_token)
        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(signed_in.refresh_token)

    @pytest.mark.parametrize("end", ["sign out", "end it", "end all others"])
    def test_what_has_been_ended_does_not_go_on(self, accounts: Accounts, end: str) -> None:
        accounts.register()
        ended, present = accounts.sign_in(), accounts.sign_in()
        actor = accounts.authenticate(ended.access_token)
        if end == "sign out":
            accounts.log_out(ended.access_token)
        elif end == "end it":
            accounts.end(accounts.authenticate(present.access_token), actor.session_id)
        else:
            accounts.end(accounts.authenticate(present.access_token))

        with pytest.raises(InvalidToken):
            accounts.authenticate(ended.access_token)
        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(ended.refresh_token)
        assert accounts.refresh(present.refresh_token)

    @pytest.mark.parametrize(
        "token", ["", "st_", "st_" + "0" * 64, "x" * 10_000, "\udcff"], ids=len
    )
    def test_an_unknown_token_is_refused(self, accounts: Accounts, token: str) -> None:
        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(token)

    def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(
        self, accounts: Accounts
    ) -> None:
        accounts.register()
        signed_in = accounts.sign_in()

        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(signed_in.access_token)
        with pytest.raises(InvalidToken):
            accounts.authenticate(signed_in.refresh_token)


class TestListsOfSessions:
    def test_show_where_one_is_signed_in_the_last_used_first(self, accounts: Accounts) -> None:
        accounts.register()
        accounts.register("bob", "bob@example.com")
        accounts.log_in("bob@example.com")
        phone = accounts.sign_in(client="phone")
        accounts.bench.clock.advance(MINUTE)
        laptop = accounts.sign_in(client="laptop")
        actor = accounts.authenticate(laptop.access_token)
        assert [one.client for one in accounts.sessions(actor)] == ["laptop", "phone"]
        accounts.bench.clock.advance(MINUTE)

        accounts.refresh(phone.refresh_token)

        assert [one.client for one in accounts.sessions(actor)] == ["phone", "laptop"]

    def test_anothers_session_cannot_be_ended(self, accounts: Accounts) -> None:
        accounts.register()
        accounts.register("bob", "bob@example.com")
        own = accounts.log_in()
        others = accounts.authenticate(accounts.log_in("bob@example.com"))

        for session_id in (accounts.authenticate(own).session_id, uuid4()):
            with pytest.raises(NotFound):
                accounts.end(others, session_id)

        accounts.end(others)
        assert accounts.authenticate(own)

    def test_one_session_too_many_ends_the_one_used_longest_ago(self, accounts: Accounts) -> None:
        accounts.register()
        tokens = []
        for _ in range(MAX_SESSIONS + 2):
            tokens.append(accounts.log_in())
            accounts.bench.clock.advance(SECOND)

        actor = accounts.authenticate(tokens[-1])
        assert len(accounts.sessions(actor)) == MAX_SESSIONS
        for token in tokens[:2]:
            with pytest.raises(InvalidToken):
                accounts.authenticate(token)
        assert accounts.authenticate(tokens[2])

    def test_a_password_that_changed_while_it_was_checked_opens_nothing(
        self, bench: Workbench
    ) -> None:
        accounts = Accounts(bench)
        accounts.register()

        class SlowHasher(Argon2PasswordHasher):
            def verify(self, password: str, password_hash: str | None) -> bool:
                answer = super().verify(password, password_hash)
                if answer:
                    user = accounts.user()
                    changed = attrs.evolve(user, password_hash=self.hash("another password"))
                    bench.write(lambda work: work.users.update(changed))
                return answer

        with pytest.raises(WrongCredentials):
            Accounts(bench, SlowHasher(memory_kib=8, passes=1)).log_in()


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

    def test_a_guess_that_nobody_had_time_to_look_at_is_given_back(
        self, accounts: Accounts, bench: Workbench
    ) -> None:
        accounts.register()
        crowded = Accounts(bench, CrowdedHasher())

        for _ in range(60):
            with pytest.raises(HasherBusy):
                crowded.log_in()
        assert accounts.log_in()

    def test_right_passwords_use_nothing_up(self, accounts: Accounts) -> None:
        accounts.register()

        for _ in range(60):
            self.guess(accounts, 1) if _ % 4 == 0 else accounts.log_in()
        assert accounts.log_in()
