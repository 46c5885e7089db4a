"""Rows 67, 70, 71 and 72: requests that come twice, quotas, forged addresses, and how many there may be."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from dependency_injector import providers
from falcon.testing import Result as Answer
from falcon.testing import TestClient

from application.ports.failpoints import Failpoints
from entrypoints.container import Platform
from tests.catalogue.installation import Installation, Person, refusal
from tests.http.house import image_part, options_part, part
from tests.pictures import small_jpeg
from tests.running import ROOT

API_PAGE = " ".join((ROOT / "docs" / "api.md").read_text().split())


def upload(
    api: Installation,
    who: Person,
    options: str = "{}",
    picture: bytes | None = None,
    **headers: str,
) -> Answer:
    parts = [image_part(picture or small_jpeg()), options_part(options)]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.send_form("/api/images/upload", parts, who, headers=named)


CREATORS = {
    "upload": lambda api, who, key, body: upload(api, who, body, Idempotency_Key=key),
    "webhook": lambda api, who, key, body: api.send_json(
        "POST", "/api/webhooks", {"url": f"https://example.com/{len(body)}"}, who,
        headers={"Idempotency-Key": key},
    ),
    "API key": lambda api, who, key, body: api.send_json(
        "POST", "/api/api-keys", {"name": f"key {len(body)}", "scopes": ["images:read"]}, who,
        headers={"Idempotency-Key": key},
    ),
    "preset": lambda api, who, key, body: api.send_json(
        "POST", "/api/presets", {"name": f"preset-{len(body)}", "processingOptions": {}}, who,
        headers={"Idempotency-Key": key},
    ),
    "asset": lambda api, who, key, body: api.send_form(
        "/api/assets", [part("asset", small_jpeg(), f"{len(body)}.jpg", "image/jpeg")], who,
        headers={"Idempotency-Key": key},
    ),
    "registration": lambda api, who, key, body: api.send_json(
        "POST", "/api/auth/register",
        {"username": f"r{len(body)}", "email": f"r{len(body)}@example.com", "password": "password123"},
        headers={"Idempotency-Key": key},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CREATORS)
def test_67_a_key_stands_for_one_request(api: Installation, ada: Person, what: str) -> None:
    key = f"{what.replace(' ', '-')}-{uuid4()}"
    send = CREATORS[what]

    first, again = send(api, ada, key, "{}"), send(api, ada, key, "{}")
    other = send(api, ada, key, '{"grayscale": true}')

    assert first.status_code in (201, 202), first.text
    assert (again.status_code, again.headers["idempotent-replayed"]) == (first.status_code, "true")
    assert refusal(other) == (422, "idempotency-key-reused")


@pytest.mark.parametrize("what", CREATORS)
@pytest.mark.parametrize(
    "key", ["", "k" * 256, "k" * 5_000, "a key", "k\u00e9y", "\t", '"', '""', '"k', "k\\", "k\x7f", "k\x01"],
    ids=ascii,
)  # fmt: skip
def test_67_a_key_that_cannot_be_remembered(
    api: Installation, ada: Person, what: str, key: str
) -> None:
    assert refusal(CREATORS[what](api, ada, key, "{}")) == (400, "invalid-idempotency-key")


def test_67_a_key_of_255_characters_is_remembered(api: Installation, ada: Person) -> None:
    assert upload(api, ada, Idempotency_Key="k" * 255).status_code == 202


class _TwoAtOnce(Failpoints):
    """Lets nobody go on to the database before there are two."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)

    def reach(self, name: str) -> None:
        if name == "upload.after_put":
            self._barrier.wait(20)


def test_67_of_two_at_the_same_time_one_is_told_so(api: Installation) -> None:
    eve = api.sign_up("eve67")
    platform = Platform(settings=api.settings)
    platform.adapters().failpoints.override(providers.Object(_TwoAtOnce()))
    both = Installation.__new__(Installation)
    both.client = TestClient(platform.http_app())

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: upload(both, eve, Idempotency_Key="twice"), range(2)))

    [made] = [one for one in answers if one.status_code == 202]
    [late] = [one for one in answers if one.status_code != 202]
    assert refusal(late) == (409, "request-in-progress")
    assert late.headers["retry-after"] == "1"
    again = upload(api, eve, Idempotency_Key="twice")
    assert again.json == made.json and again.headers["idempotent-replayed"] == "true"
    assert len(api.send("GET", "/api/images", eve).json["images"]) == 1


