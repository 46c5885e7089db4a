# mypy: disable-error-code="no-untyped-call"
"""What a broker does about a message that no queue wants, for transports without a broker."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import virtual


class Mandatory(virtual.Channel):
    """Returns a mandatory message that no queue wants; comes before another kind of channel."""

    def __init__(self, connection: Any, **options: Any) -> None:
        super().__init__(connection, **options)
        self.events: dict[str, set[Callable[..., None]]] = defaultdict(set)

    def basic_publish(
        self,
        message: dict[str, Any],
        exchange: str = "",
        routing_key: str = "",
        *,
        mandatory: bool = False,
        **options: Any,
    ) -> None:
        """Publish; a *mandatory* message that no queue wants is returned, as by a broker."""
        if mandatory and not self._lookup(exchange, routing_key):
            error = ChannelError(f"No queue is bound for {routing_key!r} in {exchange!r}.")
            if not self.events["basic_return"]:
                raise error
            for on_return in self.events["basic_return"]:
                on_return(error, exchange, routing_key, message)
            return
        super().basic_publish(message, exchange, routing_key, **options)
