"""Accounts and the audit trail, for administrators."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import attrs
import falcon

from application.administration.change_user import ChangeUserRequest
from application.administration.erase_user import EraseUserRequest
from application.administration.list_users import ListUsersRequest, UsersPage
from application.administration.read_audit import AuditPage, ReadAuditRequest
from application.administration.view_user import ViewUserRequest
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.repositories.users import UserFilter
from domain.users.audit import AuditAction, AuditEntry
from domain.users.roles import Role
from domain.users.user import User
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to, place_of
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp, write_json
from entrypoints.http.queries import (
    chosen,
    id_given,
    limit_and_choices,
    link_to_cursor,
    moment_given,
    not_ours,
    text_cursor_to,
    text_given,
    text_place,
)
from entrypoints.http.resources.erasures import write_receipt_link

_ACTIONS: Final = {action.value: action for action in AuditAction}
_ROLES: Final = {role.value: role for role in Role}
_STATUSES: Final = {"active": False, "disabled": True}  # whether they are disabled
_GREATEST_ID: Final = 2**63 - 1


@attrs.frozen
class AuditTrail:
    """`/api/admin/audit`."""

    authentication: Authentication
    read_audit: Callable[[ReadAuditRequest], AuditPage]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show who did what, newest first."""
        actor = self.authentication(req)
        asked = limit_and_choices(req, "action", "userId", "subject", "from", "to")
        wanted = AuditFilter(
            chosen(req, "action", _ACTIONS),
            id_given(req, "userId"),
            text_given(req, "subject"),
            moment_given(req, "from"),
            moment_given(req, "to"),
        )
        request = ReadAuditRequest(actor, wanted, _entry_place(req), **asked)
        page = self.read_audit(request)
        cursor = page.next_after and cursor_to((page.next_after[0], UUID(int=page.next_after[1])))
        link_to_cursor(req, resp, request.limit, cursor)
        write_json(resp, {"entries": [_entry(entry) for entry in page.entries]})

    on_head = on_get


@attrs.frozen
class AllUsers:
    """`/api/admin/users`."""

    authentication: Authentication
    list_users: Callable[[ListUsersRequest], UsersPage]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show accounts, by name, or by address if that is looked for."""
        actor = self.authentication(req)
        asked = limit_and_choices(req, "q", "email", "role", "status")
        wanted = UserFilter(
            text_given(req, "q") or "",
            text_given(req, "email"),
            chosen(req, "role", _ROLES),
            chosen(req, "status", _STATUSES),
        )
        request = ListUsersRequest(actor, wanted, text_place(req), **asked)
        page = self.list_users(request)
        link_to_cursor(req, resp, request.limit, text_cursor_to(page.next_after))
        write_json(resp, {"users": [_user(user) for user in page.users]})

    on_head = on_get


@attrs.frozen
class UserChanges:
    """What to change; a member left out stays as it is."""

    roles: list[Role] | None = None
    disabled: bool | None = None


@attrs.frozen
class OneUser:
    """`/api/admin/users/{userId}`."""

    authentication: Authentication
    view_user: Callable[[ViewUserRequest], User]
    change_user: Callable[[ChangeUserRequest], User]
    erase_user: Callable[[EraseUserRequest], UUID]
    payloads: PayloadReader

    def on_get(self, req: falcon.Request, resp: falcon.Response, user_id: str) -> None:
        """Show an account."""
        actor = self.authentication(req)
        write_json(resp, _user(self.view_user(ViewUserRequest(actor, id_in_path(user_id)))))

    on_head = on_get

    def on_patch(self, req: falcon.Request, resp: falcon.Response, user_id: str) -> None:
        """Give and take roles, disable and enable; show the account as it is then."""
        actor = self.authentication(req)
        wanted = id_in_path(user_id)
        changes = self.payloads.read(req, UserChanges)
        roles = None if changes.roles is None else frozenset(changes.roles)
        changed = self.change_user(ChangeUserRequest(actor, wanted, roles, changes.disabled))
        write_json(resp, _user(changed))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, user_id: str) -> None:
        """End an account, and say where the receipt will be."""
        actor = self.authentication(req)
        write_receipt_link(resp, self.erase_user(EraseUserRequest(actor, id_in_path(user_id))))


def _entry_place(req: falcon.Request) -> tuple[datetime, int] | None:
    cursor = req.get_param("cursor")
    if cursor is None:
        return None
    at, entry_id = place_of(cursor)
    if entry_id.int > _GREATEST_ID:
        raise not_ours()
    return at, entry_id.int


def _entry(entry: AuditEntry) -> dict[str, Any]:
    record = entry.record
    return {
        "id": entry.id,
        "at": timestamp(entry.at),
        "action": record.action.value,
        "outcome": record.outcome.value,
        "userId": None if record.user_id is None else str(record.user_id),
        "keyId": None if record.key_id is None else str(record.key_id),
        "command": record.command,
        "address": record.address,
        "subject": record.subject,
        "detail": record.detail,
    }


def _user(user: User) -> dict[str, Any]:
    return {
        "userId": str(user.id),
        "username": user.username,
        "email": user.email,
        "roles": [role.value for role in Role if role in user.roles],
        "disabled": user.disabled_at is not None,
        "disabledAt": timestamp(user.disabled_at),
        "createdAt": timestamp(user.created_at),
        "updatedAt": timestamp(user.updated_at),
    }
