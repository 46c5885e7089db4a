"""The contract of `IdentityProvider`: an answer counts for the question that it was given to."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

import attrs
import pytest

from adapters.identity.oidc_provider import OIDCProvider, Registration
from adapters.outbound.guarded_client import GuardedClient
from adapters.outbound.rules import OutboundRules
from adapters.system.clock import SystemClock
from application.errors import IdentityNotProved
from application.ports.identity_provider import (
    Challenge,
    IdentityProvider,
    IdentityProviderFailed,
    ProviderAnswer,
)
from domain.users.identity import ProvenIdentity
from tests.fake_identity_provider import FakeIdentityProvider
from tests.services.oidc_provider import CLIENT_ID, CLIENT_SECRET, LocalProvider

CALLBACK = "https://images.example.com/api/auth/oauth/company/callback"
QUESTION = Challenge("s" * 43, "n" * 43, "v" * 43)


@attrs.frozen
class Stage:
    """A provider, and what a test may do to what lies behind it."""

    provider: IdentityProvider
    issuer: str
    consent: Callable[[str], Mapping[str, str]]
    be: Callable[[str, str | None, bool], None]
    fall: Callable[[], None]

    def ask(self, challenge: Challenge = QUESTION) -> Mapping[str, str]:
        return self.consent(self.provider.authorization_url(challenge))

    def answer(self, **other: Any) -> ProviderAnswer:
        """Return the good answer to `QUESTION`, but for what is other."""
        good = ProviderAnswer(self.ask()["code"], QUESTION.nonce, QUESTION.code_verifier)
        return attrs.evolve(good, **other)


@pytest.fixture(scope="module")
def local_provider() -> Iterator[LocalProvider]:
    with LocalProvider() as provider:
        provider.redirect_uris.add(CALLBACK)
        yield provider


def real(local: LocalProvider) -> Stage:
    local.reset()

    def be(subject: str, email: str | None, verified: bool) -> None:
        local.person = {"sub": subject, "email_verified": verified}
        if email is not None:
            local.person["email"] = email

    def fall() -> None:
        local.trouble["/token"] = lambda: ("down", 503)

    registration = Registration(local.issuer, CLIENT_ID, CLIENT_SECRET, CALLBACK)
    client = GuardedClient(OutboundRules(allowed_networks=[ip_network("127.0.0.0/8")]))
    provider = OIDCProvider(registration, client, SystemClock())
    return Stage(provider, local.issuer, local.consent, be, fall)


def fake() -> Stage:
    provider = FakeIdentityProvider()

    def be(subject: str, email: str | None, verified: bool) -> None:
        provider.person = ProvenIdentity(provider.issuer, subject, email, email_verified=verified)

    def fall() -> None:
        provider.trouble = IdentityProviderFailed("down")

    return Stage(provider, provider.issuer, provider.consent, be, fall)


@pytest.fixture(params=["oidc", "fake"])
def stage(request: pytest.FixtureRequest) -> Stage:
    if request.param == "oidc":
        return real(request.getfixturevalue("local_provider"))
    return fake()


def test_says_who_somebody_is(stage: Stage) -> None:
    stage.be("ada-4711", "ada@example.com", True)

    proven = stage.provider.identify(stage.answer())

    assert (proven.issuer, proven.subject) == (stage.issuer, "ada-4711")
    assert (proven.email, proven.email_verified) == ("ada@example.com", True)


def test_says_that_an_address_is_not_verified(stage: Stage) -> None:
    stage.be("ada-4711", "ada@example.com", False)

    proven = stage.provider.identify(stage.answer())

    assert (proven.email, proven.verified_email) == ("ada@example.com", None)


def test_does_without_an_address(stage: Stage) -> None:
    stage.be("ada-4711", None, False)

    assert stage.provider.identify(stage.answer()).email is None


def test_the_answer_comes_back_with_the_state(stage: Stage) -> None:
    assert stage.ask()["state"] == QUESTION.state


def test_nonce_and_verifier_stay_here(stage: Stage) -> None:
    """The verifier never leaves before the code is exchanged: only its digest does."""
    assert QUESTION.code_verifier not in stage.provider.authorization_url(QUESTION)


@pytest.mark.parametrize(
    "other",
    [{"nonce": "o" * 43}, {"code_verifier": "o" * 43}, {"code": "forged"}],
    ids=["nonce", "verifier", "code"],
)
def test_an_answer_to_another_question_proves_nothing(
    stage: Stage, other: Mapping[str, str]
) -> None:
    answer = stage.answer(**other)

    with pytest.raises(IdentityNotProved):
        stage.provider.identify(answer)


def test_a_code_works_once(stage: Stage) -> None:
    answer = stage.answer()
    stage.provider.identify(answer)

    with pytest.raises(IdentityNotProved):
        stage.provider.identify(answer)


def test_an_answer_may_name_its_issuer(stage: Stage) -> None:
    assert stage.provider.identify(stage.answer(issuer=stage.issuer)).issuer == stage.issuer


def test_an_answer_of_another_issuer_proves_nothing(stage: Stage) -> None:
    with pytest.raises(IdentityNotProved):
        stage.provider.identify(stage.answer(issuer="https://id.example.net"))


def test_a_provider_that_is_down_is_told_from_one_that_says_no(stage: Stage) -> None:
    answer = stage.answer()
    stage.fall()

    with pytest.raises(IdentityProviderFailed):
        stage.provider.identify(answer)
