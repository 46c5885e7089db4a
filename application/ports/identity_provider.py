"""Whoever vouches for people: a company's single sign-on, for one."""

from abc import abstractmethod
from typing import Protocol

import attrs

from application.errors import PortFailure
from domain.users.identity import ProvenIdentity


class IdentityProviderFailed(PortFailure):
    """The provider cannot be reached, or answers what cannot be used."""

    code = "identity-provider-error"
    transient = True


class IdentityProviderSilent(IdentityProviderFailed):
    """The provider did not answer in time."""

    code = "identity-provider-timeout"


class IdentityProviderBusy(IdentityProviderFailed):
    """So many wait for the provider already that nobody else may; it was not asked."""

    code = "identity-provider-busy"


@attrs.frozen
class Challenge:
    """
    What ties a provider's answer to the question; each a text of 43 to 128 unreserved characters.

    Attributes:
        state: Comes back with the answer.
        nonce: Comes back in the signed part of it.
        code_verifier: Only its SHA-256 goes out with the question (RFC 7636, S256).
    """

    state: str = attrs.field(repr=False)
    nonce: str = attrs.field(repr=False)
    code_verifier: str = attrs.field(repr=False)


@attrs.frozen
class ProviderAnswer:
    """
    What a provider has sent back through the browser, to be believed once it is proved.

    Attributes:
        code: What the identity is to be had for, once.
        nonce, code_verifier: Of the challenge.
        issuer: Whose answer it says it is (RFC 9207); None if it does not say.
    """

    code: str = attrs.field(repr=False)
    nonce: str = attrs.field(repr=False)
    code_verifier: str = attrs.field(repr=False)
    issuer: str | None = None


class IdentityProvider(Protocol):
    """Sends people away to be asked who they are, and finds out what was answered; thread-safe."""

    @abstractmethod
    def authorization_url(self, challenge: Challenge) -> str:
        """
        Return where a browser has to go to be asked.

        Raises:
            IdentityProviderFailed: The provider does not say where that is.
        """

    @abstractmethod
    def identify(self, answer: ProviderAnswer) -> ProvenIdentity:
        """
        Return whom the provider vouches for: by its signature, to us, now, and to this question.

        Raises:
            IdentityNotProved: Anything about the answer is not as it must be.
            IdentityProviderFailed: The provider could not be asked.
        """
