"""Passwords changed and forgotten, addresses verified, and the letters about it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import attrs
import pytest

from adapters.security.common_passwords import CommonPasswords
from application.accounts.change_password import ChangePassword, ChangePasswordRequest
from application.accounts.create_api_key import CreateAPIKey, CreateAPIKeyRequest
from application.accounts.reset_password import (
    ForgotPassword,
    ForgotPasswordRequest,
    ResetPassword,
    ResetPasswordRequest,
)
from application.accounts.verify_email import AskToVerifyEmail, VerifyEmail
from application.actor import Actor
from application.accounts.log_in import WrongCredentials
from application.accounts.refresh_session import InvalidRefreshToken
from application.errors import (
    EmailNotVerified,
    InvalidMailedToken,
    TooManyRequests,
    WrongPassword,
)
from application.images.admit_upload import AdmitUpload, HighWaterMarks
from application.notifications.send_delivery import SendOutcome
from application.ports.access_tokens import InvalidToken
from application.ports.notifier import DeliveryFailed
from domain.errors import InvalidParameter, PasswordCompromised
from domain.notifications.channel import Webhook
from domain.notifications.letter import LetterKind
from domain.users.identity import Identity
from domain.users.scopes import Scope
from domain.users.user import User
from tests.unit.application.test_accounts import EMAIL, PASSWORD, Accounts
from tests.unit.application.workbench import MINUTE, Workbench

NEW = "correct horse battery staple"
STRANGER = "stranger@example.com"


@attrs.frozen
class Desk:
    """The use cases around passwords and addresses, over one bench."""

    accounts: Accounts

    @property
    def bench(self) -> Workbench:
        return self.accounts.bench

    def change(self, actor: Actor, current: str = PASSWORD, new: str = NEW) -> None:
        bench = self.bench
        use_case = ChangePassword(
            bench.database,
            self.accounts.hasher,
            bench.post_letter,
            bench.clock,
            self.accounts.guesses,
            self.accounts.screening,
        )
        use_case(ChangePasswordRequest(actor, current, new))

    def forget(self, email: str = EMAIL) -> None:
        use_case = ForgotPassword(self.bench.database, self.bench.post_letter)
        use_case(ForgotPasswordRequest(email))

    def reset(self, token: str, new: str = NEW) -> None:
        bench = self.bench
        use_case = ResetPassword(
            bench.database,
            self.accounts.hasher,
            bench.opaque_tokens,
            bench.post_letter,
            bench.clock,
            self.accounts.screening,
        )
        use_case(ResetPasswordRequest(token, new))

    def ask_to_verify(self, actor: Actor) -> None:
        AskToVerifyEmail(self.bench.database, self.bench.post_letter)(actor)

    def asked_to_verify(self) -> str:
        self.ask_to_verify(self.bench.actor_of(self.accounts.user()))
        return self.mailed_token()

    def verify(self, token: str) -> None:
        VerifyEmail(self.bench.database, self.bench.opaque_tokens, self.bench.clock)(token)

    def mailed(self) -> list[tuple[str, LetterKind]]:
        return [(address, letter.kind) for address, letter in self.bench.post_letters()]

    def mailed_token(self) -> str:
        [(_, letter)] = self.bench.post_letters()
        assert letter.token is not None
        return letter.token


@attrs.frozen
class Doors:
    """An API key, a webhook and an identity of one account: ways in, and out, without its password."""

    bench: Workbench
    user: User

    def __attrs_post_init__(self) -> None:
        now, user_id = self.bench.clock.now(), self.user.id
        actor = self.bench.actor_of(self.user)
        CreateAPIKey(self.bench.database, self.bench.key_tokens, self.bench.clock, self.bench.ids)(
            CreateAPIKeyRequest(actor, "left behind", [Scope.IMAGES_READ], None, None)
        )
        webhook = Webhook(uuid4(), user_id, "https://example.com/hook", now)
        identity = Identity(uuid4(), user_id, "https://idp.example.com", "1", None, now)
        self.bench.write(lambda work: (work.webhooks.add(webhook), work.identities.add(identity)))

    def still(self) -> tuple[int, int, int]:
        """Return how many of each there are."""
        now, user_id = self.bench.clock.now(), self.user.id
        return self.bench.read(
            lambda work: (
                sum(key.is_live(now) for key in work.api_keys.of_user(user_id)),
                len(work.webhooks.of_user(user_id)),
                len(work.identities.of_user(user_id)),
            )
        )


@pytest.fixture
def desk(bench: Workbench) -> Desk:
    desk = Desk(Accounts(bench))
    desk.accounts.register()
    return desk


def rows(bench: Workbench, table: str) -> list[Any]:
    with bench.database.reading() as work:
        return list(work.letters._connection.rows(f"SELECT * FROM {table}"))  # type: ignore[attr-defined]


def test_passwords_that_everybody_tries_are_not_taken(bench: Workbench) -> None:
    desk = Desk(Accounts(bench, screening=CommonPasswords()))
    desk.accounts.register(password=NEW)
    desk.forget()
    token = desk.mailed_token()

    with pytest.raises(PasswordCompromised):
        desk.change(desk.accounts.authenticate(desk.accounts.log_in(password=NEW)), NEW, PASSWORD)
    with pytest.raises(PasswordCompromised):
        desk.reset(token, PASSWORD)

    assert desk.accounts.log_in(password=NEW)
    desk.reset(token, "still another horse")  # the token stayed good


class TestChangePassword:
    def test_the_present_one_cannot_be_guessed_for_long(self, desk: Desk) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())
        for _ in range(5):
            with pytest.raises(WrongPassword):
                desk.change(actor, "wrong horse")

        with pytest.raises(TooManyRequests):
            desk.change(actor)

    def test_ends_all_other_sessions_and_is_told_by_mail(self, desk: Desk) -> None:
        accounts = desk.accounts
        present, other = accounts.sign_in(), accounts.sign_in()

        desk.change(accounts.authenticate(present.access_token))

        assert accounts.authenticate(present.access_token)
        with pytest.raises(InvalidToken):
            accounts.authenticate(other.access_token)
        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(other.refresh_token)
        assert accounts.refresh(present.refresh_token)
        with pytest.raises(WrongCredentials):
            accounts.log_in()
        assert accounts.log_in(password=NEW)
        assert desk.mailed() == [(EMAIL, LetterKind.PASSWORD_CHANGED)]

    @pytest.mark.parametrize("current", ["password124", "", "x" * 1_000_000], ids=len)
    def test_takes_the_present_password(self, desk: Desk, current: str) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())

        with pytest.raises(WrongPassword):
            desk.change(actor, current)

        assert desk.accounts.log_in()
        assert desk.mailed() == []

    @pytest.mark.parametrize("new", ["short", "x" * 129, "12345678\0"], ids=len)
    def test_takes_a_new_one_of_the_right_form(self, desk: Desk, new: str) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())

        with pytest.raises(InvalidParameter) as refused:
            desk.change(actor, new=new)

        assert refused.value.pointer == "/newPassword"
        assert desk.accounts.log_in()


class TestResetPassword:
    def test_the_letters_token_sets_a_new_password_and_ends_every_session(self, desk: Desk) -> None:
        accounts = desk.accounts
        signed_in = accounts.sign_in()
        desk.forget(EMAIL.upper())

        desk.reset(desk.mailed_token())

        with pytest.raises(InvalidToken):
            accounts.authenticate(signed_in.access_token)
        with pytest.raises(InvalidRefreshToken):
            accounts.refresh(signed_in.refresh_token)
        with pytest.raises(WrongCredentials):
            accounts.log_in()
        assert accounts.log_in(password=NEW)
        assert accounts.user().email_verified_at == desk.bench.clock.now()
        assert desk.mailed() == [(EMAIL, LetterKind.PASSWORD_CHANGED)]

    def test_who_shows_first_that_the_address_is_theirs_is_alone_in_the_account(
        self, desk: Desk
    ) -> None:
        left_open = Doors(desk.bench, desk.accounts.user())  # by who had only named the address
        desk.forget()

        desk.reset(desk.mailed_token())

        assert left_open.still() == (0, 0, 0)

    def test_what_was_made_since_then_stays_open(self, desk: Desk) -> None:
        desk.verify(desk.asked_to_verify())
        made = Doors(desk.bench, desk.accounts.user())
        desk.forget()

        desk.reset(desk.mailed_token())

        assert made.still() == (1, 1, 1)

    def test_a_token_works_once(self, desk: Desk) -> None:
        desk.forget()
        token = desk.mailed_token()
        desk.reset(token)

        with pytest.raises(InvalidMailedToken):
            desk.reset(token, "another password")

        assert desk.accounts.log_in(password=NEW)

    def test_of_many_at_once_one_succeeds(self, desk: Desk) -> None:
        desk.forget()
        token = desk.mailed_token()

        def ask(number: int) -> bool:
            try:
                desk.reset(token, f"password number {number}")
            except InvalidMailedToken:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(ask, range(6)))

        assert sorted(answers) == [False] * 5 + [True]
        assert desk.accounts.log_in(password=f"password number {answers.index(True)}")

    def test_a_token_ends_after_ten_minutes(self, desk: Desk) -> None:
        desk.forget()
        token = desk.mailed_token()
        desk.bench.clock.advance(10 * MINUTE)

        with pytest.raises(InvalidMailedToken):
            desk.reset(token)

    def test_a_password_that_is_refused_leaves_the_token_good(self, desk: Desk) -> None:
        desk.forget()
        token = desk.mailed_token()
        with pytest.raises(InvalidParameter):
            desk.reset(token, "short")

        desk.reset(token)

        assert desk.accounts.log_in(password=NEW)

    def test_the_other_letters_end_with_it(self, desk: Desk) -> None:
        desk.forget()
        first = desk.mailed_token()
        desk.forget()
        desk.reset(desk.mailed_token())

        with pytest.raises(InvalidMailedToken):
            desk.reset(first, "another password")

    @pytest.mark.parametrize("change", ["password", "address"])
    def test_a_token_ends_when_what_it_is_for_changes(self, desk: Desk, change: str) -> None:
        desk.forget()
        token = desk.mailed_token()
        actor = desk.accounts.authenticate(desk.accounts.log_in())
        if change == "password":
            desk.change(actor)
        else:
            desk.accounts.update(actor, email="new@example.com")

        with pytest.raises(InvalidMailedToken):
            desk.reset(token, "another password")

    def test_one_kind_of_token_does_not_pass_for_another(self, desk: Desk) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())
        desk.ask_to_verify(actor)
        verification = desk.mailed_token()
        desk.forget()
        reset = desk.mailed_token()

        with pytest.raises(InvalidMailedToken):
            desk.reset(verification)
        with pytest.raises(InvalidMailedToken):
            desk.verify(reset)
        for token in ("", "st_" + "0" * 64, desk.accounts.sign_in().refresh_token):
            with pytest.raises(InvalidMailedToken):
                desk.reset(token)

    def test_an_unknown_address_is_written_down_like_a_known_one_and_gets_nothing(
        self, desk: Desk
    ) -> None:
        for email in (EMAIL, STRANGER):
            desk.forget(email)
            assert desk.bench.outbox_count() == 1
            sent = desk.mailed()
            assert sent == ([(EMAIL, LetterKind.PASSWORD_RESET)] if email == EMAIL else [])

    @pytest.mark.parametrize("email", [EMAIL, STRANGER])
    def test_nobodys_mailbox_is_flooded(self, desk: Desk, email: str) -> None:
        for spelling in (email, email.upper(), email, email, email):
            desk.forget(spelling)

        assert desk.bench.outbox_count() == 3

    @pytest.mark.parametrize("email", ["nowhere", "", "a@example.com\r\nBcc: b@example.com"])
    def test_what_is_no_address_is_refused(self, desk: Desk, email: str) -> None:
        with pytest.raises(InvalidParameter):
            desk.forget(email)


class TestVerifyEmail:
    def test_the_letters_token_verifies_the_address(self, desk: Desk) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())
        desk.ask_to_verify(actor)
        token = desk.mailed_token()

        desk.verify(token)

        assert desk.accounts.user().email_verified_at == desk.bench.clock.now()
        with pytest.raises(InvalidMailedToken):
            desk.verify(token)
        desk.ask_to_verify(actor)
        assert desk.mailed() == []

    def test_a_new_address_is_verified_anew_and_the_old_one_is_told(self, desk: Desk) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())
        desk.ask_to_verify(actor)
        old = desk.mailed_token()
        desk.accounts.update(actor, email="new@example.com")

        sent = dict(desk.bench.post_letters())

        assert sent[EMAIL].kind is LetterKind.EMAIL_CHANGED
        assert sent[EMAIL].new_email == "new@example.com"
        with pytest.raises(InvalidMailedToken):
            desk.verify(old)
        token = sent["new@example.com"].token
        assert token is not None
        desk.verify(token)
        user = desk.bench.read(lambda work: work.users.by_email("new@example.com"))
        assert user.email_verified_at is not None
        desk.accounts.update(actor, email="newer@example.com")
        user = desk.bench.read(lambda work: work.users.by_email("newer@example.com"))
        assert user.email_verified_at is None

    def test_a_change_of_name_alone_sends_nothing(self, desk: Desk) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())

        desk.accounts.update(actor, username="countess")
        desk.accounts.update(actor, email=EMAIL)

        assert desk.mailed() == []

    def test_a_profile_is_changed_only_with_the_right_password_if_one_is_given(
        self, desk: Desk
    ) -> None:
        actor = desk.accounts.authenticate(desk.accounts.log_in())

        with pytest.raises(WrongPassword):
            desk.accounts.update(actor, email="new@example.com", current_password="wrong")
        assert desk.accounts.user().email == EMAIL

        desk.accounts.update(actor, email="new@example.com", current_password=PASSWORD)
        assert desk.accounts.user() is None

    def test_an_operator_may_have_a_new_address_take_the_password(self, desk: Desk) -> None:
        accounts = attrs.evolve(desk.accounts, password_for_address=True)
        actor = accounts.authenticate(accounts.log_in())

        with pytest.raises(InvalidParameter) as refused:
            accounts.update(actor, email="new@example.com")
        assert refused.value.pointer == "/currentPassword"
        assert desk.accounts.user().email == EMAIL
        accounts.update(actor, username="ada2", email=EMAIL)  # the address stays as it is
        accounts.update(actor, email="new@example.com", current_password=PASSWORD)

        assert desk.mailed()[0] == (EMAIL, LetterKind.EMAIL_CHANGED)

    def test_uploads_may_wait_for_it(self, desk: Desk) -> None:
        bench = desk.bench
        admit = AdmitUpload(
            bench.database,
            bench.object_store,
            bench.clock,
            HighWaterMarks(100, 100, 0),
            needs_verified_email=True,
        )
        actor = desk.accounts.authenticate(desk.accounts.log_in())
        with pytest.raises(EmailNotVerified):
            admit(actor)
        desk.ask_to_verify(actor)

        desk.verify(desk.mailed_token())

        admit(actor)


class TestSendLetter:
    def test_the_token_is_nowhere_but_in_the_letter(self, desk: Desk) -> None:
        desk.forget()

        token = desk.mailed_token()

        kept = f"{rows(desk.bench, 'letters')} {rows(desk.bench, 'outbox')}"
        assert token not in kept and token.removeprefix("st_") not in kept
        assert desk.bench.opaque_tokens.digest(token) in kept

    def test_what_fails_is_sent_again_when_it_is_due_with_another_token(self, desk: Desk) -> None:
        bench = desk.bench
        desk.forget()
        bench.letters.trouble = DeliveryFailed("The mail server broke off.")
        [(_, letter_id)] = bench.take_outbox()
        assert bench.send_letter(letter_id) is SendOutcome.RETRIED
        bench.letters.trouble = None
        # The schedule is that of the clock of the bench, a day behind the database's.
        assert bench.sweep()() == 1
        assert bench.take_outbox() == [("LetterDue", letter_id)]

        assert bench.send_letter(letter_id) is SendOutcome.DELIVERED
        assert bench.send_letter(letter_id) is SendOutcome.SKIPPED

        [(address, letter)] = bench.letters.sent
        assert (address, letter.letter_id) == (EMAIL, letter_id)
        assert letter.token is not None
        desk.reset(letter.token)

    def test_what_was_lost_on_its_way_is_rung_for_once_a_minute(self, desk: Desk) -> None:
        desk.forget()
        desk.bench.take_outbox()

        assert desk.bench.sweep()() == 0  # its first ring may still be on its way

    def test_a_letter_that_nobody_waits_for_any_more_is_not_sent(self, desk: Desk) -> None:
        desk.forget()
        desk.bench.clock.advance(timedelta(hours=1))

        assert desk.mailed() == []

    def test_an_error_of_ours_is_counted_and_told(self, desk: Desk) -> None:
        desk.forget()
        desk.bench.letters.trouble = ZeroDivisionError()
        [(_, letter_id)] = desk.bench.take_outbox()

        with pytest.raises(ZeroDivisionError):
            desk.bench.send_letter(letter_id)

        [letter] = desk.bench.write(lambda work: work.letters.due(10))
        assert (letter.attempts, letter.last_error) == (1, "An error on our side.")
