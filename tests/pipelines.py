"""
Hypothesis strategies of pipelines: all operations and outputs, made from the value classes.

What a class holds is read off its fields, so that a new operation joins by itself. Combinations
that a class refuses are not drawn.
"""

import os
import types
from enum import Enum
from typing import Any, Union, get_args, get_origin

import attrs
from hypothesis import strategies as some

from domain.errors import DomainError
from domain.images.formats import ImageFormat
from domain.images.limits import MAX_SIDE_PX
from domain.images.operations import (
    OPERATION_NAMES,
    AspectRatio,
    AutoOrient,
    Crop,
    Fit,
    Focus,
    Font,
    Gravity,
    Interest,
    Most,
    Operation,
    Region,
    Resize,
    Variable,
    Watermark,
)
from domain.images.operations.checks import Between, opaque
from domain.images.output import Auto, Delay, Kept, Metadata, Output
from domain.images.pipeline import Origin, Pipeline, Sampling, Variant
from domain.images.units import Color, Length, Percent

EXAMPLES = int(os.environ.get("SAFELIGHT_TEST_EXAMPLES", "0"))
"""How many random pipelines each property is shown; 0 for as many as are quickly done."""


def examples(usual: int) -> int:
    """Return how many examples to draw where *usual* are quickly done."""
    return EXAMPLES or usual


@attrs.frozen
class Sizes:
    """How far lengths may go; *assets* are pictures that marks may show, *fonts* of their texts."""

    pixels: int = MAX_SIDE_PX
    percent: float = 1000
    assets: tuple[str, ...] = ("logo.png", "a b_c-d.E", "0")
    fonts: tuple[Font | str, ...] = (*Font, "brand.ttf", "a b_c-d.OTF")
    regions: int = 4


ANY = Sizes()
SMALL = Sizes(pixels=70, percent=160, assets=("logo.png", "photo.jpg"), fonts=tuple(Font))
"""Pictures of some dozen pixels stay small by these."""

_OFFSETS = ("left", "top", "right", "bottom", "all", "offset_x", "offset_y", "spacing", "radius")
COLORS = some.builds(Color, *[some.integers(0, 255)] * 3, some.sampled_from([0, 1, 128, 254, 255]))
FOCUSES = some.builds(Focus, some.floats(0, 1), some.floats(0, 1))
RATIOS = some.one_of(
    some.builds(AspectRatio, some.integers(1, 20), some.integers(1, 20)),
    some.builds(AspectRatio, some.integers(1, 10_000), some.integers(1, 10_000)),
)
_TEXTS = some.text(
    some.characters(exclude_categories=("Cc", "Cs"), exclude_characters="$"), min_size=1
)
TEXTS = some.lists(
    some.one_of(
        _TEXTS,
        some.sampled_from(["\n", "$${", "$", "a/b,c=d:e;f", "100%", "%2F", "~+&<b>#", "#fff"]),
        some.sampled_from([f"${{{one.value}}}" for one in Variable]),
    ),
    min_size=1,
    max_size=5,
).map("".join)


def lengths(sizes: Sizes, least: int = 1) -> some.SearchStrategy[Length]:
    """Pixels or shares; a share has four decimals at most, as it can be written."""
    shares = some.integers(least, round(sizes.percent * 10_000)).map(lambda n: Percent(n / 10_000))
    whole = some.integers(least, round(sizes.percent)).map(lambda n: Percent(float(n)))
    return some.one_of(some.integers(least, sizes.pixels), whole, shares)


def operations(sizes: Sizes = ANY) -> some.SearchStrategy[Operation]:
    """Any operation."""
    return some.one_of([operation(kind, sizes) for kind in OPERATION_NAMES.values()])


