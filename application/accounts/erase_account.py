"""Give one's account up."""

from uuid import UUID

import attrs

from application.accounts.confirm_password import ConfirmPassword
from application.accounts.end_account import EndAccount
from application.accounts.throttle_guesses import ThrottleGuesses
from application.actor import Actor
from application.errors import NotFound, WrongPassword
from application.ports.password_hasher import PasswordHasher
from application.ports.unit_of_work import Database
from domain.users.roles import Permission


@attrs.frozen
class EraseAccountRequest:
    """
    Whose account, and their password to show that they mean it.

    Attributes:
        site: Where the request came from, where guesses are counted.
    """

    actor: Actor
    password: str = attrs.field(repr=False)
    site: str = attrs.field(default="", eq=False)


@attrs.frozen
class EraseAccount:
    """
    End the actor's account at once, and have everything that belongs to it destroyed.

    Once this returns nobody gets in any more and no task of theirs is worked on. Pictures go in
    the background, however many there are. Returns the id of the receipt.

    Raises:
        InsufficientScope: The actor is an API key.
        NoPassword: The account has none; a letter sets the first.
        WrongPassword: It is another.
        TooManyRequests: There have been too many wrong ones from where this one comes.
        LastAdmin: Nobody would be left who looks after the platform.
    """

    database: Database
    hasher: PasswordHasher
    guesses: ThrottleGuesses
    end_account: EndAccount

    def __call__(self, request: EraseAccountRequest) -> UUID:
        """Check the password, end the account."""
        actor = request.actor
        actor.require(Permission.MANAGE_ACCOUNT)
        with self.database.reading() as work:
            user = work.users.get(actor.user_id)
        if user is None:
            raise NotFound
        confirm_password = ConfirmPassword(self.hasher, self.guesses)
        confirm_password(user, request.password, request.site, pointer="/password")
        with self.database.writing() as work:
            # As in `ChangeUser`: two admins who leave at once do so one after the other.
            admins = work.users.hold_admins()
            held = work.users.hold(user.id)
            if held is None or held.password_hash != user.password_hash:
                raise WrongPassword(pointer="/password")  # it has just been changed, or is gone
            erasure = self.end_account(work, held, admins, actor)
            work.commit()
        return erasure.id
