"""What machines ask: are you alive, are you ready, what are your figures."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Literal, TypedDict

import attrs
import falcon

from application.errors import NotFound
from application.ports.object_store import StorageUnavailable
from application.ports.unit_of_work import DatabaseUnavailable
from entrypoints.http.client_address import is_within
from entrypoints.http.draining import is_draining
from entrypoints.http.errors import NotServing
from entrypoints.http.openapi.operation import Answer, Bare, operation
from entrypoints.readiness import NeedsMissing

_EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


class LivenessDocument(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class ReadinessDocument(TypedDict):
    """Requests may be sent here."""

    status: Literal["ready"]


_ALIVE: Final = Answer(200, LivenessDocument, "It is alive.")
_READY: Final = Answer(200, ReadinessDocument, "It is ready.")
_FIGURES: Final = Bare(200, "The figures.", {"text/plain": {"type": "string"}})


@attrs.frozen
class Liveness:
    """`/healthz`: the process answers; nothing else is asked, so that nothing else restarts it."""

    @operation(_ALIVE)
    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Answer."""
        _ALIVE.write(resp, {"status": "ok"})

    on_head = on_get


@attrs.frozen
class Readiness:
    """`/readyz`: requests may be sent here."""

    ready: Callable[[], None]

    @operation(_READY, refusals=(NotServing, DatabaseUnavailable, StorageUnavailable))
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
        _READY.write(resp, {"status": "ready"})

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

    @operation(_FIGURES, refusals=(NotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Write them out."""
        if not is_within(req.context.address, self.networks):
            raise falcon.HTTPRouteNotFound
        _FIGURES.write(resp)
        resp.data = self.metrics()
        resp.content_type = _EXPOSITION

    on_head = on_get
