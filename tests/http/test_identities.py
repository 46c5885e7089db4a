"""The edge of signing in through providers: the cookie, the way out, and what is ignored."""

from http.cookies import SimpleCookie
from typing import Any
from uuid import uuid4

import pytest
from falcon.testing import Result, TestClient

from application.errors import (
    AccountExists,
    IdentityLinked,
    IdentityNotAdmitted,
    IdentityNotProved,
    NoPassword,
    ProviderEmailUnverified,
    SignInRefused,
    TooManyIdentities,
)
from application.limits.limit_requests import RouteGroup
from application.ports.identity_provider import (
    IdentityProviderBusy,
    IdentityProviderFailed,
    IdentityProviderSilent,
)
from domain.users.identity import Identity
from tests.builders import NOON
from tests.http.house import BEARER, BROWSER_TOKEN, REFRESH_TOKEN, TOKEN, House

START = "/api/auth/oauth/company/start"
CALLBACK = "/api/auth/oauth/company/callback"
IDENTITIES = "/api/auth/identities"
COOKIE = {"Cookie": f"safelight-sign-in={BROWSER_TOKEN}"}


def an_identity(**overrides: Any) -> Identity:
    values = {
        "id": uuid4(),
        "user_id": uuid4(),
        "issuer": "https://id.example.com",
        "subject": "ada-4711",
        "email": "ada@example.com",
        "created_at": NOON,
    }
    return Identity(**values | overrides)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def client(house: House) -> TestClient:
    return TestClient(house.app())


def finish(client: TestClient, query: str = "state=st_state&code=c", **headers: str) -> Result:
    return client.simulate_get(CALLBACK, query_string=query, headers=COOKIE | headers)


class TestStart:
    def test_sends_the_browser_away_with_a_cookie(self, client: TestClient) -> None:
        answer = client.simulate_get(START)

        assert answer.status_code == 302
        assert answer.headers["location"].startswith("https://id.example.com/authorize?")
        assert answer.headers["cache-control"] == "no-store"
        [morsel] = SimpleCookie(answer.headers["set-cookie"]).values()
        assert (morsel.key, morsel.value) == ("safelight-sign-in", BROWSER_TOKEN)
        assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
        assert (morsel["max-age"], morsel["secure"], morsel["domain"]) == ("600", "", "")

    def test_over_tls_the_cookie_is_of_this_very_host(self) -> None:
        client = TestClient(House(base_url="https://images.example.com").app())

        [morsel] = SimpleCookie(client.simulate_get(START).headers["set-cookie"]).values()

        assert morsel.key == "__Host-safelight-sign-in"
        assert (morsel["secure"], morsel["path"], morsel["domain"]) == (True, "/", "")

    @pytest.mark.parametrize("name", ["next", "redirect", "redirect_uri", "return_to", "url"])
    def test_leads_nowhere_else(self, client: TestClient, name: str) -> None:
        plain = client.simulate_get(START).headers["location"]

        answer = client.simulate_get(START, params={name: "https://evil.example"})

        assert answer.headers["location"] == plain
        assert "evil" not in answer.text

    def test_of_no_provider_is_not_there(self, client: TestClient) -> None:
        answer = client.simulate_get(START.replace("company", "nobody"))

        assert (answer.status_code, answer.json["code"]) == (404, "not-found")

    def test_is_counted_among_the_sign_ins(self, house: House, client: TestClient) -> None:
        client.simulate_get(START)
        finish(client)
        client.simulate_post(IDENTITIES, json={"provider": "company"}, headers=BEARER)

        assert [one.group for one in house.counted] == [RouteGroup.SIGN_IN] * 3


