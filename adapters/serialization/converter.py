"""
The pipeline language as JSON documents, both ways.

Members that are not known are refused, in what customers send as in what was stored by whatever
version. The language's own notations, such as `"12%"`, `"#ff8800"` and `"16:9"`, are read and
written.
"""

import re
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

import attrs
import cattrs
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from domain.errors import InvalidParameter, UnknownOperation
from domain.images.analysis import Analysis, Dimensions, DominantColor, ExifSummary
from domain.images.formats import ImageFormat
from domain.images.operations import (
    OPERATION_NAMES,
    AspectRatio,
    CutGravity,
    Focus,
    Font,
    FontChoice,
    Gravity,
    Interest,
    Most,
    Operation,
    Radius,
    Region,
    Shadow,
    camel_case,
)
from domain.images.output import Auto, Delay, Format, Metadata, Output, Palette, Qualities
from domain.images.units import Color, Length, Percent

SAME_FORMAT = "same"
_ASPECT_RATIO = re.compile(r"(\d{1,5}):(\d{1,5})", re.ASCII)
_OPERATION_KINDS = {kind: name for name, kind in OPERATION_NAMES.items()}


@cache
def make_converter(*, whole: bool = False) -> cattrs.Converter:
    """
    Return the converter of the language.

    Defaults are left out of what it writes, unless that is to be *whole*.

    Structuring raises cattrs' error groups, whose leaves are `DomainError`s with sentences for
    customers, `ForbiddenExtraKeysError`, or a missing member's `KeyError`.
    """
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook_func(_is_enum, _member)
    converter.register_structure_hook_func(
        _is_tuple, lambda value, kind: tuple(_items(converter, value, kind))
    )
    converter.register_structure_hook(Length, _length)
    converter.register_structure_hook(Length | None, lambda value, _: _optional(value, _length))
    converter.register_structure_hook(Radius, _radius)
    converter.register_structure_hook(CutGravity, _cut_gravity)
    converter.register_structure_hook(FontChoice, _font)
    converter.register_structure_hook(
        Focus | None,
        lambda value, _: None if value is None else converter.structure(value, Focus),
    )
    converter.register_structure_hook(Color, lambda value, _: Color.parse(_text(value, str)))
    converter.register_structure_hook(
        Color | None, lambda value, _: None if value is None else Color.parse(_text(value, str))
    )
    converter.register_structure_hook(AspectRatio, _aspect_ratio)
    converter.register_structure_hook(
        Palette | None,
        lambda value, _: None if value is None else converter.structure(value, Palette),
    )
    converter.register_structure_hook(int | None, lambda value, _: _optional(value, _integer))
    converter.register_structure_hook(Delay, _delay)
    for notation in (Percent, Color, AspectRatio):
        converter.register_unstructure_hook(notation, str)
    converter.register_structure_hook_factory(
        attrs.has,
        lambda kind: _of_objects(
            make_dict_structure_fn(
                kind, converter, _cattrs_forbid_extra_keys=True, **_spelling(kind)
            )
        ),
    )
    converter.register_structure_hook_factory(
        _is_list, lambda kind: _of_lists(list_structure_factory(kind, converter))
    )
    converter.register_structure_hook(datetime, _moment)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    _register_qualities(converter)
    # Parts first: what holds them asks for their hooks when its own is made.
    for kind in (Region, Focus, Shadow, Metadata, Palette, Qualities, *get_args(Operation), Output):
        converter.register_unstructure_hook(
            kind,
            make_dict_unstructure_fn(
                kind, converter, _cattrs_omit_if_default=not whole, **_spelling(kind)
            ),
        )
    for kind in (Dimensions, ExifSummary, DominantColor, Analysis):
        converter.register_unstructure_hook(
            kind,
            make_dict_unstructure_fn(
                kind, converter, _cattrs_omit_if_default=True, **_spelling(kind)
            ),
        )
    converter.register_structure_hook(
        Operation, lambda document, _: _operation(converter, document)
    )
    converter.register_unstructure_hook(
        Operation,
        lambda step: {
            "op": _OPERATION_KINDS[type(step)],
            **converter.unstructure(step, type(step)),
        },
    )
    return converter


def _of_objects(read: Any) -> Any:
    def read_object(value: object, kind: Any) -> Any:
        if not isinstance(value, dict):
            raise InvalidParameter("must be an object")
        return read(value, kind)

    return read_object


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list


def _of_lists(read: Any) -> Any:
    # A text or an object would do for the library: it can be walked through.
    def read_list(value: object, kind: Any) -> Any:
        if not isinstance(value, list):
            raise InvalidParameter("must be a list")
        return read(value, kind)

    return read_list


