"""The client for URLs that others give us: it calls the public internet and nothing else."""

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Self
from urllib.parse import urlsplit

import attrs

from adapters.outbound.deadline_socket import DeadlineSocket
from adapters.outbound.public_addresses import is_public

Resolve = Callable[[str, int], Sequence[str]]

USUAL_PORTS: Final = frozenset({80, 443, 8080, 8443})

# After the status line nothing in an answer matters to us; reading on for a moment spares the
# receiver a reset connection.
_COURTESY_SECONDS = 1.0


class CallForbidden(Exception):
    """The URL is not one that we call; the message names no address."""


class CallFailed(Exception):
    """There was no answer; the message names no address."""


class CallTimedOut(CallFailed):
    """There was no answer in time."""


@attrs.frozen
class Answer:
    """
    What a receiver said.

    Attributes:
        retry_after: Its header of that name, if there was one.
        body: Whole from `fetch`, empty from `post`.
    """

    status: int
    retry_after: str | None
    body: bytes = attrs.field(default=b"", repr=False)


@attrs.frozen
class _Target:
    """A URL taken apart."""

    is_plain: bool
    host: str
    port: int
    netloc: str
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise CallForbidden("the URL is malformed") from None
        host = parts.hostname
        # The parser quietly drops some of these characters, and others mean one thing to us and
        # another thing to a receiver.
        if any(not "!" <= character <= "~" or character == "\\" for character in url):
            raise CallForbidden("the URL is malformed")
        if parts.scheme not in ("http", "https"):
            raise CallForbidden("the URL is neither http nor https")
        if not host or "@" in parts.netloc or "%" in parts.netloc or port == 0:
            raise CallForbidden("the URL is malformed")
        if parts.netloc.startswith("["):
            _require_ipv6(host)
        is_plain = parts.scheme == "http"
        return cls(
            is_plain=is_plain,
            host=host,
            port=port or (80 if is_plain else 443),
            netloc=parts.netloc,
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )


def _require_ipv6(host: str) -> None:
    try:
        IPv6Address(host)
    except ValueError:
        raise CallForbidden("the URL is malformed") from None


