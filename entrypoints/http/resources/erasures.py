"""Taking one's data along, giving one's account up, and the receipt for it."""

import re
from collections.abc import Callable
from typing import Annotated, Final, Literal, TypedDict
from uuid import UUID

import attrs
import falcon

from application.accounts.erase_account import EraseAccountRequest
from application.accounts.export_account import AccountExport
from application.accounts.view_erasure import ErasureView, ViewErasureRequest
from application.actor import Actor
from application.errors import (
    InsufficientScope,
    LastAdmin,
    NoPassword,
    NotFound,
    TooManyRequests,
    WrongPassword,
)
from domain.errors import InvalidParameter
from domain.users.roles import Role
from entrypoints.http.authentication import Authentication
from entrypoints.http.client_address import site_of
from entrypoints.http.openapi.operation import Answer, Header, Link, Parameter, operation
from entrypoints.http.openapi.parts import ASK_AGAIN, LOCATION
from entrypoints.http.openapi.schemas import SHA256, Id, Moment, Rule
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp
from entrypoints.http.queries import NEXT_PAGE
from entrypoints.http.resources.api_keys import KeyDocument, key_document
from entrypoints.http.resources.identities import IdentityDocument, identity_document
from entrypoints.http.resources.sessions import SessionDocument, session_document
from entrypoints.http.resources.webhooks import WebhookDocument, webhook_document

_POSITION: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def _position(text: str) -> int:
    if not _POSITION.fullmatch(text):
        raise InvalidParameter("must be as a Link header gave it", pointer="/after")
    return int(text)


_AFTER: Final = Parameter(
    "after",
    _position,
    {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "Where the page before ended.",
)


class ErasureNotice(TypedDict):
    """What was done, and where more will be told."""

    message: str
    erasureId: Id
    receiptUrl: Annotated[str, Rule({"format": "uri-reference"})]


class ExportedProfile(TypedDict):
    """An account, as its owner sees it."""

    id: Id
    username: str
    email: str
    emailVerifiedAt: Moment | None
    roles: list[Annotated[str, Role]]
    createdAt: Moment
    updatedAt: Moment


class ExportDocument(TypedDict):
    """All that is known of somebody, and by name where the lists are that have no bound."""

    profile: ExportedProfile
    sessions: list[SessionDocument]
    apiKeys: list[KeyDocument]
    webhooks: list[WebhookDocument]
    identities: list[IdentityDocument]
    lists: dict[str, str]


class ReceiptDocument(TypedDict):
    """What has been destroyed, and a page of the files."""

    id: Id
    status: Literal["in progress", "completed"]
    requestedAt: Moment
    completedAt: Moment | None
    destroyed: dict[str, int]
    files: list[str]
    filesSha256: SHA256 | None


ERASED: Final = Answer(
    202,
    ErasureNotice,
    "The account has ended; what belongs to it is being destroyed.",
    (LOCATION,),
    (Link("GET", "/api/erasures/{erasure_id}", {"erasure_id": "$response.body#/erasureId"}),),
)
_EXPORTED: Final = Answer(
    200,
    ExportDocument,
    "All of it.",
    (Header("Content-Disposition", "Has browsers save it.", is_sure=True),),
)
_RECEIPT: Final = Answer(200, ReceiptDocument, "The receipt.", (ASK_AGAIN, NEXT_PAGE))


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

    @operation(
        ERASED,
        body=ErasePayload,
        refusals=(InsufficientScope, WrongPassword, NoPassword, TooManyRequests, LastAdmin),
    )
    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        """End the account, and say where the receipt will be."""
        actor = self.authentication(req)
        payload = self.payloads.read(req, ErasePayload)
        site = site_of(req.context.address)
        request = EraseAccountRequest(actor, payload.password, site)
        write_receipt_link(resp, self.erase_account(request))


@attrs.frozen
class Export:
    """`/api/users/me/export`."""

    authentication: Authentication
    export_account: Callable[[Actor], AccountExport]

    @operation(_EXPORTED, refusals=(InsufficientScope,))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show all that is known of the caller, and where the lists are that have no bound."""
        actor = self.authentication(req)
        export = self.export_account(actor)
        user = export.user
        resp.set_header("Content-Disposition", 'attachment; filename="safelight-account.json"')
        _EXPORTED.write(
            resp,
            {
                "profile": {
                    "id": str(user.id),
                    "username": user.username,
                    "email": user.email,
                    "emailVerifiedAt": timestamp(user.email_verified_at),
                    "roles": [role.value for role in Role if role in user.roles],
                    "createdAt": timestamp(user.created_at),
                    "updatedAt": timestamp(user.updated_at),
                },
                "sessions": [session_document(one, actor) for one in export.sessions],
                "apiKeys": [key_document(one) for one in export.api_keys],
                "webhooks": [webhook_document(one) for one in export.webhooks],
                "identities": [identity_document(one, None) for one in export.identities],
                "lists": {
                    "images": "/api/images?limit=100",
                    "tasks": "/api/users/me/tasks?limit=100",
                    "presets": "/api/presets?limit=100",
                    "assets": "/api/assets?limit=100",
                },
            },
        )

    on_head = on_get


@attrs.frozen
class Receipt:
    """`/api/erasures/{erasureId}`."""

    view_erasure: Callable[[ViewErasureRequest], ErasureView]

    @operation(_RECEIPT, query=(_AFTER,), refusals=(NotFound, InvalidParameter))
    def on_get(self, req: falcon.Request, resp: falcon.Response, erasure_id: str) -> None:
        """Show what has been destroyed, and a page of the files; `Link` leads to the next."""
        wanted = id_in_path(erasure_id)
        view = self.view_erasure(ViewErasureRequest(wanted, _AFTER.of(req) or 0))
        erasure = view.erasure
        if view.next_after is not None:
            resp.set_header("Link", f'<{req.path}?after={view.next_after}>; rel="next"')
        if erasure.destroyed_at is None:
            resp.set_header("Retry-After", "5")
        _RECEIPT.write(
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


def write_receipt_link(resp: falcon.Response, erasure_id: UUID) -> None:
    """Say that an account was erased, and where the receipt will be."""
    receipt = f"/api/erasures/{erasure_id}"
    resp.set_header("Location", receipt)
    ERASED.write(
        resp,
        {"message": "Account erased.", "erasureId": str(erasure_id), "receiptUrl": receipt},
    )
