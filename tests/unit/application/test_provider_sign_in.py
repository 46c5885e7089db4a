"""Signing in through identity providers, and linking them: whose account opens, and whose does not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import attrs
import pytest

from adapters.persistence.rate_limiter import DatabaseRateLimiter
from adapters.security.argon2_hasher import Argon2PasswordHasher
from application.accounts.begin_provider_sign_in import (
    BeginAttempt,
    BeginLink,
    BeginLinkRequest,
    BeginProviderSignIn,
    BegunSignIn,
)
from application.accounts.change_password import ChangePassword, ChangePasswordRequest
from application.accounts.confirm_password import ConfirmPassword
from application.accounts.erase_account import EraseAccount, EraseAccountRequest
from application.accounts.export_account import ExportAccount
from application.accounts.finish_provider_sign_in import (
    FinishProviderSignIn,
    FinishSignInRequest,
)
from application.accounts.known_providers import KnownProvider
from application.accounts.link_identity import LinkIdentity
from application.accounts.list_identities import ListIdentities
from application.accounts.log_in import LogIn, LogInRequest, WrongCredentials
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.open_session import OpenSession
from application.accounts.reset_password import (
    ForgotPassword,
    ForgotPasswordRequest,
    ResetPassword,
    ResetPasswordRequest,
)
from application.accounts.session_tokens import SignedIn
from application.accounts.throttle_guesses import GuessAllowance, ThrottleGuesses
from application.accounts.unlink_identity import UnlinkIdentity, UnlinkIdentityRequest
from application.accounts.update_profile import UpdateProfile, UpdateProfileRequest
from application.actor import Actor
from application.errors import (
    AccountExists,
    IdentityLinked,
    IdentityNotAdmitted,
    IdentityNotProved,
    InsufficientScope,
    InvalidSignInState,
    LastWayIn,
    NoPassword,
    NotFound,
    ProviderEmailUnverified,
    SignInRefused,
    TooManyIdentities,
    WrongPassword,
)
from application.ports.identity_provider import IdentityProviderFailed
from application.ports.repositories.audit_trail import AuditFilter
from domain.errors import InvalidParameter
from domain.notifications.letter import LetterKind
from domain.users.audit import AuditAction, AuditEntry, AuditOutcome
from domain.users.identity import MAX_IDENTITIES, Identity, ProvenIdentity
from domain.users.scopes import Scope
from domain.users.user import NO_PASSWORD, User
from tests.fake_identity_provider import ADA, ISSUER, FakeIdentityProvider
from tests.unit.application.workbench import Workbench

PASSWORD = "correct horse battery"
HOME = "192.0.2.7"
MINUTES = timedelta(minutes=1)


@attrs.define
class Gate:
    """The use cases over one bench, and a provider in memory."""

    bench: Workbench
    company: FakeIdentityProvider = attrs.field(factory=FakeIdentityProvider)
    other: FakeIdentityProvider = attrs.field(
        factory=lambda: FakeIdentityProvider("https://other.example.com")
    )
    email_domains: frozenset[str] = frozenset()
    opens_accounts: bool = True
    hasher: Argon2PasswordHasher = attrs.field(
        factory=lambda: Argon2PasswordHasher(memory_kib=8, passes=1)
    )

    @property
    def providers(self) -> Mapping[str, KnownProvider]:
        return {
            "company": KnownProvider(
                "company",
                ISSUER,
                self.company,
                self.email_domains,
                opens_accounts=self.opens_accounts,
            ),
            "other": KnownProvider("other", self.other.issuer, self.other, opens_accounts=True),
        }

    @property
    def guesses(self) -> ThrottleGuesses:
        return ThrottleGuesses(DatabaseRateLimiter(self.bench.database), GuessAllowance(0, 0))

    @property
    def begin_attempt(self) -> BeginAttempt:
        return BeginAttempt(self.bench.database, self.bench.opaque_tokens, self.bench.clock)

    def begin(self, provider: str = "company") -> BegunSignIn:
        return BeginProviderSignIn(self.providers, self.begin_attempt)(provider)

    def begin_link(self, actor: Actor, password: str | None = PASSWORD) -> BegunSignIn:
        confirm = ConfirmPassword(self.hasher, self.guesses)
        link = BeginLink(self.bench.database, self.providers, self.begin_attempt, confirm)
        return link(BeginLinkRequest(actor, "company", password))

    def request(self, begun: BegunSignIn, **other: Any) -> FinishSignInRequest:
        sent = self.company.consent(begun.url)
        good = FinishSignInRequest(
            "company", sent["state"], begun.browser_token, sent["code"], client="Firefox",
            address=HOME,
        )  # fmt: skip
        return attrs.evolve(good, **other)

    def finish(self, request: FinishSignInRequest) -> SignedIn | Identity:
        bench = self.bench
        return FinishProviderSignIn(
            bench.database,
            self.providers,
            bench.opaque_tokens,
            OpenSession(bench.session_tokens, bench.ids),
            LinkIdentity(bench.database, bench.post_letter, bench.clock, bench.ids),
            NoteRefusedSignIn(bench.database, bench.errands),
            bench.clock,
            bench.ids,
        )(request)

    def come(self) -> User:
        """Sign in by the company, and return whose account opened."""
        signed_in = self.finish(self.request(self.begin()))
        assert isinstance(signed_in, SignedIn)
        return self.owner(signed_in)

    def owner(self, signed_in: SignedIn) -> User:
        session_id = self.bench.access_tokens.session_id(signed_in.access_token)
        with self.bench.database.reading() as work:
            found = work.sessions.with_user(session_id)
        assert found is not None
        session, user = found
        assert session.is_live(self.bench.clock.now())
        return user

    def link(self, actor: Actor, password: str | None = PASSWORD) -> Identity:
        linked = self.finish(self.request(self.begin_link(actor, password)))
        assert isinstance(linked, Identity)
        return linked

    def a_member(self, **overrides: Any) -> Actor:
        """Somebody with a password, signed in by it."""
        user = self.bench.a_user(
            **{"email": "ada@example.com", "password_hash": self.hasher.hash(PASSWORD)} | overrides
        )
        return self.signed_in(user)

    def signed_in(self, user: User) -> Actor:
        bench = self.bench
        with bench.database.writing() as work:
            tokens = OpenSession(bench.session_tokens, bench.ids)(work, user, "", bench.clock.now())
            work.commit()
        session_id = bench.access_tokens.session_id(tokens.access_token)
        return Actor(user.id, user.roles, session_id=session_id, address=HOME)

    def change(self, user_id: UUID, **changes: Any) -> None:
        with self.bench.database.writing() as work:
            user = work.users.hold(user_id)
            assert user is not None
            work.users.update(attrs.evolve(user, **changes))
            work.commit()

    def identities(self, user_id: UUID) -> list[Identity]:
        with self.bench.database.reading() as work:
            return list(work.identities.of_user(user_id))

    def trail(self) -> list[AuditEntry]:
        self.bench.errands.finish()
        with self.bench.database.reading() as work:
            return list(work.audit.page(AuditFilter(), None, 100))[::-1]


@pytest.fixture
def gate(bench: Workbench) -> Gate:
    return Gate(bench)


class TestComing:
    def test_somebody_new_gets_an_account_without_a_password(self, gate: Gate) -> None:
        user = gate.come()

        assert (user.username, user.email, user.has_password) == ("ada", "ada@example.com", False)
        assert user.email_verified_at is not None
        assert not user.is_admin

    def test_the_same_person_gets_into_the_same_account(self, gate: Gate) -> None:
        assert gate.come().id == gate.come().id

    def test_another_address_is_the_same_person(self, gate: Gate) -> None:
        user = gate.come()
        gate.company.person = attrs.evolve(ADA, email="ada@elsewhere.example")

        assert gate.come().id == user.id
        assert gate.identities(user.id)[0].email == "ada@elsewhere.example"

    def test_the_same_address_is_not_the_same_person(self, gate: Gate) -> None:
        """Addresses pass on: whoever gets Ada's next must not get her pictures."""
        gate.come()
        gate.company.person = attrs.evolve(ADA, subject="another")

        with pytest.raises(AccountExists):
            gate.come()

    def test_the_same_subject_elsewhere_is_not_the_same_person(self, gate: Gate) -> None:
        gate.come()
        begun = gate.begin("other")
        gate.other.person = ProvenIdentity(
            gate.other.issuer, ADA.subject, "eve@example.com", email_verified=True
        )
        sent = gate.other.consent(begun.url)

        signed_in = gate.finish(
            FinishSignInRequest("other", sent["state"], begun.browser_token, sent["code"])
        )

        assert isinstance(signed_in, SignedIn)
        assert gate.owner(signed_in).email == "eve@example.com"

    def test_an_account_with_the_address_is_not_opened(self, gate: Gate) -> None:
        actor = gate.a_member()

        with pytest.raises(AccountExists):
            gate.come()

        assert gate.identities(actor.user_id) == []

    @pytest.mark.parametrize(
        "person",
        [
            attrs.evolve(ADA, email_verified=False),
            attrs.evolve(ADA, email=None),
            attrs.evolve(ADA, email="no address"),
        ],
        ids=["unverified", "none", "odd"],
    )
    def test_an_address_that_is_not_vouched_for_opens_no_account(
        self, gate: Gate, person: ProvenIdentity
    ) -> None:
        """And does not tell whether it has one."""
        gate.a_member()
        gate.company.person = person

        with pytest.raises(ProviderEmailUnverified):
            gate.come()

    def test_a_provider_that_may_open_none_opens_none(self, gate: Gate) -> None:
        gate.opens_accounts = False

        with pytest.raises(IdentityNotAdmitted):
            gate.come()

    def test_a_name_that_is_taken_gets_a_number(self, gate: Gate) -> None:
        for _ in range(12):
            gate.company.person = attrs.evolve(
                ADA, subject=uuid4().hex, email=f"{uuid4().hex}@example.com"
            )
            names = [gate.come().username]

        assert names[0].startswith("user-")

    def test_a_name_that_cannot_be_one_is_replaced_by_that_of_the_address(self, gate: Gate) -> None:
        gate.company.person = attrs.evolve(ADA, name="\x1b[31m" + "x" * 300)

        assert gate.come().username == "ada"

    def test_a_disabled_account_stays_closed(self, gate: Gate) -> None:
        user = gate.come()
        gate.change(user.id, disabled_at=gate.bench.clock.now())

        with pytest.raises(IdentityNotAdmitted):
            gate.come()

        refused = [one.record for one in gate.trail() if one.record.outcome is AuditOutcome.REFUSED]
        assert [(one.action, one.detail) for one in refused] == [
            (AuditAction.SIGN_IN, "the account is disabled")
        ]

    def test_leaves_entries_in_the_trail(self, gate: Gate) -> None:
        user = gate.come()

        assert [
            (one.record.action, one.record.user_id, one.record.address, one.record.detail)
            for one in gate.trail()
        ] == [
            (AuditAction.REGISTER, user.id, HOME, "provider:company"),
            (AuditAction.SIGN_IN, user.id, HOME, "provider:company"),
        ]


