"""Pipelines in the URL form of the language, which entrypoints/http/url_form.py reads."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

import attrs
import rfc8785

from domain.images.abbreviations import ABBREVIATIONS
from domain.images.operations import OPERATION_NAMES, AspectRatio, AutoOrient, camel_case
from domain.images.output import Output, Qualities
from domain.images.pipeline import USUAL_SAMPLING, Pipeline
from domain.images.units import Color, Percent

_NAMES: Final = {kind: name for name, kind in OPERATION_NAMES.items()}
_SHORT: Final = {name: short for short, name in ABBREVIATIONS.items()}
_UPRIGHT: Final = AutoOrient()


def url_form(pipeline: Pipeline) -> str | None:
    """
    Return *pipeline* in the URL form, what is usual left out, its values percent-encoded.

    None if it has variants: a URL names one result.
    """
    if pipeline.variants:
        return None
    operations = pipeline.operations
    steps: list[str] = []
    source = []
    if operations[:1] != (_UPRIGHT,):
        source.append("autoOrient=false")
    elif operations[1:2] != (_UPRIGHT,):  # a second one would be taken for the first
        operations = operations[1:]
    if pipeline.sampling is not USUAL_SAMPLING:
        source.append(f"sampling={pipeline.sampling.value}")
    if source:
        steps.append(f"source:{','.join(source)}")
    steps += [_step(_NAMES[type(step)], step) for step in operations]
    if pipeline.output != Output():
        steps.append(_step("out", pipeline.output))
    return "/".join(steps) or "out:format=same"


# Any: an operation or an output.
def _step(name: str, value: Any) -> str:
    members = ",".join(_members(value, ""))
    return f"{name}:{members}" if members else name


def _members(value: Any, prefix: str) -> Iterator[str]:
    for field in attrs.fields(type(value)):
        held = getattr(value, field.name)
        if held == field.default:
            continue
        name = camel_case(field.name)
        yield from _member(prefix + _SHORT.get(name, name), held)


def _member(path: str, held: Any) -> Iterator[str]:
    if isinstance(held, Qualities) and held == Qualities.of(held.jpeg or 1):
        yield f"{path}={held.jpeg}"
    elif isinstance(held, tuple) and held and attrs.has(type(held[0])):
        for number, one in enumerate(held):
            yield from _members(one, f"{path}.{number}.")
    elif isinstance(held, tuple):
        # The semicolon tells a list of one from one.
        yield f"{path}={';'.join(map(_scalar, held))}{';' if len(held) == 1 else ''}"
    elif attrs.has(type(held)) and not isinstance(held, Percent | Color | AspectRatio):
        yield ",".join(_members(held, f"{path}.")) or path
    elif held is True:
        yield path
    else:
        yield f"{path}={_scalar(held)}"


def _scalar(held: Any) -> str:
    match held:
        case Percent():
            return str(held).replace("%", "p")
        case Color():
            return str(held).removeprefix("#")
        case Enum():
            return quote(str(held.value), safe=":")
        case bool() | int() | float():
            return rfc8785.dumps(held).decode()
        case _:
            return quote(str(held), safe=":")
