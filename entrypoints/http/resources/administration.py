"""Accounts and the audit trail, for administrators."""

import re
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Final, TypedDict
from uuid import UUID

import attrs
import falcon

from application.administration.change_user import ChangeUserRequest
from application.administration.erase_user import EraseUserRequest
from application.administration.list_users import ListUsersRequest, UsersPage
from application.administration.read_audit import AuditPage, ReadAuditRequest
from application.administration.view_user import ViewUserRequest
from application.errors import LastAdmin, NotAllowed, NotFound, OwnAccount
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.repositories.users import UserFilter
from domain.errors import InvalidParameter
from domain.users.audit import AuditAction, AuditEntry, AuditOutcome
from domain.users.labels import is_one_line
from domain.users.roles import Role
from domain.users.user import User
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to, not_ours, place_of
from entrypoints.http.openapi.operation import Answer, Link, operation
from entrypoints.http.openapi.schemas import Id, Moment, Rule
from entrypoints.http.payloads import PayloadReader, id_in_path, timestamp
from entrypoints.http.queries import (
    LIMIT,
    LINE_PATTERN,
    NEXT_PAGE,
    choice,
    cursor,
    identifier,
    limit_of,
    line,
    link_to_next,
    moment,
    refuse_other_parameters,
)
from entrypoints.http.resources.erasures import ERASED, write_receipt_link

_ENTRY_PATTERN: Final = "^A[A-Za-v][A-Za-z0-9_-]{8}[AEIMQUYcgkosw048]A{10}[A-H][A-Za-z0-9_-]{10}$"
"""The pattern of cursors whose id is a number below 2**63."""
_ENTRY: Final = re.compile(_ENTRY_PATTERN, re.ASCII)


def _entry_place(text: str) -> tuple[datetime, int]:
    if not _ENTRY.fullmatch(text):
        raise not_ours()
    at, entry_id = place_of(text)
    return at, entry_id.int


_ACTION: Final = choice("action", {one.value: one for one in AuditAction}, "What was done.")
_USER_ID: Final = identifier("userId", "Whose deed it was.")
_SUBJECT: Final = line("subject", "What it was done to.")
_FROM: Final = moment("from", "The first moment meant.")
_TO: Final = moment("to", "The first moment that is not.")
_AUDIT_CURSOR: Final = cursor(_entry_place, _ENTRY_PATTERN)
_PREFIX: Final = line("q", "How a user name begins.")
_EMAIL: Final = line("email", "How an address begins.")
_ROLE: Final = choice("role", {role.value: role for role in Role}, "Who has it, or only it.")
_STATUS: Final = choice("status", {"active": False, "disabled": True}, "Whether they are let in.")


def _name_place(text: str) -> str:
    if not is_one_line(text):
        raise not_ours()
    return text


_USER_CURSOR: Final = cursor(_name_place, LINE_PATTERN)


def _also_newer(known: type[Enum]) -> Rule:
    """Say that a word is one of *known*, or of a newer version that ran beside this one."""
    return Rule({"anyOf": [{"enum": [one.value for one in known]}, {"type": "string"}]})


class AuditEntryDocument(TypedDict):
    """One entry of the audit trail."""

    id: int
    at: Moment
    action: Annotated[str, _also_newer(AuditAction)]
    outcome: Annotated[str, _also_newer(AuditOutcome)]
    userId: Id | None
    keyId: Id | None
    command: str | None
    address: str | None
    subject: str | None
    detail: str | None


class AuditEntries(TypedDict):
    """A page of the audit trail."""

    entries: list[AuditEntryDocument]


class UserDocument(TypedDict):
    """An account, as administrators see it."""

    userId: Id
    username: str
    email: str
    roles: list[Annotated[str, Role]]
    disabled: bool
    disabledAt: Moment | None
    createdAt: Moment
    updatedAt: Moment


class UserList(TypedDict):
    """A page of accounts."""

    users: list[UserDocument]


