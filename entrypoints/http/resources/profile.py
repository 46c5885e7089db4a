"""One's own profile, and for administrators anybody's."""

from collections.abc import Callable

import attrs
import falcon

from application.accounts.update_profile import UpdateProfileRequest
from application.accounts.view_profile import ViewProfileRequest
from domain.users.roles import Role
from domain.users.user import User
from entrypoints.http.authentication import Authentication
from entrypoints.http.client_address import site_of
from entrypoints.http.payloads import PayloadReader, write_json


@attrs.frozen
class ProfileQuery:
    """Whose profile to show; nobody's name means one's own."""

    user_id: str | None = None


@attrs.frozen
class ProfileChanges:
    """What to change; a member left out stays as it is, a password that is there is checked."""

    username: str | None = None
    email: str | None = None
    current_password: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Profile:
    """`/api/users/profile`."""

    authentication: Authentication
    view_profile: Callable[[ViewProfileRequest], User]
    update_profile: Callable[[UpdateProfileRequest], None]
    payloads: PayloadReader

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a profile: of the `userId` in the body or the query, else the caller's."""
        actor = self.authentication(req)
        query = self.payloads.read_optional(req, ProfileQuery) or ProfileQuery()
        user = self.view_profile(
            ViewProfileRequest(actor, query.user_id or req.get_param("userId"))
        )
        if query.user_id is None and not req.has_param("userId"):
            resp.set_header("Link", '</api/users/me/tasks>; rel="related"; title="tasks"')
        write_json(
            resp,
            {
                "username": user.username,
                "email": user.email,
                "roles": [role.value for role in Role if role in user.roles],
            },
        )

    on_head = on_get

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
        write_json(resp, {"message": "Profile updated successfully."})
