"""Following images and tasks, and the webhooks that make following needless."""

from datetime import timedelta
from uuid import uuid4

import pytest

from application.errors import (
    AssetNotFound,
    FileGone,
    NotAnalyzed,
    NotFound,
    NotReady,
    TaskEndedWithoutResult,
)
from application.images.admit_upload import QueueFull
from application.tasks.view_task import TaskView
from domain.images.analysis import Analysis, ExifSummary
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Failure, FailureCode, TaskStatus
from tests.builders import NOON, a_delivery, a_preset, a_result, a_task, an_analysis, an_image
from tests.http.house import BEARER, Caller, House, image_part, problem
from tests.pictures import small_jpeg


def test_the_bodies_are_those_of_the_system_design(caller: Caller, house: House) -> None:
    image = an_image(house.user, status=TaskStatus.IN_PROGRESS)
    house.images[image.id] = image

    status = caller.simulate_get(f"/api/images/{image.id}/status", headers=BEARER)
    early = caller.simulate_get(f"/api/images/{image.id}/download", headers=BEARER)
    house.images[image.id] = an_image(house.user, id=image.id, status=TaskStatus.COMPLETED)
    done = caller.simulate_get(f"/api/images/{image.id}/status", headers=BEARER)
    link = caller.simulate_get(f"/api/images/{image.id}/download", headers=BEARER)

    assert status.json == {"status": "in progress", "imageId": str(image.id)}
    assert status.headers["retry-after"] == "1"
    assert problem(early) == (409, "not-ready")
    assert early.headers["retry-after"] == "3"
    assert done.json == {"status": "completed", "imageId": str(image.id)}
    assert "retry-after" not in done.headers
    assert link.json == {"downloadUrl": "https://pictures.example.com/files/1"}


def test_an_image_is_let_go_once(caller: Caller, house: House) -> None:
    image = an_image()
    house.images[image.id] = image

    answer = caller.simulate_delete(f"/api/images/{image.id}", headers=BEARER)
    again = caller.simulate_delete(f"/api/images/{image.id}", headers=BEARER)
    strangers = caller.simulate_delete(f"/api/images/{image.id}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-request-id"]
    assert problem(again) == (404, "not-found")
    assert problem(strangers)[0] == 401


def test_all_results_are_listed_with_their_links(caller: Caller, house: House) -> None:
    image = an_image()
    house.images[image.id] = image

    answer = caller.simulate_get(f"/api/images/{image.id}/variants", headers=BEARER)

    [listed] = answer.json["variants"]
    assert (answer.status_code, listed["variant"]) == (200, "main")
    assert listed["downloadUrl"] == "https://files.example.com/r"
    assert listed["byteSize"] == house.result.byte_size


def test_a_failed_image_says_why(caller: Caller, house: House) -> None:
    failure = Failure(FailureCode.TRUNCATED, "The file ends in the middle of the picture.")
    house.failures["download_image"] = TaskEndedWithoutResult(failure)

    answer = caller.simulate_get(f"/api/images/{uuid4()}/download", headers=BEARER)

    assert problem(answer) == (409, "task-failed")
    assert answer.json["detail"] == failure.detail


@pytest.mark.parametrize(
    "id",
    [
        "abc123",
        "%00",
        "..%2f",
        "..%2f..%2fetc%2fpasswd",
        "x" * 8_000,
        "AE0F5E7C-8C2C-4A0E-9C1B-0C5B6C7D8E9F",
        "ae0f5e7c8c2c4a0e9c1b0c5b6c7d8e9f",
        "urn:uuid:ae0f5e7c-8c2c-4a0e-9c1b-0c5b6c7d8e9f",
        "\uff10e0f5e7c-8c2c-4a0e-9c1b-0c5b6c7d8e9f",
    ],
)
def test_61_strange_ids_look_like_unknown_ones(caller: Caller, house: House, id: str) -> None:
    unknown = caller.simulate_get(f"/api/images/{uuid4()}/status", headers=BEARER)
    expected = {**unknown.json, "requestId": None}
    assert problem(unknown) == (404, "not-found")

    for method, path in (
        ("GET", f"/api/images/{id}/status"),
        ("GET", f"/api/images/{id}/download"),
        ("DELETE", f"/api/images/{id}"),
        ("GET", f"/api/images/{id}/variants"),
        ("GET", f"/api/tasks/{id}"),
        ("POST", f"/api/tasks/{id}/cancel"),
        ("POST", f"/api/tasks/{id}/retry"),
        ("DELETE", f"/api/webhooks/{id}"),
        ("GET", f"/files/{id}/main/a.jpg"),
        ("GET", "/nowhere"),
    ):
        answer = caller.simulate_request(method, path, headers=BEARER)
        assert problem(answer) == (404, "not-found"), path
        assert {**answer.json, "requestId": None} == expected


