"""The file that names identity providers: read with the settings, and judged with them."""

from pathlib import Path

import attrs
import pytest

from application.accounts.known_providers import KnownProvider
from entrypoints import factories
from entrypoints.settings.identity_providers import ProviderSettings
from entrypoints.settings import Settings, SettingsRefused, load_settings
from tests.clocks import MovableClock

GOOD = """
[company]
issuer = "https://id.example.com/realms/company"
client_id = "safelight"
client_secret_file = "secret"
email_domains = ["Example.com"]
open_accounts = true

[other]
issuer = "https://other.example.com"
client_id = "another"
client_secret_file = "{folder}/secret"
"""
LEAST = 'issuer = "https://id.example.com"\nclient_id = "a"\nclient_secret_file = "secret"\n'


def load(folder: Path, text: str) -> Settings:
    (folder / "secret").write_text("s3cret\n")
    (folder / "providers.toml").write_text(text.replace("{folder}", str(folder)))
    return load_settings({"SAFELIGHT_OIDC_PROVIDERS": str(folder / "providers.toml")})


def complaint_of(folder: Path, text: str) -> str:
    with pytest.raises(SettingsRefused) as refusal:
        load(folder, text)
    [complaint] = refusal.value.complaints
    assert complaint.name == "SAFELIGHT_OIDC_PROVIDERS"
    return complaint.predicate


def test_a_file_of_two_is_read(tmp_path: Path) -> None:
    company, other = load(tmp_path, GOOD).oidc.providers

    assert company == ProviderSettings(
        "company",
        "https://id.example.com/realms/company",
        "safelight",
        "s3cret",
        ("example.com",),
        open_accounts=True,
    )
    assert (other.name, other.client_secret, other.email_domains) == ("other", "s3cret", ())
    assert other.open_accounts is False


def test_secrets_do_not_show(tmp_path: Path) -> None:
    assert "s3cret" not in repr(load(tmp_path, GOOD))


def test_none_is_named_by_default() -> None:
    settings = load_settings({})

    assert settings.oidc.providers == ()
    assert factories.identity.identity_providers(settings, MovableClock()) == {}


def test_what_is_named_is_built(tmp_path: Path) -> None:
    known = factories.identity.identity_providers(load(tmp_path, GOOD), MovableClock())["company"]

    assert isinstance(known, KnownProvider)
    assert (known.email_domains, known.opens_accounts) == (frozenset({"example.com"}), True)
    registration = known.provider._registration
    assert registration.redirect_uri == "http://127.0.0.1:8000/api/auth/oauth/company/callback"
    assert "s3cret" not in repr(attrs.asdict(known, recurse=False))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[company", "TOML"),
        ('company = "x"', "'company' is none"),
        (f"[Company]\n{LEAST}", "'Company' is none"),
        (f'["../x"]\n{LEAST}', "is none"),
        (f"[a]\n{LEAST}secret = 1", "without 'secret' in [a]"),
        ('[a]\nissuer = "https://id.example.com"', "client_id in [a]"),
        (f"[a]\n{LEAST}".replace("https", "ldap"), "issuer in [a]"),
        (f"[a]\n{LEAST}".replace(".com", ".com/?a=b"), "issuer in [a]"),
        (f"[a]\n{LEAST}".replace("id.", "ada@id."), "issuer in [a]"),
        (f"[a]\n{LEAST}".replace('"secret"', '"missing"'), "client_secret_file in [a]"),
        (f"[a]\n{LEAST}".replace('"a"', '"ä"'), "client_id in [a]"),
        (f'[a]\n{LEAST}email_domains = "example.com"', "domains such as"),
        (f'[a]\n{LEAST}email_domains = ["@example.com"]', "domains such as"),
        (f'[a]\n{LEAST}open_accounts = "yes"', "open_accounts in [a]"),
        (f"[a]\n{LEAST}[b]\n{LEAST}", "each issuer once"),
        ("".join(f"[a{number}]\n{LEAST}" for number in range(21)), "at most 20"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    predicate = complaint_of(tmp_path, text)

    assert predicate.startswith("must be ") and told in predicate
    assert "s3cret" not in predicate


def test_a_file_that_is_missing_is_told() -> None:
    with pytest.raises(SettingsRefused) as refusal:
        load_settings({"SAFELIGHT_OIDC_PROVIDERS": "/nowhere/providers.toml"})

    assert "No such file" in str(refusal.value)
