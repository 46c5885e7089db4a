"""Listeners on every address, and a witness of every packet, in a network without a way out."""

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Final

LISTENED: Final = (22, 25, 80, 443, 3306, 6379, 8080, 8443, 11211)

_IPV4, _IPV6, _ALL = 0x0800, 0x86DD, 0x0003
_TCP, _UDP = 6, 17
_SYN, _ACK = 0x02, 0x10
_OUTGOING = 4
"""PACKET_OUTGOING of <linux/if_packet.h>; on loopback each packet is seen going and coming."""

_MARK: Final = ("192.0.2.255", 9)
"""Where the witness's own packets go, by which it knows that it has seen all before them."""

End = tuple[str, int]


class Canaries:
    """
    Counts who is called: TCP connections asked for, and UDP packets, by address and port.

    Attributes:
        accepted: Connections that the listeners got.
    """

    def __init__(self, *expected: End) -> None:
        """*expected* are those who may be called: they are not counted."""
        self.accepted = 0
        self._expected = frozenset(expected)
        self._calls = Counter[End]()
        self._marks = 0
        self._mark_seen = threading.Condition()
        self._witness = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        self._witness.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024 * 1024)
        self._witness.bind(("lo", 0))
        threading.Thread(target=self._watch, daemon=True).start()

    def calls(self) -> dict[str, int]:
        """Return who has been called since the last time, once every packet so far is seen."""
        self._wait_for_mark()
        counted = {f"{address} {port}": count for (address, port), count in self._calls.items()}
        self._calls.clear()
        return counted

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Listen on every address; whoever listens on one address alone comes first there."""
        with contextlib.ExitStack() as stack:
            for port in LISTENED:
                for family, everywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
                    listener = stack.enter_context(
                        socket.create_server(
                            (everywhere, port), family=family, backlog=1024, reuse_port=True
                        )
                    )
                    threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            yield

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.accepted += 1
                connection.close()

    def _wait_for_mark(self) -> None:
        wanted = self._marks + 1
        with self._mark_seen, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
            marker.sendto(b"mark", _MARK)
            deadline = time.monotonic() + 10
            while self._marks < wanted:
                assert self._mark_seen.wait(deadline - time.monotonic()), "the witness is blind"

    def _watch(self) -> None:
        while True:
            packet, (_, protocol, kind, *_) = self._witness.recvfrom(65_536)
            if kind == _OUTGOING:
                continue
            end = _called_by(packet, protocol)
            if end == _MARK:
                with self._mark_seen:
                    self._marks += 1
                    self._mark_seen.notify_all()
            elif end is not None and end not in self._expected:
                self._calls[end] += 1


def _called_by(packet: bytes, protocol: int) -> End | None:
    """Return whom *packet* calls, or None if it answers or belongs to a connection."""
    if protocol == _IPV4:
        kind, start = packet[9], (packet[0] & 15) * 4
        address = str(IPv4Address(packet[16:20]))
    elif protocol == _IPV6:
        kind, start = packet[6], 40
        address = str(IPv6Address(packet[24:40]))
    else:
        return None
    if kind == _TCP and (packet[start + 13] & (_SYN | _ACK)) == _SYN:
        return address, struct.unpack_from("!H", packet, start + 2)[0]
    if kind == _UDP:
        source, port = struct.unpack_from("!HH", packet, start)
        return None if source == 53 else (address, port)
    return None
