"""
Where a request comes from.

The peer of the connection says nothing false. What X-Forwarded-For says is believed of trusted
proxies alone: each adds whom it has heard, so it is read from its end, and whoever the first
stranger there is, they are the client. What stands before them they may have made up.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import attrs
import falcon

_SITE_BITS = 64
"""Of an IPv6 address: what one customer is given, who may change the rest at will."""


@attrs.frozen
class ClientAddresses:
    """
    Finds the client's address.

    Attributes:
        trusted: The networks of proxies; none, so that only peers are believed. A peer without an
            address, behind a Unix socket, is as good as a proxy if there is any.
    """

    trusted: Sequence[IPv4Network | IPv6Network] = ()

    def __call__(self, req: falcon.Request) -> str:
        """Return the address, or an empty text if there is none."""
        peer = _read(req.remote_addr or "")
        if not self._is_trusted(peer):
            return _written(peer)
        client = peer
        for hop in reversed((req.get_header("X-Forwarded-For") or "").split(",")):
            heard = _read(hop.strip())
            if heard is None:  # what a trusted proxy did not write; the last that can be read stays
                break
            client = heard
            if not self._is_trusted(heard):
                break
        return _written(client)

    def _is_trusted(self, address: IPv4Address | IPv6Address | None) -> bool:
        if address is None:
            return bool(self.trusted)
        return any(address in network for network in self.trusted)


def site_of(address: str) -> str:
    """Return what stands for one customer: an IPv4 address, or the network of an IPv6 one."""
    read = _read(address)
    if isinstance(read, IPv6Address):
        return str(IPv6Network((read, _SITE_BITS), strict=False))
    return address


def is_within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Tell whether *address*, as it was found, is of *networks*; no address is this very host."""
    read = _read(address)
    return read is None or any(read in network for network in networks)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address))  # without a zone, which is the host's own business
        return address.ipv4_mapped or address
    return address


def _written(address: IPv4Address | IPv6Address | None) -> str:
    return "" if address is None else str(address)
