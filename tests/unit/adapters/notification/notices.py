"""Notices for tests."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from application.ports.notifier import Notice
from domain.notifications.channel import Occasion
from domain.tasks.task import Failure, FailureCode
from tests.builders import NOON, a_result


def a_notice(**overrides: Any) -> Notice:
    """A picture of Ada's is done."""
    return Notice(
        **{
            "delivery_id": uuid4(),
            "occasion": Occasion.COMPLETED,
            "user_id": uuid4(),
            "username": "Ada",
            "image_id": uuid4(),
            "task_id": uuid4(),
            "label": "holiday.jpg",
            "occurred_at": NOON,
            "download_url": "https://pics.example/files/1/main/holiday.webp?exp=1&kid=1&sig=abc",
            "download_expires_at": NOON + timedelta(days=3),
            "result": a_result(),
            "failure": None,
        }
        | overrides
    )


def a_notice_of_failure(**overrides: Any) -> Notice:
    """A picture of Ada's could not be done."""
    failure = Failure(FailureCode.TRUNCATED, "The file ends before the picture does.")
    return a_notice(
        **{
            "occasion": Occasion.FAILED,
            "download_url": None,
            "download_expires_at": None,
            "result": None,
            "failure": failure,
        }
        | overrides
    )
