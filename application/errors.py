"""
Refusals and failures that need more than one object to see.

    ApplicationError
    ├── NotAuthenticated          nobody we know, or no longer
    ├── NotAllowed                somebody we know, who may not
    │   └── InsufficientScope     not by this API key
    ├── WrongPassword             of an account that is known already
    ├── NoPassword                the account has none
    ├── InvalidSignInState        not begun in this browser, or over
    ├── SignInRefused             by the identity provider
    ├── IdentityNotProved         what the provider said does not show who they are
    ├── ProviderEmailUnverified   the provider vouches for no address
    ├── IdentityNotAdmitted       known to the provider, and without an account here
    ├── AccountExists             with this address, and not linked
    ├── IdentityLinked            to another account
    ├── TooManyIdentities         the account has as many as it may have
    ├── LastWayIn                 nothing would open the account any more
    ├── EmailNotVerified          the mailbox has to be shown to be theirs first
    ├── InvalidMailedToken        of a letter: unknown, used, too old
    ├── NotFound                  unknown, or another's: the two look alike on purpose
    ├── NotAnalyzed               nobody asked what is to be told
    ├── AssetNotFound
    ├── PresetNotFound
    ├── PresetsOnly               somebody who may use presets as they are, and nothing else
    ├── PresetChanged             it is no longer what the caller took it for
    ├── AlreadyExists
    ├── AssetInUse                a task that has not ended needs it
    ├── TooManyAssets             the account has as many, or as much, as it may have
    ├── TooManyWebhooks           the account has as many as it may have
    ├── TooManyPresets            there are as many as there may be
    ├── TooManyAPIKeys            likewise
    ├── TooManyRequests           ask again later, and less often
    ├── QuotaExceeded             the account has, or has done, as much as it may
    ├── LastAdmin                 nobody would be left to look after the platform
    ├── OwnAccount                of the caller, who wants another's
    ├── NotReady                  ask again later
    ├── TaskEndedWithoutResult    asking again will not help
    ├── FileGone                  it was kept for a while, and is no longer
    └── UnexpectedPart            a file that nothing refers to

    PortFailure                   declared beside each port; `transient` says whether to try again
"""

from collections.abc import Sequence
from typing import ClassVar

from application.ports.rate_limiter import Standing
from domain.tasks.task import Failure
from domain.users.scopes import Scope


class ApplicationError(Exception):
    """
    Base of the refusals of use cases.

    Attributes:
        code: Stable, kebab-case, part of the public API.
        detail: One sentence that a customer can act on.
        pointer: JSON pointer to the offending value, or None.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer


class NotAuthenticated(ApplicationError):
    """The caller's credentials are missing, wrong or no longer good."""

    code = "not-authenticated"


class NotAllowed(ApplicationError):
    """The caller is known and may not do this."""

    code = "not-allowed"


class InsufficientScope(NotAllowed):
    """
    The caller may do this, but not by the API key that they sent.

    Attributes:
        scope: What the key lacks; None if no key is enough.
    """

    code = "insufficient-scope"

    def __init__(self, detail: str, *, scope: Scope | None = None) -> None:
        super().__init__(detail)
        self.scope = scope


class WrongPassword(ApplicationError):
    """The caller is known, and this is not their password."""

    code = "wrong-password"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("This is not the account's present password.", pointer=pointer)


class NoPassword(ApplicationError):
    """A password is asked for, and the account has none."""

    code = "no-password"

    def __init__(self, *, pointer: str) -> None:
        super().__init__(
            "This account has no password; POST /api/auth/password/forgot has a letter sent by "
            "which to set one.",
            pointer=pointer,
        )


class InvalidSignInState(ApplicationError):
    """The sign-in was not begun in this browser, or too long ago, or has been finished."""

    code = "invalid-sign-in-state"

    def __init__(self) -> None:
        super().__init__("This sign-in was not begun in this browser, or is over; begin again.")


class SignInRefused(ApplicationError):
    """The identity provider did not let the caller in, or they changed their mind there."""

    code = "sign-in-refused"


class IdentityNotProved(ApplicationError):
    """What the provider answered does not show who the caller is; why, only the log tells."""

    code = "identity-not-proved"

    def __init__(self, reason: str) -> None:
        super().__init__("What the identity provider answered does not show who you are.")
        self.reason = reason


class ProviderEmailUnverified(ApplicationError):
    """The provider names no e-mail address that it has verified, and one is needed."""

    code = "provider-email-unverified"


class IdentityNotAdmitted(ApplicationError):
    """The provider knows the caller, and there is no account that they may use."""

    code = "identity-not-admitted"

    def __init__(self) -> None:
        super().__init__("This identity opens no account here; ask an administrator.")


class AccountExists(ApplicationError):
    """An account has the address, and is not linked to this identity."""

    code = "account-exists"