def operation(kind: type[Any], sizes: Sizes = ANY) -> some.SearchStrategy[Any]:
    """An operation of one kind."""
    if kind is Resize:
        return some.one_of(_built(Resize, sizes, width=lengths(sizes)), _built(Resize, sizes))
    if kind is Crop:
        return _crops(sizes)
    if kind is Watermark:
        images = _built(
            Watermark, sizes, image=some.sampled_from(sizes.assets), **_usual(_TEXT_ONLY)
        )
        fonts = some.sampled_from(sizes.fonts)
        texts = _built(Watermark, sizes, text=TEXTS, image=some.none(), font=fonts)
        return some.one_of(images, texts)
    return _built(kind, sizes)


def outputs() -> some.SearchStrategy[Output]:
    """Any output."""
    formats = some.sampled_from([None, *Auto, *ImageFormat])
    return _built(Output, ANY, format=formats)


def pipelines(
    sizes: Sizes = ANY, *, most: int = 4, variants: int = 1
) -> some.SearchStrategy[Pipeline]:
    """Any pipeline, most with the turning upright in front."""
    runs = some.lists(operations(sizes), max_size=most).map(tuple)
    few = some.lists(operations(sizes), max_size=2).map(tuple)
    upright = some.sampled_from([(AutoOrient(),), (AutoOrient(),), ()])
    names = some.from_regex(r"[a-z0-9][a-z0-9_-]{0,6}", fullmatch=True).filter("main".__ne__)
    return some.builds(
        lambda first, run, output, others, sampling: Pipeline(
            first + run, output, tuple(others), sampling=sampling
        ),
        upright,
        runs,
        outputs(),
        some.lists(
            some.builds(Variant, names, few, outputs(), some.sampled_from(Origin)),
            max_size=variants,
            unique_by=lambda one: one.name,
        ),
        some.sampled_from(Sampling),
    )


_TEXT_ONLY = ("text", "font", "size", "color", "align", "line_spacing", "rtl")


def _usual(names: tuple[str, ...]) -> dict[str, some.SearchStrategy[Any]]:
    fields = attrs.fields_dict(Watermark)
    return {name: some.just(fields[name].default) for name in names}


def _crops(sizes: Sizes) -> some.SearchStrategy[Crop]:
    shares = some.builds(
        lambda start, extent: (Percent(float(start)), Percent(float(min(extent, 100 - start)))),
        some.integers(0, 99),
        some.integers(1, 100),
    )
    gravities = some.sampled_from([*Gravity, Interest.ATTENTION, Interest.ENTROPY])
    focused = {"gravity": some.just(Interest.FOCUS), "focus": FOCUSES}
    placed = {"left": lengths(sizes, 0), "top": lengths(sizes, 0)}
    sides = {"width": lengths(sizes), "height": lengths(sizes)}
    return some.one_of(
        some.builds(Crop, aspect_ratio=RATIOS, gravity=gravities),
        some.builds(Crop, aspect_ratio=RATIOS, **focused),
        some.builds(Crop, **sides, gravity=gravities),
        some.builds(Crop, **sides, **focused),
        some.builds(Crop, **placed, **sides),
        some.builds(lambda x, y: Crop(x[0], y[0], x[1], y[1]), shares, shares),
    )


def _built(
    kind: type[Any], sizes: Sizes, **known: some.SearchStrategy[Any]
) -> some.SearchStrategy[Any]:
    """A *kind* of which each member is drawn, or left as it usually is."""
    fields = attrs.fields(attrs.resolve_types(kind))
    members = {}
    for field in fields:
        if field.name in known:
            members[field.name] = known[field.name]
            continue
        drawn = _member(field, sizes)
        default = field.default
        members[field.name] = (
            drawn if default is attrs.NOTHING else some.one_of(some.just(default), drawn)
        )

    def build(values: dict[str, Any]) -> Any:
        try:
            return kind(**values)
        except DomainError:
            return _mended(kind, values)

    return some.fixed_dictionaries(members).map(build).filter(lambda one: one is not None)


