"""Links that open one result for a while, to whoever holds them."""

from abc import abstractmethod
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import attrs

from application.errors import ApplicationError
from domain.tasks.task import Result


class LinkForged(ApplicationError):
    """The link's signature does not fit."""

    code = "invalid-link"


class LinkExpired(ApplicationError):
    """The link was good once."""

    code = "link-expired"


@attrs.frozen
class LinkedFile:
    """What a link opens: one variant of one task."""

    task_id: UUID
    variant: str


class DownloadLinks(Protocol):
    """Makes download links."""

    @abstractmethod
    def issue(self, task_id: UUID, result: Result, download_name: str, lifetime: timedelta) -> str:
        """
        Return an absolute URL that opens a task's *result*, without a token, for *lifetime*.

        Args:
            download_name: The file name that a browser should offer.
        """


class LinkVerifier(Protocol):
    """Checks links that come back to us; a store that serves its own links needs none."""

    @abstractmethod
    def verify(self, linked: LinkedFile, expires: str, key_id: str, signature: str) -> None:
        """
        Accept a link's parts as they stood in its URL, or refuse it.

        Raises:
            LinkForged: Not ours, or altered.
            LinkExpired: Ours, and too old.
        """
