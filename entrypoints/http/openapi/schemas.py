"""
JSON Schema (2020-12) of the classes that bodies are read into and answers are written by.

An `attrs` class is a body: its members are spelled as the reader spells them, those without a
default are required, others are refused. A `TypedDict` is an answer: all of its members are there,
and later versions may add some.
"""

import types
from collections.abc import Callable
from enum import Enum
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import attrs

from domain.images.operations import camel_case
from entrypoints.http.openapi.operation import Schema


@attrs.frozen(eq=False)
class Rule:
    """What is to be said of a member beside its type, as `Annotated[str, Rule({…})]`."""

    schema: Schema


Id: TypeAlias = Annotated[str, Rule({"format": "uuid"})]
Moment: TypeAlias = Annotated[str, Rule({"format": "date-time"})]
SHA256: TypeAlias = Annotated[str, Rule({"pattern": "^[0-9a-f]{64}$"})]

NO_NUL: Final = "^[^\\u0000]*$"
"""What strict_json lets into any text."""
_SCALARS: Final[dict[Any, Schema]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    Any: {},
}


@attrs.define
class Schemas:
    """
    The schemas of a document, each class once and by its name.

    Attributes:
        components: What has been asked for until now.
    """

    components: dict[str, Schema] = attrs.field(factory=dict)
    _kinds: dict[str, type] = attrs.field(factory=dict)

    def of(self, kind: Any, *, is_body: bool = False) -> Schema:
        """Return the schema of *kind*, or a reference to it; texts of a body hold no NUL."""
        if get_origin(kind) is not None:
            return self._composed(kind, is_body=is_body)
        if kind is str:
            return {"type": "string", "pattern": NO_NUL} if is_body else {"type": "string"}
        if kind in _SCALARS:
            return dict(_SCALARS[kind])
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"enum": [member.value for member in kind]}
        return self._named(kind)

    def _composed(self, kind: Any, *, is_body: bool) -> Schema:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self._annotated(kind, is_body=is_body)
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(one, is_body=is_body) for one in arguments]}
        last = self.of(arguments[-1], is_body=is_body)
        if origin is NotRequired:
            return last
        if origin is dict:
            return {"type": "object", "additionalProperties": last}
        assert origin is list, f"no schema is made of {kind}"
        return {"type": "array", "items": last}

    def _annotated(self, kind: Any, *, is_body: bool) -> Schema:
        base, *notes = get_args(kind)
        schema = self.of(base, is_body=is_body)
        for note in notes:
            if isinstance(note, Rule):
                schema |= note.schema
            elif isinstance(note, type) and issubclass(note, Enum):
                schema |= self.of(note)
        return schema

    def _named(self, kind: type) -> Schema:
        name = kind.__name__
        assert self._kinds.setdefault(name, kind) is kind, f"two classes are called {name}"
        if name not in self.components:
            self.components[name] = {}  # for classes that hold their own kind
            self.components[name] = self._described(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _described(self, kind: type) -> Schema:
        described = self._body if attrs.has(kind) else self._answer
        summary = (kind.__doc__ or "").strip().partition("\n")[0]
        return {"type": "object", "description": summary, **described(kind)}

    def _body(self, kind: Any) -> Schema:
        fields = attrs.fields(attrs.resolve_types(kind))
        properties = {}
        for field in fields:
            schema = self.of(field.type, is_body=True)
            if isinstance(field.default, bool | int | str):
                schema["default"] = field.default
            properties[camel_case(field.name)] = schema
        needed = [camel_case(field.name) for field in fields if field.default is attrs.NOTHING]
        rules = getattr(kind, "__schema__", {})
        return {
            "properties": properties,
            **({"required": needed} if needed else {}),
            "additionalProperties": False,
            **rules,
        }

    def _answer(self, kind: Any) -> Schema:
        assert is_typeddict(kind), f"no schema is made of {kind}"
        hints = get_type_hints(kind, include_extras=True)
        return {
            "properties": {name: self.of(hint) for name, hint in hints.items()},
            "required": sorted(kind.__required_keys__),
        }


def relocated(schema: Any, place: Callable[[str], str]) -> Any:
    """Return *schema* with every reference into its own `$defs` leading where *place* says."""
    if isinstance(schema, list):
        return [relocated(one, place) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"#/components/schemas/{place(value.removeprefix('#/$defs/'))}"
        if name == "$ref" and isinstance(value, str)
        else relocated(value, place)
        for name, value in schema.items()
    }
