"""The rules for URLs that others give us: which are called, and at which addresses."""

import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Self
from urllib.parse import urlsplit

import attrs

from adapters.outbound.public_addresses import is_public
from domain.notifications.channel import MAX_URL_CHARACTERS

Resolve = Callable[[str, int], Sequence[str]]

USUAL_PORTS: Final = frozenset({443, 8443})
USUAL_PLAIN_PORTS: Final = frozenset({80, 8080})

MAX_HOST_CHARACTERS: Final = 253
"""Of a name in the DNS, without the final dot (RFC 1035 §2.3.4)."""

# Letters, digits and hyphens, and the underscores that some people's names have all the same.
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII | re.IGNORECASE)

_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)

# Names that never lead to the public internet, whatever a resolver of ours makes of them
# (RFC 6761, 6762, 7686, 8375; ICANN has set `internal` aside).
_LOCAL_ENDINGS: Final = ("local", "internal", "home.arpa", "onion", "localdomain")

_MAX_QUESTIONS: Final = 16
"""Questions to the system's resolver at once: one that never answers must not collect threads."""


class CallForbidden(Exception):
    """
    The URL is not one that we call; neither text names an address.

    Attributes:
        remedy: What a URL must be like instead, as a refusal's detail says it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


class CallFailed(Exception):
    """There was no answer; the message names no address."""


class CallTimedOut(CallFailed):
    """There was no answer in time."""


@attrs.frozen
class Target:
    """A URL taken apart."""

    is_plain: bool
    host: str
    port: int
    netloc: str
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """
        Take *url* apart, or refuse what two programs could read in two ways.

        Raises:
            CallForbidden: It is not an http or https URL in its plainest form.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _malformed() from None
        host = parts.hostname
        # The parser quietly drops some of these characters, and others mean one thing to us and
        # another thing to a receiver.
        if len(url) > MAX_URL_CHARACTERS or any(
            not "!" <= character <= "~" or character == "\\" for character in url
        ):
            raise _malformed()
        if parts.scheme not in ("http", "https"):
            raise CallForbidden("the URL is neither http nor https", "must begin with https://")
        if not host or port == 0:
            raise _malformed()
        _require_one_reading(parts.netloc, host)
        is_plain = parts.scheme == "http"
        return cls(
            is_plain=is_plain,
            host=host,
            port=port or (80 if is_plain else 443),
            netloc=parts.netloc,
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )


def _require_one_reading(netloc: str, host: str) -> None:
    """Accept `name`, `1.2.3.4` or `[::1]`, each with a port or without; no user, no zone."""
    written = f"[{host}]" if ":" in host else host
    rest = netloc[len(written) :]
    if netloc[: len(written)].lower() != written or not re.fullmatch(r"(:[0-9]*)?", rest):
        raise _malformed()
    if written is not host:
        try:
            IPv6Address(host)
        except ValueError:
            raise _malformed() from None
        if "%" in host:
            raise _malformed()
        return
    name = host.removesuffix(".")
    if len(name) > MAX_HOST_CHARACTERS or not all(map(_NAME.fullmatch, name.split("."))):
        raise _malformed()
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        # No top-level domain is a number: it is an IPv4 address in some notation, or a mistake.
        try:
            socket.inet_aton(host)
        except OSError:
            raise _malformed() from None


def _malformed() -> CallForbidden:
    return CallForbidden(
        "the URL is malformed",
        "must be a URL such as https://example.com/hook, in ASCII, without user name, backslash or "
        "percent sign in its host",
    )


