"""One's own profile, and for administrators anybody's."""

from collections.abc import Callable
from typing import Annotated, Final, TypedDict

import attrs
import falcon

from application.accounts.update_profile import UpdateProfileRequest
from application.accounts.view_profile import ViewProfileRequest
from application.errors import NoPassword, NotAllowed, NotFound, TooManyRequests, WrongPassword
from application.ports.repositories.users import EmailTaken, UsernameTaken
from domain.errors import InvalidParameter
from domain.users.roles import Role
from domain.users.user import User
from entrypoints.http.authentication import Authentication
from entrypoints.http.client_address import site_of
from entrypoints.http.openapi.operation import Answer, Header, Parameter, operation
from entrypoints.http.openapi.parts import Email, Label, Message
from entrypoints.http.payloads import PayloadReader


class ProfileDocument(TypedDict):
    """A profile."""

    username: str
    email: str
    roles: list[Annotated[str, Role]]


_USER_ID: Final = Parameter(
    "userId", str, {"type": "string"}, "Whose profile, for administrators; an id or a user name."
)
_SHOWN: Final = Answer(
    200,
    ProfileDocument,
    "The profile.",
    (Header("Link", 'The address of the caller\'s own tasks, rel="related".'),),
)
_CHANGED: Final = Answer(200, Message, "The profile is another now.")


@attrs.frozen
class ProfileQuery:
    """Whose profile to show; nobody's name means one's own."""

    user_id: str | None = None


@attrs.frozen
class ProfileChanges:
    """What to change; a member left out stays as it is, a password that is there is checked."""

    username: Label | None = None
    email: Email | None = None
    current_password: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Profile:
    """`/api/users/profile`."""

    authentication: Authentication
    view_profile: Callable[[ViewProfileRequest], User]
    update_profile: Callable[[UpdateProfileRequest], None]
    payloads: PayloadReader

    @operation(
        _SHOWN,
        body=ProfileQuery,
        is_body_optional=True,
        query=(_USER_ID,),
        refusals=(NotAllowed, NotFound),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a profile: of the `userId` in the body or the query, else the caller's."""
        actor = self.authentication(req)
        query = self.payloads.read_optional(req, ProfileQuery) or ProfileQuery()
        user = self.view_profile(ViewProfileRequest(actor, query.user_id or _USER_ID.of(req)))
        if query.user_id is None and not req.has_param("userId"):
            resp.set_header("Link", '</api/users/me/tasks>; rel="related"; title="tasks"')
        _SHOWN.write(
            resp,
            {
                "username": user.username,
                "email": user.email,
                "roles": [role.value for role in Role if role in user.roles],
            },
        )

    on_head = on_get

    @operation(
        _CHANGED,
        body=ProfileChanges,
        refusals=(
            NotAllowed, InvalidParameter, UsernameTaken, EmailTaken, WrongPassword,
            NoPassword, TooManyRequests,
        ),
    )  # fmt: skip
    def on_put(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Change the caller's own profile."""
        actor = self.authentication(req)
        changes = self.payloads.read(req, ProfileChanges)
        self.update_profile(
            UpdateProfileRequest(
                actor,
                changes.username,
                changes.email,
                changes.current_password,
                site_of(req.context.address),
            )
        )
        _CHANGED.write(resp, {"message": "Profile updated successfully."})
