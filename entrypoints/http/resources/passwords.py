"""Passwords: changing one's own, and getting in again without it; and whose an address is."""

from collections.abc import Callable

import attrs
import falcon

from application.accounts.change_password import ChangePasswordRequest
from application.accounts.reset_password import ForgotPasswordRequest, ResetPasswordRequest
from application.actor import Actor
from entrypoints.http.authentication import Authentication, client_address
from entrypoints.http.client_address import site_of
from entrypoints.http.payloads import PayloadReader, write_json


@attrs.frozen
class PasswordChangePayload:
    """The password that is, and the one that is to be."""

    current_password: str = attrs.field(repr=False)
    new_password: str = attrs.field(repr=False)


@attrs.frozen
class PasswordChange:
    """`/api/auth/password/change`."""

    authentication: Authentication
    change_password: Callable[[ChangePasswordRequest], None]
    payloads: PayloadReader

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
        write_json(resp, {"message": "Password changed successfully."})


@attrs.frozen
class ForgottenPasswordPayload:
    """Whose password is forgotten."""

    email: str


@attrs.frozen
class ForgottenPassword:
    """`/api/auth/password/forgot`."""

    forgot_password: Callable[[ForgotPasswordRequest], None]
    payloads: PayloadReader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Have a letter sent, if there is an account; the answer does not tell."""
        email = self.payloads.read(req, ForgottenPasswordPayload).email
        self.forgot_password(ForgotPasswordRequest(email, client_address(req)))
        write_json(
            resp, {"message": "If an account has this address, a letter is on its way to it."}, 202
        )


@attrs.frozen
class PasswordResetPayload:
    """What the letter held, and the password that is to be."""

    token: str = attrs.field(repr=False)
    new_password: str = attrs.field(repr=False)


@attrs.frozen
class PasswordReset:
    """`/api/auth/password/reset`."""

    reset_password: Callable[[ResetPasswordRequest], None]
    payloads: PayloadReader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Set a new password; everybody who is signed in is signed out."""
        payload = self.payloads.read(req, PasswordResetPayload)
        self.reset_password(
            ResetPasswordRequest(payload.token, payload.new_password, client_address(req))
        )
        write_json(resp, {"message": "Password changed successfully."})


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

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Remember that the address is its account's."""
        self.verify_email(self.payloads.read(req, EmailTokenPayload).token, client_address(req))
        write_json(resp, {"message": "E-mail address verified successfully."})

    def on_post_letter(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Have a letter sent to the caller's address."""
        self.ask_to_verify_email(self.authentication(req))
        write_json(resp, {"message": "A letter is on its way, unless that is known already."}, 202)