class TestDomains:
    def test_those_of_the_domain_come_in(self, gate: Gate) -> None:
        gate.email_domains = frozenset({"example.com"})
        gate.company.person = attrs.evolve(ADA, email="ada@EXAMPLE.com")

        assert gate.come().username == "ada"

    @pytest.mark.parametrize(
        "email", ["ada@example.net", "ada@sub.example.com", "ada@notexample.com"]
    )
    def test_others_do_not(self, gate: Gate, email: str) -> None:
        gate.email_domains = frozenset({"example.com"})
        gate.company.person = attrs.evolve(ADA, email=email)

        with pytest.raises(IdentityNotAdmitted):
            gate.come()

    def test_nor_does_an_address_that_is_not_verified(self, gate: Gate) -> None:
        gate.email_domains = frozenset({"example.com"})
        gate.company.person = attrs.evolve(ADA, email_verified=False)

        with pytest.raises(ProviderEmailUnverified):
            gate.come()

    def test_it_is_asked_again_at_every_sign_in(self, gate: Gate) -> None:
        gate.come()
        gate.email_domains = frozenset({"example.com"})
        gate.company.person = attrs.evolve(ADA, email="ada@former.example")

        with pytest.raises(IdentityNotAdmitted):
            gate.come()


class TestTheAttempt:
    @pytest.mark.parametrize(
        "other",
        [
            {"state": ""},
            {"state": "st_forged"},
            {"browser_token": None},
            {"browser_token": "st_another_browser"},
        ],
        ids=["no state", "forged state", "no cookie", "another browser"],
    )
    def test_what_this_browser_has_not_begun_is_not_finished(
        self, gate: Gate, other: dict[str, str | None]
    ) -> None:
        begun = gate.begin()
        request = gate.request(begun)

        with pytest.raises(InvalidSignInState):
            gate.finish(attrs.evolve(request, **other))

        gate.finish(request)  # whose it is is not disturbed

    def test_it_works_once(self, gate: Gate) -> None:
        request = gate.request(gate.begin())
        gate.finish(request)

        with pytest.raises(InvalidSignInState):
            gate.finish(request)

    def test_it_works_once_even_if_nothing_came_of_it(self, gate: Gate) -> None:
        request = gate.request(gate.begin())
        gate.company.trouble = IdentityProviderFailed("down")
        with pytest.raises(IdentityProviderFailed):
            gate.finish(request)
        gate.company.trouble = None

        with pytest.raises(InvalidSignInState):
            gate.finish(request)

    @pytest.mark.parametrize(("minutes", "is_good"), [(9, True), (10, False), (60, False)])
    def test_it_is_over_in_ten_minutes(self, gate: Gate, minutes: int, is_good: bool) -> None:
        request = gate.request(gate.begin())
        gate.bench.clock.advance(minutes * MINUTES)

        if is_good:
            gate.finish(request)
        else:
            with pytest.raises(InvalidSignInState):
                gate.finish(request)

    def test_those_that_are_over_are_forgotten(self, gate: Gate) -> None:
        for _ in range(5):
            gate.begin()
        gate.bench.clock.advance(10 * MINUTES)
        gate.begin()

        rows = gate.bench.database.connection().rows("SELECT count(*) FROM sign_in_attempts")
        assert rows[0][0] == 1

    def test_one_providers_answer_is_not_anothers(self, gate: Gate) -> None:
        """A provider that is hostile cannot have its own answer taken for another's."""
        request = gate.request(gate.begin())

        with pytest.raises(InvalidSignInState):
            gate.finish(attrs.evolve(request, provider="other"))

    def test_a_code_that_somebody_else_was_given_proves_nothing(self, gate: Gate) -> None:
        stolen = gate.request(gate.begin())
        own = gate.request(gate.begin())

        with pytest.raises(IdentityNotProved):
            gate.finish(attrs.evolve(own, code=stolen.code))

    def test_a_refusal_of_the_provider_is_told(self, gate: Gate) -> None:
        request = gate.request(gate.begin(), code=None, error="access_denied")

        with pytest.raises(SignInRefused, match="cancelled"):
            gate.finish(request)

    def test_what_the_provider_wrote_is_not_repeated(self, gate: Gate) -> None:
        request = gate.request(gate.begin(), code=None, error="<script>")

        with pytest.raises(SignInRefused) as caught:
            gate.finish(request)

        assert "script" not in caught.value.detail

    def test_an_unknown_provider_is_not_there(self, gate: Gate) -> None:
        with pytest.raises(NotFound):
            gate.begin("nobody")
        with pytest.raises(NotFound):
            gate.finish(gate.request(gate.begin(), provider="nobody"))

    def test_a_provider_that_is_down_leaves_nothing_behind(self, gate: Gate) -> None:
        gate.company.trouble = IdentityProviderFailed("down")

        with pytest.raises(IdentityProviderFailed):
            gate.begin()

        rows = gate.bench.database.connection().rows("SELECT count(*) FROM sign_in_attempts")
        assert rows[0][0] == 0


