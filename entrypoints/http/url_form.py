"""
The URL form of the language, `resize:w=400,h=300,fit=cover/blur:sigma=2/out:format=auto`.

It is read into the long form that it stands for, which is then read as if that had been sent: so
what is refused, and where, is the same. A value is taken for what its member can hold, of which the
value classes tell.
"""

import math
import re
import types
from functools import cache
from typing import Any, Final, Union, get_args, get_origin
from urllib.parse import unquote_to_bytes

import attrs

from domain.errors import InvalidParameter, TooManyOperations, UnknownMember
from domain.images.abbreviations import ABBREVIATIONS
from domain.images.operations import OPERATION_NAMES, AspectRatio, camel_case
from domain.images.output import Output, Qualities
from domain.images.pipeline import Pipeline
from domain.images.units import Color, Percent
from entrypoints.http.payloads import escaped

Document = dict[str, Any]

OUTPUT: Final = "out"
SOURCE: Final = "source"

_NOTATIONS: Final = (Percent, Color, AspectRatio)
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)
_SHARE: Final = re.compile(r"[\d.]+p", re.ASCII)
_BARE_COLOR: Final = re.compile(
    r"(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.ASCII | re.IGNORECASE
)
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9A-Fa-f]{2})")


@attrs.frozen
class _Source:
    """What the step `source` holds; the sampling is no part of `source` in the long form."""

    auto_orient: bool = True
    sampling: str = ""


def read_url_form(text: str) -> Document:
    """
    Return the long form that *text* stands for; what only its own reader can tell is not checked.

    Raises:
        InvalidParameter, UnknownMember, TooManyOperations: With a pointer into that long form.
    """
    pipeline: list[Document] = []
    document: Document = {}
    steps = text.split("/") if text else []
    if len(steps) > Pipeline.MAX_OPERATIONS + 2:  # before a thousand are read for nothing
        raise TooManyOperations(
            f"at most {Pipeline.MAX_OPERATIONS} operations", pointer="/pipeline"
        )
    for number, step in enumerate(steps):
        name, colon, members = step.partition(":")
        if name == SOURCE:
            if number > 0:
                raise InvalidParameter("must be the first step", pointer="/source")
            source = _read({}, _Source, colon, members, "/source")
            document |= {key: source.pop(key) for key in ("sampling",) if key in source}
            document["source"] = source
        elif name == OUTPUT:
            if number < len(steps) - 1:
                raise InvalidParameter("must be the last step", pointer="/output")
            document["output"] = _read({}, Output, colon, members, "/output")
        elif name not in OPERATION_NAMES:
            pipeline.append({"op": name})  # which is refused in its turn
        else:
            place = f"/pipeline/{len(pipeline)}"
            pipeline.append(_read({"op": name}, OPERATION_NAMES[name], colon, members, place))
    return document | {"pipeline": pipeline}


def _read(document: Document, kind: type, colon: str, members: str, place: str) -> Document:
    if not colon:
        return document
    for member in members.split(","):
        name, equals, value = member.partition("=")
        _put(document, kind, name.split("."), value if equals else None, place)
    return document


def _put(target: Document, kind: type, path: list[str], text: str | None, place: str) -> None:
    """Put the value of *text* at *path* into *target*, which is to become a *kind*."""
    known = _members_of(kind)
    name = path[0] if path[0] in known else ABBREVIATIONS.get(path[0], path[0])
    place += f"/{escaped(name)}"
    if name not in known:
        raise UnknownMember(
            f"there is no such member here; there are {', '.join(known)}"
            if known
            else "there are no members here",
            pointer=place,
        )
    kinds = known[name]
    if len(path) == 1:
        if name in target:
            raise InvalidParameter("is given twice", pointer=place)
        target[name] = _value(kinds, text, place)
        return
    inner = _class_among(kinds)
    if inner is not None:
        _put(_kept(target, name, {}, place), inner, path[1:], text, place)
        return
    item = _class_among(_item_kinds(kinds))
    if item is None:
        raise InvalidParameter("has no members", pointer=place)
    items = _kept(target, name, [], place)
    if len(path) < 3 or path[1] not in (str(len(items) - 1), str(len(items))):
        raise InvalidParameter(
            f"is a list; write {name}.0.left and its like, numbered in order", pointer=place
        )
    if path[1] == str(len(items)):
        items.append({})
    _put(items[-1], item, path[2:], text, f"{place}/{path[1]}")


def _kept(target: Document, name: str, empty: Any, place: str) -> Any:
    held = target.setdefault(name, empty)
    if type(held) is not type(empty):
        raise InvalidParameter("is given twice", pointer=place)
    return held


def _value(kinds: frozenset[Any], text: str | None, place: str) -> Any:
    """Return what *text* means to a member of these *kinds*; None stands for no text at all."""
    if text is None:
        return True if _class_among(kinds) is None else {}
    items = _item_kinds(kinds)
    if items and _class_among(items) is None and (int not in kinds or ";" in text):
        texts = text.removesuffix(";").split(";") if text else []
        return [_scalar(items, _decoded(one, place)) for one in texts]
    return _scalar(kinds, _decoded(text, place))


def _scalar(kinds: frozenset[Any], text: str) -> Any:
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    if kinds & {int, float, Qualities} and (number := _NUMBER.fullmatch(text)):
        if not (number[1] or number[2]):
            return int(text)
        return float(text) if math.isfinite(float(text)) else text
    if Percent in kinds and _SHARE.fullmatch(text):
        return f"{text[:-1]}%"
    if Color in kinds and _BARE_COLOR.fullmatch(text):
        return f"#{text}"
    return text


def _decoded(text: str, place: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise InvalidParameter(
            "has a % that two hexadecimal digits do not follow; a plain one is written %25",
            pointer=place,
        )
    try:
        decoded = unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        raise InvalidParameter("is not UTF-8, percent-encoded", pointer=place) from None
    if "\0" in decoded:
        raise InvalidParameter("holds a NUL character", pointer=place)
    return decoded


@cache
def _members_of(kind: type) -> dict[str, frozenset[Any]]:
    """Return the kinds of value that each member of a class can hold."""
    fields = attrs.fields(attrs.resolve_types(kind))
    return {camel_case(field.name): _kinds(field.type) for field in fields}


def _kinds(kind: Any) -> frozenset[Any]:
    if get_origin(kind) in (Union, types.UnionType):
        return frozenset(get_args(kind))
    return frozenset({kind})


def _item_kinds(kinds: frozenset[Any]) -> frozenset[Any]:
    """Return what a list among *kinds* holds; nothing if there is none."""
    lists = [kind for kind in kinds if get_origin(kind) is tuple]
    return _kinds(get_args(lists[0])[0]) if lists else frozenset()


def _class_among(kinds: frozenset[Any]) -> type | None:
    """Return the class whose members may be given, if one of *kinds* has any."""
    for kind in kinds:
        if isinstance(kind, type) and attrs.has(kind) and kind not in _NOTATIONS:
            return kind
    return None
