"""Ordered lists of operations and what comes out at their ends."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import ClassVar, Final

import attrs

from domain.errors import InvalidParameter, TooManyOperations, TooManyVariants
from domain.images.analysis import Aspect
from domain.images.operations import AutoOrient, Operation, Variable, Watermark
from domain.images.output import Output

MAIN: Final = "main"
"""The name of the result that a pipeline makes without any variant."""

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_NAME: Final = re.compile(NAME_PATTERN, re.ASCII)


def is_name(text: str) -> bool:
    """Whether *text* may name something that is asked for in a pipeline."""
    return _NAME.fullmatch(text) is not None


class Origin(Enum):
    """What a variant is made from."""

    MAIN = "main"  # the main result, before it is written
    UPLOAD = "upload"  # the picture as it came


class Sampling(Enum):
    """How much of a picture is decoded before it is made smaller."""

    FAST = "fast"  # JPEG: as few pixels as leave a quarter too many to resample from
    QUALITY = "quality"  # JPEG: at least twice as many on each side


USUAL_SAMPLING: Final = Sampling.FAST
"""What whoever names none gets. A pipeline that was stored without one is drawn by `QUALITY`."""


@attrs.frozen
class Variant:
    """
    One more result of the same task, made without decoding the picture again.

    Attributes:
        name: Small letters, digits, `-` and `_`; at most 40.
        origin: What its operations begin with.
        operations: As those of the pipeline itself.
    """

    name: str
    operations: tuple[Operation, ...] = ()
    output: Output = Output()
    origin: Origin = Origin.MAIN

    def __attrs_post_init__(self) -> None:
        if not is_name(self.name) or self.name == MAIN:
            raise InvalidParameter(
                f"is no name of a variant: small letters, digits, - and _, at most 40, not {MAIN!r}"
            )
        check_length(self.operations)


@attrs.frozen
class Pipeline:
    """
    Operations, run in the order given, the output that they end in, and variants of that.

    Attributes:
        operations: At most `MAX_OPERATIONS`.
        variants: At most `MAX_VARIANTS`, each with a name of its own.
        analyze: What is to be told of the picture as it came, whatever the operations do.
        sampling: How the decoder is used where the picture is made smaller first of all.
    """

    MAX_OPERATIONS: ClassVar[int] = 20
    MAX_VARIANTS: ClassVar[int] = 20
    MAX_ASSETS: ClassVar[int] = 20
    MAX_FONTS: ClassVar[int] = 5

    operations: tuple[Operation, ...] = (AutoOrient(),)
    output: Output = Output()
    variants: tuple[Variant, ...] = ()
    analyze: frozenset[Aspect] = frozenset()
    sampling: Sampling = Sampling.QUALITY

    def __attrs_post_init__(self) -> None:
        check_length(self.operations)
        if len(self.variants) > self.MAX_VARIANTS:
            raise TooManyVariants(f"at most {self.MAX_VARIANTS} variants")
        if len(set(self.result_names)) <= len(self.variants):
            raise InvalidParameter("each variant needs a name of its own")
        if len(self.asset_names) > self.MAX_ASSETS:
            raise InvalidParameter(
                f"at most {self.MAX_ASSETS} different files as watermarks", pointer="/variants"
            )
        if len(self.font_names) > self.MAX_FONTS:
            raise InvalidParameter(
                f"at most {self.MAX_FONTS} different fonts of one's own", pointer="/variants"
            )

    @property
    def result_names(self) -> tuple[str, ...]:
        """The names of all results, `MAIN` first."""
        return (MAIN, *(variant.name for variant in self.variants))

    @property
    def is_looked_through(self) -> bool:
        """Whether the picture's pixels are needed besides for the results."""
        return any(aspect.needs_pixels for aspect in self.analyze)

    @property
    def asset_names(self) -> tuple[str, ...]:
        """Names of the files that the operations refer to, each once, in order."""
        return _each_once(name for mark in self._marks() for name in (mark.image, mark.own_font))

    @property
    def picture_names(self) -> tuple[str, ...]:
        """Those of `asset_names` that have to be pictures."""
        return _each_once(mark.image for mark in self._marks())

    @property
    def font_names(self) -> tuple[str, ...]:
        """Those of `asset_names` that have to be fonts."""
        return _each_once(mark.own_font for mark in self.in_own_fonts)

    @property
    def in_own_fonts(self) -> tuple[Watermark, ...]:
        """The texts whose fonts are none that ship."""
        return tuple(mark for mark in self._marks() if mark.own_font is not None)

    @property
    def has_texts(self) -> bool:
        """Whether letters have to be drawn."""
        return any(mark.text is not None for mark in self._marks())

    @property
    def variables(self) -> frozenset[Variable]:
        """What has to be known before the texts of the operations can be drawn."""
        return frozenset(variable for mark in self._marks() for variable in mark.variables)

    def filled(self, values: Mapping[Variable, str]) -> "Pipeline":
        """Return this with *values* in the place of the variables in its texts."""
        return attrs.evolve(
            self,
            operations=_filled(self.operations, values),
            variants=tuple(
                attrs.evolve(variant, operations=_filled(variant.operations, values))
                for variant in self.variants
            ),
        )

    def _marks(self) -> Iterator[Watermark]:
        for operations in (self.operations, *(variant.operations for variant in self.variants)):
            yield from (step for step in operations if isinstance(step, Watermark))


def check_length(operations: tuple[Operation, ...]) -> None:
    """Refuse more operations than anybody needs for one result."""
    if len(operations) > Pipeline.MAX_OPERATIONS:
        raise TooManyOperations(f"at most {Pipeline.MAX_OPERATIONS} operations")


def _each_once(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _filled(
    operations: tuple[Operation, ...], values: Mapping[Variable, str]
) -> tuple[Operation, ...]:
    return tuple(
        step.filled(values) if isinstance(step, Watermark) else step for step in operations
    )
