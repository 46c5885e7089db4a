"""Registering, signing in and out."""

from collections.abc import Callable
from typing import Final

import attrs
import falcon

from application.accounts.log_in import LogInRequest, WrongCredentials
from application.accounts.register_user import Registered, RegisterUserRequest
from application.accounts.session_tokens import SignedIn
from application.errors import TooManyRequests
from application.ports.access_tokens import InvalidToken
from application.ports.repositories.users import EmailTaken, UsernameTaken
from domain.errors import InvalidParameter, PasswordCompromised
from domain.users.session import client_name
from entrypoints.http.authentication import bearer_token, client_address
from entrypoints.http.client_address import site_of
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.openapi.operation import Answer, Link, operation
from entrypoints.http.openapi.parts import REPLAYED, Email, Label, Message, Password
from entrypoints.http.payloads import PayloadReader
from entrypoints.http.resources.sessions import TOKENS, write_tokens

_REGISTERED: Final = Answer(
    201,
    Message,
    "The account is open.",
    (REPLAYED,),
    (
        Link(
            "POST",
            "/api/auth/login",
            body={"email": "$request.body#/email", "password": "$request.body#/password"},
        ),
    ),
)
_SIGNED_OUT: Final = Answer(200, Message, "The session has ended.")


@attrs.frozen
class RegistrationPayload:
    """What a newcomer sends."""

    username: Label
    email: Email
    password: Password = attrs.field(repr=False)


@attrs.frozen
class Registration:
    """`/api/auth/register`."""

    register_user: Callable[[RegisterUserRequest], Registered]
    payloads: PayloadReader

    @operation(
        _REGISTERED,
        body=RegistrationPayload,
        refusals=(InvalidParameter, PasswordCompromised, UsernameTaken, EmailTaken),
        takes_key=True,
    )
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
        _REGISTERED.write(resp, {"message": "User registered successfully."})


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

    @operation(TOKENS, body=SignInPayload, refusals=(WrongCredentials, TooManyRequests))
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

    @operation(
        _SIGNED_OUT,
        body=TokenPayload,
        is_body_optional=True,
        refusals=(InvalidToken,),
        may_have_token=True,
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the session of the token in the body, else of the one in the header."""
        payload = self.payloads.read_optional(req, TokenPayload)
        token = bearer_token(req) if payload is None else payload.token
        self.log_out(token, client_address(req))
        _SIGNED_OUT.write(resp, {"message": "Logout successful."})
