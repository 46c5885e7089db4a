"""ID tokens: the algorithm is ours to choose, whatever keys there are and whatever was announced."""

from datetime import UTC, datetime

import pytest
from joserfc.jwk import KeySet, OctKey

from adapters.identity.id_tokens import Rejected, SigningKeys, verified_claims
from tests.services.oidc_provider import signed

NOW = datetime.now(UTC)
ISSUER, US = "https://id.example.com", "safelight"


def test_a_shared_secret_signs_nothing_even_if_it_is_among_the_keys() -> None:
    secret = OctKey.generate_key(256, {"kid": "secret"})
    second = int(NOW.timestamp())
    claims = {
        "iss": ISSUER,
        "sub": "ada",
        "aud": US,
        "iat": second,
        "exp": second + 60,
        "nonce": "n",
    }
    token = signed({"alg": "HS256", "kid": "secret"}, claims, secret)

    with pytest.raises(Rejected, match="Algorithm"):
        verified_claims(
            {"id_token": token},
            SigningKeys(KeySet([secret]), NOW),
            issuer=ISSUER,
            client_id=US,
            nonce="n",
            algorithms=["RS256", "HS256"],
            now=NOW,
        )
