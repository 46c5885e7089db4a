"""A company whose people sign in through its own provider, in a browser that keeps cookies."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from falcon.testing import Result

from tests.behaviour.world import World
from tests.services.oidc_provider import CLIENT_ID, CLIENT_SECRET, LocalProvider

START = "/api/auth/oauth/company/start"
CALLBACK = "/api/auth/oauth/company/callback"


class Browser:
    """Keeps cookies, and goes where it is sent."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **request: Any) -> Result:
        """Send a request with the cookies that are kept, and keep what comes back."""
        headers = request.pop("headers", {})
        if self._cookies:
            kept = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers = headers | {"Cookie": kept}
        client = self._world.rig.client
        answer = client.simulate_request(method, path, headers=headers, **request)
        self._cookies |= {name: cookie.value for name, cookie in answer.cookies.items()}
        self._cookies = {name: value for name, value in self._cookies.items() if value}
        self._world.answer = answer
        return answer


class Company:
    """The provider as the operator has named it, and the people that it vouches for."""

    def __init__(self, world: World, provider: LocalProvider, folder: Path) -> None:
        self.world = world
        self.provider = provider
        self.browsers: dict[str, Browser] = {}
        self.address = ""
        (folder / "secret").write_text(CLIENT_SECRET)
        file = folder / "providers.toml"
        file.write_text(
            f'[company]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT_ID}"\n'
            'client_secret_file = "secret"\nopen_accounts = true\n'
        )
        provider.redirect_uris.add(f"http://127.0.0.1:8000{CALLBACK}")
        world.rig.serve_with(
            SAFELIGHT_OIDC_PROVIDERS=str(file), SAFELIGHT_OIDC_ALLOWED_NETWORKS="127.0.0.0/8"
        )

    def vouch_for(self, name: str, *, verified: bool = True) -> None:
        """Have *name* be who sits at the provider."""
        person = self.world.person(name)
        self.provider.person = {
            "sub": f"employee-{person.name}",
            "email": person.email,
            "email_verified": verified,
            "preferred_username": person.name,
        }

    def browser_of(self, name: str) -> Browser:
        """Return the browser of *name*."""
        return self.browsers.setdefault(name, Browser(self.world))

    def begin(self, name: str) -> str:
        """Have *name* begin, and return the address by which the provider sends them back."""
        answer = self.browser_of(name).ask("GET", START)
        if answer.status_code != 302:
            return ""
        return f"{CALLBACK}?{urlencode(self.provider.consent(answer.headers['location']))}"

    def sign_in(self, name: str) -> None:
        """Have *name* sign in, as far as they get."""
        if address := self.begin(name):
            self.open(name, address)

    def open(self, name: str, address: str) -> None:
        """Have the browser of *name* open an address of ours."""
        path, _, query = address.partition("?")
        answer = self.browser_of(name).ask("GET", path, query_string=query)
        if answer.status_code == 200 and "token" in answer.json:
            self.world.person(name).token = answer.json["token"]
            self.world.who = name
        self.address = address

    def link(self, name: str, password: str) -> Result:
        """Have *name* link the company to the account that they are signed in to."""
        token = self.world.person(name).token
        begun = self.browser_of(name).ask(
            "POST",
            "/api/auth/identities",
            json={"provider": "company", "currentPassword": password},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert begun.status_code == 200, begun.text
        sent = self.provider.consent(begun.json["authorizationUrl"])
        return self.browser_of(name).ask("GET", CALLBACK, query_string=urlencode(sent))
