"""How much of what one may have is used."""

from collections.abc import Callable

import attrs
import falcon

from application.actor import Actor
from application.limits.view_usage import UsageView
from entrypoints.http.authentication import Authentication
from entrypoints.http.payloads import write_json


@attrs.frozen
class OwnUsage:
    """`/api/users/me/usage`."""

    authentication: Authentication
    view_usage: Callable[[Actor], UsageView]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the caller's use of each quota; a quota that is not set is null."""
        view = self.view_usage(self.authentication(req))
        usage, quotas = view.usage, view.quotas
        write_json(
            resp,
            {
                name: {"used": used, "quota": quota or None}
                for name, used, quota in (
                    ("images", usage.images, quotas.images),
                    ("bytesStored", usage.bytes_stored, quotas.bytes_stored),
                    ("tasksInLastDay", usage.tasks, quotas.tasks_per_day),
                )
            },
        )

    on_head = on_get
