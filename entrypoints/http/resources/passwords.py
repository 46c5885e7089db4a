"""Passwords: changing one's own, and getting in again without it; and whose an address is."""

from collections.abc import Callable
from typing import Final

import attrs
import falcon

from application.accounts.change_password import ChangePasswordRequest
from application.accounts.reset_password import ForgotPasswordRequest, ResetPasswordRequest
from application.actor import Actor
from application.errors import (
    InsufficientScope,
    InvalidMailedToken,
    NoPassword,
    TooManyRequests,
    WrongPassword,
)
from domain.errors import InvalidParameter, PasswordCompromised
from entrypoints.http.authentication import Authentication, client_address
from entrypoints.http.client_address import site_of
from entrypoints.http.openapi.operation import Answer, operation
from entrypoints.http.openapi.parts import Email, Message, Password
from entrypoints.http.payloads import PayloadReader

_CHANGED: Final = Answer(200, Message, "The password is another now.")
_VERIFIED: Final = Answer(200, Message, "The address is known to be the account's.")
_LETTER: Final = Answer(202, Message, "A letter is on its way, if there is need for one.")


@attrs.frozen
class PasswordChangePayload:
    """The password that is, and the one that is to be."""

    current_password: str = attrs.field(repr=False)
    new_password: Password = attrs.field(repr=False)


@attrs.frozen
class PasswordChange:
    """`/api/auth/password/change`."""

    authentication: Authentication
    change_password: Callable[[ChangePasswordRequest], None]
    payloads: PayloadReader

    @operation(
        _CHANGED,
        body=PasswordChangePayload,
        refusals=(
            InsufficientScope, InvalidParameter, PasswordCompromised, WrongPassword,
            NoPassword, TooManyRequests,
        ),
    )  # fmt: skip
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the caller's password; everybody else who is signed in as them is signed out."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, PasswordChangePayload)
        self.change_password(
            ChangePasswordRequest(
                actor,
                payload.current_password,
                payload.new_password,
                site_of(req.context.address),
            )
        )
        _CHANGED.write(resp, {"message": "Password changed successfully."})


@attrs.frozen
class ForgottenPasswordPayload:
    """Whose password is forgotten."""

    email: Email


@attrs.frozen
class ForgottenPassword:
    """`/api/auth/password/forgot`."""

    forgot_password: Callable[[ForgotPasswordRequest], None]
    payloads: PayloadReader

    @operation(_LETTER, body=ForgottenPasswordPayload, refusals=(InvalidParameter,))
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Have a letter sent, if there is an account; the answer does not tell."""
        email = self.payloads.read(req, ForgottenPasswordPayload).email
        self.forgot_password(ForgotPasswordRequest(email, client_address(req)))
        _LETTER.write(
            resp, {"message": "If an account has this address, a letter is on its way to it."}
        )


@attrs.frozen
class PasswordResetPayload:
    """What the letter held, and the password that is to be."""

    token: str = attrs.field(repr=False)
    new_password: Password = attrs.field(repr=False)


@attrs.frozen
class PasswordReset:
    """`/api/auth/password/reset`."""

    reset_password: Callable[[ResetPasswordRequest], None]
    payloads: PayloadReader

    @operation(
        _CHANGED,
        body=PasswordResetPayload,
        refusals=(InvalidParameter, PasswordCompromised, InvalidMailedToken),
    )
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set a new password; everybody who is signed in is signed out."""
        payload = self.payloads.read(req, PasswordResetPayload)
        self.reset_password(
            ResetPasswordRequest(payload.token, payload.new_password, client_address(req))
        )
        _CHANGED.write(resp, {"message": "Password changed successfully."})


@attrs.frozen
class EmailTokenPayload:
    """What the letter held."""

    token: str = attrs.field(repr=False)


@attrs.frozen
class EmailVerification:
    """`/api/auth/verify-email`, and `/api/auth/verify-email/send`."""

    authentication: Authentication
    verify_email: Callable[[str, str | None], None]
    ask_to_verify_email: Callable[[Actor], None]
    payloads: PayloadReader

    @operation(_VERIFIED, body=EmailTokenPayload, refusals=(InvalidMailedToken,))
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Remember that the address is its account's."""
        self.verify_email(self.payloads.read(req, EmailTokenPayload).token, client_address(req))
        _VERIFIED.write(resp, {"message": "E-mail address verified successfully."})

    @operation(_LETTER, refusals=(InsufficientScope,))
    def on_post_letter(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Have a letter sent to the caller's address."""
        self.ask_to_verify_email(self.authentication(req))
        _LETTER.write(resp, {"message": "A letter is on its way, unless that is known already."})
