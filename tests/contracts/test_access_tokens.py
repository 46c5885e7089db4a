"""What access tokens promise, and what forgers have tried elsewhere."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.security.jwt_tokens import JWTAccessTokens
from application.ports.access_tokens import InvalidToken
from domain.users.session import Session
from tests.builders import NOON, a_session
from tests.clocks import MovableClock

KEY = bytes(range(32))
ISSUER, AUDIENCE = "https://pics.example", "safelight"
SECONDS = int(NOON.timestamp())
SESSION_ID = uuid4()


def tokens(clock: MovableClock | None = None, **overrides: Any) -> JWTAccessTokens:
    settings: dict[str, Any] = {"keys": {"1": KEY}, "current_kid": "1"} | overrides
    return JWTAccessTokens(
        settings.pop("keys"),
        settings.pop("current_kid"),
        **({"issuer": ISSUER, "audience": AUDIENCE, "clock": clock or MovableClock()} | settings),
    )


def issued(access_tokens: JWTAccessTokens, session: Session) -> str:
    """A token that is good for as long as its session."""
    return access_tokens.issue(session, issued_at=session.created_at, expires_at=session.expires_at)


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged(
    header: Any = None, claims: Any = None, *, key: bytes = KEY, digest: Any = hashlib.sha256
) -> str:
    """A token made by hand: ours but for what is overridden; None leaves a member out."""
    whole_header = {"alg": "HS256", "typ": "at+jwt", "kid": "1"} | (header or {})
    whole_claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(uuid4()),
        "jti": str(SESSION_ID),
        "iat": SECONDS,
        "exp": SECONDS + 600,
    } | (claims or {})
    signed = ".".join(
        b64(json.dumps({k: v for k, v in part.items() if v is not None}).encode())
        for part in (whole_header, whole_claims)
    )
    return f"{signed}.{b64(hmac.digest(key, signed.encode(), digest))}"


def without_signature(token: str) -> str:
    return token.rsplit(".", 1)[0] + "."


GOOD = forged()
HEAD, BODY, SIGNATURE = GOOD.split(".")
JWK = {"kty": "oct", "k": b64(b"a" * 32)}

FORGERIES = {
    "alg none": without_signature(forged({"alg": "none"})),
    "alg nOnE": without_signature(forged({"alg": "nOnE"})),
    "alg none with a signature": forged({"alg": "none"}),
    "alg missing": forged({"alg": None}),
    "alg empty": forged({"alg": ""}),
    "alg a list": forged({"alg": ["HS256"]}),
    "alg RS256 over our key": forged({"alg": "RS256"}),
    "alg HS512": forged({"alg": "HS512"}, digest=hashlib.sha512),
    "alg hs256": forged({"alg": "hs256"}),
    "signed by another key": forged(key=b"x" * 32),
    "signed by an empty key": forged(key=b""),
    "jwk brings its own key": forged({"jwk": JWK}, key=b"a" * 32),
    "jwk beside our key": forged({"jwk": JWK}),
    "jku": forged({"jku": "https://evil.example/keys"}),
    "x5u": forged({"x5u": "https://evil.example/cert"}),
    "x5c": forged({"x5c": ["MIIB"]}),
    "crit": forged({"crit": ["exp"]}),
    "b64 false": forged({"b64": False, "crit": ["b64"]}),
    "zip": forged({"zip": "DEF"}),
    "cty": forged({"cty": "JWT"}),
    "kid a path": forged({"kid": "../../dev/null"}, key=b""),
    "kid an injection": forged({"kid": "1' OR '1'='1"}),
    "kid unknown": forged({"kid": "2"}),
    "kid missing": forged({"kid": None}),
    "kid a number": forged({"kid": 1}),
    "kid a list": forged({"kid": ["1"]}),
    "kid an object": forged({"kid": {"1": 1}}),
    "typ JWT": forged({"typ": "JWT"}),
    "typ refresh": forged({"typ": "rt+jwt"}),
    "typ missing": forged({"typ": None}),
    "typ a list": forged({"typ": ["at+jwt"]}),
    "no exp": forged(claims={"exp": None}),
    "exp as a string": forged(claims={"exp": str(SECONDS + 600)}),
    "exp as a float": forged(claims={"exp": SECONDS + 600.5}),
    "exp infinite": forged(claims={"exp": float("inf")}),
    "exp not a number": forged(claims={"exp": float("nan")}),
    "exp true": forged(claims={"exp": True}),
    "exp a list": forged(claims={"exp": [SECONDS + 600]}),
    "exp past": forged(claims={"exp": SECONDS - 60}),
    "no iat": forged(claims={"iat": None}),
    "iat in the future": forged(claims={"iat": SECONDS + 300}),
    "iat as a string": forged(claims={"iat": str(SECONDS)}),
    "no iss": forged(claims={"iss": None}),
    "other iss": forged(claims={"iss": "https://evil.example"}),
    "iss a list": forged(claims={"iss": [ISSUER]}),
    "no aud": forged(claims={"aud": None}),
    "other aud": forged(claims={"aud": "billing"}),
    "aud a list with ours": forged(claims={"aud": ["billing", AUDIENCE]}),
    "no sub": forged(claims={"sub": None}),
    "sub a number": forged(claims={"sub": 7}),
    "sub no id": forged(claims={"sub": "admin"}),
    "no jti": forged(claims={"jti": None}),
    "jti no id": forged(claims={"jti": "1"}),
    "jti a number": forged(claims={"jti": 1}),
    "signature cut": GOOD[:-4],
    "signature missing": f"{HEAD}.{BODY}.",
    "signature of two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "claims swapped": f"{HEAD}.{forged(claims={'sub': str(uuid4())}).split('.')[1]}.{SIGNATURE}",
    "header a list": f"{b64(b'[]')}.{BODY}.{SIGNATURE}",
    "header no JSON": f"{b64(b'{')}.{BODY}.{SIGNATURE}",
    "header nested deeply": f"{b64(b'[' * 700)}.{BODY}.{SIGNATURE}",
    "no base64": "a.b.c",
    "empty": "",
    "dots": "..",
    "not ASCII": GOOD[:-1] + "é",
    "a lone surrogate": GOOD[:-1] + "\udcff",
    "NUL": GOOD + "\0",
    "with its scheme": f"Bearer {GOOD}",
    "very long": GOOD + "A" * 100_000,
}


class TestJWTAccessTokens:
    def test_a_token_leads_back_to_its_session(self) -> None:
        session = a_session()

        assert tokens().session_id(issued(tokens(), session)) == session.id

    def test_the_forgers_workshop_can_make_a_good_token(self) -> None:
        assert tokens().session_id(GOOD) == SESSION_ID

    @pytest.mark.parametrize("name", FORGERIES)
    def test_refuses(self, name: str) -> None:
        with pytest.raises(InvalidToken) as refusal:
            tokens().session_id(FORGERIES[name])

        assert refusal.value.detail == "The access token is not valid; sign in again."

    def test_a_token_is_good_between_its_times(self) -> None:
        clock = MovableClock()
        session = a_session()
        token = tokens(clock).issue(
            session,
            issued_at=NOON + timedelta(minutes=1),
            expires_at=NOON + timedelta(hours=1),
        )

        clock.advance(timedelta(seconds=49))
        with pytest.raises(InvalidToken):
            tokens(clock).session_id(token)
        clock.advance(timedelta(seconds=1))
        assert tokens(clock).session_id(token) == session.id
        clock.advance(timedelta(seconds=-50))

        clock.advance(timedelta(hours=1, seconds=9))
        assert tokens(clock).session_id(token) == session.id
        clock.advance(timedelta(seconds=1))
        with pytest.raises(InvalidToken):
            tokens(clock).session_id(token)

    def test_tokens_outlive_a_change_of_keys(self) -> None:
        session = a_session()
        old = issued(tokens(), session)
        both = {"1": KEY, "2": b"2" * 32}

        assert tokens(keys=both, current_kid="2").session_id(old) == session.id
        with pytest.raises(InvalidToken):
            tokens(keys={"2": b"2" * 32}, current_kid="2").session_id(old)

    @pytest.mark.parametrize(
        "settings",
        [
            {"keys": {"1": b"short"}},
            {"keys": {"1": KEY, "0": b""}},
            {"current_kid": "2"},
            {"leeway": timedelta(minutes=1)},
        ],
        ids=str,
    )
    def test_weak_settings_are_refused(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ValueError):
            tokens(**settings)
