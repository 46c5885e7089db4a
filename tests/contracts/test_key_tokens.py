"""What the tokens of API keys promise."""

from uuid import UUID, uuid4

import pytest

from adapters.security.sha256_key_tokens import Sha256KeyTokens
from application.ports.key_tokens import KeyTokens

KEY_ID = UUID("0d3c1f5e-8f7a-4c7f-9f6d-1f0a4b6c2e11")


@pytest.fixture
def tokens() -> KeyTokens:
    return Sha256KeyTokens()


def test_a_token_names_its_key_and_proves_it(tokens: KeyTokens) -> None:
    made = tokens.make(KEY_ID)

    presented = tokens.read(made.text)
    assert presented is not None and presented.key_id == KEY_ID
    assert tokens.is_secret_of(presented, made.secret_sha256)
    assert not tokens.is_secret_of(presented, tokens.make(KEY_ID).secret_sha256)
    assert not tokens.is_secret_of(presented, "")


def test_a_token_can_be_recognised_and_holds_256_bits(tokens: KeyTokens) -> None:
    made = [tokens.make(KEY_ID) for _ in range(100)]

    prefix = f"sl_{KEY_ID.hex}_"
    assert all(one.text.startswith(prefix) for one in made)
    secrets = {bytes.fromhex(one.text.removeprefix(prefix)) for one in made}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {32}


def test_what_is_kept_does_not_hold_the_secret(tokens: KeyTokens) -> None:
    made = tokens.make(KEY_ID)

    secret = made.text.rpartition("_")[2]
    assert secret not in made.secret_sha256
    presented = tokens.read(made.text)
    for shown in (repr(made), repr(presented)):
        assert secret not in shown and made.secret_sha256 not in shown


GOOD = Sha256KeyTokens().make(KEY_ID).text


@pytest.mark.parametrize(
    "token",
    [
        "",
        "sl_",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        GOOD[:-1],
        GOOD + "0",
        GOOD + "\n",
        " " + GOOD,
        GOOD.upper(),
        GOOD.replace(KEY_ID.hex, str(KEY_ID)),
        GOOD.replace("sl_", "sk_"),
        GOOD[:-1] + "g",
        GOOD[:-1] + "\N{FULLWIDTH DIGIT ONE}",
        GOOD[:-1] + "\udcff",
        "sl_" + "0" * 100_000,
    ],
)
def test_a_token_has_one_spelling(tokens: KeyTokens, token: str) -> None:
    assert tokens.read(token) is None


def test_a_key_that_nobody_has_is_read_all_the_same(tokens: KeyTokens) -> None:
    unknown = uuid4()

    presented = tokens.read(f"sl_{unknown.hex}_{'0' * 64}")

    assert presented is not None and presented.key_id == unknown