QUOTAS = {
    "images": ("SAFELIGHT_LIMITS_IMAGES_PER_USER", "2", '"images";q=2', '"images";r=0'),
    "bytes": (
        "SAFELIGHT_LIMITS_BYTES_PER_USER", "{two}", '"bytes";q={two};qu="content-bytes"', '"bytes";r=0',
    ),
    "tasks": ("SAFELIGHT_LIMITS_TASKS_PER_DAY_PER_USER", "2", '"tasks";q=2;w=86400', '"tasks";r=0;t='),
}  # fmt: skip
_FIELD = re.compile(r'"[a-z-]+"(?:;[a-z]+=(?:\d+|"[a-z-]+"))*')


@pytest.mark.parametrize("name", QUOTAS)
def test_70_a_quota_that_is_reached_is_told_of(name: str) -> None:
    setting, most, policy, limit = (text.format(two=2 * len(small_jpeg())) for text in QUOTAS[name])
    with Installation(**{setting: most}) as api:
        ada, bert = api.sign_up("ada"), api.sign_up("bert")
        assert [upload(api, ada).status_code for _ in range(2)] == [202, 202]

        refused = upload(api, ada)

        assert refusal(refused) == (429, "quota-exceeded")
        assert refused.headers["ratelimit-policy"].split(", ")[-1] == policy
        assert refused.headers["ratelimit"].split(", ")[-1].startswith(limit)
        for field in ("ratelimit", "ratelimit-policy"):
            assert all(_FIELD.fullmatch(one) for one in refused.headers[field].split(", "))
        assert ("retry-after" in refused.headers) is (name == "tasks")
        if name == "tasks":
            assert 86_000 < int(refused.headers["retry-after"]) <= 86_400
            wait = refused.headers["retry-after"]
            assert refused.headers["ratelimit"].endswith(f'"tasks";r=0;t={wait}')
            task = api.send("GET", "/api/users/me/tasks", ada).json["tasks"][0]["taskId"]
            again = api.send("POST", f"/api/tasks/{task}/cancel", ada)
            assert again.status_code == 202
            retried = api.send("POST", f"/api/tasks/{task}/retry", ada)
            assert refusal(retried) == (429, "quota-exceeded")
        assert len(api.send("GET", "/api/images", ada).json["images"]) == 2
        assert upload(api, bert).status_code == 202
        usage = api.send("GET", "/api/users/me/usage", ada).json
        assert usage["images"]["used"] == 2


FORGED = (
    {"X-Forwarded-For": "198.51.100.{n}"}, {"X-Forwarded-For": "198.51.100.{n}, 203.0.113.{n}"},
    {"Forwarded": "for=198.51.100.{n}"}, {"X-Real-IP": "198.51.100.{n}"}, {"Client-IP": "198.51.100.{n}"},
    {"X-Client-IP": "198.51.100.{n}"}, {"True-Client-IP": "198.51.100.{n}"}, {"CF-Connecting-IP": "198.51.100.{n}"},
    {"X-Forwarded-For": "2001:db8:{n}::1"}, {"X-Forwarded-For": "127.0.0.1, 198.51.100.{n}"},
    {"X-Originating-IP": "198.51.100.{n}"}, {"X-Forwarded": "for=198.51.100.{n}"}, {"Via": "1.1 proxy{n}"},
)  # fmt: skip


def _asks(
    api: Installation, headers: dict[str, str], number: int, peer: str = "192.0.2.1"
) -> Answer:
    named = {name: value.format(n=number) for name, value in headers.items()}
    return api.client.simulate_get("/api/operations", headers=named, remote_addr=peer)


def test_71_a_forged_address_does_not_help() -> None:
    with Installation(SAFELIGHT_LIMITS_REQUESTS_PER_ADDRESS="3") as api:
        for at, headers in enumerate(FORGED, 1):
            answers = [_asks(api, headers, number, f"192.0.2.{at}") for number in range(4)]

            assert [one.status_code for one in answers[:3]] == [200] * 3
            assert refusal(answers[3]) == (429, "too-many-requests"), headers


