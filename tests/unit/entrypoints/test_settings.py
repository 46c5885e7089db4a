"""Settings: one reading, one report of everything that is wrong."""

import base64
import secrets
from pathlib import Path

import pytest

from entrypoints import settings as module
from entrypoints.cli.settings_page import as_markdown, as_text
from entrypoints.settings import SettingsRefused, describe, known_names, load_settings

ROOT = Path(__file__).parents[3]
A_KEY = "Vb0T7qk1rPZ4uWm9cXo2sLd8yHn5eJf3"
KEYS = ("TOKENS_KEY", "LINKS_KEY", "WEBHOOK_KEY")


def complaints_of(**variables: str) -> dict[str, str]:
    """Return what is said about each wrong variable, prefix left out."""
    with pytest.raises(SettingsRefused) as refusal:
        load_settings({f"SAFELIGHT_{name}": text for name, text in variables.items()})
    return {
        complaint.name.removeprefix("SAFELIGHT_"): complaint.predicate
        for complaint in refusal.value.complaints
    }


def test_nothing_has_to_be_set() -> None:
    settings = load_settings({"PATH": "/bin"})

    assert settings.http.bind == "127.0.0.1:8000"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database_file == Path("var/safelight.sqlite").absolute()


def test_every_wrong_variable_is_reported_at_once() -> None:
    complaints = complaints_of(
        HTTP_WORKERS="many",
        HTTP_BIND="8000",
        LOG_LEVEL="loud",
        WEBHOOK_ALLOWED_NETWORKS="10.0.0.1/8",
        PIPELINES_PRESETS_ONLY_ROLES="user,admin",
        TASKS_BEAT_SECONDS="-1",
        RENDERER_MEMORY_BYTES="1 lot",
        HTTP_THREDS="4",
    )

    assert complaints == {
        "HTTP_WORKERS": "must be a whole number from 1 to 64, not 'many'",
        "HTTP_BIND": "must be an address such as 127.0.0.1:8000, [::]:8000, unix:/path or fd://3,"
        " not '8000'",
        "LOG_LEVEL": "must be one of debug, info, warning, error, not 'loud'",
        "WEBHOOK_ALLOWED_NETWORKS": "must be networks such as 10.0.0.0/8,fd00::/8,"
        " not '10.0.0.1/8'",
        "PIPELINES_PRESETS_ONLY_ROLES": "must be a list, divided by commas, of user,"
        " not 'user,admin'",
        "TASKS_BEAT_SECONDS": complaints["TASKS_BEAT_SECONDS"],
        "RENDERER_MEMORY_BYTES": complaints["RENDERER_MEMORY_BYTES"],
        "HTTP_THREDS": "is not a setting; did you mean SAFELIGHT_HTTP_THREADS?",
    }


@pytest.mark.parametrize("name", [*KEYS, "BROKER_URL"])
def test_a_wrong_secret_is_reported_without_its_value(name: str) -> None:
    complaints = complaints_of(**{name: "hunter2"})

    assert "hunter2" not in complaints[name]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    "weak",
    [
        "x",
        A_KEY[:31],
        "0" * 32,
        "a" * 64,
        "ab" * 16,
        "0123456789abcdef" * 2,
        "aaaaaaaabbbbbbbbccccccccdddddddd",
        "change-me-change-me-change-me-please-1",
        "CHANGE_THIS_TO_SOMETHING_RANDOM_2026",
        "my-super-secret-key-0123456789-abcd",
        "your-secret-goes-here-0123456789-xyz",
        "django-insecure-9f8e7d6c5b4a39281706",
        "safelight-tokens-key-0123456789-abcd",
        "correct-password-battery-staple-0123",
        "an-example-of-a-key-0123456789-qwzx",
        "abcdefghijklmnopqrstuvwxyz0123456789",
    ],
)
def test_a_key_that_is_weak_or_of_an_example_is_refused(name: str, weak: str) -> None:
    complaints = complaints_of(**{name: weak})

    assert set(complaints) == {name}
    assert weak not in complaints[name]


def test_keys_that_are_made_as_is_said_are_taken() -> None:
    for made in (A_KEY, *(f(48) for f in (secrets.token_hex, secrets.token_urlsafe)), *(
        base64.b64encode(secrets.token_bytes(48)).decode() for _ in range(200)
    )):  # fmt: skip
        assert load_settings({"SAFELIGHT_TOKENS_KEY": made}).tokens.key == made


def test_secrets_do_not_show_in_what_is_printed_of_settings() -> None:
    settings = load_settings(
        {
            "SAFELIGHT_TOKENS_KEY": A_KEY,
            "SAFELIGHT_SMTP_PASSWORD": "hunter2",
            "SAFELIGHT_BROKER_URL": "amqp://me:hunter2@broker//",
        }
    )

    assert A_KEY not in repr(settings)
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "clamd:///run/clamav/clamd.ctl", "clamd://localhost:3310", "clamd://10.0.0.7:3310",
        "clamd://[::1]:3310", "clamd://clamd_1.internal:65535",
    ],
)  # fmt: skip
def test_a_scanner_is_named_by_its_socket_or_its_port(url: str) -> None:
    assert load_settings({"SAFELIGHT_SCANNER_URL": url}).scanner.url == url