class GuardedClient:
    """
    Calls URLs that others chose, so that none of them reaches what only we can reach.

    The host is resolved once. Every address that it has must be public, and the connection goes
    to the very address that was checked, while TLS and the Host header keep the name. There are
    no redirects and no proxies from the environment.

    Attributes:
        allowed_networks: Trusted in spite of not being public; plain http and every port are fine
            there.
        allow_plain_http: Whether to call public addresses without TLS.
        ports: The ports that public addresses may be called on.
        connect_seconds: For finding the host and connecting to it.
        total_seconds: For everything, however slowly the receiver drips its answer.
        max_answer_bytes: No more of an answer is read, its headers counted.
        resolve: Returns the addresses of a host; the system's resolver unless told otherwise.
        tls: Verifies receivers; the system's authorities unless told otherwise.
    """

    def __init__(
        self,
        *,
        allowed_networks: Sequence[IPv4Network | IPv6Network] = (),
        allow_plain_http: bool = False,
        ports: Collection[int] = USUAL_PORTS,
        connect_seconds: float = 5.0,
        total_seconds: float = 15.0,
        max_answer_bytes: int = 65_536,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._allow_plain_http = allow_plain_http
        self._ports = frozenset(ports)
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._max_answer_bytes = max_answer_bytes
        self._resolve = resolve or _resolve_by_system
        # Made once: loading the authorities takes longer than a whole call.
        self._tls = tls or ssl.create_default_context()

    def check(self, url: str) -> None:
        """
        Find out whether `post` would call *url* at this moment, without calling it.

        Raises:
            CallForbidden, CallFailed: As `post` would.
        """
        self._checked_addresses(_Target.of(url), time.monotonic() + self._connect_seconds)

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """
        Post *body* to *url* and return the answer without its body, whatever its status.

        Raises:
            CallForbidden: The URL or one of its addresses is not allowed; nothing was sent.
            CallFailed: No answer came in time; the body may have arrived all the same.
        """
        return self._call("POST", url, headers, body, wants_body=False)

    def fetch(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """
        Call *url* and return the answer with its whole body, whatever its status.

        Raises:
            CallForbidden: As `post`.
            CallFailed: No answer came in time, or a longer one than is read.
        """
        return self._call(method, url, headers, body, wants_body=True)

    def _call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, wants_body: bool
    ) -> Answer:
        started = time.monotonic()
        target = _Target.of(url)
        connect_by = started + self._connect_seconds
        addresses = self._checked_addresses(target, connect_by)
        try:
            with self._connect(target, addresses, connect_by) as connected:
                limited = DeadlineSocket(
                    connected, started + self._total_seconds, self._max_answer_bytes
                )
                response = self._exchange(limited, target, method, headers, body)
                content = response.read() if wants_body else _read_on(response, limited)
                return Answer(response.status, response.headers.get("Retry-After"), content)
        except TimeoutError as error:
            raise CallTimedOut("the receiver did not answer in time") from error
        except ssl.SSLCertVerificationError as error:
            raise CallFailed("the receiver's certificate could not be verified") from error
        except ssl.SSLError as error:
            raise CallFailed("no secure connection could be made") from error
        except OSError as error:
            raise CallFailed("the connection failed") from error
        except http.client.HTTPException as error:
            raise CallFailed("the receiver did not answer in HTTP") from error

    def _checked_addresses(self, target: _Target, deadline: float) -> list[str]:
        addresses = self._resolve_in_time(target, deadline)
        if not addresses:
            raise CallFailed("the host name does not resolve")
        for address in addresses:
            self._check(target, ip_address(address))
        return addresses

    def _resolve_in_time(self, target: _Target, deadline: float) -> list[str]:
        with suppress(ValueError):
            return [str(ip_address(target.host))]
        # The system's resolver knows no time-out, so it is asked on a thread that can be left
        # behind; it ends when the resolver gives up.
        answers = queue.SimpleQueue[list[str] | None]()

        def ask() -> None:
            try:
                answers.put(list(self._resolve(target.host, target.port)))
            except (OSError, UnicodeError):
                answers.put(None)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            found = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise CallTimedOut("the host name did not resolve in time") from None
        return found or []

    def _check(self, target: _Target, address: IPv4Address | IPv6Address) -> None:
        if any(address in network for network in self._allowed_networks):
            return
        if not is_public(address):
            raise CallForbidden("the host is not on the public internet")
        if target.is_plain and not self._allow_plain_http:
            raise CallForbidden("only https is allowed")
        if target.port not in self._ports:
            raise CallForbidden("the port is not allowed")

    def _connect(self, target: _Target, addresses: Sequence[str], deadline: float) -> socket.socket:
        """Connect to the first address that answers, with TLS unless the URL is plain."""
        for position, address in enumerate(addresses, 1):
            seconds_left = deadline - time.monotonic()
            if seconds_left <= 0:
                break
            try:
                connected = socket.create_connection((address, target.port), seconds_left)
            except OSError:
                if position == len(addresses):
                    raise
                continue
            try:
                # Headers and body go out as two pieces; the second must not wait for an
                # acknowledgement of the first.
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if target.is_plain:
                    return connected
                connected.settimeout(max(0.001, deadline - time.monotonic()))
                return self._tls.wrap_socket(connected, server_hostname=target.host.rstrip("."))
            except BaseException:
                connected.close()
                raise
        raise TimeoutError("no address answered in time")

    def _exchange(
        self,
        connected: DeadlineSocket,
        target: _Target,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> http.client.HTTPResponse:
        """Send the request, and return the answer with its body unread."""
        connection = http.client.HTTPConnection(target.host, target.port)
        # Given a socket, the connection opens none of its own.
        connection.sock = connected
        connection.request(
            method,
            target.path,
            body or None,
            {"Host": target.netloc, "Connection": "close", **headers},
        )
        return connection.getresponse()


def _read_on(response: http.client.HTTPResponse, connected: DeadlineSocket) -> bytes:
    """Take in what else comes within a moment, and forget it."""
    connected.deadline = min(connected.deadline, time.monotonic() + _COURTESY_SECONDS)
    with suppress(OSError, ValueError, http.client.HTTPException):
        response.read()
    return b""


def _resolve_by_system(host: str, port: int) -> list[str]:
    # As bytes, so that the name is taken as it stands and not rewritten by IDNA first.
    found = socket.getaddrinfo(host.encode("ascii"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
