"""
An OpenID Connect provider on loopback: Authlib's server, which checks clients, codes and PKCE.

It asks nobody for a password: whoever comes is `person`. Its other powers are those of a provider
that is wrong, slow, hostile, or somebody else.
"""

import base64
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import attrs
import flask
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Error, OAuth2Request, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, UserInfo
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "safelight"
CLIENT_SECRET = "a secret that two share, of 39 bytes"
ADA = {
    "sub": "ada-4711",
    "email": "ada@example.com",
    "email_verified": True,
    "preferred_username": "ada",
}

Forge = Callable[[dict[str, Any], dict[str, Any]], str]


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: Any) -> str:
    """Return an ID token as somebody might make it, by any algorithm there is."""
    return jwt.encode(dict(header), dict(claims), key, algorithms=[header["alg"]])


def a_key(kid: str) -> RSAKey:
    """Return a new signing key."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@attrs.frozen
class Client(ClientMixin):
    """The one client that is registered."""

    redirect_uris: set[str]

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return next(iter(self.redirect_uris))

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one in ("openid", "email", "profile"))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post") and endpoint == "token"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@attrs.frozen
class Person:
    """Whoever is signed in at the provider."""

    claims: Mapping[str, Any]


@attrs.frozen
class Code(AuthorizationCodeMixin):
    """An authorization code that was given out."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    person: Person

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> None:
        return None

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class LocalProvider:
    """
    The provider, listening.

    Attributes:
        person: Claims of whoever comes.
        forge: Makes the ID token from the header and claims of the genuine one, if it is set.
        trouble: By path, what is answered instead of what is right.
        metadata: Members of the metadata that are other than they should be.
        userinfo_only: Claims that ID tokens leave to the userinfo endpoint.
        asked: How often each path was asked for.
    """

    def __init__(self) -> None:
        self.person: dict[str, Any] = dict(ADA)
        self.forge: Forge | None = None
        self.trouble: dict[str, Callable[[], Any]] = {}
        self.metadata: dict[str, Any] = {}
        self.userinfo_only: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.redirect_uris: set[str] = set()
        self.keys = [a_key("first")]
        self.codes: dict[str, Code] = {}
        self._tokens: dict[str, Person] = {}
        self._released = threading.Event()
        self._server = make_server("127.0.0.1", 0, self._app(), threaded=True)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()

    def reset(self) -> None:
        """Be well again, and know nobody."""
        self.person = dict(ADA)
        self.forge = None
        self.trouble.clear()
        self.metadata.clear()
        self.userinfo_only.clear()
        self.asked.clear()
        self.codes.clear()
        self._released.set()
        self._released = threading.Event()

    def rotate(self, kid: str) -> None:
        """Sign by another key from now on, and publish no other."""
        self.keys = [a_key(kid)]

    def hang(self) -> Any:
        """Answer nothing until the test is over; for `trouble`."""
        self._released.wait(60)
        return "too late"

    def consent(self, url: str) -> dict[str, str]:
        """Go to *url* as a browser of `person`, and return what the browser is sent back with."""
        parts = urlsplit(url)
        answer = self._server.app.test_client().get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 302, answer.text
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in sent.items()}

    def _app(self) -> flask.Flask:
        app = flask.Flask(__name__)
        client = Client(self.redirect_uris)
        server = AuthorizationServer(
            app,
            query_client=lambda client_id: client if client_id == CLIENT_ID else None,
            save_token=self._keep_token,
        )
        server.register_grant(_grant_of(self), [_IDTokens(self), CodeChallenge(required=True)])

        @app.before_request
        def look_for_trouble() -> Any:
            self.asked[flask.request.path] += 1
            trouble = self.trouble.get(flask.request.path)
            return None if trouble is None else trouble()

        @app.get("/.well-known/openid-configuration")
        def metadata() -> Any:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            } | self.metadata

        @app.get("/jwks")
        def jwks() -> Any:
            return KeySet(self.keys).as_dict(private=False)

        @app.get("/authorize")
        def authorize() -> Any:
            person = Person(dict(self.person))
            try:
                grant = server.get_consent_grant(end_user=person)
            except OAuth2Error as error:
                return str(error), 400
            return server.create_authorization_response(grant_user=person, grant=grant)

        @app.post("/token")
        def token() -> Any:
            return server.create_token_response()

        @app.get("/userinfo")
        def userinfo() -> Any:
            scheme, _, text = flask.request.headers.get("Authorization", "").partition(" ")
            if scheme != "Bearer" or text not in self._tokens:
                return {"error": "invalid_token"}, 401
            return dict(self._tokens[text].claims)

        return app

    def _keep_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        self._tokens[token["access_token"]] = request.user


def _grant_of(provider: LocalProvider) -> type[grants.AuthorizationCodeGrant]:
    class Grant(grants.AuthorizationCodeGrant):
        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            asked = request.payload.data
            provider.codes[code] = Code(
                code,
                request.payload.redirect_uri,
                request.scope,
                asked.get("nonce"),
                asked.get("code_challenge"),
                asked.get("code_challenge_method"),
                request.user,
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> Person:
            return authorization_code.person

    return Grant


class _IDTokens(OpenIDCode):
    def __init__(self, provider: LocalProvider) -> None:
        super().__init__(require_nonce=True)
        self._provider = provider

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return any(code.nonce == nonce for code in self._provider.codes.values())

    def resolve_client_private_key(self, client: Client) -> RSAKey:
        return self._provider.keys[0]

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._provider.issuer}

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": "RS256", "kid": self._provider.keys[0].kid}

    def generate_user_info(self, user: Person, scope: str) -> UserInfo:
        told = user.claims.items()
        return UserInfo({name: value for name, value in told if name not in self._left_out})

    @property
    def _left_out(self) -> set[str]:
        return self._provider.userinfo_only

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        genuine = super().encode_id_token(token, request)
        if self._provider.forge is None:
            return genuine
        header, claims = (_read(part) for part in genuine.split(".")[:2])
        return self._provider.forge(header, claims)


def _read(part: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
