"""What is asked of damaged pictures: pipelines as they come, every operation and format among them."""

import random
from collections.abc import Callable
from typing import Final

from domain.errors import DomainError
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AspectRatio,
    AutoOrient,
    Blend,
    Blur,
    Border,
    ColorProfile,
    Contrast,
    Crop,
    Duotone,
    Extend,
    Fit,
    Flatten,
    Flip,
    Focus,
    Gamma,
    Gravity,
    Grayscale,
    Interest,
    Kernel,
    Modulate,
    Negate,
    Normalize,
    Operation,
    Pad,
    Pixelate,
    Profile,
    Redact,
    RedactMode,
    Region,
    Resize,
    Rotate,
    RoundCorners,
    Sepia,
    Shadow,
    Sharpen,
    Threshold,
    Tint,
    Trim,
    Watermark,
)
from domain.images.output import Auto, Kept, Metadata, Output, Palette, Subsampling
from domain.images.pipeline import Origin, Pipeline, Variant
from domain.images.units import Color, Percent

MARK: Final = "mark.png"
"""The name that a watermark of these pipelines bears."""

_RED: Final = Color(220, 30, 30)
_GLASS: Final = Color(30, 60, 220, 90)


def any_pipeline(chance: random.Random) -> Pipeline:
    """Return a pipeline of up to four operations, and now and then with variants."""
    while True:
        try:
            return Pipeline(_operations(chance), _output(chance), _variants(chance))
        except DomainError:  # what does not go together is asked for by nobody
            continue


def marked(pipeline: Pipeline) -> Pipeline:
    """Return *pipeline* with a watermark in front, so that a mark is drawn for certain."""
    step = Watermark(MARK, width=Percent(40))
    return Pipeline((step, *pipeline.operations[:3]), pipeline.output, pipeline.variants)


def _operations(chance: random.Random) -> tuple[Operation, ...]:
    chosen = chance.choices(_COMMON + _RARE, k=chance.choice((0, 1, 1, 1, 2, 2, 3)))
    steps = tuple(make(chance) for make in chosen)
    return (AutoOrient(), *steps) if chance.random() < 0.7 else steps


def _resize(chance: random.Random) -> Resize:
    fit = chance.choice(list(Fit))
    interest = fit is Fit.COVER and chance.random() < 0.4
    gravity = chance.choice(list(Interest)) if interest else chance.choice(list(Gravity))
    return Resize(
        chance.choice((1, 7, 40, 90, Percent(50), None, 300)),
        chance.choice((1, 30, 64, Percent(200), 200)),
        fit,
        gravity,
        Focus(0.2, 0.9) if gravity is Interest.FOCUS else None,
        without_enlargement=chance.random() < 0.5,
        kernel=chance.choice([Kernel.LANCZOS3] * 6 + list(Kernel)),
        linear=chance.random() < 0.1,
    )


def _crop(chance: random.Random) -> Crop:
    if chance.random() < 0.5:
        return Crop(aspect_ratio=AspectRatio(*chance.choice(((1, 1), (16, 9), (1, 50)))))
    return Crop(chance.choice((0, 3, 30)), chance.choice((0, 2)), chance.choice((1, 8, 40)), 5)


def _rotate(chance: random.Random) -> Rotate:
    return Rotate(chance.choice((90, 180, 270, -90, 45, 3.3)), chance.choice((_RED, _GLASS)))


def _watermark(chance: random.Random) -> Watermark:
    return Watermark(
        MARK,
        gravity=chance.choice(list(Gravity)),
        width=chance.choice((None, 10, Percent(100))),
        angle=chance.choice((0, 0, 90, 30)),
        tile=chance.random() < 0.3,
        blend=chance.choice(list(Blend)),
        shadow=chance.choice((None, None, Shadow(2.0))),
    )


def _redact(chance: random.Random) -> Redact:
    region = Region(Percent(10), Percent(10), Percent(50), chance.choice((5, Percent(30))))
    return Redact((region,), chance.choice(list(RedactMode)))


_Maker = Callable[[random.Random], Operation]
_COMMON: Final[list[_Maker]] = [_resize, _resize, _resize, _crop, _rotate, _watermark] * 3
_RARE: Final[list[_Maker]] = [
    lambda chance: Flip(horizontal=True, vertical=chance.random() < 0.5),
    lambda chance: Trim(chance.choice((0, 10, 100)), equal_x=chance.random() < 0.5),
    lambda _: Grayscale(),
    lambda _: Negate(),
    lambda _: Normalize(),
    lambda chance: Gamma(chance.uniform(1, 3)),
    lambda _: Threshold(100),
    lambda chance: Modulate(1.5, 0.5, chance.choice((0, 90))),
    lambda _: Contrast(2),
    lambda _: Tint(_RED),
    lambda _: Sepia(0.8),
    lambda _: Duotone(Color(0, 0, 60), _RED),
    lambda _: Flatten(_RED),
    lambda chance: ColorProfile(chance.choice(list(Profile))),
    lambda chance: Blur(chance.choice((0.3, 2, 20))),
    lambda _: Sharpen(1.0),
    lambda chance: Pixelate(chance.choice((2, 30))),
    _redact,
    lambda chance: Pad(3, background=_GLASS, extend_with=chance.choice(list(Extend))),
    lambda _: Border(2, _RED),
    lambda _: RoundCorners(Percent(20)),
]


def _output(chance: random.Random) -> Output:
    format = chance.choice((None, Auto.AUTO, *ImageFormat, *ImageFormat))
    if format in (None, Auto.AUTO):
        return Output(format, metadata=_metadata(chance))
    wished: dict[str, object] = {
        "progressive": chance.random() < 0.3 or None,
        "lossless": chance.random() < 0.2 or None,
        "palette": chance.choice((None, Palette(4), Palette(256, 0))),
        "chroma_subsampling": chance.choice((None, Subsampling.FINE)),
        "max_bytes": chance.choice((None, None, None, 3000)),
        "loop": chance.choice((None, 3)),
        "delay": chance.choice((None, 40, (20, 70))),
    }
    options = {
        name: value for name, value in wished.items() if value is not None and chance.random() < 0.2
    }
    return Output(
        format,
        quality=chance.choice((None, 1, 60, 100)),
        effort=0,
        metadata=_metadata(chance),
        **options,  # type: ignore[arg-type]
    )


def _metadata(chance: random.Random) -> Metadata:
    keep = chance.choice(
        ((Kept.COPYRIGHT, Kept.ICC), (Kept.NONE,), (Kept.ALL,), (Kept.EXIF, Kept.XMP), (Kept.IPTC,))
    )
    return Metadata(keep, strip_gps=chance.random() < 0.7)


def _variants(chance: random.Random) -> tuple[Variant, ...]:
    return tuple(
        Variant(f"v{number}", _operations(chance), _output(chance), chance.choice(list(Origin)))
        for number in range(chance.choice((0, 0, 0, 0, 0, 1, 2)))
    )
