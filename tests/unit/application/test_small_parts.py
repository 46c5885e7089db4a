"""What the use cases are made of, where no port is needed."""

from datetime import timedelta
from uuid import uuid4

import attrs
import pytest

from application.actor import Actor
from application.back_off import BackOff
from application.errors import NotAllowed
from application.images.download_name import download_name
from application.tasks.process_task import RetryPolicy
from domain.images.formats import ImageFormat
from domain.users.roles import Permission, Role
from tests.builders import a_result, an_image


def an_actor(*roles: Role) -> Actor:
    return Actor(user_id=uuid4(), roles=frozenset(roles))


def test_an_actor_may_what_one_of_their_roles_may():
    an_actor(Role.USER).require(Permission.PROCESS_IMAGES)
    an_actor(Role.USER, Role.ADMIN).require(Permission.READ_ANY_PROFILE)


@pytest.mark.parametrize("roles", [(), (Role.USER,)])
def test_an_actor_is_told_when_no_role_allows_it(roles):
    with pytest.raises(NotAllowed) as refused:
        an_actor(*roles).require(Permission.READ_ANY_PROFILE)

    assert refused.value.code == "not-allowed"


@pytest.mark.parametrize(
    ("label", "format", "name"),
    [
        ("holiday.jpg", ImageFormat.WEBP, "holiday.webp"),
        ("holiday.JPEG", ImageFormat.JPEG, "holiday.jpg"),
        ("holiday", ImageFormat.PNG, "holiday.png"),
        ("archive.tar.gz", ImageFormat.PNG, "archive.tar.png"),
        ("写真.tiff", ImageFormat.AVIF, "写真.avif"),
        ("image", ImageFormat.GIF, "image.gif"),
    ],
)
def test_a_download_is_called_as_the_upload_was_with_the_results_ending(label, format, name):
    assert download_name(an_image(label=label), a_result(format=format)) == name


def test_what_can_heal_is_waited_for_from_two_seconds_to_five_minutes():
    back_off = attrs.evolve(RetryPolicy(timedelta(days=1)).back_off, draw=lambda: 1.0)

    assert waits_of(back_off) == [2, 4, 8, 256, 300, 300]


def test_a_wait_is_drawn_between_nothing_and_its_ceiling():
    back_off = BackOff(timedelta(seconds=2), timedelta(minutes=5))

    for draw, share in ((lambda: 0.0, 0), (lambda: 0.25, 0.25)):
        drawn = waits_of(attrs.evolve(back_off, draw=draw))
        assert drawn == [share * ceiling for ceiling in (2, 4, 8, 256, 300, 300)]
    assert len({back_off.after(3) for _ in range(10)}) > 1, "chance decides unless told otherwise"


def waits_of(back_off):
    return [back_off.after(failures).total_seconds() for failures in (1, 2, 3, 8, 9, 10**6)]
