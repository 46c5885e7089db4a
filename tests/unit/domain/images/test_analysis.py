"""Analyses cannot be built wrong, whoever says what is in them."""

import math
from collections.abc import Callable

import pytest

from domain.errors import InvalidParameter
from domain.images.analysis import (
    Analysis,
    Aspect,
    Dimensions,
    DominantColor,
    ExifSummary,
    in_order,
)
from domain.images.formats import ImageFormat
from domain.images.pipeline import Pipeline
from domain.images.units import BLACK, Color
from tests.builders import an_analysis

A_BLURHASH = "LEHV6nWB2yk8pyo0adR*.7kCMdnj"


def dimensions(**overrides: object) -> Dimensions:
    usual = {"width": 4, "height": 3, "frames": 1, "orientation": 1}
    return Dimensions(**usual | overrides, format=ImageFormat.PNG, has_alpha=True)


@pytest.mark.parametrize(
    "build",
    [
        lambda: dimensions(width=0),
        lambda: dimensions(height=1_000_001),
        lambda: dimensions(frames=0),
        lambda: dimensions(orientation=9),
        lambda: ExifSummary(make=""),
        lambda: ExifSummary(make="x" * 65),
        lambda: ExifSummary(model="a\nb"),
        lambda: ExifSummary(model=" a"),
        lambda: ExifSummary(exposure_seconds=math.inf),
        lambda: ExifSummary(f_number=-1.0),
        lambda: ExifSummary(iso=0),
        lambda: ExifSummary(focal_length_mm=math.nan),
        lambda: ExifSummary(orientation=0),
        lambda: DominantColor(BLACK, 0.0),
        lambda: DominantColor(BLACK, 1.1),
        lambda: DominantColor(BLACK, math.nan),
        lambda: Analysis(blurhash=""),
        lambda: Analysis(blurhash=A_BLURHASH[:-1]),
        lambda: Analysis(blurhash=A_BLURHASH + "00"),
        lambda: Analysis(blurhash='"' + A_BLURHASH[1:]),
        lambda: Analysis(blurhash="~" * 166),
        lambda: Analysis(thumbhash=""),
        lambda: Analysis(thumbhash="AAAA"),
        lambda: Analysis(thumbhash="A" * 40),
        lambda: Analysis(thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJ<>"),
        lambda: Analysis(phash="0123456789abcde"),
        lambda: Analysis(phash="0123456789ABCDEF"),
        lambda: Analysis(phash="0123456789abcdef\n"),
        lambda: Analysis(dominant_colors=(DominantColor(BLACK, 0.1),) * 6),
        lambda: Analysis(dominant_colors=(DominantColor(BLACK, 0.6),) * 2),
    ],
)
def test_what_no_picture_has_is_refused(build: Callable[[], object]) -> None:
    with pytest.raises(InvalidParameter):
        build()


def test_an_analysis_knows_what_it_tells() -> None:
    assert an_analysis().aspects == frozenset(Aspect)
    assert Analysis().aspects == frozenset()
    assert Analysis(exif=ExifSummary()).aspects == {Aspect.EXIF}
    assert Analysis(dominant_colors=()).aspects == {Aspect.DOMINANT_COLORS}
    assert Analysis(average_color=Color(0, 0, 0, 0)).aspects == {Aspect.AVERAGE_COLOR}


def test_only_the_header_tells_without_pixels() -> None:
    assert not Pipeline(analyze=frozenset({Aspect.EXIF, Aspect.DIMENSIONS})).is_looked_through
    assert not Pipeline().is_looked_through
    for aspect in set(Aspect) - {Aspect.EXIF, Aspect.DIMENSIONS}:
        assert Pipeline(analyze=frozenset({aspect, Aspect.EXIF})).is_looked_through


def test_there_is_one_order() -> None:
    assert in_order({Aspect.PHASH, Aspect.DIMENSIONS, Aspect.BLURHASH}) == [
        Aspect.DIMENSIONS,
        Aspect.BLURHASH,
        Aspect.PHASH,
    ]
