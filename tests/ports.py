"""Ports of loopback that nobody holds."""

import random
import socket
from pathlib import Path
from typing import Final

# Below those that the kernel gives to whoever connects or asks for any: what is free here stays
# free until whoever asked for it listens, and of two that run at once none meets the other.
_FIRST: Final = 10_000
_TRIES: Final = 1_000

_given: set[int] = set()


def free_port() -> int:
    """Return a port that nobody listens on, never the same twice."""
    end = _first_of_the_kernels()
    for _ in range(_TRIES):
        port = random.SystemRandom().randrange(_FIRST, end)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise AssertionError(f"no port is free from {_FIRST} to {end}")


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on."""
    return [free_port() for _ in range(count)]


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _first_of_the_kernels() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return 32_768  # Linux's own default