class IdentityLinked(ApplicationError):
    """The identity opens another account already."""

    code = "identity-linked"


class TooManyIdentities(ApplicationError):
    """The account has as many identities as it may have."""

    code = "too-many-identities"


class LastWayIn(ApplicationError):
    """The account has no password, and this is its last identity."""

    code = "last-way-in"


class EmailNotVerified(ApplicationError):
    """The account's address has to be verified first."""

    code = "email-not-verified"


class InvalidMailedToken(ApplicationError):
    """The token of a letter is unknown, used up or too old, or the address has changed since."""

    code = "invalid-mailed-token"

    def __init__(self) -> None:
        super().__init__(
            "The token is not good any more; ask for another letter.", pointer="/token"
        )


class NotFound(ApplicationError):
    """There is nothing by that id, or nothing that the caller may see."""

    code = "not-found"

    def __init__(self, detail: str = "There is nothing here by that id.") -> None:
        super().__init__(detail)


class NotAnalyzed(ApplicationError):
    """No task was asked to find anything out about the image."""

    code = "not-analyzed"


class AssetNotFound(ApplicationError):
    """The pipeline names a picture, or font, that is neither in the request nor an asset."""

    code = "asset-not-found"


class PresetNotFound(ApplicationError):
    """There is no preset by that name, or no such version of it."""

    code = "preset-not-found"

    def under(self, prefix: str) -> "PresetNotFound":
        """Return the same refusal seen from further out, as `DomainError.under` does."""
        return PresetNotFound(self.detail, pointer=prefix + (self.pointer or ""))


class PresetsOnly(NotAllowed):
    """The caller may use presets as they are, and nothing else."""

    code = "presets-only"


class PresetChanged(ApplicationError):
    """The preset is no longer the version that the caller took it for."""

    code = "precondition-failed"


class AlreadyExists(ApplicationError):
    """Something else already has this name or address."""

    code = "already-exists"


class AssetInUse(ApplicationError):
    """Something that has not ended needs the asset."""

    code = "asset-in-use"


class TooManyAssets(ApplicationError):
    """The account has as many assets, or as many bytes of them, as it may have."""

    code = "too-many-assets"


class TooManyWebhooks(ApplicationError):
    """The account has as many webhooks as it may have."""

    code = "too-many-webhooks"


class TooManyPresets(ApplicationError):
    """The account, or everybody together, has as many presets as there may be."""

    code = "too-many-presets"


class TooManyAPIKeys(ApplicationError):
    """The account has as many API keys as it may have."""

    code = "too-many-api-keys"


class TooManyRequests(ApplicationError):
    """
    The caller has asked too often.

    Attributes:
        standings: Of the limits that were counted under; the last one is over.
    """

    code = "too-many-requests"

    def __init__(
        self, detail: str, *, retry_after_seconds: int, standings: Sequence[Standing] = ()
    ) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds
        self.standings = standings


class QuotaExceeded(ApplicationError):
    """
    The account has, or has done, as much as it may.

    Attributes:
        name: Of the quota: `images`, `bytes` or `tasks`.
        most: How much of it there may be.
        left: How much of it there is room for; too little for what was asked.
        window_seconds: Within which it is counted; None for what is kept and counts until it goes.
        retry_after_seconds: When waiting helps; None if it does not.
    """

    code = "quota-exceeded"

    def __init__(
        self,
        detail: str,
        *,
        name: str,
        most: int,
        left: int = 0,
        window_seconds: int | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.name = name
        self.most = most
        self.left = left
        self.window_seconds = window_seconds
        self.retry_after_seconds = retry_after_seconds


class LastAdmin(ApplicationError):
    """Nobody would be left who looks after the platform."""

    code = "last-admin"


class OwnAccount(ApplicationError):
    """What is done to others' accounts is not done to one's own."""

    code = "own-account"


class NotReady(ApplicationError):
    """The result is still being made."""

    code = "not-ready"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class TaskEndedWithoutResult(ApplicationError):
    """The task failed, so there is nothing to download."""

    code = "task-failed"

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class FileGone(ApplicationError):
    """The file was removed: it is older than files are kept, or an operator dropped it."""

    code = "file-gone"


class UnexpectedPart(ApplicationError):
    """The request holds a file that its processing options do not refer to."""

    code = "unexpected-part"


class PortFailure(Exception):
    """
    Something outside did not do its part.

    Attributes:
        code: Stable name for logs and problem documents.
        transient: Whether the same call may succeed later.
    """

    code: ClassVar[str] = "port-failure"
    transient: bool = False

    def in_words(self) -> str:
        """Return code, message, and what it came of, on one line; for logs and operators alone."""
        told, cause = str(self), self.__cause__
        while cause is not None:
            if str(cause).strip() not in told:
                told += f" ({type(cause).__name__}: {cause})"
            cause = cause.__cause__
        return f"{self.code}: {' '.join(told.split())}"
