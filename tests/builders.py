"""Entities for tests: whole and valid by default, changed by keyword where a test cares."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

from domain.images.analysis import Analysis, Dimensions, DominantColor, ExifSummary
from domain.images.asset import Asset, AssetKind
from domain.images.formats import ImageFormat
from domain.images.image import Image, PictureHeader
from domain.images.operations import AutoOrient, Resize
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.preset import Preset
from domain.images.units import Color
from domain.notifications.channel import ChannelKind, Occasion, Webhook
from domain.notifications.delivery import Delivery
from domain.tasks.task import Result, Task, TaskStatus
from domain.users.api_key import APIKey
from domain.users.roles import Role
from domain.users.scopes import Scope
from domain.users.session import Session
from domain.users.user import User

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
"""The time at which everything here was made, unless a test says otherwise."""

NEXT_YEAR = NOON.replace(year=2027)

A_PIPELINE = Pipeline((AutoOrient(), Resize(800, 600)), Output(ImageFormat.WEBP, 80))
A_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def a_user(**overrides: Any) -> User:
    """A person with the role `user`; name and address are theirs alone."""
    id = overrides.get("id") or uuid4()
    return User(
        **{
            "id": id,
            "username": f"ada-{id.hex[:12]}",
            "email": f"ada-{id.hex[:12]}@example.com",
            "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
            "roles": frozenset({Role.USER}),
            "created_at": NOON,
            "updated_at": NOON,
        }
        | overrides
    )


def an_admin(**overrides: Any) -> User:
    """A person with the roles `user` and `admin`."""
    return a_user(**({"roles": frozenset({Role.USER, Role.ADMIN})} | overrides))


def a_session(user: User | None = None, **overrides: Any) -> Session:
    """A session of *user* that lives until next year."""
    return Session(
        **{
            "id": uuid4(),
            "user_id": user.id if user else uuid4(),
            "created_at": NOON,
            "expires_at": NEXT_YEAR,
            "idle_until": NEXT_YEAR,
            "last_used_at": NOON,
            "client": "curl/8.5.0",
        }
        | overrides
    )


def an_api_key(user: User | None = None, **overrides: Any) -> APIKey:
    """A key of *user* that is good for everything a key can be, until next year."""
    return APIKey(
        **{
            "id": uuid4(),
            "user_id": user.id if user else uuid4(),
            "name": "nightly import",
            "secret_sha256": A_SHA256,
            "scopes": frozenset(Scope),
            "presets": None,
            "created_at": NOON,
            "expires_at": NEXT_YEAR,
        }
        | overrides
    )


def an_image(user: User | None = None, **overrides: Any) -> Image:
    """A 4000x3000 JPEG of *user*."""
    id = overrides.get("id") or uuid4()
    return Image(
        **{
            "id": id,
            "user_id": user.id if user else uuid4(),
            "file_path": f"originals/{id}",
            "label": "holiday.jpg",
            "header": PictureHeader(ImageFormat.JPEG, 4000, 3000, 1),
            "byte_size": 2_050_000,
            "sha256": A_SHA256,
            "created_at": NOON,
            "updated_at": NOON,
        }
        | overrides
    )


def an_asset_of(user_id: UUID | None, **overrides: Any) -> Asset:
    """A picture named logo.png of *user_id*, or everybody's."""
    id = overrides.get("id") or uuid4()
    return Asset(
        **{
            "id": id,
            "user_id": user_id,
            "name": "logo.png",
            "kind": AssetKind.PICTURE,
            "file_path": f"{id}/0",
            "byte_size": 1_234,
            "sha256": A_SHA256,
            "created_at": NOON,
        }
        | overrides
    )


def a_task(image: Image | None = None, **overrides: Any) -> Task:
    """A queued task over *image*, as a store would return it: without events."""
    return Task(
        **{
            "id": uuid4(),
            "image_id": image.id if image else uuid4(),
            "user_id": image.user_id if image else uuid4(),
            "pipeline": A_PIPELINE,
            "created_at": NOON,
            "correlation_id": "a-request",
        }
        | overrides
    )


def a_claimed_task(image: Image | None = None, **overrides: Any) -> Task:
    """A task that a worker holds for the first time."""
    claimed = {
        "status": TaskStatus.IN_PROGRESS,
        "attempts": 1,
        "fence": 1,
        "started_at": NOON,
    }
    return a_task(image, **(claimed | overrides))


def a_result(**overrides: Any) -> Result:
    """The main result of a task."""
    return Result(
        **{
            "variant": "main",
            "file_path": f"results/{uuid4()}/1",
            "format": ImageFormat.WEBP,
            "width": 800,
            "height": 600,
            "byte_size": 61_234,
            "sha256": A_SHA256,
        }
        | overrides
    )


def a_preset(user: User | None = None, **overrides: Any) -> Preset:
    """The first version of `card`: *user*'s own, or shared."""
    return Preset(
        **{
            "user_id": user.id if user else None,
            "name": "card",
            "version": 1,
            "pipeline": A_PIPELINE,
            "locked": False,
            "created_at": NOON,
        }
        | overrides
    )


def an_analysis(**overrides: Any) -> Analysis:
    """All that can be found out about a picture, with as much to say as there may be."""
    return Analysis(
        **{
            "dimensions": Dimensions(3000, 4000, 1, 6, ImageFormat.JPEG, has_alpha=False),
            "exif": ExifSummary(
                make="Acme",
                model="Camera 1",
                taken_at=datetime(2026, 3, 14, 9, 26, 53, tzinfo=timezone(timedelta(hours=2))),
                exposure_seconds=0.004,
                f_number=2.8,
                iso=400,
                focal_length_mm=35.0,
                orientation=6,
            ),
            "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
            "thumbhash": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
            "dominant_colors": (
                DominantColor(Color(16, 32, 48), 0.75),
                DominantColor(Color(200, 100, 0), 0.25),
            ),
            "average_color": Color(62, 49, 36, 250),
            "phash": "9993634cb6a19cec",
        }
        | overrides
    )


def a_delivery(task: Task | None = None, **overrides: Any) -> Delivery:
    """An e-mail that waits for its first attempt, due at noon."""
    return Delivery(
        **{
            "id": uuid4(),
            "task_id": task.id if task else uuid4(),
            "channel": ChannelKind.EMAIL,
            "address": "ada@example.com",
            "occasion": Occasion.COMPLETED,
            "due_at": NOON,
        }
        | overrides
    )


def a_webhook(user: User | None = None, **overrides: Any) -> Webhook:
    """A URL that is called whenever a task of *user* ends."""
    return Webhook(
        **{
            "id": uuid4(),
            "user_id": user.id if user else uuid4(),
            "url": "https://hooks.example.com/safelight",
            "created_at": NOON,
        }
        | overrides
    )
