"""What machines ask: are you alive, are you ready, what are your figures."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final

import attrs
import falcon

from entrypoints.http.client_address import is_within
from entrypoints.http.draining import is_draining
from entrypoints.http.errors import NotServing
from entrypoints.http.payloads import write_json
from entrypoints.readiness import NeedsMissing

_EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


@attrs.frozen
class Liveness:
    """`/healthz`: the process answers; nothing else is asked, so that nothing else restarts it."""

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Answer."""
        write_json(resp, {"status": "ok"})

    on_head = on_get


@attrs.frozen
class Readiness:
    """`/readyz`: requests may be sent here."""

    ready: Callable[[], None]

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Ask what the process needs; a refusal names what is missing, and no host."""
        if is_draining():
            raise NotServing("This process is about to stop.")
        try:
            self.ready()
        except NeedsMissing as needs:
            said = ", ".join(
                f"{name} ({why.partition(':')[0]})" for name, why in needs.missing.items()
            )
            raise NotServing(f"Missing now: {said}.") from needs
        write_json(resp, {"status": "ready"})

    on_head = on_get


@attrs.frozen
class Metrics:
    """
    `/metrics`: figures in Prometheus' text format, for the house alone.

    Attributes:
        networks: Where the house is; for everybody else there is nothing by this name.
    """

    metrics: Callable[[], bytes]
    networks: Sequence[IPv4Network | IPv6Network]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Write them out."""
        if not is_within(req.context.address, self.networks):
            raise falcon.HTTPRouteNotFound
        resp.data = self.metrics()
        resp.content_type = _EXPOSITION

    on_head = on_get
