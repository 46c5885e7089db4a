"""
Row 69: asking at the wrong moment: for what is being made, was given up, or is gone.

A whole platform in one process, whose workers are real, and a picture that takes seconds to draw.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from falcon.testing import Result as Answer

from tests import pictures
from tests.behaviour.rig import Rig
from tests.behaviour.steps.tasks import SLOW
from tests.catalogue.installation import refusal, without_id
from tests.http.house import BOUNDARY, form, image_part, options_part

PASSWORD = "password123"
_NUMBERS = iter(range(1_000))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("states")) as rig:
        yield rig


class Customer:
    """Somebody with an account of their own, and one task."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.email = f"customer{next(_NUMBERS)}@example.com"
        pair = {"email": self.email, "password": PASSWORD}
        rig.client.simulate_post("/api/auth/register", json=pair | {"username": self.email})
        self.token = rig.client.simulate_post("/api/auth/login", json=pair).json["token"]
        self.image_id = self.task_id = ""

    def ask(self, method: str, path: str, **options: object) -> Answer:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.rig.client.simulate_request(method, path, headers=headers, **options)

    def upload(self, options: str = SLOW) -> None:
        body = form(image_part(pictures.photo(800, 600)), options_part(options))
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(body)),
        }
        answer = self.rig.client.simulate_post("/api/images/upload", body=body, headers=headers)
        assert answer.status_code == 202, answer.text
        self.image_id, self.task_id = answer.json["imageId"], answer.headers["x-task-id"]

    @property
    def status(self) -> str:
        status: str = self.ask("GET", f"/api/images/{self.image_id}/status").json["status"]
        return status

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline, self.status
            time.sleep(0.01)


@pytest.fixture
def customer(rig: Rig) -> Iterator[Customer]:
    customer = Customer(rig)
    yield customer
    with suppress(AssertionError):
        customer.ask("POST", f"/api/tasks/{customer.task_id}/cancel")
    rig.work()


def results_of(customer: Customer) -> dict[str, tuple[int, str]]:
    """Return how each way to a result is refused."""
    return {
        path: refusal(customer.ask("GET", f"/api/images/{customer.image_id}/{path}"))
        for path in ("download", "variants")
    }


def test_69_what_is_not_done_is_not_downloaded(customer: Customer) -> None:
    customer.upload()
    before = results_of(customer)
    answer = customer.ask("GET", f"/api/images/{customer.image_id}/download")
    customer.rig.ring()
    customer.wait_until(lambda: customer.status == "in progress")
    while_running = results_of(customer)

    assert before == while_running == dict.fromkeys(before, (409, "not-ready"))
    assert answer.headers["retry-after"] == "1"
    assert customer.ask("GET", f"/api/tasks/{customer.task_id}").json["results"] == []


def test_69_what_is_cancelled_while_it_runs_shows_no_result(customer: Customer) -> None:
    customer.upload()
    customer.rig.ring()
    customer.wait_until(lambda: customer.status == "in progress")
    kept = customer.rig.stored()

    cancelled = customer.ask("POST", f"/api/tasks/{customer.task_id}/cancel")
    customer.rig.work()

    assert (cancelled.status_code, cancelled.json["status"]) == (202, "cancelled")
    assert customer.status == "cancelled"
    assert results_of(customer) == dict.fromkeys(("download", "variants"), (409, "task-failed"))
    task = customer.ask("GET", f"/api/tasks/{customer.task_id}").json
    assert task["results"] == [] and task["failure"]["code"] == "cancelled"
    assert customer.rig.stored() == kept, "what was drawn is thrown away"
    again = customer.ask("POST", f"/api/tasks/{customer.task_id}/cancel")
    assert again.status_code == 202 or refusal(again)[0] == 409


def test_69_what_is_done_cannot_be_cancelled(customer: Customer) -> None:
    customer.upload('{"resize": "20x20"}')
    customer.rig.work()

    answer = customer.ask("POST", f"/api/tasks/{customer.task_id}/cancel")

    assert refusal(answer) == (409, "illegal-transition")
    assert customer.ask("GET", f"/api/images/{customer.image_id}/download").status_code == 200


def test_69_an_account_that_goes_while_its_task_runs_leaves_nothing(customer: Customer) -> None:
    customer.upload()
    customer.rig.ring()
    customer.wait_until(lambda: customer.status == "in progress")
    body = b'{"password": "password123"}'

    gone = customer.ask("DELETE", "/api/users/me", body=body)
    asked = customer.ask("GET", f"/api/images/{customer.image_id}/status")
    link = f"/files/{customer.task_id}/main/a.png?exp=2000000000&kid=1&sig=x"
    customer.rig.work()

    assert gone.status_code == 202
    assert refusal(asked) == (401, "invalid-token")
    assert not [key for key in customer.rig.stored() if key.startswith(customer.image_id)]
    assert refusal(customer.rig.client.simulate_get(link)) == (403, "invalid-link")
    receipt = customer.rig.client.simulate_get(gone.json["receiptUrl"]).json
    assert receipt["status"] == "completed" and receipt["destroyed"]["images"] == 1


