"""A person with an account, and the forms that names, addresses and passwords must have."""

import re
from datetime import datetime
from uuid import UUID

import attrs

from domain.errors import InvalidParameter
from domain.users.labels import checked_label
from domain.users.roles import Role

# One @, no space, no control character, a dotted domain of letters, digits and hyphens; that the
# address exists only a mail can tell. Lengths: RFC 5321 §4.5.3.1.
EMAIL_PATTERN = (
    r"^(?!.*\.\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
)
_EMAIL = re.compile(EMAIL_PATTERN, re.ASCII)
MAX_EMAIL_CHARACTERS = 254
MAX_USERNAME_CHARACTERS = 64
MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 128
NO_PASSWORD = "-"  # noqa: S105  # no hash of anything, nor what an erasure leaves
"""In the place of a hash: no password opens the account, until one is set by a letter."""


@attrs.frozen
class User:
    """
    A person with an account.

    Attributes:
        username: Shown to others; unique whatever its case.
        email: Used to sign in and to be told; unique whatever its case.
        password_hash: In the hasher's own format, never the password; or `NO_PASSWORD`.
        disabled_at: Since when nothing opens for them; None for an account in use.
        email_verified_at: When it was proved that the address is theirs; None until then.
        other_roles: Those that a newer version gave; they open nothing here, and stay.
    """

    id: UUID
    username: str
    email: str
    password_hash: str = attrs.field(repr=False)
    roles: frozenset[Role]
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None = None
    email_verified_at: datetime | None = None
    other_roles: frozenset[str] = frozenset()

    @property
    def has_password(self) -> bool:
        """Whether they can sign in by a password; who came by a provider may have none."""
        return self.password_hash != NO_PASSWORD

    @property
    def is_admin(self) -> bool:
        """Whether they look after the platform, or would if they were not disabled."""
        return Role.ADMIN in self.roles


def checked_username(text: str) -> str:
    """Return *text* as a user name, normalised (NFC), or refuse it."""
    return checked_label(text, most=MAX_USERNAME_CHARACTERS, pointer="/username")


def checked_email(text: str) -> str:
    """Return *text* as an e-mail address, or refuse it."""
    if len(text) > MAX_EMAIL_CHARACTERS or _EMAIL.fullmatch(text) is None:
        raise InvalidParameter(
            "must be an e-mail address such as ada@example.com", pointer="/email"
        )
    return text


def checked_password(text: str, *, pointer: str = "/password") -> str:
    """Return *text* as a password, or refuse it; length is the only rule (NIST 800-63B §5.1.1)."""
    if not MIN_PASSWORD_CHARACTERS <= len(text) <= MAX_PASSWORD_CHARACTERS:
        raise InvalidParameter(
            f"must have {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters",
            pointer=pointer,
        )
    if "\0" in text:
        raise InvalidParameter("must not hold NUL characters", pointer=pointer)
    return text
