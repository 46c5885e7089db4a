"""
Requests as bytes: framed so that two servers in a row might disagree where one ends.

Rows 59 and 60 of the catalogue of bad inputs. What a request carries behind its doubtful end is a
whole second request, which asks for something that is seen in the log if anybody takes it for one.
"""

import http.client
import io
import socket
from collections.abc import Iterator
from contextlib import suppress

import attrs

from tests.http.house import TOKEN

PATIENCE_SECONDS = 15.0
FIRST_SECONDS = 0.3
MORE_SECONDS = 0.03
SMUGGLED = "smuggled"
OUTER = "outer"


@attrs.frozen
class RawRequest:
    """
    Some bytes, and what may be answered.

    Attributes:
        row: In the catalogue.
        data: With a second request in it that must not be carried out.
        direct: Statuses that our own server may answer with.
        proxied: Statuses that may be seen through the proxy that ships.
        may_be_silent: Whether it may be hung up on without a word.
        ends_clearly: Whether a proxy that forgives the rest of it sees where it ends, and rightly
            takes what is behind for the next request.
    """

    name: str
    row: int
    data: bytes = attrs.field(repr=False)
    direct: frozenset[int] = frozenset({400})
    proxied: frozenset[int] = frozenset({400})
    may_be_silent: bool = False
    ends_clearly: bool = False

    @property
    def last(self) -> bytes:
        """The same, saying that no other request follows, if that is not plain from its form."""
        if not self.ends_clearly or b"Connection: close" in self.data:
            return self.data
        mark = f"X-Request-Id: {OUTER}\r\n".encode()
        return self.data.replace(mark, mark + b"Connection: close\r\n", 1)

    def __str__(self) -> str:
        return f"{self.row}-{self.name}"


