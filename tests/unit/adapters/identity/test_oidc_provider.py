"""OpenID Connect against providers that are wrong, slow, hostile, or somebody else."""

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from adapters.identity.oidc_provider import OIDCProvider, Registration
from adapters.identity.provider_metadata import ProviderMetadata
from adapters.outbound.guarded_client import GuardedClient
from adapters.outbound.rules import OutboundRules
from application.errors import IdentityNotProved
from application.ports.identity_provider import (
    Challenge,
    IdentityProviderBusy,
    IdentityProviderFailed,
    IdentityProviderSilent,
    ProviderAnswer,
)
from domain.users.identity import ProvenIdentity
from tests.builders import NOON
from tests.clocks import MovableClock
from tests.services.oidc_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    LocalProvider,
    a_key,
    signed,
)

CALLBACK = "https://images.example.com/api/auth/oauth/company/callback"
QUESTION = Challenge("s" * 43, "n" * 43, "v" * 43)
LOOPBACK = ip_network("127.0.0.0/8")
HOUR = timedelta(hours=1)


class RealClock(MovableClock):
    """The host's clock, set forward at will: the provider's tokens bear the real time."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))


@pytest.fixture(scope="module")
def running() -> Iterator[LocalProvider]:
    with LocalProvider() as provider:
        provider.redirect_uris.add(CALLBACK)
        yield provider


@pytest.fixture
def local(running: LocalProvider) -> Iterator[LocalProvider]:
    running.reset()
    yield running
    running.reset()


@pytest.fixture
def clock() -> MovableClock:
    return RealClock()


@pytest.fixture
def ours(local: LocalProvider, clock: MovableClock) -> OIDCProvider:
    return ours_for(local, clock)


def ours_for(local: LocalProvider, clock: MovableClock, **overrides: Any) -> OIDCProvider:
    settings = {
        "issuer": local.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uri": CALLBACK,
    }
    rules = OutboundRules(allowed_networks=overrides.pop("allowed_networks", [LOOPBACK]))
    client = {
        "total_seconds": 2.0,
        "max_answer_bytes": 256 * 1024,
    }
    registration = Registration(**{k: overrides.pop(k, v) for k, v in settings.items()})
    guarded = GuardedClient(rules, **{k: overrides.pop(k, v) for k, v in client.items()})
    return OIDCProvider(registration, guarded, clock, **overrides)


def an_answer(ours: OIDCProvider, local: LocalProvider) -> ProviderAnswer:
    sent = local.consent(ours.authorization_url(QUESTION))
    return ProviderAnswer(sent["code"], QUESTION.nonce, QUESTION.code_verifier)


def identify(ours: OIDCProvider, local: LocalProvider) -> ProvenIdentity:
    return ours.identify(an_answer(ours, local))


class TestTheQuestion:
    def test_holds_state_nonce_and_the_digest_of_the_verifier(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        url = ours.authorization_url(QUESTION)

        digest = hashlib.sha256(QUESTION.code_verifier.encode()).digest()
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{local.issuer}/authorize?")
        assert asked == {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": CALLBACK,
            "scope": "openid email profile",
            "state": QUESTION.state,
            "nonce": QUESTION.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        assert CLIENT_SECRET not in url

    def test_keeps_what_the_provider_put_into_its_address(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.metadata["authorization_endpoint"] = f"{local.issuer}/authorize?tenant=7"

        assert "tenant=7" in ours.authorization_url(QUESTION)


def other(**claims: Any) -> Callable[[LocalProvider, dict[str, Any], dict[str, Any]], str]:
    """Return a forger who changes claims and leaves out those that are None."""

    def forge(local: LocalProvider, header: dict[str, Any], genuine: dict[str, Any]) -> str:
        changed = {k: v for k, v in (genuine | claims).items() if v is not None}
        return signed(header, changed, local.keys[0])

    return forge


def unsigned(_: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(header | {"alg": "none"}, claims, None)


def by_client_secret(_: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(header | {"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def by_public_key(local: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """The classic: the public key's text, taken for a shared secret."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in (header | {"alg": "HS256"}, claims)
    ]
    secret = local.keys[0].as_pem(private=False)
    mac = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def by_anothers_key(_: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(header, claims, a_key("first"))


def by_enclosed_key(_: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    key = a_key("enclosed")
    jwk = key.as_dict(private=False)
    return signed({"alg": "RS256", "kid": "enclosed", "jwk": jwk}, claims, key)


def cut(local: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    return signed(header, claims, local.keys[0])[:-8]


def swapped(local: LocalProvider, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Claims of one token under the signature of another."""
    genuine = signed(header, claims, local.keys[0]).split(".")
    evil = signed(header, claims | {"sub": "root"}, local.keys[0]).split(".")
    return ".".join((genuine[0], evil[1], genuine[2]))


NOW = int(time.time())
FORGERIES = {
    "of another issuer": other(iss="https://id.example.net"),
    "without issuer": other(iss=None),
    "for another client": other(aud="another"),
    "for another client, though we asked": other(aud="another", azp=CLIENT_ID),
    "for others": other(aud=["another", "a third"]),
    "for us and another, and the other asked": other(aud=[CLIENT_ID, "b"], azp="b"),
    "for us and another, and nobody knows who asked": other(aud=[CLIENT_ID, "b"]),
    "without audience": other(aud=None),
    "expired": other(exp=NOW - 3600, iat=NOW - 7200),
    "that never expires": other(exp=None),
    "that expires in words": other(exp="tomorrow"),
    "that expires at not-a-number": other(exp=float("nan")),
    "of tomorrow": other(iat=NOW + 86_400),
    "not good yet": other(nbf=NOW + 86_400),
    "with another nonce": other(nonce="x" * 43),
    "without nonce": other(nonce=None),
    "with a number for nonce": other(nonce=7),
    "about nobody": other(sub=None),
    "about a number": other(sub=4711),
    "about somebody without name": other(sub=""),
    "about somebody with a long name": other(sub="x" * 256),
    "about somebody with a line break": other(sub="ada\nroot"),
    "with another's access token": other(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "signed by nobody": unsigned,
    "signed with the client secret": by_client_secret,
    "signed with the public key as a secret": by_public_key,
    "signed with another key of that name": by_anothers_key,
    "signed with a key that it brings along": by_enclosed_key,
    "cut off": cut,
    "with swapped claims": swapped,
    "that is no token": lambda *_: "x.y.z",
    "that is empty": lambda *_: "",
    "that is very long": lambda *_: "x" * 100_000,
    "that is deep": lambda *_: "W1tb" * 5_000 + ".e30.e30",
}


class TestIDTokens:
    @pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
    @pytest.mark.parametrize("forgery", FORGERIES.values(), ids=list(FORGERIES))
    def test_one_proves_nothing(
        self, ours: OIDCProvider, local: LocalProvider, forgery: Callable[..., str]
    ) -> None:
        local.forge = lambda header, claims: forgery(local, header, claims)

        with pytest.raises(IdentityNotProved):
            identify(ours, local)

    def test_the_same_without_forgery_is_good(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.forge = lambda header, claims: signed(header, claims, local.keys[0])

        assert identify(ours, local).subject == "ada-4711"

    @pytest.mark.parametrize("forgery", [by_client_secret, by_public_key, unsigned])
    @pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
    def test_a_provider_that_signs_with_shared_secrets_is_not_believed(
        self, ours: OIDCProvider, local: LocalProvider, forgery: Callable[..., str]
    ) -> None:
        local.metadata["id_token_signing_alg_values_supported"] = ["HS256", "none", "RS256"]
        local.forge = lambda header, claims: forgery(local, header, claims)

        with pytest.raises(IdentityNotProved):
            identify(ours, local)

    @pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES256"])
    def test_other_signatures_are_understood(
        self, ours: OIDCProvider, local: LocalProvider, algorithm: str
    ) -> None:
        parameters = {"kid": "other", "use": "sig"}
        key: RSAKey | ECKey = (
            ECKey.generate_key("P-256", parameters)
            if algorithm == "ES256"
            else RSAKey.generate_key(2048, parameters)
        )
        local.metadata["id_token_signing_alg_values_supported"] = ["RS256", algorithm]
        local.trouble["/jwks"] = lambda: {"keys": [key.as_dict(private=False)]}
        local.forge = lambda header, claims: signed(
            {"alg": algorithm, "kid": "other"},
            {k: v for k, v in claims.items() if k != "at_hash"},
            key,
        )

        assert identify(ours, local).subject == "ada-4711"

    def test_only_the_value_true_verifies_an_address(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        for word in ("false", "true", 1, None):
            local.person["email_verified"] = word

            assert identify(ours, local).verified_email is None

    def test_an_odd_address_is_none(self, ours: OIDCProvider, local: LocalProvider) -> None:
        local.person["email"] = ["ada@example.com"]

        assert identify(ours, local).email is None


class TestUserinfo:
    def test_is_asked_for_an_address_that_the_token_lacks(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.userinfo_only.update({"email", "email_verified"})

        assert identify(ours, local).verified_email == "ada@example.com"

    def test_is_not_asked_for_what_the_token_says(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        identify(ours, local)

        assert local.asked["/userinfo"] == 0

    def test_about_somebody_else_proves_nothing(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.userinfo_only.add("email")
        local.trouble["/userinfo"] = lambda: {"sub": "root", "email": "root@example.com"}

        with pytest.raises(IdentityNotProved):
            identify(ours, local)

    def test_does_not_overrule_the_token(self, ours: OIDCProvider, local: LocalProvider) -> None:
        local.userinfo_only.add("email")
        local.person["email_verified"] = False
        local.trouble["/userinfo"] = lambda: {
            "sub": "ada-4711",
            "email": "ada@example.com",
            "email_verified": True,
        }

        assert identify(ours, local).verified_email is None


class TestKeys:
    def test_are_asked_for_once_an_hour(
        self, ours: OIDCProvider, local: LocalProvider, clock: MovableClock
    ) -> None:
        for _ in range(3):
            identify(ours, local)
        asked = local.asked["/jwks"], local.asked["/.well-known/openid-configuration"]
        clock.advance(HOUR)
        local.forge = lambda header, claims: signed(
            header, claims | {"exp": NOW + 9_000}, local.keys[0]
        )
        identify(ours, local)

        assert asked == (1, 1)
        assert local.asked["/jwks"] == local.asked["/.well-known/openid-configuration"] == 2

    def test_may_change_at_any_time(
        self, ours: OIDCProvider, local: LocalProvider, clock: MovableClock
    ) -> None:
        identify(ours, local)
        clock.advance(timedelta(minutes=1))
        local.rotate("second")

        assert identify(ours, local).subject == "ada-4711"

    def test_may_change_under_the_same_name(
        self, ours: OIDCProvider, local: LocalProvider, clock: MovableClock
    ) -> None:
        identify(ours, local)
        clock.advance(timedelta(minutes=1))
        local.rotate(local.keys[0].kid)

        assert identify(ours, local).subject == "ada-4711"

    def test_that_were_withdrawn_prove_nothing_once_we_have_looked(
        self, ours: OIDCProvider, local: LocalProvider, clock: MovableClock
    ) -> None:
        withdrawn = local.keys[0]
        identify(ours, local)
        local.rotate("third")
        clock.advance(HOUR)
        local.forge = lambda header, claims: signed(
            header | {"kid": withdrawn.kid}, claims | {"exp": NOW + 9_000}, withdrawn
        )

        with pytest.raises(IdentityNotProved):
            identify(ours, local)

    def test_unknown_ones_do_not_make_us_ask_over_and_over(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        identify(ours, local)
        unknown = a_key("unknown")
        local.forge = lambda _, claims: signed({"alg": "RS256", "kid": "unknown"}, claims, unknown)
        for _ in range(5):
            with pytest.raises(IdentityNotProved):
                identify(ours, local)

        assert local.asked["/jwks"] == 1

    def test_odd_ones_among_them_do_no_harm(self, ours: OIDCProvider, local: LocalProvider) -> None:
        good = local.keys[0].as_dict(private=False)
        odd = [7, None, {}, {"kty": "oct", "k": "AAAA"}, {"kty": "RSA", "n": "!"}, {"kty": "XX"}]
        local.trouble["/jwks"] = lambda: {"keys": [*odd, {**good, "use": "enc"}, good]}

        assert identify(ours, local).subject == "ada-4711"

    @pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
    def test_short_ones_are_none(self, ours: OIDCProvider, local: LocalProvider) -> None:
        short = RSAKey.generate_key(1024, {"kid": "short"})
        local.trouble["/jwks"] = lambda: {"keys": [short.as_dict(private=False)]}

        with pytest.raises(IdentityProviderFailed):
            identify(ours, local)


def five_megabytes() -> flask.Response:
    return flask.Response(b'{"issuer": "' + b"x" * 5_000_000, mimetype="application/json")


TROUBLES: dict[str, Callable[[], Any]] = {
    "500": lambda: ("sorry", 500),
    "404": lambda: ("nothing here", 404),
    "garbage": lambda: "<html>welcome to the hotel's network</html>",
    "a list": lambda: flask.Response("[1]", mimetype="application/json"),
    "a number": lambda: flask.Response("4711", mimetype="application/json"),
    "nothing": lambda: "",
    "another encoding": lambda: flask.Response(b"\xff\xfe{}", mimetype="application/json"),
    "deep nesting": lambda: flask.Response("[" * 100_000, mimetype="application/json"),
    "a redirect": lambda: flask.redirect("http://169.254.169.254/latest/meta-data/"),
    "five megabytes": five_megabytes,
}
DOORS = {
    "metadata": "/.well-known/openid-configuration",
    "token": "/token",
    "keys": "/jwks",
    "userinfo": "/userinfo",
}


class TestTroubleOfTheProvider:
    @pytest.mark.parametrize("trouble", TROUBLES.values(), ids=list(TROUBLES))
    @pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))
    def test_is_told_as_such(
        self, ours: OIDCProvider, local: LocalProvider, door: str, trouble: Callable[[], Any]
    ) -> None:
        if door == DOORS["userinfo"]:
            local.userinfo_only.add("email")
        local.trouble[door] = trouble

        with pytest.raises(IdentityProviderFailed):
            identify(ours, local)

    @pytest.mark.parametrize("door", DOORS.values(), ids=list(DOORS))
    def test_silence_is_waited_out_for_as_long_as_was_set(
        self, local: LocalProvider, clock: MovableClock, door: str
    ) -> None:
        if door == DOORS["userinfo"]:
            local.userinfo_only.add("email")
        local.trouble[door] = local.hang
        ours = ours_for(local, clock, total_seconds=0.3)
        started = time.monotonic()

        with pytest.raises(IdentityProviderSilent):
            identify(ours, local)

        assert time.monotonic() - started < 3

    def test_silence_holds_a_few_threads_only(
        self, local: LocalProvider, clock: MovableClock
    ) -> None:
        local.trouble[DOORS["metadata"]] = local.hang
        ours = ours_for(local, clock, total_seconds=5.0, at_once=2)
        waiting = [threading.Thread(target=self._ask, args=(ours,), daemon=True) for _ in range(2)]
        for thread in waiting:
            thread.start()
        deadline = time.monotonic() + 5
        while local.asked[DOORS["metadata"]] < 2 and time.monotonic() < deadline:
            time.sleep(0.01)

        with pytest.raises(IdentityProviderBusy):
            ours.authorization_url(QUESTION)

        local.reset()
        for thread in waiting:
            thread.join(timeout=10)
        ours.authorization_url(QUESTION)

    def _ask(self, ours: OIDCProvider) -> None:
        with contextlib.suppress(IdentityProviderFailed):
            ours.authorization_url(QUESTION)

    def test_a_redirect_is_not_followed(self, ours: OIDCProvider, local: LocalProvider) -> None:
        local.trouble[DOORS["metadata"]] = lambda: flask.redirect(f"{local.issuer}/jwks")

        with pytest.raises(IdentityProviderFailed):
            ours.authorization_url(QUESTION)

        assert local.asked["/jwks"] == 0

    @pytest.mark.parametrize("status", [302, 500])
    def test_a_refusal_counts_only_as_one(
        self, ours: OIDCProvider, local: LocalProvider, status: int
    ) -> None:
        """What a redirect or a broken server carries says nothing about the code."""
        local.trouble["/token"] = lambda: ({"error": "invalid_grant"}, status)

        with pytest.raises(IdentityProviderFailed):
            identify(ours, local)

    @pytest.mark.parametrize(
        "error",
        [
            "invalid_client",
            "unauthorized_client",
            "server_error",
            "x\ny",
            "temporarily_unavailable",
        ],
    )
    def test_an_error_of_the_token_endpoint_is_its_own(
        self, ours: OIDCProvider, local: LocalProvider, error: str
    ) -> None:
        local.trouble["/token"] = lambda: (
            {"error": error, "error_description": "<script>"},
            400,
        )

        with pytest.raises(IdentityProviderFailed) as caught:
            identify(ours, local)

        assert "<script>" not in str(caught.value) and "\n" not in str(caught.value)

    def test_a_wrong_client_secret_is_the_operators(
        self, local: LocalProvider, clock: MovableClock
    ) -> None:
        ours = ours_for(local, clock, client_secret="wrong")

        with pytest.raises(IdentityProviderFailed, match="invalid_client"):
            identify(ours, local)

    def test_a_provider_that_is_well_again_is_believed_again(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.trouble["/jwks"] = lambda: ("", 500)
        with pytest.raises(IdentityProviderFailed):
            identify(ours, local)
        local.reset()

        assert identify(ours, local).subject == "ada-4711"


def away(issuer: str) -> dict[str, dict[str, Any]]:
    return {
        "another issuer": {"issuer": "https://id.example.net"},
        "a slash at the end": {"issuer": f"{issuer}/"},
        "no issuer": {"issuer": None},
        "no authorization endpoint": {"authorization_endpoint": None},
        "a script": {"authorization_endpoint": "javascript:alert(1)"},
        "a line break": {"authorization_endpoint": f"{issuer}/\r\nSet-Cookie: a=b"},
        "a user": {"authorization_endpoint": "https://ada@id.example.com/authorize"},
        "a fragment": {"authorization_endpoint": f"{issuer}/authorize#a"},
        "no host": {"authorization_endpoint": "https:///authorize"},
        "a bad host": {"authorization_endpoint": "https://[id/authorize"},
        "no token endpoint": {"token_endpoint": 7},
        "no keys": {"jwks_uri": ""},
        "a file": {"jwks_uri": "file:///etc/passwd"},
        "no client secrets": {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    }


class TestMetadata:
    @pytest.mark.parametrize("case", list(away("")))
    def test_that_cannot_be_used_are_not(
        self, ours: OIDCProvider, local: LocalProvider, case: str
    ) -> None:
        local.metadata.update(away(local.issuer)[case])

        with pytest.raises(IdentityProviderFailed):
            ours.authorization_url(QUESTION)

    def test_of_a_provider_with_tls_may_not_do_without_it(self) -> None:
        issuer = "https://id.example.com"
        document = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": "http://id.example.com/token",
            "jwks_uri": f"{issuer}/jwks",
        }

        with pytest.raises(IdentityProviderFailed, match="token_endpoint"):
            ProviderMetadata.read(document, issuer, NOON)

    def test_client_secrets_go_into_the_body_where_that_is_the_only_way(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]

        assert identify(ours, local).subject == "ada-4711"

    def test_a_provider_that_names_itself_has_to(
        self, ours: OIDCProvider, local: LocalProvider
    ) -> None:
        local.metadata["authorization_response_iss_parameter_supported"] = True

        with pytest.raises(IdentityNotProved):
            identify(ours, local)


class TestTheWayOut:
    def test_does_not_lead_inside(self, local: LocalProvider, clock: MovableClock) -> None:
        """A provider on a private address has to be named as such by the operator."""
        ours = ours_for(local, clock, allowed_networks=[])

        with pytest.raises(IdentityProviderFailed):
            ours.authorization_url(QUESTION)

        assert not local.asked

    def test_does_not_lead_inside_by_what_the_metadata_say(
        self, local: LocalProvider, clock: MovableClock
    ) -> None:
        ours = ours_for(local, clock)
        local.metadata["token_endpoint"] = "http://169.254.169.254/token"

        with pytest.raises(IdentityProviderFailed, match="not on the public internet"):
            identify(ours, local)