def test_69_an_image_that_is_let_go_while_it_is_drawn_leaves_nothing(customer: Customer) -> None:
    customer.upload()
    customer.rig.ring()
    customer.wait_until(lambda: customer.status == "in progress")

    gone = customer.ask("DELETE", f"/api/images/{customer.image_id}")
    again = customer.ask("DELETE", f"/api/images/{customer.image_id}")
    unknown = customer.ask("DELETE", f"/api/images/{uuid4()}")
    asked = nothing_of(customer)
    customer.rig.work()

    assert (gone.status_code, gone.content) == (204, b"")
    assert refusal(again) == (404, "not-found")
    assert without_id(again) == without_id(unknown)
    assert asked == nothing_of(customer) == dict.fromkeys(asked, (404, "not-found"))
    customer.wait_until(lambda: keys_of(customer) == [])


def test_69_an_image_that_is_let_go_takes_its_result_and_its_link_along(customer: Customer) -> None:
    customer.upload('{"resize": "20x20"}')
    customer.rig.work()
    link = customer.ask("GET", f"/api/images/{customer.image_id}/download").json["downloadUrl"]
    parts = urlsplit(link)
    opened = customer.rig.client.simulate_get(parts.path, query_string=parts.query)
    assert (opened.status_code, len(keys_of(customer))) == (200, 2)

    gone = customer.ask("DELETE", f"/api/images/{customer.image_id}")

    assert gone.status_code == 204
    opened = customer.rig.client.simulate_get(parts.path, query_string=parts.query)
    assert refusal(opened) == (404, "not-found")
    asked = nothing_of(customer)
    assert asked == dict.fromkeys(asked, (404, "not-found"))
    customer.rig.work()
    assert keys_of(customer) == []


def test_69_anothers_image_is_not_let_go(customer: Customer) -> None:
    customer.upload('{"resize": "20x20"}')
    customer.rig.work()

    refused = Customer(customer.rig).ask("DELETE", f"/api/images/{customer.image_id}")

    assert refusal(refused) == (404, "not-found")
    assert (customer.status, len(keys_of(customer))) == ("completed", 2)


def nothing_of(customer: Customer) -> dict[tuple[str, str], tuple[int, str]]:
    """Return how whatever is about the customer's image, or its task, is refused."""
    image, task = f"/api/images/{customer.image_id}", f"/api/tasks/{customer.task_id}"
    ways = [("GET", f"{image}/{one}") for one in ("status", "download", "variants", "analysis")]
    ways += [("GET", task), ("POST", f"{task}/cancel"), ("POST", f"{task}/retry")]
    return {(method, path): refusal(customer.ask(method, path)) for method, path in ways}


def keys_of(customer: Customer) -> list[str]:
    """Return the keys of what the store has of the customer's image."""
    heads = (f"{customer.image_id}/", f"{customer.task_id}/")
    return [key for key in customer.rig.stored() if key.startswith(heads)]


def test_69_what_is_gone_is_as_if_it_had_never_been(customer: Customer) -> None:
    """Of each thing that can be deleted: a second time, and its state, as of an unknown one."""
    made = {
        "/api/webhooks": {"url": "https://example.com/hook"},
        "/api/api-keys": {"name": "key", "scopes": ["images:read"]},
        "/api/presets": {"name": "card", "processingOptions": {}},
    }
    for path, body in made.items():
        address = customer.ask("POST", path, json=body).headers["location"]
        assert customer.ask("DELETE", address).status_code == 204
        again = customer.ask("DELETE", address)
        if path == "/api/api-keys":  # which stays in the list, as revoked
            assert again.status_code == 204 or refusal(again)[0] == 404
            continue
        unknown = "no-such" if path == "/api/presets" else str(uuid4())
        assert refusal(again)[0] == 404
        other = customer.ask("DELETE", f"{path}/{unknown}")
        assert refusal(other) == refusal(again)
        if path == "/api/webhooks":
            assert without_id(other) == without_id(again)


def test_69_files_that_an_operator_dropped_are_gone(customer: Customer) -> None:
    """A task that failed and was given up by those who look after the platform."""
    other = Customer(customer.rig)
    customer.rig.make_admin(other.email)
    body = {"pipeline": [{"op": "crop", "left": 5000, "top": 0, "width": 5, "height": 5}]}
    customer.upload(json.dumps(body))
    customer.rig.work()
    assert customer.status == "failed"

    dropped = other.ask("POST", f"/api/admin/tasks/{customer.task_id}/drop")

    assert dropped.status_code == 204, dropped.text
    status = customer.ask("GET", f"/api/images/{customer.image_id}/status")
    assert status.status_code == 200 and status.json["status"] in ("cancelled", "failed")
    for path in ("download", "variants", "analysis"):
        code, _ = refusal(customer.ask("GET", f"/api/images/{customer.image_id}/{path}"))
        assert code in (404, 409, 410)
    retried = customer.ask("POST", f"/api/tasks/{customer.task_id}/retry")
    assert refusal(retried) == (410, "file-gone")
