"""Knows passwords that everybody knows."""

from abc import abstractmethod
from typing import Protocol


class PasswordScreening(Protocol):
    """Tells which passwords are among the first that anybody tries."""

    @abstractmethod
    def is_known(self, password: str) -> bool:
        """Whether *password*, whatever its case, is one of them."""


class NoScreening(PasswordScreening):
    """For whoever does not want passwords screened."""

    def is_known(self, password: str) -> bool:  # noqa: ARG002
        return False
