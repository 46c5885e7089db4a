"""Sessions: going on with one, seeing where one is signed in, signing out elsewhere."""

from collections.abc import Callable, Sequence
from typing import Final, TypedDict

import attrs
import falcon

from application.accounts.end_sessions import EndSessionsRequest
from application.accounts.refresh_session import InvalidRefreshToken
from application.accounts.session_tokens import SignedIn
from application.actor import Actor
from application.errors import NotFound
from domain.users.session import Session
from entrypoints.http.authentication import Authentication, client_address
from entrypoints.http.openapi.operation import Answer, Bare, Header, Link, operation
from entrypoints.http.openapi.schemas import Id, Moment
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp

REFRESH_HEADER: Final = "X-Refresh-Token"


class TokenDocument(TypedDict):
    """What opens the doors marked with `session`."""

    token: str


class SessionDocument(TypedDict):
    """Where somebody is signed in."""

    id: Id
    client: str
    createdAt: Moment
    lastUsedAt: Moment
    expiresAt: Moment
    current: bool


class SessionList(TypedDict):
    """Where the caller is signed in."""

    sessions: list[SessionDocument]


TOKENS: Final = Answer(
    200,
    TokenDocument,
    "The token for the next minutes; the one that gets the next is in a header.",
    (Header(REFRESH_HEADER, "What `POST /api/auth/refresh` takes, once.", is_sure=True),),
    (
        Link(
            "POST",
            "/api/auth/refresh",
            body={"refreshToken": f"$response.header.{REFRESH_HEADER}"},
        ),
        Link("POST", "/api/auth/logout", body={"token": "$response.body#/token"}),
    ),
)
_LISTED: Final = Answer(
    200,
    SessionList,
    "The sessions.",
    links=(
        Link(
            "DELETE",
            "/api/auth/sessions/{session_id}",
            {"session_id": "$response.body#/sessions/0/id"},
        ),
    ),
)
_ENDED: Final = Bare(204, "They have ended.")


def write_tokens(resp: falcon.Response, signed_in: SignedIn) -> None:
    """Answer with the access token, and the refresh token in its header."""
    resp.set_header(REFRESH_HEADER, signed_in.refresh_token)
    resp.set_header("Cache-Control", "no-store")
    TOKENS.write(resp, {"token": signed_in.access_token})


@attrs.frozen
class RefreshPayload:
    """What gets the next pair of tokens."""

    refresh_token: str = attrs.field(repr=False)


@attrs.frozen
class Refreshing:
    """`/api/auth/refresh`."""

    refresh_session: Callable[[str, str | None], SignedIn]
    payloads: PayloadReader

    @operation(TOKENS, body=RefreshPayload, refusals=(InvalidRefreshToken,))
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Exchange a refresh token."""
        payload = self.payloads.read(req, RefreshPayload)
        write_tokens(resp, self.refresh_session(payload.refresh_token, client_address(req)))


@attrs.frozen
class Sessions:
    """`/api/auth/sessions`."""

    authentication: Authentication
    list_sessions: Callable[[Actor], Sequence[Session]]
    end_sessions: Callable[[EndSessionsRequest], None]

    @operation(_LISTED)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show where the caller is signed in."""
        actor = self.authentication(req)
        sessions = self.list_sessions(actor)
        _LISTED.write(resp, {"sessions": [session_document(one, actor) for one in sessions]})

    on_head = on_get

    @operation(_ENDED)
    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End all of them but the present one."""
        self.end_sessions(EndSessionsRequest(self.authentication(req)))
        _ENDED.write(resp)


@attrs.frozen
class OneSession:
    """`/api/auth/sessions/{sessionId}`."""

    authentication: Authentication
    end_sessions: Callable[[EndSessionsRequest], None]

    @operation(_ENDED, refusals=(NotFound,))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, session_id: str) -> None:
        """End it."""
        actor = self.authentication(req)
        self.end_sessions(EndSessionsRequest(actor, id_in_path(session_id)))
        _ENDED.write(resp)


def session_document(session: Session, actor: Actor) -> SessionDocument:
    """Return what the API tells of a session."""
    return {
        "id": str(session.id),
        "client": session.client,
        "createdAt": timestamp(session.created_at),
        "lastUsedAt": timestamp(session.last_used_at or session.created_at),
        "expiresAt": timestamp(session.ends_at),
        "current": session.id == actor.session_id,
    }