# Any: the generators take their own options and the attributes' overrides by keyword alike.
def _spelling(kind: Any) -> dict[str, Any]:
    """Return how the members of the attrs class *kind* are spelled: in camel case."""
    names = {field.name: override(rename=camel_case(field.name)) for field in attrs.fields(kind)}
    if kind is ExifSummary:
        names["orientation"] = override(omit_if_default=False)
    if kind is Output:
        names["format"] = override(struct_hook=_format, unstruct_hook=_format_name)
    return names


def _operation(converter: cattrs.Converter, document: object) -> Operation:
    if not isinstance(document, dict):
        raise InvalidParameter('must be an object such as {"op": "grayscale"}')
    members = dict(document)
    name = members.pop("op", None)
    if name is None:
        raise InvalidParameter("is missing", pointer="/op")
    kind = OPERATION_NAMES.get(name) if isinstance(name, str) else None
    if kind is None:
        known = ", ".join(OPERATION_NAMES)
        raise UnknownOperation(f"there is no such operation; there are {known}", pointer="/op")
    return converter.structure(members, kind)


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _items(converter: cattrs.Converter, value: object, kind: Any) -> list[Any]:
    if not isinstance(value, list | tuple):  # a tuple has not been through JSON yet
        raise InvalidParameter("must be a list")
    items: Any = list[get_args(kind)[0]]  # type: ignore[misc]  # known as it runs
    read: list[Any] = converter.structure(value, items)
    return read


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _member(value: object, kind: type[Enum]) -> Enum:
    for member in kind:
        if member.value == value:
            return member
    raise InvalidParameter("must be one of " + ", ".join(str(member.value) for member in kind))


def _register_qualities(converter: cattrs.Converter) -> None:
    """Let a quality be one number for all formats, or an object of several."""
    by_format = converter.get_structure_hook(Qualities)

    def read(value: object, kind: Any) -> Any:
        if value is None:
            return Qualities()
        if isinstance(value, dict):
            return by_format(value, kind)
        return Qualities.of(_integer(value, int))

    converter.register_structure_hook(Qualities, read)


def _delay(value: object, _: Any) -> Delay:
    if value is None:
        return None
    if isinstance(value, list):
        return tuple(_integer(one, int) for one in value)
    return _integer(value, int)


def _format(value: object, _: Any) -> Format:
    if value == SAME_FORMAT or value is None:
        return None
    if value == Auto.AUTO.value:
        return Auto.AUTO
    if value == "jpg":
        return ImageFormat.JPEG
    for member in ImageFormat:
        if member.value == value:
            return member
    known = ", ".join(member.value for member in ImageFormat)
    raise InvalidParameter(f"must be one of {SAME_FORMAT}, {Auto.AUTO.value}, {known}")


def _format_name(value: Format) -> str:
    return SAME_FORMAT if value is None else value.value


def _length(value: object, _: Any) -> Length:
    if isinstance(value, str):
        return Percent.parse(value)
    whole = _whole(value)
    if whole is None:
        raise InvalidParameter('must be whole pixels such as 800, or a share such as "50%"')
    return whole


def _radius(value: object, _: Any) -> Radius:
    return Most.MAX if value == Most.MAX.value else _length(value, None)


def _cut_gravity(value: object, _: Any) -> CutGravity:
    members: tuple[CutGravity, ...] = (*Gravity, *Interest)
    for member in members:
        if member.value == value:
            return member
    known = ", ".join(str(member.value) for member in members)
    raise InvalidParameter(f"must be one of {known}")


def _font(value: object, _: Any) -> FontChoice:
    for font in Font:
        if font.value == value:
            return font
    return _text(value, str)


def _optional(value: object, hook: Any) -> Any:
    return None if value is None else hook(value, None)


def _aspect_ratio(value: object, _: Any) -> AspectRatio:
    match = _ASPECT_RATIO.fullmatch(_text(value, str))
    if match is None:
        raise InvalidParameter('must be a ratio such as "16:9"')
    return AspectRatio(int(match[1]), int(match[2]))


def _integer(value: object, _: Any) -> int:
    whole = _whole(value)
    if whole is None:
        raise InvalidParameter("must be a whole number")
    return whole


def _whole(value: object) -> int | None:
    """Return a whole number, which JSON may write as 2 or as 2.0; None of anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object, _: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidParameter("must be a number")
    try:
        return float(value)
    except OverflowError:
        raise InvalidParameter("is too large a number") from None


def _moment(value: object, _: Any) -> datetime:
    try:
        return datetime.fromisoformat(_text(value, str)[:40])
    except ValueError:
        raise InvalidParameter("must be a date and time as ISO 8601 has it") from None


def _boolean(value: object, _: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidParameter("must be true or false")
    return value


def _text(value: object, _: Any) -> str:
    if not isinstance(value, str):
        raise InvalidParameter("must be text")
    return value
