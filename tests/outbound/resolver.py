"""A name server that means ill: it changes its mind, waits, fails, and says nothing."""

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.outbound.vectors import PUBLIC, PUBLIC_V6, ZONE

ADDRESS: Final = ("127.0.0.1", 53)
SLOW_SECONDS: Final = 3.0

Answers = Sequence[str]


class IllMeaningServer:
    """
    Answers over UDP, all with a time to live of 0.

    Names under `rebind.example` and the like lead elsewhere when they are asked for again: how, is in
    the methods of those names. Other names are of `ZONE`, or do not exist.

    Attributes:
        questions: How often each name was asked for an IPv4 address.
        zone: What the other names lead to; tests may change it.
    """

    def __init__(self, more: Mapping[str, Answers]) -> None:
        self.zone: dict[str, Answers] = {**ZONE, **more}
        self.questions = Counter[str]()
        self._kinds: dict[str, Callable[[str, str], Answers | None]] = {
            "rebind": self._rebind,
            "rebind6": self._rebind6,
            "mixed": self._mixed,
            "chain": self._chain,
            "dice": self._dice,
            "silent": lambda *_: None,
        }
        self._seen = Counter[tuple[str, str]]()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def running(self) -> Iterator["IllMeaningServer"]:
        """Serve; nothing else may have the port."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(ADDRESS)
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
            yield self

    def _serve(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                wire, asker = server.recvfrom(4096)
                threading.Thread(
                    target=self._reply, args=(server, wire, asker), daemon=True
                ).start()

    def _reply(self, server: socket.socket, wire: bytes, asker: tuple[str, int]) -> None:
        query = dns.message.from_wire(wire)
        [question] = query.question
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if name.startswith("servfail"):
            reply.set_rcode(dns.rcode.SERVFAIL)
        else:
            if name.startswith("slow"):
                time.sleep(SLOW_SECONDS)
            answers = self._answers(name.removesuffix("."), kind)
            if answers is None:
                return
            self._fill(reply, name, kind, answers)
        with contextlib.suppress(OSError):
            server.sendto(reply.to_wire(max_size=4096), asker)

    def _fill(
        self, reply: dns.message.QueryMessage, name: str, kind: str, answers: Answers
    ) -> None:
        if not answers:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        for answer in answers:
            if _kind_of(answer) == "CNAME":
                reply.answer.append(dns.rrset.from_text(name, 0, "IN", "CNAME", f"{answer}."))
                self._fill(reply, f"{answer}.", kind, self._answers(answer, kind) or ())
            elif _kind_of(answer) == kind:
                reply.answer.append(dns.rrset.from_text(name, 0, "IN", kind, answer))

    def _answers(self, name: str, kind: str) -> Answers | None:
        with self._lock:
            if kind == "A":
                self.questions[name] += 1
            family = name.split(".")[-2] if name.count(".") > 1 else ""
            if family in self._kinds:
                return self._kinds[family](name, kind)
            return self.zone.get(name, ())

    def _is_first(self, name: str, kind: str) -> bool:
        """Whether *name* is resolved for the first time; IPv6 may be asked for before IPv4."""
        self._seen[name, kind] += 1
        return self._seen[name, kind] == 1

    def _rebind(self, name: str, kind: str) -> Answers:
        """Public at first, this machine from then on."""
        return (PUBLIC,) if self._is_first(name, kind) else ("127.0.0.1",)

    def _rebind6(self, name: str, kind: str) -> Answers:
        """The same, in the other family."""
        return (PUBLIC_V6,) if self._is_first(name, kind) else ("::1", "64:ff9b::7f00:1")

    def _mixed(self, name: str, kind: str) -> Answers:
        """Public at first, then public and private."""
        return (PUBLIC,) if self._is_first(name, kind) else (PUBLIC, "10.0.0.1", "fd00::8")

    def _chain(self, name: str, kind: str) -> Answers:
        """An alias of a public name at first, then of one inside."""
        return ("hooks.bad.example" if self._is_first(name, kind) else "loopback.bad.example",)

    def _dice(self, _: str, __: str) -> Answers:
        """Anything, at any time."""
        return random.choice(  # noqa: S311
            [(PUBLIC,), ("127.0.0.1",), ("169.254.169.254", PUBLIC), (PUBLIC, "::1"), ()]
        )


def _kind_of(answer: str) -> str:
    if ":" in answer:
        return "AAAA"
    return "A" if answer.replace(".", "").isdigit() else "CNAME"