class OutboundRules:
    """
    What others' URLs may reach: the public internet and nothing else.

    Every address that a host has must be public; one that is not spoils the others.

    Attributes:
        allowed_networks: Trusted in spite of not being public; plain http and every port are fine
            there.
        allow_plain_http: Whether to call public addresses without TLS.
        ports: The ports that public addresses may be called on with TLS.
        plain_ports: Those without.
        resolve: Returns the addresses of a host; the system's resolver unless told otherwise.
    """

    def __init__(
        self,
        *,
        allowed_networks: Sequence[IPv4Network | IPv6Network] = (),
        allow_plain_http: bool = False,
        ports: Collection[int] = USUAL_PORTS,
        plain_ports: Collection[int] = USUAL_PLAIN_PORTS,
        resolve: Resolve | None = None,
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._allow_plain_http = allow_plain_http
        self._ports = frozenset(ports)
        self._plain_ports = frozenset(plain_ports)
        self._resolve = resolve or _resolve_by_system
        self._questions = threading.BoundedSemaphore(_MAX_QUESTIONS)

    def check_unresolved(self, url: str) -> None:
        """
        Refuse *url* for all that can be told without asking for its name.

        Raises:
            CallForbidden: However its name resolves, it is not called.
        """
        target = Target.of(url)
        addresses = _written_addresses(target)
        for address in addresses:
            self._check_address(target, address)
        if not addresses and not self._allowed_networks:
            # In a network that is allowed any name may lie, with any port.
            self._check_name(target)

    def checked_addresses(self, target: Target, deadline: float) -> list[str]:
        """
        Return every address of *target*, each of which may be called.

        Args:
            target: Whom to call.
            deadline: By the monotonic clock.

        Raises:
            CallForbidden: One of them may not be called.
            CallFailed: The name did not resolve, or not in time.
        """
        addresses = _written_addresses(target)
        if not addresses:
            if not self._allowed_networks:
                self._check_name(target)  # nobody is told what names there are inside
            addresses = [ip_address(one) for one in self._resolve_in_time(target, deadline)]
        if not addresses:
            raise CallFailed("the host name does not resolve")
        for address in addresses:
            self._check_address(target, address)
        return [str(address) for address in addresses]

    def _check_name(self, target: Target) -> None:
        name = target.host.removesuffix(".")
        if "." not in name or any(
            name == ending or name.endswith(f".{ending}") for ending in _LOCAL_ENDINGS
        ):
            raise _not_public()
        self._check_door(target)

    def _check_address(self, target: Target, address: IPv4Address | IPv6Address) -> None:
        if any(address in network for network in self._allowed_networks):
            return
        if not is_public(address):
            raise _not_public()
        self._check_door(target)

    def _check_door(self, target: Target) -> None:
        if target.is_plain and not self._allow_plain_http:
            raise CallForbidden("only https is allowed", "must begin with https://")
        ports = self._plain_ports if target.is_plain else self._ports
        if target.port not in ports:
            raise CallForbidden(
                "the port is not allowed",
                f"must use port {' or '.join(map(str, sorted(ports)))}",
            )

    def _resolve_in_time(self, target: Target, deadline: float) -> list[str]:
        # The system's resolver knows no time-out, so it is asked on a thread that can be left
        # behind; it ends when the resolver gives up.
        if not self._questions.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise CallTimedOut("the host name did not resolve in time")
        answers = queue.SimpleQueue[list[str] | None]()

        def ask() -> None:
            try:
                answers.put(list(self._resolve(target.host, target.port)))
            except (OSError, UnicodeError):
                answers.put(None)
            finally:
                self._questions.release()

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            found = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise CallTimedOut("the host name did not resolve in time") from None
        return found or []


def _not_public() -> CallForbidden:
    return CallForbidden(
        "the host is not on the public internet",
        "must name a host on the public internet; private, local and reserved addresses are called "
        "only if the operator allows their network",
    )


def _written_addresses(target: Target) -> list[IPv4Address | IPv6Address]:
    """Return the addresses that the host itself says, in whichever notation; nobody is asked."""
    if target.host.removesuffix(".").rpartition(".")[2] == "localhost":
        return [IPv4Address("127.0.0.1"), IPv6Address("::1")]  # RFC 6761 §6.3
    with suppress(ValueError):
        return [ip_address(target.host)]
    # As the resolver itself reads 127.1, 0x7f.1, 0177.0.0.1 and 2130706433.
    with suppress(OSError):
        return [ip_address(socket.inet_ntoa(socket.inet_aton(target.host)))]
    return []


def _resolve_by_system(host: str, port: int) -> list[str]:
    # As bytes, so that the name is taken as it stands and not rewritten by IDNA first.
    found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
