"""Sessions: going on with one, seeing where one is signed in, signing out elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
import falcon

from application.accounts.end_sessions import EndSessionsRequest
from application.accounts.session_tokens import SignedIn
from application.actor import Actor
from domain.users.session import Session
from entrypoints.http.authentication import Authentication
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp, write_json

REFRESH_HEADER: Final = "X-Refresh-Token"


def write_tokens(resp: falcon.Response, signed_in: SignedIn) -> None:
    """Answer with the access token, and the refresh token in its header."""
    resp.set_header(REFRESH_HEADER, signed_in.refresh_token)
    resp.set_header("Cache-Control", "no-store")
    write_json(resp, {"token": signed_in.access_token})


@attrs.frozen
class RefreshPayload:
    """What gets the next pair of tokens."""

    refresh_token: str = attrs.field(repr=False)


@attrs.frozen
class Refreshing:
    """`/api/auth/refresh`."""

    refresh_session: Callable[[str], SignedIn]
    payloads: PayloadReader

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Exchange a refresh token."""
        payload = self.payloads.read(req, RefreshPayload)
        write_tokens(resp, self.refresh_session(payload.refresh_token))


@attrs.frozen
class Sessions:
    """`/api/auth/sessions`."""

    authentication: Authentication
    list_sessions: Callable[[Actor], Sequence[Session]]
    end_sessions: Callable[[EndSessionsRequest], None]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show where the caller is signed in."""
        actor = self.authentication(req)
        sessions = self.list_sessions(actor)
        write_json(resp, {"sessions": [session_document(one, actor) for one in sessions]})

    on_head = on_get

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End all of them but the present one."""
        self.end_sessions(EndSessionsRequest(self.authentication(req)))
        resp.status = 204


@attrs.frozen
class OneSession:
    """`/api/auth/sessions/{sessionId}`."""

    authentication: Authentication
    end_sessions: Callable[[EndSessionsRequest], None]

    def on_delete(self, req: falcon.Request, resp: falcon.Response, session_id: str) -> None:
        """End it."""
        actor = self.authentication(req)
        self.end_sessions(EndSessionsRequest(actor, id_in_path(session_id)))
        resp.status = 204


def session_document(session: Session, actor: Actor) -> dict[str, Any]:
    """Return what the API tells of a session."""
    return {
        "id": str(session.id),
        "client": session.client,
        "createdAt": timestamp(session.created_at),
        "lastUsedAt": timestamp(session.last_used_at or session.created_at),
        "expiresAt": timestamp(session.ends_at),
        "current": session.id == actor.session_id,
    }
