"""Figures for operators."""

from abc import abstractmethod
from typing import Protocol


class Telemetry(Protocol):
    """Takes measurements; never fails and never waits."""

    @abstractmethod
    def count_task(self, outcome: str) -> None:
        """Count a task that left a worker: a final status, `retried`, `superseded` or `skipped`."""

    @abstractmethod
    def observe_stage(self, stage: str, seconds: float) -> None:
        """Record how long one stage of a task took."""

    @abstractmethod
    def count_delivery(self, channel: str, outcome: str) -> None:
        """Count an attempt to tell a customer: `delivered`, `retried` or `failed`."""

    @abstractmethod
    def observe_use_case(self, name: str, outcome: str, seconds: float) -> None:
        """Record one call of a use case."""

    @abstractmethod
    def set_queue_depth(self, queue: str, state: str, count: int) -> None:
        """Record how much waits in *queue*, by *state*."""