class TestLinking:
    def test_opens_the_account_from_then_on(self, gate: Gate) -> None:
        actor = gate.a_member()

        gate.link(actor)

        assert gate.come().id == actor.user_id

    def test_does_not_need_the_same_address(self, gate: Gate) -> None:
        actor = gate.a_member(email="lovelace@example.org")
        gate.company.person = attrs.evolve(ADA, email=None, email_verified=False)

        gate.link(actor)

        assert gate.come().id == actor.user_id

    def test_is_told_by_letter_and_in_the_trail(self, gate: Gate) -> None:
        actor = gate.a_member()

        identity = gate.link(actor)

        [(address, letter)] = gate.bench.post_letters()
        assert (address, letter.kind) == ("ada@example.com", LetterKind.IDENTITY_LINKED)
        [entry] = gate.trail()
        assert entry.record.action is AuditAction.LINK_IDENTITY
        assert entry.record.detail == f"provider:company identity:{identity.id}"

    def test_takes_the_password(self, gate: Gate) -> None:
        actor = gate.a_member()

        with pytest.raises(WrongPassword):
            gate.begin_link(actor, "wrong horse")
        with pytest.raises(InvalidParameter):
            gate.begin_link(actor, None)

    def test_takes_none_of_who_has_none(self, gate: Gate) -> None:
        actor = gate.signed_in(gate.come())
        gate.company.person = attrs.evolve(ADA, subject="second")

        assert gate.link(actor, None).user_id == actor.user_id
        with pytest.raises(NoPassword):
            gate.begin_link(actor, PASSWORD)

    def test_again_changes_nothing(self, gate: Gate) -> None:
        actor = gate.a_member()

        assert gate.link(actor).id == gate.link(actor).id

    def test_takes_no_identity_away_from_another_account(self, gate: Gate) -> None:
        owner = gate.come()
        actor = gate.a_member(email="eve@example.com", username="eve")

        with pytest.raises(IdentityLinked):
            gate.link(actor)

        assert gate.come().id == owner.id

    def test_has_an_end(self, gate: Gate) -> None:
        actor = gate.a_member()
        for number in range(MAX_IDENTITIES):
            gate.company.person = attrs.evolve(ADA, subject=f"ada-{number}")
            gate.link(actor)
        gate.company.person = ADA

        with pytest.raises(TooManyIdentities):
            gate.link(actor)

    def test_ends_with_the_session_that_began_it(self, gate: Gate) -> None:
        actor = gate.a_member()
        request = gate.request(gate.begin_link(actor))
        with gate.bench.database.writing() as work:
            work.sessions.revoke_all_of(actor.user_id, gate.bench.clock.now())
            work.commit()

        with pytest.raises(InvalidSignInState):
            gate.finish(request)

        assert gate.identities(actor.user_id) == []

    def test_is_not_for_disabled_accounts(self, gate: Gate) -> None:
        actor = gate.a_member()
        request = gate.request(gate.begin_link(actor))
        gate.change(actor.user_id, disabled_at=gate.bench.clock.now())

        with pytest.raises(InvalidSignInState):
            gate.finish(request)

    def test_is_not_for_api_keys(self, gate: Gate) -> None:
        actor = attrs.evolve(gate.a_member(), scopes=frozenset(Scope))

        for ask in (
            lambda: gate.begin_link(actor),
            lambda: ListIdentities(gate.bench.database, gate.providers)(actor),
            lambda: UnlinkIdentity(gate.bench.database)(UnlinkIdentityRequest(actor, uuid4())),
        ):
            with pytest.raises(InsufficientScope):
                ask()


