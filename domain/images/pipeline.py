"""An ordered list of operations and what comes out at its end."""

from collections.abc import Mapping
from typing import ClassVar

import attrs

from domain.errors import TooManyOperations
from domain.images.operations import AutoOrient, Operation, Variable, Watermark
from domain.images.output import Output


@attrs.frozen
class Pipeline:
    """
    Operations, run in the order given, and the output that they end in.

    Attributes:
        operations: At most `MAX_OPERATIONS`.
    """

    MAX_OPERATIONS: ClassVar[int] = 20

    operations: tuple[Operation, ...] = (AutoOrient(),)
    output: Output = Output()

    def __attrs_post_init__(self) -> None:
        if len(self.operations) > self.MAX_OPERATIONS:
            raise TooManyOperations(f"at most {self.MAX_OPERATIONS} operations")

    @property
    def asset_names(self) -> tuple[str, ...]:
        """Names of the pictures that the operations refer to, each once, in order."""
        names = [step.image for step in self.operations if isinstance(step, Watermark)]
        return tuple(dict.fromkeys(name for name in names if name is not None))

    @property
    def variables(self) -> frozenset[Variable]:
        """What has to be known before the texts of the operations can be drawn."""
        marks = [step for step in self.operations if isinstance(step, Watermark)]
        return frozenset(variable for mark in marks for variable in mark.variables)

    def filled(self, values: Mapping[Variable, str]) -> "Pipeline":
        """Return this with *values* in the place of the variables in its texts."""
        return attrs.evolve(
            self,
            operations=tuple(
                step.filled(values) if isinstance(step, Watermark) else step
                for step in self.operations
            ),
        )
