"""How much of what one may have is used."""

from collections.abc import Callable
from typing import Final, TypedDict

import attrs
import falcon

from application.actor import Actor
from application.limits.view_usage import UsageView
from entrypoints.http.authentication import Authentication
from entrypoints.http.openapi.operation import Answer, operation


class UseDocument(TypedDict):
    """How much is used, and how much may be; null for as much as one likes."""

    used: int
    quota: int | None


class UsageDocument(TypedDict):
    """The caller's use of each quota."""

    images: UseDocument
    bytesStored: UseDocument
    tasksInLastDay: UseDocument


_USAGE: Final = Answer(200, UsageDocument, "What is used.")


@attrs.frozen
class OwnUsage:
    """`/api/users/me/usage`."""

    authentication: Authentication
    view_usage: Callable[[Actor], UsageView]

    @operation(_USAGE)
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show the caller's use of each quota; a quota that is not set is null."""
        view = self.view_usage(self.authentication(req))
        usage, quotas = view.usage, view.quotas
        _USAGE.write(
            resp,
            {
                "images": _use(usage.images, quotas.images),
                "bytesStored": _use(usage.bytes_stored, quotas.bytes_stored),
                "tasksInLastDay": _use(usage.tasks, quotas.tasks_per_day),
            },
        )

    on_head = on_get


def _use(used: int, quota: int) -> UseDocument:
    return {"used": used, "quota": quota or None}