@attrs.frozen
class RawAnswer:
    """One answer, as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


def smuggled() -> bytes:
    """Return the request that must never be carried out."""
    return (
        "GET /api/images HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {TOKEN}\r\nX-Request-Id: {SMUGGLED}\r\n\r\n"
    ).encode()


def outer(
    *lines: str | bytes, start: str = "POST /api/webhooks HTTP/1.1", host: bool = True
) -> bytes:
    """Return the head of a request that is good but for *lines*."""
    usual = [
        f"Authorization: Bearer {TOKEN}",
        f"X-Request-Id: {OUTER}",
        "Content-Type: application/json",
    ]
    head = [start, *(["Host: x"] if host else []), *usual]
    parts = [line.encode() if isinstance(line, str) else line for line in (*head, *lines)]
    return b"\r\n".join(parts) + b"\r\n\r\n"


def ask(port: int, data: bytes, *, answers: int = 1) -> list[RawAnswer]:
    """
    Send *data*, and return every answer until the server hangs up.

    A moment after the first of them, or without one, it is said that no more comes: some end with
    that what they would still have answered. *answers* are waited for however long they take.
    """
    received = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        # Hung up on in the middle; what was answered before may be there.
        with suppress(ConnectionError):
            connection.sendall(data)
        patience = PATIENCE_SECONDS if answers > 1 else FIRST_SECONDS
        with suppress(ConnectionError, TimeoutError):
            while True:
                connection.settimeout(patience)
                if not (chunk := connection.recv(65_536)):
                    break
                received += chunk
                if received.count(b"HTTP/1.") >= answers:
                    patience = MORE_SECONDS
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        connection.settimeout(PATIENCE_SECONDS)
        with suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                received += chunk
    return list(_answers(bytes(received)))


def _answers(data: bytes) -> Iterator[RawAnswer]:
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        status_line, *lines = head.split(b"\r\n")
        assert status_line.startswith(b"HTTP/1."), data[:200]
        status = int(status_line.split()[1])
        headers = http.client.parse_headers(io.BytesIO(b"\r\n".join(lines) + b"\r\n\r\n"))
        found = {name.lower(): value for name, value in headers.items()}
        if status < 200:
            data = rest
            continue
        length = found.get("content-length")
        size = len(rest) if length is None else int(length)
        yield RawAnswer(status, found, rest[:size])
        data = rest[size:]


def raw_requests() -> tuple[RawRequest, ...]:
    """Return every request, those of row 59 first; names are unique."""
    return (
        *_two_lengths(),
        *_codings(),
        *_hosts_and_names(),
        *_ends_of_lines(),
        *_too_long(),
        *_methods(),
    )


_NO_BODY = frozenset({400, 411})
"""A chunked body is refused whoever unpacks it: as none of ours, or as none at all."""


def _two_lengths() -> Iterator[RawRequest]:
    hidden = smuggled()
    chunked = "Transfer-Encoding: chunked"
    inside = b"0\r\n\r\n" + hidden
    size = len(inside)
    yield RawRequest(
        "CL and TE", 59, outer(f"Content-Length: {size}", chunked) + inside, proxied=_NO_BODY
    )
    yield RawRequest(
        "TE and CL", 59, outer(chunked, f"Content-Length: {size}") + inside, proxied=_NO_BODY
    )
    yield RawRequest(
        "CL of nothing and TE", 59, outer("Content-Length: 0", chunked) + inside, proxied=_NO_BODY
    )
    yield RawRequest(
        "CL that ends in a chunk", 59,
        outer("Content-Length: 4", chunked) + f"{len(hidden):x}\r\n".encode() + hidden + b"\r\n0\r\n\r\n",
        proxied=_NO_BODY,
    )  # fmt: skip
    for first, second in ((0, len(hidden)), (len(hidden), 0), (1, len(hidden)), (len(hidden), 5)):
        yield RawRequest(
            f"two CLs, {min(first, 9)} and {min(second, 9)}", 59,
            outer(f"Content-Length: {first}", f"Content-Length: {second}") + hidden,
        )  # fmt: skip
    # One and the same may be taken for one (RFC 9112 §6.3): the body is what both say.
    yield RawRequest(
        "one CL twice", 59, outer(*[f"Content-Length: {len(hidden)}"] * 2) + hidden,
        proxied=frozenset({400, 422}),
    )  # fmt: skip
    for text in (f"0, {len(hidden)}", f"{len(hidden)}, 0"):
        yield RawRequest(
            f"a list of CLs, {text[:2]}…", 59, outer(f"Content-Length: {text}") + hidden
        )
    for name, text in {
        "plus": "+0", "minus": "-1", "minus nothing": "-0", "hexadecimal": "0x0", "octal": "0o0", "empty": "",
        "a word": "zero", "a point": "0.0", "an exponent": "0e0", "a space inside": "1 0", "a comma": "0,",
        "a semicolon": "0;x=1", "an underscore": "1_0", "quoted": '"0"', "huge": "9" * 30, "absurd": "9" * 5_000,
        "2 to the 64": str(2**64), "a full-width digit": "０", "an Arabic digit": "٠", "a superscript": "²",
        "NUL": "0\0", "a vertical tab": "0\x0b", "a bare CR": "0\r0",
    }.items():  # fmt: skip
        sent = outer(f"Content-Length: {text}") + hidden
        may = (
            frozenset({400, 413}) if name in ("huge", "absurd", "2 to the 64") else frozenset({400})
        )
        yield RawRequest(f"CL with {name}", 59, sent, direct=may, proxied=may)
    yield RawRequest("CL behind a tab", 59, outer("Content-Length:\t\t-5") + hidden)


def _codings() -> Iterator[RawRequest]:
    hidden = smuggled()
    for name, text in {
        "unknown": "xchunked", "chunk": "chunk", "chunked and more": "chunked-x", "quoted": '"chunked"',
        "a parameter": "chunked;x=1", "unknown and chunked": "x, chunked", "a comma in front": ", chunked",
        "brotli": "br", "empty": "", "a word behind": "chunked x", "nonsense": "\x01chunked",
        "chunked, unknown": "chunked, x",
    }.items():  # fmt: skip
        yield RawRequest(
            f"TE {name}", 59, outer(f"Transfer-Encoding: {text}") + b"0\r\n\r\n" + hidden,
            direct=frozenset({501} if name not in ("nonsense",) else {400}),
            proxied=frozenset({400, 411, 422, 501}),
        )  # fmt: skip
    for name, lines in {
        "identity": ["identity"], "identity, chunked": ["identity, chunked"], "gzip": ["gzip"],
        "gzip, chunked": ["gzip, chunked"], "chunked, gzip": ["chunked, gzip"], "chunked twice": ["chunked, chunked"],
        "chunked in two lines": ["chunked", "chunked"], "two lines": ["chunked", "identity"],
        "identity and chunked in two lines": ["identity", "chunked"], "upper case": ["CHUNKED"],
        "spaces around": ["  chunked  "], "a tab": ["\tchunked"],
    }.items():  # fmt: skip
        yield RawRequest(
            f"TE {name}", 59,
            outer(*(f"Transfer-Encoding: {line}" for line in lines)) + b"0\r\n\r\n" + hidden,
            direct=_NO_BODY, proxied=frozenset({400, 411, 422, 501}), ends_clearly=True,
        )  # fmt: skip
    for name, line in {
        "a space before the colon": "Transfer-Encoding : chunked", "a tab before the colon": "Transfer-Encoding\t: chunked",
        "a space in front": " Transfer-Encoding: chunked", "an underscore": "Transfer_Encoding: chunked",
        "NUL in the name": "Transfer-Encoding\0: chunked", "a CR before": "X: y\rTransfer-Encoding: chunked",
        "an LF before": "X: y\nTransfer-Encoding: chunked", "folded": "Transfer-Encoding:\r\n chunked",
        "folded by a tab": "X: y\r\n\tTransfer-Encoding: chunked",
    }.items():  # fmt: skip
        may = (
            frozenset({400, 411, 413, 422})
            if name in ("an underscore", "an LF before", "folded", "folded by a tab")
            else frozenset({400})
        )
        yield RawRequest(
            f"TE with {name}", 59,
            outer(f"Content-Length: {len(hidden) + 5}", line) + b"0\r\n\r\n" + hidden,
            direct=frozenset({400, 422}) if name == "an underscore" else frozenset({400}), proxied=may,
        )  # fmt: skip
    yield RawRequest(
        "TE in HTTP/1.0", 59,
        outer("Transfer-Encoding: chunked", "Connection: keep-alive", start="POST /api/webhooks HTTP/1.0")
        + b"0\r\n\r\n" + hidden,
        proxied=_NO_BODY,
    )  # fmt: skip
    yield RawRequest(
        "TE and CL in HTTP/1.0", 59,
        outer("Content-Length: 5", "Transfer-Encoding: chunked", "Connection: keep-alive",
              start="POST /api/webhooks HTTP/1.0") + b"0\r\n\r\n" + hidden,
        proxied=frozenset({400, 411, 422}),
    )  # fmt: skip
    for name, body in {
        "an extension": b"5;x=1\r\nhello\r\n0\r\n\r\n", "an extension in quotes": b'5;x="\r\n\r\n"\r\nhello\r\n0\r\n\r\n',
        "a bare LF in an extension": b"2;\nxx\r\n0\r\n\r\n", "a bare CR in an extension": b"2;\rxx\r\n0\r\n\r\n",
        "bare LFs": b"5\nhello\n0\n\n", "a size of 0x": b"0x5\r\nhello\r\n0\r\n\r\n", "a size of plus": b"+5\r\nhello\r\n0\r\n\r\n",
        "a negative size": b"-5\r\nhello\r\n0\r\n\r\n", "a size with a space": b" 5\r\nhello\r\n0\r\n\r\n",
        "no size": b"\r\nhello\r\n0\r\n\r\n", "a huge size": b"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "a size of no digits": b"xyz\r\nhello\r\n0\r\n\r\n", "a size with an underscore": b"1_0\r\nhello\r\n0\r\n\r\n",
        "a chunk too long": b"4\r\nhello\r\n0\r\n\r\n", "no end of a chunk": b"5\r\nhello0\r\n\r\n",
        "a trailer": b"0\r\nContent-Length: 5\r\n\r\n", "a broken trailer": b"0\r\nX\r\n\r\n",
        "a size that wraps round": b"10000000000000000\r\n0\r\n\r\n", "many zeros": b"0" * 9_000 + b"\r\n\r\n",
    }.items():  # fmt: skip
        yield RawRequest(
            f"chunks with {name}", 59, outer("Transfer-Encoding: chunked") + body + hidden,
            direct=frozenset({411}), proxied=frozenset({400, 408, 411, 413}), ends_clearly=True,
        )  # fmt: skip


def _hosts_and_names() -> Iterator[RawRequest]:
    hidden = smuggled()
    get = "GET /api/images HTTP/1.1"
    yield RawRequest("two hosts", 59, outer("Host: y", start=get) + hidden)
    yield RawRequest(
        "one host twice", 59, outer("Host: x", "Connection: close", start=get) + hidden,
        proxied=frozenset({200, 400}),
    )  # fmt: skip
    yield RawRequest("three hosts", 59, outer("Host: y", "Host: z", start=get) + hidden)
    for name, line in {
        "a space before the colon": "X-Thing : y", "a tab before the colon": "X-Thing\t: y", "no colon": "X-Thing",
        "nothing before the colon": ": y", "a space in the name": "X Thing: y", "a bracket in the name": "X[0]: y",
        "a slash in the name": "X/Y: z", "a control character in the name": "X\x01: y", "é in the name": "Xé: y",
        "NUL in the value": "X: a\0b", "a control character in the value": "X: a\x01b", "DEL in the value": "X: a\x7fb",
        "a bare CR in the value": "X: a\rb", "a bare CR at the end": "X: a\r", "a space in front": " X: y",
        "a tab in front": "\tX: y", "folded": "X: a\r\n b", "folded by a tab": "X: a\r\n\tb", "a space alone": " ",
        "Host with a space before the colon": "Host : y", "an expectation": "Expect: magic",
    }.items():  # fmt: skip
        may = frozenset({200, 400}) if name in (
            "folded", "folded by a tab", "DEL in the value", "a control character in the value", "an expectation",
            "a space in front", "a tab in front", "a space alone",
        ) else frozenset({400})  # fmt: skip
        yield RawRequest(
            f"header with {name}",
            59,
            outer(line, start=get) + hidden,
            proxied=may,
            ends_clearly=True,
        )


def _ends_of_lines() -> Iterator[RawRequest]:
    hidden = smuggled()
    good = outer("Connection: close", start="GET /api/images HTTP/1.1")
    for name, data in {
        "bare LFs": good.replace(b"\r\n", b"\n"), "bare CRs": good.replace(b"\r\n", b"\r"),
        "a bare LF behind the first line": good.replace(b"\r\n", b"\n", 1),
        "a bare LF at the end": good[:-2] + b"\n", "LF CR": good.replace(b"\r\n", b"\n\r"),
        "CR CR LF": good.replace(b"\r\n", b"\r\r\n", 1), "NUL in the address": good.replace(b"images", b"im\0ages"),
        "a tab in the first line": good.replace(b"GET /", b"GET\t/"), "two spaces": good.replace(b"GET /", b"GET  /"),
        "a space in the address": good.replace(b"/images", b"/images x"), "no version": good.replace(b" HTTP/1.1", b""),
        "another version": good.replace(b"1.1", b"1.2", 1), "version 0.9": good.replace(b"1.1", b"0.9", 1),
        "version 2.0": good.replace(b"1.1", b"2.0", 1), "version 1.10": good.replace(b"1.1", b"1.10", 1),
        "a small version": good.replace(b"HTTP/1.1", b"http/1.1"), "another protocol": good.replace(b"HTTP/1.1", b"HTCP/1.1"),
        "a preface of HTTP/2": b"PRI * HTTP/2.0\r\nConnection: close\r\n\r\n", "TLS": bytes.fromhex("160301020001000103030101"),
        "a fragment": good.replace(b"/images", b"/images#x"), "an address without a slash": good.replace(b"/api/images", b"api/images"),
        "a backslash": good.replace(b"/api/images", b"\\api\\images"), "é in the address": good.replace(b"images", "imagés".encode()),
        "a method in small letters": good.replace(b"GET", b"get", 1), "a method with a colon": good.replace(b"GET", b"GE:T", 1),
        "a long method": good.replace(b"GET", b"G" * 30, 1), "nonsense": b"NONSENSE\r\n\r\n", "a space in front": b" " + good,
        "PROXY in front": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + good,
    }.items():  # fmt: skip
        lenient = frozenset({200, 400, 404, 405, 505})
        yield RawRequest(name, 59, data + hidden, direct=frozenset({400, 404, 405, 200}) if name in (
            "another version", "a fragment", "a small version",
        ) else frozenset({400}), proxied=lenient, may_be_silent=name in ("TLS", "bare CRs"))  # fmt: skip


def _too_long() -> Iterator[RawRequest]:
    get = "GET /api/images HTTP/1.1"
    close = "Connection: close"
    for name, status, data in (
        ("an address of 9 kB", 414, outer(close, start=f"GET /api/images?{'x' * 9_000} HTTP/1.1")),
        ("an address of 100 kB", 414, outer(close, start=f"GET /{'x' * 100_000} HTTP/1.1")),
        ("an id of 10 kB", 414, outer(close, start=f"GET /api/tasks/{'1' * 10_240} HTTP/1.1")),
        ("a header of 9 kB", 431, outer(close, f"X-Long: {'x' * 9_000}", start=get)),
        ("a header of 100 kB", 431, outer(close, f"X-Long: {'x' * 100_000}", start=get)),
        ("a token of 9 kB", 431, outer(close, f"X-Token: Bearer {'x' * 9_000}", start=get)),
        ("a name of 9 kB", 431, outer(close, f"{'X' * 9_000}: y", start=get)),
        ("150 headers", 431, outer(close, *(f"X-{n}: y" for n in range(150)), start=get)),
        ("150 headers of one name", 431, outer(close, *["X: y"] * 150, start=get)),
        ("1,000 headers", 431, outer(close, *(f"X-{n}: y" for n in range(1_000)), start=get)),
        ("100 headers of 8 kB", 431, outer(close, *(f"X-{n}: {'x' * 8_000}" for n in range(100)), start=get)),
    ):  # fmt: skip
        # More than all its buffer holds, or a name longer than any that it knows: what that is, the
        # proxy cannot say.
        beyond = {
            "an address of 100 kB",
            "a header of 100 kB",
            "a name of 9 kB",
            "100 headers of 8 kB",
        }
        may = frozenset({status, 400} if name in beyond else {status})
        yield RawRequest(
            name, 60, data, direct=frozenset({status}), proxied=may, may_be_silent=name in beyond
        )


def _methods() -> Iterator[RawRequest]:
    hidden = smuggled()
    for start in (
        "TRACE / HTTP/1.1", "TRACE /api/images HTTP/1.1", "TRACE /nowhere HTTP/1.1", "TRACE /healthz HTTP/1.1",
        "TRACE /metrics HTTP/1.1",
        "CONNECT x HTTP/1.1", "CONNECT x:443 HTTP/1.1", "CONNECT x:22 HTTP/1.1", "CONNECT /api/images HTTP/1.1",
    ):  # fmt: skip
        behind = hidden if start.startswith("CONNECT") else b""
        what = start.removesuffix(" HTTP/1.1")
        may = {
            "TRACE /metrics": {404, 405},
            "CONNECT x": {400, 405},
            "CONNECT /api/images": {400, 405},
        }
        yield RawRequest(
            what, 60, outer("Connection: close", start=start) + behind,
            direct=frozenset({405}), proxied=frozenset(may.get(what, {405})),
        )  # fmt: skip
