"""The file that names identity providers: TOML, a table for each, and its form as a setting."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from entrypoints.settings.forms import Form, Malformed, path, secret

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.ASCII)
_MAX_PROVIDERS: Final = 20
_NEEDED: Final = ("issuer", "client_id", "client_secret_file")


@attrs.frozen
class ProviderSettings:
    """
    An identity provider, as the operator has named it.

    Attributes:
        name: In addresses.
        issuer: As the provider itself writes it.
        email_domains: Whose people may come; none for everybody.
        open_accounts: Whether newcomers get an account.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = attrs.field(repr=False)
    email_domains: tuple[str, ...] = ()
    open_accounts: bool = False


def providers_file() -> Form:
    """Take the path of such a file; the value is what it holds, a document for each provider."""

    def parse(value: str) -> tuple[dict[str, Any], ...]:
        file = path().parse(value)
        try:
            document = tomllib.loads(file.read_text("utf-8"))
        except OSError as error:
            raise Malformed(f"a file that can be read; {file}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Malformed(f"a TOML file; {file}: {error}") from None
        if len(document) > _MAX_PROVIDERS:
            raise Malformed(f"a file of at most {_MAX_PROVIDERS} providers")
        found = tuple(_provider(name, table, file.parent) for name, table in document.items())
        issuers = [one["issuer"] for one in found]
        if len(set(issuers)) < len(issuers):
            raise Malformed("a file that names each issuer once")
        return found

    return Form("the path of a TOML file of identity providers, see docs/oidc.md", parse)


def _provider(name: str, table: object, folder: Path) -> dict[str, Any]:
    if _NAME.fullmatch(name) is None or not isinstance(table, dict):
        raise Malformed(
            f"a file of tables with names of small letters, digits and hyphens; {name!r} is none"
        )
    known = {*_NEEDED, "email_domains", "open_accounts"}
    if unknown := sorted(table.keys() - known):
        raise Malformed(f"a file without {unknown[0]!r} in [{name}]; there are {sorted(known)}")
    for needed in _NEEDED:
        if not isinstance(table.get(needed), str) or not table[needed]:
            raise Malformed(f"a file with a text as {needed} in [{name}]")
    return {
        "name": name,
        "issuer": _issuer(name, table["issuer"]),
        "client_id": _line(name, "client_id", table["client_id"]),
        "client_secret": _line(name, "client_secret_file", _secret(name, table, folder)),
        "email_domains": _domains(name, table.get("email_domains", [])),
        "open_accounts": _flag(name, "open_accounts", table),
    }


def _issuer(name: str, text: str) -> str:
    try:
        parts = urlsplit(text)
        is_issuer = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_issuer = False
    if not is_issuer or not text.isprintable() or parts.query or parts.fragment or "@" in text:
        raise Malformed(
            f"a file with a URL that begins with https:// as issuer in [{name}], without query"
        )
    return text


def _secret(name: str, table: Mapping[str, Any], folder: Path) -> str:
    file = folder / table["client_secret_file"]
    try:
        return str(secret(1).parse(f"file://{file}"))
    except Malformed as malformed:
        raise Malformed(
            f"a file with a usable client_secret_file in [{name}]: {malformed or 'it is empty'}"
        ) from None


def _line(name: str, member: str, text: str) -> str:
    if not text.isprintable() or not text.isascii():
        raise Malformed(f"a file with one line of ASCII as {member} in [{name}]")
    return text


def _domains(name: str, value: object) -> tuple[str, ...]:
    domains = value if isinstance(value, list) else [None]
    lower = tuple(one.lower() if isinstance(one, str) else "" for one in domains)
    if not all(map(_DOMAIN.fullmatch, lower)):
        raise Malformed(f'a file with domains such as ["example.com"] in [{name}]')
    return lower


def _flag(name: str, member: str, table: Mapping[str, Any]) -> bool:
    value = table.get(member, False)
    if not isinstance(value, bool):
        raise Malformed(f"a file with true or false as {member} in [{name}]")
    return value