class TestUnlinking:
    def unlink(self, gate: Gate, actor: Actor, identity: Identity) -> None:
        UnlinkIdentity(gate.bench.database)(UnlinkIdentityRequest(actor, identity.id))

    def test_closes_that_way(self, gate: Gate) -> None:
        actor = gate.a_member()
        identity = gate.link(actor)

        self.unlink(gate, actor, identity)

        with pytest.raises(AccountExists):
            gate.come()
        assert gate.trail()[-1].record.action is AuditAction.UNLINK_IDENTITY

    def test_leaves_a_way_in(self, gate: Gate) -> None:
        user = gate.come()

        with pytest.raises(LastWayIn):
            self.unlink(gate, gate.signed_in(user), gate.identities(user.id)[0])

    def test_is_for_ones_own(self, gate: Gate) -> None:
        owner = gate.come()
        actor = gate.a_member(email="eve@example.com", username="eve")

        with pytest.raises(NotFound):
            self.unlink(gate, actor, gate.identities(owner.id)[0])

    def test_the_list_shows_what_is_left(self, gate: Gate) -> None:
        actor = gate.a_member()
        identity = gate.link(actor)

        view = ListIdentities(gate.bench.database, gate.providers)(actor)

        assert (view.has_password, list(view.identities)) == (True, [identity])
        assert view.provider_names[ISSUER] == "company"


