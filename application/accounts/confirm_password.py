"""Have somebody who is signed in show that they know their password."""

import attrs

from application.accounts.throttle_guesses import ThrottleGuesses
from application.errors import NoPassword, WrongPassword
from application.ports.password_hasher import PasswordHasher
from domain.users.user import MAX_PASSWORD_CHARACTERS, User


@attrs.frozen
class ConfirmPassword:
    """
    Return if the password is the user's; each wrong one counts as a guess.

    Raises:
        NoPassword: The account has none.
        WrongPassword: It is another.
        TooManyRequests: There have been too many wrong ones from where this one comes.
    """

    hasher: PasswordHasher
    guesses: ThrottleGuesses

    def __call__(self, user: User, given: str, site: str, *, pointer: str) -> None:
        """Count, verify."""
        if not user.has_password:
            raise NoPassword(pointer=pointer)
        # What cannot be a password is not hashed, so that a long one costs no more than a short.
        password = given if len(given) <= MAX_PASSWORD_CHARACTERS else ""
        with self.guesses.one(user.email, site):
            is_right = self.hasher.verify(password, user.password_hash)
        if not is_right:
            raise WrongPassword(pointer=pointer)
        self.guesses.was_right(user.email, site)
