"""Registering, signing in and out."""

from collections.abc import Callable

import attrs
import falcon

from application.accounts.log_in import LogInRequest
from application.accounts.register_user import Registered, RegisterUserRequest
from application.accounts.session_tokens import SignedIn
from domain.users.session import client_name
from entrypoints.http.authentication import bearer_token, client_address
from entrypoints.http.client_address import site_of
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.payloads import PayloadReader, write_json
from entrypoints.http.resources.sessions import write_tokens


@attrs.frozen
class RegistrationPayload:
    """What a newcomer sends."""

    username: str
    email: str
    password: str = attrs.field(repr=False)


@attrs.frozen
class Registration:
    """`/api/auth/register`."""

    register_user: Callable[[RegisterUserRequest], Registered]
    payloads: PayloadReader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Open an account."""
        newcomer = self.payloads.read(req, RegistrationPayload)
        # Nothing that is derived from the password may be kept, so it does not count.
        key = idempotency_key(req, "registration", newcomer.username, newcomer.email)
        registered = self.register_user(
            RegisterUserRequest(
                newcomer.username, newcomer.email, newcomer.password, key, client_address(req)
            )
        )
        mark_replayed(resp, replayed=registered.replayed)
        write_json(resp, {"message": "User registered successfully."}, 201)


@attrs.frozen
class SignInPayload:
    """What a returning user sends."""

    email: str
    password: str = attrs.field(repr=False)


@attrs.frozen
class SignIn:
    """`/api/auth/login`."""

    log_in: Callable[[LogInRequest], SignedIn]
    payloads: PayloadReader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Start a session."""
        who = self.payloads.read(req, SignInPayload)
        client = client_name(req.get_header("User-Agent") or "")
        site = site_of(req.context.address)
        write_tokens(
            resp,
            self.log_in(LogInRequest(who.email, who.password, client, client_address(req), site)),
        )


@attrs.frozen
class TokenPayload:
    """What signing out may send."""

    token: str


@attrs.frozen
class SignOut:
    """`/api/auth/logout`."""

    log_out: Callable[[str, str | None], None]
    payloads: PayloadReader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the session of the token in the body, else of the one in the header."""
        payload = self.payloads.read_optional(req, TokenPayload)
        token = bearer_token(req) if payload is None else payload.token
        self.log_out(token, client_address(req))
        write_json(resp, {"message": "Logout successful."})
