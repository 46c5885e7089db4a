"""Find out who is asking."""

import attrs

from application.accounts.note_key_use import NoteKeyUse
from application.actor import Actor
from application.ports.access_tokens import AccessTokens, InvalidToken
from application.ports.clock import Clock
from application.ports.key_tokens import KeyTokens, PresentedToken
from application.ports.unit_of_work import Database


@attrs.frozen
class Authenticate:
    """
    Turn an access token, or the token of an API key, into an actor.

    Session or key, and the roles, are read anew for every request, so that signing out, revoking a
    key, a change of roles and disabling the account work at once.

    Raises:
        InvalidToken: The token is not good, or what it stands for has ended.
    """

    database: Database
    tokens: AccessTokens
    key_tokens: KeyTokens
    note_key_use: NoteKeyUse
    clock: Clock

    def __call__(self, token: str) -> Actor:
        """Read the token, look up its key or session."""
        presented = self.key_tokens.read(token)
        actor = self._in_session(token) if presented is None else self._with_key(presented)
        if actor is None:
            raise InvalidToken("The access token is not valid; sign in again.")
        return actor

    def _in_session(self, token: str) -> Actor | None:
        session_id = self.tokens.session_id(token)
        with self.database.reading() as work:
            found = work.sessions.with_user(session_id)
        if found is None:
            return None
        session, user = found
        if user.disabled_at is not None or not session.is_live(self.clock.now()):
            return None
        return Actor(user.id, user.roles, session_id=session.id)

    def _with_key(self, presented: PresentedToken) -> Actor | None:
        with self.database.reading() as work:
            found = work.api_keys.with_user(presented.key_id)
        if found is None:
            return None
        key, user = found
        now = self.clock.now()
        is_its_secret = self.key_tokens.is_secret_of(presented, key.secret_sha256)
        if not is_its_secret or not key.is_live(now) or user.disabled_at is not None:
            return None
        self.note_key_use(key, now)
        return Actor(
            user.id, user.roles, scopes=key.scopes, key_id=key.id, presets_only=key.presets
        )