def test_a_missing_asset_is_named(caller: Caller, house: House) -> None:
    house.failures["upload_image"] = AssetNotFound("There is no picture named 'a.png'.")

    answer = caller.upload(image_part(small_jpeg()))

    assert problem(answer) == (404, "asset-not-found")


def test_a_task_is_shown_in_all_detail(caller: Caller, house: House) -> None:
    task = a_task(
        status=TaskStatus.COMPLETED,
        attempts=2,
        results=(a_result(),),
        preset=a_preset(version=3).origin,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=1.5),
    )
    entry = LogEntry(task.id, 2, NOON, NOON, "completed", None, {"decode": 0.01})
    delivery = a_delivery(task, attempts=1, last_error="no answer")
    house.views[task.id] = TaskView(task, (entry,), (delivery,))

    answer = caller.simulate_get(f"/api/tasks/{task.id}", headers=BEARER)

    result = task.results[0]
    assert answer.json == {
        "taskId": str(task.id),
        "imageId": str(task.image_id),
        "status": "completed",
        "preset": "card@3",
        "progress": 100,
        "attempts": 2,
        "failure": None,
        "createdAt": "2026-03-14T12:00:00.000Z",
        "startedAt": "2026-03-14T12:00:00.000Z",
        "finishedAt": "2026-03-14T12:00:01.500Z",
        "results": [
            {
                "variant": "main",
                "format": "webp",
                "width": 800,
                "height": 600,
                "byteSize": result.byte_size,
                "sha256": result.sha256,
            }
        ],
        "analysis": None,
        "log": [
            {
                "attempt": 2,
                "startedAt": "2026-03-14T12:00:00.000Z",
                "endedAt": "2026-03-14T12:00:00.000Z",
                "outcome": "completed",
                "error": None,
                "stageSeconds": {"decode": 0.01},
            }
        ],
        "deliveries": [
            {"channel": "email", "status": "pending", "attempts": 1, "lastError": "no answer"}
        ],
    }


ANALYSIS = {
    "dimensions": {
        "width": 3000,
        "height": 4000,
        "frames": 1,
        "orientation": 6,
        "format": "jpeg",
        "hasAlpha": False,
    },
    "exif": {
        "make": "Acme",
        "model": "Camera 1",
        "takenAt": "2026-03-14T09:26:53+02:00",
        "exposureSeconds": 0.004,
        "fNumber": 2.8,
        "iso": 400,
        "focalLengthMm": 35.0,
        "orientation": 6,
    },
    "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
    "dominantColors": [
        {"color": "#102030ff", "share": 0.75},
        {"color": "#c86400ff", "share": 0.25},
    ],
    "averageColor": "#3e3124fa",
    "phash": "9993634cb6a19cec",
}


def test_an_analysis_is_told_in_the_words_of_the_language(caller: Caller, house: House) -> None:
    image = an_image()
    house.images[image.id] = image
    task = a_task(status=TaskStatus.COMPLETED, results=(a_result(),), analysis=an_analysis())
    house.views[task.id] = TaskView(task, (), ())

    of_the_image = caller.simulate_get(f"/api/images/{image.id}/analysis", headers=BEARER)
    of_the_task = caller.simulate_get(f"/api/tasks/{task.id}", headers=BEARER)

    assert of_the_image.status_code == 200
    assert of_the_image.json == of_the_task.json["analysis"] == ANALYSIS


