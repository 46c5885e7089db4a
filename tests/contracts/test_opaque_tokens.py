"""What tokens that say nothing promise."""

import pytest

from adapters.security.sha256_opaque_tokens import Sha256OpaqueTokens
from application.ports.opaque_tokens import OpaqueTokens

KEY = bytes(range(32))


@pytest.fixture
def tokens() -> OpaqueTokens:
    return Sha256OpaqueTokens(lambda: KEY)


def test_a_token_is_known_again_by_its_digest(tokens: OpaqueTokens) -> None:
    made = tokens.make()

    assert tokens.digest(made.text) == made.sha256
    assert tokens.digest(made.text.upper()) != made.sha256
    assert tokens.digest(made.text + "\n") != made.sha256
    assert made.text not in made.sha256 and made.text.removeprefix("st_") not in made.sha256
    assert made.text not in repr(made) and made.sha256 not in repr(made)


def test_each_token_is_another_and_holds_256_bits(tokens: OpaqueTokens) -> None:
    made = [tokens.make().text for _ in range(100)]

    assert all(text.startswith("st_") for text in made)
    secrets = {bytes.fromhex(text.removeprefix("st_")) for text in made}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {32}


def test_a_token_has_one_successor_that_only_we_can_tell(tokens: OpaqueTokens) -> None:
    made = tokens.make()

    successor = tokens.successor(made.text)

    assert successor == Sha256OpaqueTokens(lambda: KEY).successor(made.text)
    assert successor != Sha256OpaqueTokens(lambda: bytes(32)).successor(made.text)
    assert tokens.digest(successor.text) == successor.sha256
    chain = {made.text}
    for _ in range(100):
        made = tokens.successor(made.text)
        chain.add(made.text)
    assert len(chain) == 101


@pytest.mark.parametrize("text", ["", "\udcff", "é", "\0", "x" * 100_000], ids=len)
def test_whatever_is_presented_has_a_digest(tokens: OpaqueTokens, text: str) -> None:
    assert len(tokens.digest(text)) == 64
    assert tokens.successor(text) == tokens.successor(text)
