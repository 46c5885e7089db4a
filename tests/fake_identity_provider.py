"""An identity provider that lies in memory, for tests of what stands before it."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlencode, urlsplit

from application.errors import IdentityNotProved
from application.ports.identity_provider import Challenge, IdentityProvider, ProviderAnswer
from domain.users.identity import ProvenIdentity

ISSUER = "https://id.example.com"
ADA = ProvenIdentity(ISSUER, "ada-4711", "ada@example.com", email_verified=True, name="ada")


class FakeIdentityProvider(IdentityProvider):
    """
    Vouches for `person`, and holds answers to the question as a real one does.

    Attributes:
        trouble: Raised instead of any answer, if a test sets it.
    """

    def __init__(self, issuer: str = ISSUER, person: ProvenIdentity = ADA) -> None:
        self.issuer = issuer
        self.person = person
        self.trouble: Exception | None = None
        self._challenges: dict[str, Challenge] = {}
        self._codes: dict[str, tuple[Challenge, ProvenIdentity]] = {}

    def authorization_url(self, challenge: Challenge) -> str:
        if self.trouble is not None:
            raise self.trouble
        self._challenges[challenge.state] = challenge
        return f"{self.issuer}/authorize?{urlencode({'state': challenge.state})}"

    def consent(self, url: str) -> Mapping[str, str]:
        """Return what the browser that went to *url* is sent back with."""
        [state] = parse_qs(urlsplit(url).query)["state"]
        code = f"code-{len(self._codes) + 1}"
        self._codes[code] = (self._challenges.pop(state), self.person)
        return {"state": state, "code": code}

    def identify(self, answer: ProviderAnswer) -> ProvenIdentity:
        if self.trouble is not None:
            raise self.trouble
        challenge, person = self._codes.pop(answer.code, (None, self.person))
        if challenge is None:
            raise IdentityNotProved("the code is not known")
        if answer.code_verifier != challenge.code_verifier or answer.nonce != challenge.nonce:
            raise IdentityNotProved("it is the answer to another question")
        if answer.issuer not in (None, self.issuer):
            raise IdentityNotProved("it is the answer of another provider")
        return person
