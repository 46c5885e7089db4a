"""The client for URLs that others give us: it calls the public internet and nothing else."""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import attrs

from adapters.outbound.deadline_socket import DeadlineSocket
from adapters.outbound.rules import CallFailed, CallTimedOut, OutboundRules, Target

# After the status line nothing in an answer matters to us; reading on for a moment spares the
# receiver a reset connection.
_COURTESY_SECONDS: Final = 1.0


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


class GuardedClient:
    """
    Calls URLs that others chose, so that none of them reaches what only we can reach.

    The host is resolved once. Every address that it has must be public, and the connection goes
    to the very address that was checked, while TLS and the Host header keep the name. There are
    no redirects and no proxies from the environment.

    Attributes:
        rules: Which URLs are called, and at which addresses.
        connect_seconds: For finding the host and connecting to it.
        total_seconds: For everything, however slowly the receiver drips its answer.
        max_answer_bytes: No more of an answer is read, its headers counted.
        tls: Verifies receivers; the system's authorities unless told otherwise.
    """

    def __init__(
        self,
        rules: OutboundRules,
        *,
        connect_seconds: float = 5.0,
        total_seconds: float = 15.0,
        max_answer_bytes: int = 65_536,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._rules = rules
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._max_answer_bytes = max_answer_bytes
        # Made once: loading the authorities takes longer than a whole call.
        self._tls = tls or ssl.create_default_context()

    def check(self, url: str) -> None:
        """
        Find out whether `post` would call *url* at this moment, without calling it.

        Raises:
            CallForbidden, CallFailed: As `post` would.
        """
        self._rules.checked_addresses(Target.of(url), time.monotonic() + self._connect_seconds)

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
        target = Target.of(url)
        connect_by = started + self._connect_seconds
        addresses = self._rules.checked_addresses(target, connect_by)
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

    def _connect(self, target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
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
        target: Target,
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
