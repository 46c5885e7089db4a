"""Tell what the workers that run now can do together."""

from datetime import timedelta

import attrs

from application.ports.repositories.workers import Worker
from application.ports.unit_of_work import Database
from domain.images.formats import ImageFormat
from domain.images.operations import Font


@attrs.frozen
class Seen:
    """
    What is known of the workers that run now.

    Attributes:
        workers: How many there are; of none, nothing else is known.
        libvips: Their versions of it, each once.
        reads: Formats that all of them can read.
        writes: Formats that all of them can write.
        partly_reads: Formats that only some can read.
        partly_writes: Formats that only some can write.
        fonts: Fonts that all of them have.
    """

    workers: int = 0
    libvips: tuple[str, ...] = ()
    reads: tuple[ImageFormat, ...] = ()
    writes: tuple[ImageFormat, ...] = ()
    partly_reads: tuple[ImageFormat, ...] = ()
    partly_writes: tuple[ImageFormat, ...] = ()
    fonts: tuple[Font, ...] = ()

    def may_read(self, format: ImageFormat) -> bool:
        """Tell whether one of them can, or nobody knows of any."""
        return self.workers == 0 or format in self.reads + self.partly_reads

    def may_write(self, format: ImageFormat) -> bool:
        """Tell whether one of them can, or nobody knows of any."""
        return self.workers == 0 or format in self.writes + self.partly_writes


@attrs.frozen
class TellAbilities:
    """
    Say what the workers have told of themselves.

    Attributes:
        silence: After so long without a word, a worker is taken for gone.
    """

    database: Database
    silence: timedelta

    def __call__(self) -> Seen:
        """Look, and put together."""
        with self.database.reading() as work:
            return together(work.workers.seen_within(self.silence))


def together(workers: list[Worker]) -> Seen:
    """Return what all of *workers* can do, and what only some can."""
    told = [worker.abilities for worker in workers]
    if not told:
        return Seen()
    reads = {one: sum(one in each.reads for each in told) for one in ImageFormat}
    writes = {one: sum(one in each.writes for each in told) for one in ImageFormat}
    return Seen(
        workers=len(told),
        libvips=tuple(sorted({each.libvips for each in told})),
        reads=tuple(one for one, count in reads.items() if count == len(told)),
        writes=tuple(one for one, count in writes.items() if count == len(told)),
        partly_reads=tuple(one for one, count in reads.items() if 0 < count < len(told)),
        partly_writes=tuple(one for one, count in writes.items() if 0 < count < len(told)),
        fonts=tuple(one for one in Font if all(one in each.fonts for each in told)),
    )
