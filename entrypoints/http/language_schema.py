"""The pipeline language as JSON Schema (2020-12), made of the values that it is read into."""

import types
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, Final, Union, get_args, get_origin

import attrs

from domain.images.analysis import Aspect
from domain.images.operations import (
    OPERATION_NAMES,
    AspectRatio,
    Font,
    FontChoice,
    Most,
    camel_case,
)
from domain.images.operations.checks import Between
from domain.images.output import Output, Qualities
from domain.images.pipeline import USUAL_SAMPLING, Origin, Pipeline, Sampling
from domain.images.units import Color, Percent
from domain.notifications.channel import MAX_URL_CHARACTERS, URL_PATTERN, Occasion
from domain.tasks.priority import Priority

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PERCENT: Final[Schema] = {"type": "string", "pattern": r"^\d{1,4}(\.\d{1,4})?%$"}
_COLOR: Final[Schema] = {
    "type": "string",
    "description": "#rgb, #rgba, #rrggbb, #rrggbbaa, a basic name of CSS, or transparent",
}
_NOTATIONS: Final[dict[object, Schema]] = {
    Percent: _PERCENT,
    Color: _COLOR,
    AspectRatio: {"type": "string", "pattern": r"^\d{1,5}:\d{1,5}$"},
    FontChoice: {
        "anyOf": [
            {"enum": [font.value for font in Font]},
            {
                "type": "string",
                "pattern": r"^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._ -]*\.([Tt][Tt][Ff]|[Oo][Tt][Ff])$",
                "maxLength": 100,
            },
        ]
    },
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string", "pattern": "^[^\\u0000]*$"},  # JSON that holds a NUL is not read
    type(None): {"type": "null"},
}


@cache
def language_schema() -> Schema:
    """Return the schema of the long form; each operation is described under `$defs`."""
    return {
        "$schema": _DIALECT,
        "title": "Processing options, long form",
        "type": "object",
        "properties": {
            "version": {"const": 1},
            "source": {
                "type": "object",
                "properties": {"autoOrient": {"type": "boolean", "default": True}},
                "additionalProperties": False,
            },
            "preset": {
                "type": "string",
                "pattern": r"^[a-z0-9][a-z0-9_-]{0,39}(@[1-9][0-9]{0,8})?$",
            },
            "sampling": _enum(Sampling) | {"default": USUAL_SAMPLING.value},
            **_run(),
            "variants": {
                "type": "object",
                "maxProperties": Pipeline.MAX_VARIANTS,
                "propertyNames": {"pattern": r"^(?!main$)[a-z0-9][a-z0-9_-]{0,39}$"},
                "additionalProperties": {
                    "type": "object",
                    "properties": {"from": _enum(Origin), **_run()},
                    "additionalProperties": False,
                },
            },
            "analyze": {"type": "array", "maxItems": len(Aspect), "items": _enum(Aspect)},
            "notify": {
                "type": "object",
                "properties": {
                    "webhook": {
                        "type": ["string", "null"],
                        "pattern": URL_PATTERN,
                        "maxLength": MAX_URL_CHARACTERS,
                    },
                    "events": {"type": "array", "items": _enum(Occasion)},
                },
                "additionalProperties": False,
            },
            "priority": _enum(Priority),
        },
        "additionalProperties": False,
        "$defs": {
            **{name: _operation(name, kind) for name, kind in OPERATION_NAMES.items()},
            "output": _object(Output, {"format": _FORMAT}),
        },
    }


_FORMAT: Final[Schema] = {
    "enum": ["same", "auto", "jpeg", "jpg", "png", "webp", "avif", "gif", "tiff", None],
    "default": "same",
}


def _run() -> Schema:
    return {
        "pipeline": {
            "type": "array",
            "maxItems": Pipeline.MAX_OPERATIONS,
            "items": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in OPERATION_NAMES]},
        },
        "output": {"$ref": "#/$defs/output"},
    }


def _operation(name: str, kind: type) -> Schema:
    schema = _object(kind, {})
    schema["properties"] = {"op": {"const": name}, **schema["properties"]}
    schema["required"] = ["op", *schema.get("required", [])]
    return schema


def _object(kind: type, known: Schema) -> Schema:
    """Return the schema of an attrs class; members in *known* have one already."""
    resolved = attrs.fields(attrs.resolve_types(kind))
    schema: Schema = {
        "type": "object",
        "description": (kind.__doc__ or "").strip().splitlines()[0],
        "properties": {
            camel_case(field.name): known.get(field.name) or _member(field) for field in resolved
        },
        "additionalProperties": False,
    }
    needed = [camel_case(field.name) for field in resolved if field.default is attrs.NOTHING]
    return schema | ({"required": needed} if needed else {})


def _member(field: "attrs.Attribute[Any]") -> Schema:
    schema = dict(_type(field.type)) | _range(field.validator)
    if field.default is attrs.NOTHING:
        return schema  # an Enum, too, as attrs has it
    if isinstance(field.default, bool | int | float | str):
        schema["default"] = field.default
    elif isinstance(field.default, Enum):
        schema["default"] = field.default.value
    elif isinstance(field.default, Percent | Color):
        schema["default"] = str(field.default)
    return schema


def _type(kind: Any) -> Schema:
    if kind in _NOTATIONS:
        return _NOTATIONS[kind]
    if kind is Qualities:
        number = {"type": "integer", "minimum": 1, "maximum": 100}
        return {"anyOf": [number, {"type": "null"}, _object(kind, {})]}
    if get_origin(kind) in (Union, types.UnionType):
        return {"anyOf": [_type(one) for one in get_args(kind)]}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _type(get_args(kind)[0])}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    assert attrs.has(kind), f"the schema does not know {kind}"
    return _object(kind, {})


def _enum(kind: type[Enum]) -> Schema:
    if kind is Most:
        return {"const": Most.MAX.value}
    return {"enum": [member.value for member in kind]}


def _range(validator: Callable[..., Any] | None) -> Schema:
    inner = getattr(validator, "validator", validator)  # of an optional one
    if not isinstance(inner, Between):
        return {}
    return {"minimum": inner.low, "maximum": inner.high}
