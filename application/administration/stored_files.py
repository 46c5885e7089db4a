"""Walk along everything that rows say the store should have."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from application.ports.repositories.files import FileKind, Holder
from application.ports.unit_of_work import Database

PAGE = 500


def pages_of_holders(database: Database) -> Iterator[Sequence[Holder]]:
    """Yield every row that names files, a page at a time, holding no transaction meanwhile."""
    for kind in FileKind:
        after: UUID | None = None
        while True:
            with database.reading() as work:
                page = work.files.page(kind, after, PAGE)
            if not page:
                break
            yield page
            after = page[-1].id


def count_holders(database: Database) -> int:
    """Return about how many rows there are to walk along."""
    with database.reading() as work:
        return sum(work.files.count(kind) for kind in FileKind)
