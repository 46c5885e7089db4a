"""What a provider says of itself (OpenID Connect Discovery 1.0 §3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import urlsplit

import attrs

from application.ports.identity_provider import IdentityProviderFailed

_BASIC: Final = "client_secret_basic"
_POST: Final = "client_secret_post"


@attrs.frozen
class ProviderMetadata:
    """
    Where a provider's doors are, and how they open.

    Attributes:
        userinfo_endpoint: None if there is none.
        algorithms: That it may sign ID tokens by, as it says.
        client_authentication: How we show who we are to the token endpoint.
        names_itself: Whether its answers say whose they are (RFC 9207).
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    algorithms: Sequence[str]
    client_authentication: str
    names_itself: bool
    fetched_at: datetime

    @classmethod
    def read(cls, document: Mapping[str, Any], issuer: str, now: datetime) -> Self:
        """
        Take *document* for that of *issuer*.

        Raises:
            IdentityProviderFailed: It is another's, or lacks something, or is less safe than the
                issuer's own address.
        """
        if document.get("issuer") != issuer:
            raise IdentityProviderFailed(
                f"the metadata at {issuer} are of another issuer; the setting has to name it as "
                "the provider does, to the letter"
            )
        is_plain = issuer.startswith("http:")
        methods = _texts(document, "token_endpoint_auth_methods_supported") or [_BASIC]
        if _BASIC not in methods and _POST not in methods:
            raise IdentityProviderFailed("the provider takes no client secret")
        userinfo = document.get("userinfo_endpoint")
        return cls(
            authorization_endpoint=_address(document, "authorization_endpoint", is_plain),
            token_endpoint=_address(document, "token_endpoint", is_plain),
            jwks_uri=_address(document, "jwks_uri", is_plain),
            userinfo_endpoint=(
                None if userinfo is None else _address(document, "userinfo_endpoint", is_plain)
            ),
            algorithms=_texts(document, "id_token_signing_alg_values_supported") or ["RS256"],
            client_authentication=_BASIC if _BASIC in methods else _POST,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
            fetched_at=now,
        )


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    values = document.get(name)
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def _address(document: Mapping[str, Any], name: str, is_plain: bool) -> str:
    """Return the URL, which browsers may be sent to, or which we may call, as it stands."""
    url = document.get(name)
    schemes = ("https", "http") if is_plain else ("https",)
    if isinstance(url, str) and all("!" <= one <= "~" and one != "\\" for one in url):
        try:
            parts = urlsplit(url)
            is_whole = bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment
        except ValueError:
            is_whole = False
        if is_whole and parts.scheme in schemes:
            return url
    raise IdentityProviderFailed(f"the metadata have no usable {name}")
