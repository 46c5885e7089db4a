"""What administrators see and change, at the edge."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import attrs
import pytest

from application.administration.change_user import ChangeUserRequest
from application.administration.list_users import ListUsersRequest
from application.administration.look_through_tasks import LookThroughTasksRequest
from application.administration.read_audit import ReadAuditRequest
from application.administration.read_logs import ReadLogsRequest
from application.errors import LastAdmin, NotFound, OwnAccount
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.repositories.processing_log import LogFilter
from application.ports.repositories.tasks import TaskFilter
from application.ports.repositories.users import UserFilter
from domain.errors import IllegalTransition
from domain.tasks.task import FailureCode, TaskStatus
from domain.users.audit import AuditAction
from domain.words import UnknownWord
from domain.users.roles import Role
from entrypoints.http.payloads import timestamp
from entrypoints.http.route_scopes import ROUTE_SCOPES
from tests.builders import NOON
from tests.http.house import BEARER, Caller, House, problem

USERS = "/api/admin/users"
AUDIT = "/api/admin/audit"
ROUTES = sorted(route for route in ROUTE_SCOPES if route[1].startswith("/api/admin/"))


@pytest.fixture(autouse=True)
def admin(house: House) -> None:
    house.actor = attrs.evolve(house.actor, roles=frozenset({Role.ADMIN}))


def get(caller: Caller, path: str, query: str = "") -> Any:
    return caller.simulate_get(path, query_string=query, headers=BEARER)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_nobody_else_may(caller: Caller, house: House, route: tuple[str, str]) -> None:
    house.actor = attrs.evolve(house.actor, roles=frozenset({Role.USER}))
    method, path = route

    path = path.replace("{user_id}", str(house.user.id)).replace("{task_id}", str(uuid4()))
    body = {"json": {"disabled": True}} if method == "PATCH" else {}
    answer = caller.simulate_request(method, path, headers=BEARER, **body)

    assert problem(answer) == (403, "not-allowed")


class TestUsers:
    def test_are_told_of_without_their_secrets(self, caller: Caller, house: House) -> None:
        [user] = get(caller, USERS).json["users"]

        assert user == {
            "userId": str(house.user.id),
            "username": "user1",
            "email": "user1@example.com",
            "roles": ["user"],
            "disabled": False,
            "disabledAt": None,
            "createdAt": timestamp(NOON),
            "updatedAt": timestamp(NOON),
        }
        assert get(caller, f"{USERS}/{house.user.id}").json == user
        assert problem(get(caller, f"{USERS}/{uuid4()}")) == (404, "not-found")

    def test_are_looked_for(self, caller: Caller, house: House) -> None:
        get(caller, USERS, "q=ad&role=admin&status=disabled&limit=5")
        get(caller, USERS, "email=ada%40&status=active")

        assert house.admin_requests == [
            ListUsersRequest(house.actor, UserFilter("ad", None, Role.ADMIN, True), None, 5),
            ListUsersRequest(house.actor, UserFilter("", "ada@", None, False)),
        ]

    def test_a_name_with_a_space_of_another_script_ends_a_page(
        self, caller: Caller, house: House
    ) -> None:
        """Names may hold an ideographic space, which cursors once refused."""
        house.more_follow, house.last_name = True, "山\u3000田"
        link = get(caller, USERS).headers["link"].partition(">")[0].removeprefix("<")

        get(caller, *link.split("?"))

        assert house.admin_requests[1].after == "山\u3000田"

    def test_the_next_page_is_of_the_same_choice(self, caller: Caller, house: House) -> None:
        house.more_follow = True
        answer = get(caller, USERS, "q=s&limit=1")
        link = answer.headers["link"].partition(">")[0].removeprefix("<")

        get(caller, *link.split("?"))

        first, second = house.admin_requests
        assert second == attrs.evolve(first, after="straße")

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ("q=%00", "/q"),
            ("q=" + "a" * 255, "/q"),
            ("email=%0A", "/email"),
            ("role=root", "/role"),
            ("status=away", "/status"),
            ("limit=0", "/limit"),
        ],
    )
    def test_a_value_that_none_can_be_is_refused(
        self, caller: Caller, query: str, pointer: str
    ) -> None:
        answer = get(caller, USERS, query)

        assert problem(answer) == (422, "invalid-parameter")
        assert answer.json["pointer"] == pointer

    def test_a_parameter_that_there_is_not_is_refused(self, caller: Caller) -> None:
        assert problem(get(caller, USERS, "name=ada")) == (422, "unknown-member")

    def test_are_changed(self, caller: Caller, house: House) -> None:
        path, everything = (
            f"{USERS}/{house.user.id}",
            {"roles": ["user", "admin"], "disabled": True},
        )

        answer = caller.simulate_patch(path, json=everything, headers=BEARER)

        assert (answer.status_code, answer.json["disabledAt"]) == (200, timestamp(NOON))
        assert answer.json["roles"] == ["user", "admin"]
        [request] = house.admin_requests
        assert request == ChangeUserRequest(house.actor, house.user.id, frozenset(Role), True)

    @pytest.mark.parametrize(
        ("body", "refusal"),
        [
            ({"roles": ["root"]}, (422, "invalid-parameter")),
            ({"roles": "admin"}, (422, "invalid-parameter")),
            ({"disabled": "yes"}, (422, "invalid-parameter")),
            ({"password": "x"}, (422, "unknown-member")),
            ([], (422, "invalid-parameter")),
        ],
        ids=["role", "no list", "no truth", "member", "no object"],
    )
    def test_a_change_that_there_is_not_is_refused(
        self, caller: Caller, house: House, body: Any, refusal: tuple[int, str]
    ) -> None:
        answer = caller.simulate_patch(f"{USERS}/{house.user.id}", json=body, headers=BEARER)

        assert problem(answer) == refusal

    def test_the_last_admin_stays(self, caller: Caller, house: House) -> None:
        house.failures["change_user"] = LastAdmin("Nobody else looks after the platform.")
        body = {"disabled": True}

        answer = caller.simulate_patch(f"{USERS}/{house.user.id}", json=body, headers=BEARER)

        assert problem(answer) == (409, "last-admin")

    def test_one_is_erased_and_leaves_a_receipt(self, caller: Caller, house: House) -> None:
        answer = caller.simulate_delete(f"{USERS}/{house.user.id}", headers=BEARER)

        [erasure_id] = house.erasures
        receipt = f"/api/erasures/{erasure_id}"
        assert answer.status_code == 202
        assert answer.headers["location"] == receipt
        assert answer.json == {
            "message": "Account erased.",
            "erasureId": str(erasure_id),
            "receiptUrl": receipt,
        }
        assert get(caller, receipt).json["status"] == "in progress"

    @pytest.mark.parametrize(
        ("refusal", "told"),
        [
            (NotFound(), (404, "not-found")),
            (LastAdmin("Nobody else looks after the platform."), (409, "last-admin")),
            (OwnAccount("This is your own account."), (409, "own-account")),
        ],
        ids=["unknown", "last", "own"],
    )
    def test_one_that_cannot_be_erased_stays(
        self, caller: Caller, house: House, refusal: Exception, told: tuple[int, str]
    ) -> None:
        house.failures["erase_user"] = refusal

        answer = caller.simulate_delete(f"{USERS}/{uuid4()}", headers=BEARER)

        assert problem(answer) == told
        assert "location" not in answer.headers


class TestAudit:
    def test_an_entry_tells_who_did_what_when_and_from_where(
        self, caller: Caller, house: House
    ) -> None:
        assert get(caller, AUDIT).json == {
            "entries": [
                {
                    "id": 7,
                    "at": timestamp(NOON),
                    "action": "sign-in",
                    "outcome": "done",
                    "userId": str(house.user.id),
                    "keyId": None,
                    "command": None,
                    "address": "192.0.2.1",
                    "subject": None,
                    "detail": None,
                }
            ]
        }

    def test_what_a_newer_version_did_is_told_in_its_own_words(
        self, caller: Caller, house: House
    ) -> None:
        house.audit_action = UnknownWord("polish lens")

        [entry] = get(caller, AUDIT).json["entries"]

        assert entry["action"] == "polish lens"

    def test_entries_are_chosen_and_the_choice_stays(self, caller: Caller, house: House) -> None:
        house.more_follow = True
        user_id = house.user.id
        since = quote(NOON.isoformat())

        answer = get(
            caller, AUDIT, f"action=sign-in&userId={user_id}&subject=user:1&from={since}&limit=1"
        )
        get(caller, *answer.headers["link"].partition(">")[0].removeprefix("<").split("?"))

        wanted = AuditFilter(AuditAction.SIGN_IN, user_id, "user:1", NOON)
        assert house.admin_requests == [
            ReadAuditRequest(house.actor, wanted, None, 1),
            ReadAuditRequest(house.actor, wanted, (NOON, 7), 1),
        ]

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ("action=dance", "/action"),
            ("userId=1", "/userId"),
            ("subject=%00", "/subject"),
            ("from=yesterday", "/from"),
            ("to=2026-11-23T12:00:00", "/to"),
            ("to=0001-01-01T00:00:00%2B23:00", "/to"),
        ],
    )
    def test_a_value_that_none_can_be_is_refused(
        self, caller: Caller, query: str, pointer: str
    ) -> None:
        answer = get(caller, AUDIT, query)

        assert problem(answer) == (422, "invalid-parameter")
        assert answer.json["pointer"] == pointer


class TestWork:
    def test_tasks_are_chosen_and_the_choice_stays(self, caller: Caller, house: House) -> None:
        house.more_follow = True

        answer = get(caller, "/api/admin/tasks", "status=failed&code=poisoned&limit=1")
        get(caller, *answer.headers["link"].partition(">")[0].removeprefix("<").split("?"))
        get(caller, "/api/admin/quarantine")
        get(caller, "/api/admin/tasks", "status=in+progress")

        [task] = answer.json["tasks"]
        assert (task["status"], task["failure"], task["deaths"]) == ("queued", None, 0)
        first, second, quarantine, last = house.admin_requests
        poisoned = TaskFilter(TaskStatus.FAILED, FailureCode.POISONED)
        assert first == LookThroughTasksRequest(house.actor, poisoned, None, 1)
        assert str(second.after[1]) == task["taskId"]
        assert quarantine == LookThroughTasksRequest(house.actor, poisoned)
        assert last.wanted == TaskFilter(TaskStatus.IN_PROGRESS)

    def test_a_task_is_put_back_or_given_up(self, caller: Caller, house: House) -> None:
        task_id = house.a_queued_task()

        for decision in ("requeue", "drop"):
            path = f"/api/admin/tasks/{task_id}/{decision}"
            assert caller.simulate_post(path, headers=BEARER).status_code == 204
            unknown = f"/api/admin/tasks/{uuid4()}/{decision}"
            assert problem(caller.simulate_post(unknown, headers=BEARER)) == (404, "not-found")
            house.failures[f"{decision}_task"] = IllegalTransition("it has not failed")
            refused = caller.simulate_post(path, headers=BEARER)
            assert problem(refused) == (409, "illegal-transition")

        assert house.admin_requests == [("requeue", task_id), ("drop", task_id)]

    def test_the_queues_are_told_of(self, caller: Caller) -> None:
        told = get(caller, "/api/admin/queues").json

        assert told == {"tasks": {"queued": 2, "in progress": 1}, "outbox": 3}

    def test_the_log_is_chosen_and_the_choice_stays(self, caller: Caller, house: House) -> None:
        house.more_follow = True
        ids = uuid4(), uuid4()
        query = f"taskId={ids[0]}&userId={ids[1]}&outcome=failed&limit=1"

        answer = get(caller, "/api/admin/logs", query)
        get(caller, *answer.headers["link"].partition(">")[0].removeprefix("<").split("?"))

        [line] = answer.json["log"]
        assert (line["outcome"], line["error"]) == ("failed", "no picture")
        wanted = LogFilter(*ids, "failed")
        assert house.admin_requests == [
            ReadLogsRequest(house.actor, wanted, None, 1),
            ReadLogsRequest(house.actor, wanted, 9, 1),
        ]

    @pytest.mark.parametrize(
        ("path", "pointer"),
        [
            ("tasks?status=completed", "/status"),
            ("tasks?code=bored", "/code"),
            ("logs?outcome=fine", "/outcome"),
            ("logs?taskId=1", "/taskId"),
        ],
    )
    def test_a_value_that_none_can_be_is_refused(
        self, caller: Caller, path: str, pointer: str
    ) -> None:
        answer = get(caller, *f"/api/admin/{path}".split("?"))

        assert problem(answer) == (422, "invalid-parameter")
        assert answer.json["pointer"] == pointer
