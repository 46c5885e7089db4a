"""Look at the receipt for an account that was given up."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import attrs

from application.errors import NotFound
from application.ports.repositories.erasures import ErasedFile
from application.ports.unit_of_work import Database
from domain.users.erasure import Erasure

PAGE_FILES: Final = 1_000


@attrs.frozen
class ViewErasureRequest:
    """
    Which receipt, and from which file on.

    Attributes:
        after: Position of the last file of the page before; 0 for the first page.
    """

    erasure_id: UUID
    after: int = 0


@attrs.frozen
class ErasureView:
    """
    The receipt, and a page of the files.

    Attributes:
        next_after: `ViewErasureRequest.after` of the page that follows; None if there is none.
    """

    erasure: Erasure
    files: Sequence[ErasedFile]
    next_after: int | None


@attrs.frozen
class ViewErasure:
    """
    Return the receipt by its id, which only whoever gave the account up has.

    Raises:
        NotFound: There is none by that id.
    """

    database: Database

    def __call__(self, request: ViewErasureRequest) -> ErasureView:
        """Load one file more than is shown, which tells whether a page follows."""
        with self.database.reading() as work:
            erasure = work.erasures.get(request.erasure_id)
            if erasure is None:
                raise NotFound
            found = work.erasures.files(erasure.id, request.after, PAGE_FILES + 1)
        files = found[:PAGE_FILES]
        follows = len(found) > PAGE_FILES
        return ErasureView(erasure, files, files[-1].position if follows else None)