class TestAccountsWithoutAPassword:
    @pytest.mark.parametrize("password", [NO_PASSWORD, "!", "", PASSWORD])
    def test_are_opened_by_none(self, gate: Gate, password: str) -> None:
        gate.come()
        bench = gate.bench
        note = NoteRefusedSignIn(bench.database, bench.errands)
        log_in = LogIn(
            bench.database, gate.hasher, bench.session_tokens, bench.clock, bench.ids,
            gate.guesses, note,
        )  # fmt: skip

        with pytest.raises(WrongCredentials):
            log_in(LogInRequest("ada@example.com", password))

    def test_are_told_so_where_one_is_asked_for(self, gate: Gate) -> None:
        actor, bench = gate.signed_in(gate.come()), gate.bench
        change = ChangePassword(
            bench.database, gate.hasher, bench.post_letter, bench.clock, gate.guesses
        )
        erase = EraseAccount(bench.database, gate.hasher, gate.guesses, bench.end_account)
        update = UpdateProfile(
            bench.database, gate.hasher, bench.post_letter, bench.clock, gate.guesses
        )

        with pytest.raises(NoPassword):
            change(ChangePasswordRequest(actor, "!", "another horse"))
        with pytest.raises(NoPassword):
            erase(EraseAccountRequest(actor, "!"))
        with pytest.raises(NoPassword):
            update(UpdateProfileRequest(actor, username="lady", current_password="!"))

    def test_get_one_by_letter(self, gate: Gate) -> None:
        user, bench = gate.come(), gate.bench
        ForgotPassword(bench.database, bench.post_letter)(ForgotPasswordRequest(user.email))
        [(_, letter)] = bench.post_letters()
        reset = ResetPassword(
            bench.database, gate.hasher, bench.opaque_tokens, bench.post_letter, bench.clock
        )

        reset(ResetPasswordRequest(letter.token or "", "another horse"))

        actor = gate.signed_in(user)
        assert ListIdentities(bench.database, gate.providers)(actor).has_password
        assert gate.come().id == user.id

    def test_take_their_identities_along_and_leave_none(self, gate: Gate) -> None:
        actor, bench = gate.a_member(), gate.bench
        identity = gate.link(actor)
        exported = ExportAccount(bench.database, bench.clock)(actor).identities
        gate.begin_link(actor)
        erase = EraseAccount(bench.database, gate.hasher, gate.guesses, bench.end_account)

        erase(EraseAccountRequest(actor, PASSWORD))

        assert list(exported) == [identity]
        assert gate.identities(actor.user_id) == []
        gate.company.person = attrs.evolve(ADA, email="ada@new.example")
        assert gate.come().id != actor.user_id
