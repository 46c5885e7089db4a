"""Leafing through one's images."""

from datetime import timedelta
from uuid import UUID

import pytest

from application.images.list_images import ListImages, ListImagesRequest
from domain.errors import InvalidParameter
from tests.unit.application.workbench import Workbench


def test_pages_follow_each_other_to_the_end(bench: Workbench) -> None:
    ada, bert = bench.an_actor(), bench.an_actor()
    uploaded: list[UUID] = []
    for _ in range(4):
        uploaded.append(bench.upload(ada).image_id)
        bench.upload(bert)
        bench.clock.advance(timedelta(seconds=1))
    list_images = ListImages(bench.database)

    first = list_images(ListImagesRequest(ada, limit=2))
    second = list_images(ListImagesRequest(ada, first.next_after, limit=2))
    whole = list_images(ListImagesRequest(ada, limit=4))

    assert [image.id for image in (*first.images, *second.images)] == uploaded[::-1]
    assert second.next_after is None  # though it is full
    assert ([image.id for image in whole.images], whole.next_after) == (uploaded[::-1], None)


def test_whoever_has_nothing_gets_an_empty_page(bench: Workbench) -> None:
    page = ListImages(bench.database)(ListImagesRequest(bench.an_actor()))

    assert (list(page.images), page.next_after) == ([], None)


@pytest.mark.parametrize("limit", [-1, 0, 101])
def test_a_page_has_1_to_100_images(bench: Workbench, limit: int) -> None:
    with pytest.raises(InvalidParameter):
        ListImagesRequest(bench.an_actor(), limit=limit)