def test_71_nor_does_it_against_a_guess_of_passwords() -> None:
    with Installation(
        SAFELIGHT_LIMITS_WRONG_PASSWORDS_PER_USER="3",
        SAFELIGHT_LIMITS_WRONG_PASSWORDS_PER_ADDRESS="3",
    ) as api:
        api.sign_up("ada")
        answers = [
            api.client.simulate_post(
                "/api/auth/login",
                json={"email": "ada@example.com", "password": f"wrong-password-{number}"},
                headers={"X-Forwarded-For": f"198.51.100.{number}"},
                remote_addr="192.0.2.1",
            )
            for number in range(4)
        ]

        assert [refusal(one)[0] for one in answers] == [401, 401, 401, 429]


def test_71_a_trusted_proxy_says_who_it_is_and_nobody_before_it_does() -> None:
    trusted = {"SAFELIGHT_HTTP_TRUSTED_PROXIES": "192.0.2.0/24"}
    with Installation(SAFELIGHT_LIMITS_REQUESTS_PER_ADDRESS="3", **trusted) as api:
        of_many = [
            _asks(api, {"X-Forwarded-For": "198.51.100.{n}"}, n).status_code for n in range(6)
        ]
        of_one = [
            _asks(api, {"X-Forwarded-For": "10.9.8.{n}, 198.51.100.77"}, n).status_code
            for n in range(4)
        ]

        assert of_many == [200] * 6
        assert of_one == [200, 200, 200, 429]


def _add_webhook(api: Installation, who: Person, number: int) -> Answer:
    return api.send_json("POST", "/api/webhooks", {"url": f"https://example.com/{number}"}, who)


def _add_key(api: Installation, who: Person, number: int) -> Answer:
    body = {"name": f"key {number}", "scopes": ["images:read"]}
    return api.send_json("POST", "/api/api-keys", body, who)


def _add_preset(api: Installation, who: Person, number: int) -> Answer:
    body = {"name": f"p{number}", "processingOptions": {}}
    return api.send_json("POST", "/api/presets", body, who)


def _add_asset(api: Installation, who: Person, number: int) -> Answer:
    return api.send_form("/api/assets", [part("asset", small_jpeg(), f"{number}.jpg")], who)


CAPS = {
    "webhooks": (10, _add_webhook, "too-many-webhooks", "at most 10 webhooks"),
    "API keys": (20, _add_key, "too-many-api-keys", "at most 20 keys"),
    "presets": (100, _add_preset, "too-many-presets", "100 presets at most"),
    "assets": (100, _add_asset, "too-many-assets", "at most 100 of them"),
}


@pytest.fixture(scope="module")
def collectors() -> Iterator[Installation]:
    with Installation() as api:
        yield api


@pytest.mark.parametrize("what", CAPS)
def test_72_there_are_so_many_and_no_more(collectors: Installation, what: str) -> None:
    most, add, code, documented = CAPS[what]
    who = collectors.sign_up(f"collector-of-{what.replace(' ', '-')}")

    made = [add(collectors, who, number) for number in range(most)]

    assert {one.status_code for one in made} == {201}
    for number in range(3):
        assert refusal(add(collectors, who, most + number)) == (422, code)
    assert documented in API_PAGE
    collectors.send("DELETE", made[0].headers["location"], who)
    assert add(collectors, who, most).status_code == 201


def test_72_further_sessions_end_the_oldest(collectors: Installation) -> None:
    who = collectors.sign_up("traveller")
    for _ in range(50):
        newest = collectors.sign_in("traveller")

    listed = collectors.send("GET", "/api/auth/sessions", newest).json["sessions"]

    assert len(listed) == 50
    assert refusal(collectors.send("GET", "/api/auth/sessions", who)) == (401, "invalid-token")
    assert "An account has 50 sessions at most" in API_PAGE


def test_72_ten_thousand_sign_ins_are_too_many_requests() -> None:
    with Installation(SAFELIGHT_LIMITS_SIGN_INS_PER_ADDRESS="4") as api:
        api.sign_up("ada")  # which is two of them
        pair = {"email": "ada@example.com", "password": "password123"}
        answers = [api.send_json("POST", "/api/auth/login", pair) for _ in range(3)]

        assert [one.status_code for one in answers] == [200, 200, 429]
        assert refusal(answers[2]) == (429, "too-many-requests")
        assert answers[2].headers["retry-after"]
