"""Giving one's account up, and the receipt for it."""

import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

import attrs
import falcon

from application.accounts.erase_account import EraseAccountRequest
from application.accounts.view_erasure import ErasureView, ViewErasureRequest
from domain.errors import InvalidParameter
from entrypoints.http.authentication import Authentication
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp, write_json

_POSITION: Final = re.compile(r"[1-9][0-9]{0,8}")


@attrs.frozen
class ErasePayload:
    """The password, to show that it is meant."""

    password: str = attrs.field(repr=False)


@attrs.frozen
class OwnAccount:
    """`/api/users/me`."""

    authentication: Authentication
    erase_account: Callable[[EraseAccountRequest], UUID]
    payloads: PayloadReader

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the account, and say where the receipt will be."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, ErasePayload)
        receipt = (
            f"/api/erasures/{self.erase_account(EraseAccountRequest(actor, payload.password))}"
        )
        resp.set_header("Location", receipt)
        write_json(resp, {"message": "Account erased.", "receiptUrl": receipt}, 202)


@attrs.frozen
class Receipt:
    """`/api/erasures/{erasureId}`."""

    view_erasure: Callable[[ViewErasureRequest], ErasureView]

    def on_get(self, req: falcon.Request, resp: falcon.Response, erasure_id: str) -> None:
        """Show what has been destroyed, and a page of the files; `Link` leads to the next."""
        wanted = id_in_path(erasure_id)
        after = req.get_param("after", default="")
        if after and not _POSITION.fullmatch(after):
            raise InvalidParameter("must be as a Link header gave it", pointer="/after")
        view = self.view_erasure(ViewErasureRequest(wanted, int(after or 0)))
        erasure = view.erasure
        if view.next_after is not None:
            resp.set_header("Link", f'<{req.path}?after={view.next_after}>; rel="next"')
        if erasure.destroyed_at is None:
            resp.set_header("Retry-After", "5")
        write_json(
            resp,
            {
                "id": str(erasure.id),
                "status": "in progress" if erasure.destroyed_at is None else "completed",
                "requestedAt": timestamp(erasure.requested_at),
                "completedAt": timestamp(erasure.destroyed_at),
                "destroyed": dict(erasure.counts),
                "files": [file.key for file in view.files],
                "filesSha256": erasure.files_sha256,
            },
        )

    on_head = on_get
