"""What a task is said to need; that this is what it needs, `benchmarks.memory` measures."""

import pytest

from domain.images.cost import memory_bytes
from domain.images.formats import ImageFormat
from domain.images.image import Coding, PictureHeader
from domain.images.operations import (
    AutoOrient,
    Crop,
    Flip,
    Interest,
    Normalize,
    Resize,
    Rotate,
    Trim,
    Watermark,
)
from domain.images.output import Auto, Output
from domain.images.pipeline import Origin, Pipeline, Variant

MIB = 1024 * 1024
JPEG = Output(ImageFormat.JPEG)
BASELINE = Coding(in_passes=False, samples=1.5, bits=8, alpha=False, turned=False)
PROGRESSIVE = Coding(in_passes=True, samples=1.5, bits=8, alpha=False, turned=False)
SMALL = Pipeline((AutoOrient(), Resize(800, 600)), JPEG)
SAME = Pipeline((AutoOrient(),), JPEG)


def photo(coding: Coding = BASELINE, side: int = 7000, **other: object) -> PictureHeader:
    return PictureHeader(ImageFormat.JPEG, side, side, 1, coding, **other)


def test_a_baseline_photo_needs_little_however_large() -> None:
    assert memory_bytes(SMALL, photo()) < 64 * MIB


def test_a_progressive_one_is_held_whole() -> None:
    pixels = 7000 * 7000

    assert memory_bytes(SMALL, photo(PROGRESSIVE)) > 2 * 1.5 * pixels
    finer = Coding(in_passes=True, samples=3, bits=8, alpha=False, turned=False)
    assert memory_bytes(SMALL, photo(finer)) > 2 * 3 * pixels


def test_what_is_not_known_is_taken_for_the_worst() -> None:
    unknown = PictureHeader(ImageFormat.JPEG, 7000, 7000)

    assert memory_bytes(SMALL, unknown) >= memory_bytes(SMALL, photo(PROGRESSIVE))
    assert memory_bytes(SAME, unknown) > memory_bytes(SAME, photo(PROGRESSIVE))


@pytest.mark.parametrize(
    "step",
    [
        Rotate(90),
        Flip(vertical=True),
        Trim(),
        Normalize(),
        Crop(width=100, height=100, gravity=Interest.ENTROPY),
        Watermark("logo.png"),
    ],
)
def test_steps_that_look_back_need_the_picture_in_memory(step) -> None:
    frame = 3 * 7000 * 7000
    pipeline = Pipeline((AutoOrient(), step), JPEG)

    assert memory_bytes(pipeline, photo()) >= memory_bytes(SAME, photo()) + 0.95 * frame


def test_after_a_resize_they_need_little() -> None:
    pipeline = Pipeline((AutoOrient(), Resize(800, 600), Rotate(90)), JPEG)

    assert memory_bytes(pipeline, photo()) < memory_bytes(SMALL, photo()) + 8 * MIB


def test_a_picture_on_its_side_is_turned_in_memory() -> None:
    lying = Coding(in_passes=False, samples=1.5, bits=8, alpha=False, turned=True)

    assert memory_bytes(SAME, photo(lying)) > memory_bytes(SAME, photo()) + 100 * MIB
    assert memory_bytes(SMALL, photo(lying)) < memory_bytes(SMALL, photo()) + 8 * MIB


def test_frames_of_an_animation_lie_in_memory_together() -> None:
    same, still = Pipeline((AutoOrient(),)), SAME
    few, many = (PictureHeader(ImageFormat.GIF, 1000, 1000, frames) for frames in (10, 50))

    assert memory_bytes(same, many) > memory_bytes(same, few) + 4 * 40_000_000
    assert memory_bytes(still, many) == memory_bytes(still, few)


def test_variants_of_the_upload_share_it_in_memory() -> None:
    one = Pipeline((AutoOrient(), Rotate(90)), JPEG)
    two = Pipeline(one.operations, JPEG, (Variant("a", (Resize(800),), JPEG, Origin.UPLOAD),))

    assert memory_bytes(two, photo()) > memory_bytes(one, photo()) + 2 * 7000 * 7000


def test_the_picture_of_a_watermark_is_counted_where_it_is_known() -> None:
    pipeline = Pipeline((AutoOrient(), Resize(800), Watermark("logo.png")), JPEG)
    logo = PictureHeader(ImageFormat.AVIF, 5000, 5000, 1)

    assert memory_bytes(pipeline, photo(), {"logo.png": logo}) > 300 * MIB
    assert memory_bytes(pipeline, photo()) < 64 * MIB


def test_a_format_that_is_chosen_later_is_taken_for_the_dearest() -> None:
    automatic = Pipeline((AutoOrient(),), Output(Auto.AUTO))
    webp = Pipeline((AutoOrient(),), Output(ImageFormat.WEBP))

    assert memory_bytes(automatic, photo()) == memory_bytes(webp, photo())


def test_what_cannot_be_drawn_costs_no_more_than_finding_out() -> None:
    outside = Pipeline((AutoOrient(), Crop(left=0, top=0, width=9000, height=9000)), JPEG)

    assert memory_bytes(outside, photo()) == memory_bytes(SAME, photo())