def _mended(kind: type[Any], values: dict[str, Any]) -> Any:
    """Return a *kind* with as many of *values* as go together; None if none do."""
    usual = {field.name: field.default for field in attrs.fields(kind)}
    kept: dict[str, Any] = {
        name: value for name, value in values.items() if usual[name] is attrs.NOTHING
    }
    # What others need comes first.
    order = sorted(values, key=lambda name: name not in ("format", "text", "image", "fit"))
    if kind is Resize and values.get("gravity") is Interest.FOCUS:
        values = values | {"fit": Fit.COVER, "focus": values["focus"] or Focus(0.25, 1)}
        order = ["width", "fit", "gravity+focus", *order]
    for name in order:
        names = [name] if "+" not in name else name.split("+")
        tried = kept | {one: values[one] for one in names}
        try:
            kind(**tried)
        except DomainError:
            continue
        kept = tried
    try:
        return kind(**kept)
    except DomainError:
        return None


def _member(field: "attrs.Attribute[Any]", sizes: Sizes) -> some.SearchStrategy[Any]:
    validators = _validators(field.validator)
    bounds = next((one for one in validators if isinstance(one, Between)), None)
    if field.type == Color | None or field.type is Color:
        return COLORS.map(_opaque) if opaque in validators else COLORS
    if field.name == "size" and field.type is int and bounds:
        return some.integers(int(bounds.low), min(int(bounds.high), max(sizes.pixels, 2)))
    return _of(field.type, bounds, sizes, least=0 if field.name in _OFFSETS else 1)


def _validators(validator: Any) -> list[Any]:
    if validator is None:
        return []
    parts = getattr(validator, "_validators", None)
    inner = getattr(validator, "validator", None)
    if parts is not None:
        return [one for part in parts for one in _validators(part)]
    return _validators(inner) if inner is not None else [validator]


def _of(kind: Any, bounds: Between | None, sizes: Sizes, least: int) -> some.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912
    if kind == Length:
        return lengths(sizes, least)
    if kind == Delay:
        delays = some.integers(10, 60_000)
        return some.one_of(delays, some.lists(delays, min_size=1, max_size=4).map(tuple))
    if kind is bool:
        return some.booleans()
    if kind is int:
        assert bounds is not None
        return some.integers(int(bounds.low), int(bounds.high))
    if kind is float:
        assert bounds is not None
        low, high = bounds.low, bounds.high
        round_ones = some.integers(-(-int(low * 100) // 100), int(high)).map(float)
        return some.one_of(some.floats(low, high), round_ones.filter(lambda n: low <= n <= high))
    if kind is Color:
        return COLORS
    if kind is Metadata:
        kinds = [one for one in Kept if one not in (Kept.NONE, Kept.ALL)]
        several = some.lists(some.sampled_from(kinds), unique=True).map(tuple)
        alone = some.sampled_from([(Kept.NONE,), (Kept.ALL,)])
        return some.builds(Metadata, some.one_of(several, alone), some.booleans())
    if kind is Most:
        return some.just(Most.MAX)
    if get_origin(kind) is tuple:
        item = _of(get_args(kind)[0], bounds, sizes, least)
        return some.lists(item, min_size=1, max_size=sizes.regions).map(tuple)
    if get_origin(kind) in (Union, types.UnionType):
        if int in get_args(kind) and Percent in get_args(kind):
            others = [one for one in get_args(kind) if one not in (int, Percent, type(None))]
            parts = [_of(one, bounds, sizes, least) for one in others]
            return some.one_of(lengths(sizes, least), *parts)
        parts = [one for one in get_args(kind) if one is not type(None)]
        return some.one_of([_of(one, bounds, sizes, least) for one in parts])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return some.sampled_from(kind)
    if kind is Region:
        return some.builds(
            Region,
            lengths(Sizes(min(sizes.pixels, 10_000), 99), 0),
            lengths(Sizes(min(sizes.pixels, 10_000), 99), 0),
            lengths(sizes),
            lengths(sizes),
            some.sampled_from(attrs.fields_dict(attrs.resolve_types(Region))["shape"].type),
        )
    assert attrs.has(kind), f"no values of {kind} are known"
    return _built(kind, sizes)


def _opaque(color: Color) -> Color:
    return attrs.evolve(color, alpha=255)