@pytest.mark.parametrize(
    "url",
    [
        "clamd://", "clamd:///", "clamd://localhost", "clamd://localhost:", "clamd://:3310",
        "clamd://localhost:65536", "clamd://localhost:3310/", "clamd://me@localhost:3310",
        "clamd:///run/a socket", "clamd:///run/clamd?x", "unix:///run/clamd", "localhost:3310",
        "http://localhost:3310", "clamd:///run/clamd\n",
    ],
)  # fmt: skip
def test_what_names_no_scanner_is_refused(url: str) -> None:
    assert "clamd://host:port" in complaints_of(SCANNER_URL=url)["SCANNER_URL"]


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(A_KEY + "\n")

    settings = load_settings({"SAFELIGHT_TOKENS_KEY": f"file://{file}"})

    assert settings.tokens.key == A_KEY


def test_a_secret_file_that_is_missing_or_no_text_is_reported(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(128, 200)))

    complaints = complaints_of(
        TOKENS_KEY=f"file://{tmp_path / 'none'}", LINKS_KEY=f"file://{tmp_path / 'binary'}"
    )

    assert "No such file" in complaints["TOKENS_KEY"]
    assert "a text" in complaints["LINKS_KEY"]


@pytest.mark.parametrize(
    "origin", ["*", "null", "app.example.com", "https://app.example.com/", "https://a.example b"]
)
def test_an_origin_is_one_page_s_and_whole(origin: str) -> None:
    assert "HTTP_ALLOWED_ORIGINS" in complaints_of(HTTP_ALLOWED_ORIGINS=origin)


def test_certificate_and_key_belong_together_and_are_there(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text("a certificate")

    lonely = complaints_of(HTTP_TLS_CERTIFICATE=str(file))
    missing = complaints_of(HTTP_TLS_CERTIFICATE=str(file), HTTP_TLS_KEY=str(tmp_path / "none"))

    assert lonely == {"HTTP_TLS_KEY": "must be set if SAFELIGHT_HTTP_TLS_CERTIFICATE is"}
    assert "No such file" in missing["HTTP_TLS_KEY"]


def test_settings_that_contradict_each_other_are_refused() -> None:
    assert (
        "a third"
        in complaints_of(TASKS_BEAT_SECONDS="15", TASKS_LEASE_SECONDS="30")["TASKS_BEAT_SECONDS"]
    )
    assert "must be greater" in complaints_of(NOTIFIER_LEASE_SECONDS="10")["NOTIFIER_LEASE_SECONDS"]
    assert "must be set" in complaints_of(HTTP_BIND="fd://3")["HTTP_BASE_URL"]


def test_an_empty_variable_counts_as_absent() -> None:
    assert load_settings({"SAFELIGHT_HTTP_WORKERS": ""}) == load_settings({})


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("UPLOAD_MAX_BYTES", "300MiB", lambda settings: settings.upload.max_bytes == 300 * 2**20),
        ("UPLOAD_MAX_BYTES", "1000", lambda settings: settings.upload.max_bytes == 1000),
        ("HTTP_BIND", "0.0.0.0:80", lambda settings: settings.base_url == "http://localhost:80"),
        ("HTTP_BASE_URL", "https://x.org/", lambda settings: settings.base_url == "https://x.org"),
        ("WEBHOOK_ALLOW_PLAIN_HTTP", "No", lambda settings: not settings.webhook.allow_plain_http),
        (
            "WEBHOOK_ALLOWED_NETWORKS",
            "127.0.0.0/8, ::1",
            lambda settings: settings.webhook.allowed_networks == ("127.0.0.0/8", "::1/128"),
        ),
        (
            "HTTP_ALLOWED_ORIGINS",
            "https://App.example.com, http://localhost:3000",
            lambda settings: (
                settings.http.allowed_origins
                == ("https://app.example.com", "http://localhost:3000")
            ),
        ),
        (
            "PIPELINES_PRESETS_ONLY_ROLES",
            " User",
            lambda settings: settings.pipelines.presets_only_roles == ("user",),
        ),
        (
            "DATABASE_URL",
            "sqlite:///srv/a%20b.db",
            lambda settings: settings.database_file == Path("/srv/a b.db"),
        ),
        (
            "DATA_DIR",
            "/srv/a b",
            lambda settings: settings.broker_url == "embedded:///srv/a%20b/queue.sqlite",
        ),
        ("RELAY_POLL_SECONDS", "0.25", lambda settings: settings.relay.poll_seconds == 0.25),
    ],
)
def test_a_right_value_is_read(name: str, text: str, read: object) -> None:
    assert callable(read) and read(load_settings({f"SAFELIGHT_{name}": text}))


def test_every_setting_is_described_with_a_default_that_it_would_accept() -> None:
    described = list(describe())

    assert {variable.name for variable in described} == known_names()
    assert all(variable.meaning.endswith(".") for variable in described)
    defaults = {variable.name: variable.default for variable in described if variable.default}
    assert load_settings(defaults) == load_settings({})


def test_the_page_about_settings_is_up_to_date() -> None:
    page, text = (ROOT / "docs" / "settings.md").read_text("utf-8"), as_text()

    assert page == as_markdown(), "run `make docs`"
    assert all(name in text for name in known_names())


def test_no_setting_has_a_name_that_two_areas_could_mean() -> None:
    assert len(known_names()) == len(list(describe()))
    assert all(name.startswith(module.PREFIX) for name in known_names())