class TestCallback:
    def test_answers_as_signing_in_does(self, client: TestClient) -> None:
        answer = finish(client)

        assert (answer.status_code, answer.json) == (200, {"token": TOKEN})
        assert answer.headers["x-refresh-token"] == REFRESH_TOKEN
        assert answer.headers["cache-control"] == "no-store"
        [morsel] = SimpleCookie(answer.headers["set-cookie"]).values()
        assert (morsel.value, morsel["expires"]) == ("", "Thu, 01 Jan 1970 00:00:00 GMT")

    def test_hands_on_what_the_provider_sent(self, house: House, client: TestClient) -> None:
        finish(client, "state=st_state&code=c&iss=https://id.example.com&session_state=x")

        [request] = house.finished
        assert (request.provider, request.code, request.error) == ("company", "c", None)
        assert request.issuer == "https://id.example.com"

    def test_leads_nowhere(self, client: TestClient) -> None:
        answer = finish(client, "state=st_state&code=c&next=https://evil.example&redirect=//evil")

        assert answer.status_code == 200
        assert "location" not in answer.headers and "evil" not in answer.text

    @pytest.mark.parametrize(
        ("query", "cookie"),
        [
            ("state=st_state&code=c", ""),
            ("state=st_state&code=c", "safelight-sign-in=st_other"),
            ("state=st_state&code=c", f"safelight-sign-in={BROWSER_TOKEN}; safelight-sign-in=st_x"),
            ("state=st_other&code=c", f"safelight-sign-in={BROWSER_TOKEN}"),
            ("code=c", f"safelight-sign-in={BROWSER_TOKEN}"),
            ("", f"safelight-sign-in={BROWSER_TOKEN}"),
            ("state=%00&code=c", f"safelight-sign-in={BROWSER_TOKEN}"),
            ("state=%ff&code=c", f"safelight-sign-in={BROWSER_TOKEN}"),
            ("state=" + "x" * 5_000, f"safelight-sign-in={BROWSER_TOKEN}"),
        ],
        ids=["no cookie", "another", "two", "state", "no state", "nothing", "NUL", "odd", "long"],
    )
    def test_of_another_browser_is_refused(
        self, client: TestClient, query: str, cookie: str
    ) -> None:
        headers = {"Cookie": cookie} if cookie else {}

        answer = client.simulate_get(CALLBACK, query_string=query, headers=headers)

        assert (answer.status_code, answer.json["code"]) == (400, "invalid-sign-in-state")
        assert "set-cookie" not in answer.headers

    @pytest.mark.parametrize("name", ["state", "code", "error", "iss"])
    def test_with_a_parameter_twice_is_refused(self, client: TestClient, name: str) -> None:
        answer = finish(client, f"state=st_state&code=c&{name}=a&{name}=b")

        assert (answer.status_code, answer.json["code"]) == (400, "bad-request")

    @pytest.mark.parametrize(
        ("refusal", "status"),
        [
            (SignInRefused("The identity provider did not let you in."), 403),
            (IdentityNotProved("a reason that nobody outside may know"), 403),
            (ProviderEmailUnverified("There is no verified address."), 403),
            (IdentityNotAdmitted(), 403),
            (AccountExists("An account has your e-mail address."), 409),
            (IdentityLinked("This identity opens another account."), 409),
            (TooManyIdentities("An account has at most 10."), 409),
            (IdentityProviderFailed("https://10.0.0.7: nobody outside may know"), 502),
            (IdentityProviderSilent("https://10.0.0.7: nobody outside may know"), 504),
            (IdentityProviderBusy("nobody outside may know"), 503),
        ],
        ids=lambda one: getattr(one, "code", str(one)),
    )
    def test_tells_what_is_the_matter(
        self, house: House, client: TestClient, refusal: Exception, status: int
    ) -> None:
        house.failures["finish_provider_sign_in"] = refusal

        answer = finish(client)

        assert (answer.status_code, answer.json["code"]) == (status, refusal.code)
        assert "nobody outside" not in answer.text and "10.0.0.7" not in answer.text
        assert ("retry-after" in answer.headers) == (status in (503, 504))

    def test_of_a_link_shows_what_was_linked(self, house: House, client: TestClient) -> None:
        house.identities, house.linking = [an_identity()], True

        answer = finish(client)

        assert answer.status_code == 200
        assert (answer.json["provider"], answer.json["subject"]) == ("company", "ada-4711")
        assert "x-refresh-token" not in answer.headers


class TestIdentities:
    def test_are_listed(self, house: House, client: TestClient) -> None:
        house.identities = [an_identity(), an_identity(issuer="https://gone.example.com")]

        answer = client.simulate_get(IDENTITIES, headers=BEARER)

        assert answer.json["hasPassword"] is True
        assert [one["provider"] for one in answer.json["identities"]] == ["company", None]

    def test_are_linked_by_the_browser_that_asks(self, house: House, client: TestClient) -> None:
        answer = client.simulate_post(
            IDENTITIES,
            json={"provider": "company", "currentPassword": "password123"},
            headers=BEARER,
        )

        assert answer.status_code == 200
        assert answer.json["authorizationUrl"].startswith("https://id.example.com/")
        assert BROWSER_TOKEN in answer.headers["set-cookie"]
        assert BROWSER_TOKEN not in answer.text
        assert house.links[0].password == "password123"

    def test_are_unlinked(self, house: House, client: TestClient) -> None:
        house.identities = [an_identity(), an_identity()]
        first, last = (f"{IDENTITIES}/{one.id}" for one in house.identities)

        assert client.simulate_delete(first, headers=BEARER).status_code == 204
        assert client.simulate_delete(first, headers=BEARER).status_code == 404
        refused = client.simulate_delete(last, headers=BEARER)
        assert (refused.status_code, refused.json["code"]) == (409, "last-way-in")

    def test_take_a_token(self, client: TestClient) -> None:
        for answer in (
            client.simulate_get(IDENTITIES),
            client.simulate_post(IDENTITIES, json={"provider": "company"}),
            client.simulate_delete(f"{IDENTITIES}/{uuid4()}"),
        ):
            assert (answer.status_code, answer.json["code"]) == (401, "invalid-token")

    def test_a_missing_password_is_told_of_where_it_is_asked_for(
        self, house: House, client: TestClient
    ) -> None:
        house.failures["change_password"] = NoPassword(pointer="/currentPassword")

        answer = client.simulate_post(
            "/api/auth/password/change",
            json={"currentPassword": "a", "newPassword": "b"},
            headers=BEARER,
        )

        assert (answer.status_code, answer.json["code"]) == (409, "no-password")

    def test_come_along_with_the_export(self, house: House, client: TestClient) -> None:
        house.identities = [an_identity()]

        answer = client.simulate_get("/api/users/me/export", headers=BEARER)

        assert answer.json["identities"][0]["subject"] == "ada-4711"