def test_what_was_not_asked_is_not_there(caller: Caller, house: House) -> None:
    task = a_task(
        status=TaskStatus.COMPLETED,
        analysis=Analysis(exif=ExifSummary(), dominant_colors=(), phash="0" * 16),
    )
    house.views[task.id] = TaskView(task, (), ())

    answer = caller.simulate_get(f"/api/tasks/{task.id}", headers=BEARER)

    assert answer.json["analysis"] == {
        "exif": {"orientation": 1},
        "dominantColors": [],
        "phash": "0" * 16,
    }


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (NotFound(), 404, "not-found"),
        (NotAnalyzed("Nothing was asked."), 404, "not-analyzed"),
        (NotReady("Ask again.", retry_after_seconds=1), 409, "not-ready"),
        (FileGone("It is gone."), 410, "file-gone"),
    ],
)
def test_an_analysis_that_is_not_there_says_why(
    caller: Caller, house: House, refusal: Exception, status: int, code: str
) -> None:
    house.failures["view_analysis"] = refusal

    answer = caller.simulate_get(f"/api/images/{uuid4()}/analysis", headers=BEARER)

    assert problem(answer) == (status, code)
    assert ("retry-after" in answer.headers) == (code == "not-ready")
    strangers = caller.simulate_get(f"/api/images/{uuid4()}/analysis")
    assert problem(strangers)[0] == 401


def test_a_task_is_cancelled_and_shown(caller: Caller, house: House) -> None:
    task_id = house.a_queued_task()

    answer = caller.simulate_post(f"/api/tasks/{task_id}/cancel", headers=BEARER)

    assert (answer.status_code, answer.json["status"]) == (202, "cancelled")
    assert answer.json["failure"]["code"] == "cancelled"
    again = caller.simulate_post(f"/api/tasks/{task_id}/cancel", headers=BEARER)
    assert problem(again) == (409, "illegal-transition")


def test_a_task_is_run_again_as_another(caller: Caller, house: House) -> None:
    task_id = house.a_queued_task()
    caller.simulate_post(f"/api/tasks/{task_id}/cancel", headers=BEARER)

    answer = caller.simulate_post(f"/api/tasks/{task_id}/retry", headers=BEARER)

    new_id = answer.json["taskId"]
    assert answer.status_code == 202 and new_id != str(task_id)
    assert answer.headers["location"] == f"/api/tasks/{new_id}"
    assert answer.headers["x-task-id"] == new_id
    too_early = caller.simulate_post(f"/api/tasks/{new_id}/retry", headers=BEARER)
    assert problem(too_early) == (409, "illegal-transition")


def test_tasks_are_run_again_only_where_there_is_room(caller: Caller, house: House) -> None:
    house.failures["admit_upload"] = QueueFull("As many tasks wait as may wait.")

    answer = caller.simulate_post(f"/api/tasks/{house.a_queued_task()}/retry", headers=BEARER)

    assert problem(answer) == (503, "queue-full")


def test_a_failed_task_tells_code_and_sentence(caller: Caller, house: House) -> None:
    failure = Failure(FailureCode.DECODE_FAILED, "The file is damaged.")
    task = a_task(status=TaskStatus.FAILED, failure=failure)
    house.views[task.id] = TaskView(task, (), ())

    answer = caller.simulate_get(f"/api/tasks/{task.id}", headers=BEARER)

    assert answer.json["failure"] == {"code": "decode_failed", "detail": "The file is damaged."}


def test_webhooks_are_added_listed_and_removed(caller: Caller) -> None:
    url = "https://example.com/hook"

    added = caller.simulate_post("/api/webhooks", json={"url": url}, headers=BEARER)
    listed = caller.simulate_get("/api/webhooks", headers=BEARER)
    removed = caller.simulate_delete(added.headers["location"], headers=BEARER)
    again = caller.simulate_delete(added.headers["location"], headers=BEARER)

    assert added.status_code == 201
    assert set(added.json) == {"id", "url", "createdAt", "disabledAt"} and added.json["url"] == url
    assert listed.json == {"webhooks": [added.json], "signingSecret": "whsec_c2VjcmV0"}
    assert (removed.status_code, removed.content) == (204, b"")
    assert problem(again) == (404, "not-found")


def test_a_webhook_without_a_good_url_is_refused(caller: Caller) -> None:
    answer = caller.simulate_post("/api/webhooks", json={"url": "ftp://x"}, headers=BEARER)

    assert problem(answer) == (422, "webhook-url-forbidden")
    assert answer.json["pointer"] == "/url"
