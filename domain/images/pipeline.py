"""An ordered list of operations and what comes out at its end."""

from typing import ClassVar

import attrs

from domain.errors import TooManyOperations
from domain.images.operations import AutoOrient, Operation, Watermark
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
        return tuple(dict.fromkeys(names))
