"""What the values of operations check alike."""

import math
from typing import Any

import attrs

from domain.errors import InvalidParameter
from domain.images.units import Color


def camel_case(name: str) -> str:
    """Return the language's spelling of an attribute: `offset_x` → `offsetX`."""
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


# Any: the same check serves whole numbers and fractions.
def between(low: float, high: float) -> "attrs._ValidatorType[Any]":
    """Return a validator of numbers from *low* to *high*."""

    def check(_: object, attribute: "attrs.Attribute[Any]", value: float) -> None:
        if not (math.isfinite(value) and low <= value <= high):
            raise InvalidParameter(
                f"must be from {low:g} to {high:g}", pointer=f"/{camel_case(attribute.name)}"
            )

    return check


def opaque(_: object, attribute: "attrs.Attribute[Color]", value: Color) -> None:
    """Refuse a colour that something shines through."""
    if not value.is_opaque:
        raise InvalidParameter("must not be transparent", pointer=f"/{camel_case(attribute.name)}")
