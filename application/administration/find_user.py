"""Find an account by whatever an operator knows of it."""

from uuid import UUID

import attrs

from application.errors import NotFound
from application.ports.unit_of_work import Database
from domain.users.user import User


@attrs.frozen
class FindUser:
    """
    Return an account by its address, name or id.

    Raises:
        NotFound: There is none.
    """

    database: Database

    def __call__(self, text: str) -> User:
        """Look it up."""
        with self.database.reading() as work:
            user = work.users.by_email(text) or work.users.by_username(text)
            if user is None:
                try:
                    user = work.users.get(UUID(text))
                except ValueError:
                    user = None
        if user is None:
            raise NotFound(f"There is no account {text!r}.")
        return user
