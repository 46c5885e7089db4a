"""The same platform on other engines, chosen by settings alone: a picture in, a picture out."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import pictures
from tests.behaviour.webhook_server import WebhookServer
from tests.fronted import FrontedPlatform

Settings = dict[str, str]


def sqlite(_: pytest.FixtureRequest) -> Settings:
    return {}


def postgres(request: pytest.FixtureRequest) -> Settings:
    return {"DATABASE_URL": request.getfixturevalue("postgres").create_database(empty=True)}


def embedded(_: pytest.FixtureRequest) -> Settings:
    return {}


def rabbitmq(request: pytest.FixtureRequest) -> Settings:
    return {"BROKER_URL": request.getfixturevalue("rabbitmq").create_host()}


def sqs(request: pytest.FixtureRequest) -> Settings:
    server = request.getfixturevalue("sqs")
    settings: Settings = server.settings(server.create_queues())
    return settings


def disk(_: pytest.FixtureRequest) -> Settings:
    return {}


def s3(request: pytest.FixtureRequest) -> Settings:
    service = request.getfixturevalue("s3_service")
    return {
        "STORAGE_BUCKET": service.bucket,
        "STORAGE_ENDPOINT": service.endpoint,
        "STORAGE_REGION": service.region,
        "STORAGE_PREFIX": request.getfixturevalue("tmp_path").name,
        "STORAGE_PATH_STYLE": "true",
        "STORAGE_ACCESS_KEY": service.access_key,
        "STORAGE_SECRET_KEY": service.secret_key,
    }


def s3_links(request: pytest.FixtureRequest) -> Settings:
    return s3(request) | {"STORAGE_LINKS": "bucket"}


# Every pair of engines occurs at least once.
MIXES = [
    (sqlite, rabbitmq, s3),
    (sqlite, sqs, disk),
    (postgres, embedded, s3_links),
    (postgres, rabbitmq, disk),
    (postgres, sqs, s3),
]


def wait_until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "engines", MIXES, ids=["-".join(engine.__name__ for engine in mix) for mix in MIXES]
)
def test_a_picture_comes_out_of_any_mix(
    engines: tuple[Callable[[Any], Settings], ...], request: pytest.FixtureRequest, tmp_path: Path
):
    settings: Settings = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}
    for engine in engines:
        settings |= engine(request)
    with WebhookServer() as server, FrontedPlatform(tmp_path / "data", **settings) as platform:
        photo = pictures.photo(800, 600)
        uploaded = [
            platform.upload(
                photo, resize="200x200", priority=priority, notify={"webhook": server.url}
            )
            for priority in ("interactive", "batch")
        ]
        for each in uploaded:
            platform.wait_for_status(each.task_id, "completed", seconds=60)
            assert pictures.size_of(platform.result(each.image_id)) == (200, 150)
        wait_until(lambda: len(server.calls) == 2)
