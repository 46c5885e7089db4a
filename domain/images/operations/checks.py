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


@attrs.frozen
class Between:
    """A validator of numbers; its bounds are also what the language's schema tells."""

    low: float
    high: float

    # Any: the same check serves whole numbers and fractions.
    def __call__(self, _: object, attribute: "attrs.Attribute[Any]", value: float) -> None:
        """Refuse what lies outside, and what is no number."""
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise InvalidParameter(
                f"must be from {self.low:g} to {self.high:g}",
                pointer=f"/{camel_case(attribute.name)}",
            )


def between(low: float, high: float) -> "attrs._ValidatorType[Any]":
    """Return a validator of numbers from *low* to *high*."""
    return Between(low, high)


def opaque(_: object, attribute: "attrs.Attribute[Color]", value: Color) -> None:
    """Refuse a colour that something shines through."""
    if not value.is_opaque:
        raise InvalidParameter("must not be transparent", pointer=f"/{camel_case(attribute.name)}")
