"""Webhook secrets."""

import base64
from uuid import UUID

import pytest

from adapters.security.signing_secrets import DerivedSigningSecrets

ADA, BEN = UUID(int=1), UUID(int=2)


class TestDerivedSigningSecrets:
    def test_a_secret_has_the_form_that_standard_webhooks_asks_for(self) -> None:
        secret = DerivedSigningSecrets(b"k" * 32).webhook_secret(ADA)

        assert secret.startswith("whsec_")
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32

    def test_each_user_and_each_key_has_a_secret_of_its_own_that_stays(self) -> None:
        ours, others = DerivedSigningSecrets(b"k" * 32), DerivedSigningSecrets(b"l" * 32)

        assert ours.webhook_secret(ADA) == DerivedSigningSecrets(b"k" * 32).webhook_secret(ADA)
        assert (
            len({ours.webhook_secret(ADA), ours.webhook_secret(BEN), others.webhook_secret(ADA)})
            == 3
        )

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(ValueError):
            DerivedSigningSecrets(b"short")