_ENTRIES: Final = Answer(200, AuditEntries, "A page of entries, newest first.", (NEXT_PAGE,))
_USERS: Final = Answer(
    200,
    UserList,
    "A page of accounts.",
    (NEXT_PAGE,),
    (Link("GET", "/api/admin/users/{user_id}", {"user_id": "$response.body#/users/0/userId"}),),
)
_USER: Final = Answer(
    200,
    UserDocument,
    "The account as it is now.",
    links=(Link("PATCH", "/api/admin/users/{user_id}", {"user_id": "$response.body#/userId"}),),
)


@attrs.frozen
class AuditTrail:
    """`/api/admin/audit`."""

    authentication: Authentication
    read_audit: Callable[[ReadAuditRequest], AuditPage]

    @operation(
        _ENTRIES,
        query=(_ACTION, _USER_ID, _SUBJECT, _FROM, _TO, LIMIT, _AUDIT_CURSOR),
        refusals=(NotAllowed,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show who did what, newest first."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        wanted = AuditFilter(
            _ACTION.of(req), _USER_ID.of(req), _SUBJECT.of(req), _FROM.of(req), _TO.of(req)
        )
        request = ReadAuditRequest(actor, wanted, _AUDIT_CURSOR.of(req), **limit_of(req))
        page = self.read_audit(request)
        after = page.next_after and cursor_to((page.next_after[0], UUID(int=page.next_after[1])))
        link_to_next(req, resp, request.limit, after)
        _ENTRIES.write(resp, {"entries": [_entry(entry) for entry in page.entries]})

    on_head = on_get


@attrs.frozen
class AllUsers:
    """`/api/admin/users`."""

    authentication: Authentication
    list_users: Callable[[ListUsersRequest], UsersPage]

    @operation(
        _USERS,
        query=(_PREFIX, _EMAIL, _ROLE, _STATUS, LIMIT, _USER_CURSOR),
        refusals=(NotAllowed,),
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show accounts, by name, or by address if that is looked for."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        wanted = UserFilter(_PREFIX.of(req) or "", _EMAIL.of(req), _ROLE.of(req), _STATUS.of(req))
        request = ListUsersRequest(actor, wanted, _USER_CURSOR.of(req), **limit_of(req))
        page = self.list_users(request)
        link_to_next(req, resp, request.limit, page.next_after)
        _USERS.write(resp, {"users": [_user(user) for user in page.users]})

    on_head = on_get


@attrs.frozen
class UserChanges:
    """What to change; a member left out stays as it is."""

    roles: Annotated[list[Role], Rule({"minItems": 1})] | None = None
    disabled: bool | None = None


@attrs.frozen
class OneUser:
    """`/api/admin/users/{userId}`."""

    authentication: Authentication
    view_user: Callable[[ViewUserRequest], User]
    change_user: Callable[[ChangeUserRequest], User]
    erase_user: Callable[[EraseUserRequest], UUID]
    payloads: PayloadReader

    @operation(_USER, refusals=(NotAllowed, NotFound))
    def on_get(self, req: falcon.Request, resp: falcon.Response, user_id: str) -> None:
        """Show an account."""
        actor = self.authentication(req)
        _USER.write(resp, _user(self.view_user(ViewUserRequest(actor, id_in_path(user_id)))))

    on_head = on_get

    @operation(
        _USER, body=UserChanges, refusals=(NotAllowed, NotFound, LastAdmin, InvalidParameter)
    )
    def on_patch(self, req: falcon.Request, resp: falcon.Response, user_id: str) -> None:
        """Give and take roles, disable and enable; show the account as it is then."""
        actor = self.authentication(req)
        wanted = id_in_path(user_id)
        changes = self.payloads.read(req, UserChanges)
        roles = None if changes.roles is None else frozenset(changes.roles)
        changed = self.change_user(ChangeUserRequest(actor, wanted, roles, changes.disabled))
        _USER.write(resp, _user(changed))

    @operation(ERASED, refusals=(NotAllowed, NotFound, LastAdmin, OwnAccount))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, user_id: str) -> None:
        """End an account, and say where the receipt will be."""
        actor = self.authentication(req)
        write_receipt_link(resp, self.erase_user(EraseUserRequest(actor, id_in_path(user_id))))


def _entry(entry: AuditEntry) -> AuditEntryDocument:
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


def _user(user: User) -> UserDocument:
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
