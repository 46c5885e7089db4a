"""Compare store and rows: objects that nobody names, rows whose objects are not there."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import Final
from uuid import UUID

import attrs

from application.administration.stored_files import PAGE, pages_of_holders
from application.ports.clock import Clock
from application.ports.object_store import ObjectInfo, ObjectMissing, ObjectStore
from application.ports.repositories.files import FileKind, Holder
from application.ports.unit_of_work import Database
from domain.images.gone import Gone

Progress = Callable[[str, int], None]
"""Told of so many objects, or rows, that have been looked at."""

_SHOWN: Final = 1_000
_SUSPICIOUS: Final = 100


@attrs.define
class Findings:
    """
    What a sweep has found.

    Attributes:
        objects: In the store, of a form that ours have.
        foreign: Of another form: another's, and left alone.
        orphans: Objects that no row names, older than the grace; and their bytes.
        young: Objects that no row names yet.
        rows: That name files.
        missing: Rows with a file that is not in the store; at most a thousand of them.
        missing_count: All of them.
        found_again: Rows marked so before whose files are back.
        staged: Left half-way by dead processes; counted only when they are discarded.
    """

    objects: int = 0
    foreign: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    young: int = 0
    rows: int = 0
    missing: list[Holder] = attrs.field(factory=list)
    missing_count: int = 0
    found_again: int = 0
    staged: int = 0

    @property
    def look_wrong(self) -> bool:
        """Whether most of the store has no row: more likely the wrong database than a crash."""
        return self.orphans > _SUSPICIOUS and self.orphans * 2 > self.objects


@attrs.frozen
class SweepOrphans:
    """
    Look for what only one of store and database has.

    Whoever puts bytes has them named by a row soon after, so an object that is older than *grace*
    and that no row names is nobody's. A row's file is missing if the store says so while the row
    still names it. Nothing is held in memory but a page of either.

    Attributes:
        lookups: How many questions the store is asked at a time.
    """

    database: Database
    object_store: ObjectStore
    clock: Clock
    grace: timedelta = timedelta(hours=24)
    lookups: int = 8

    def __call__(
        self, *, act: bool = False, on_progress: Progress = lambda _what, _number: None
    ) -> Findings:
        """
        Look, and with *act* delete the orphans and mark the rows.

        Raises:
            StorageUnavailable, DatabaseUnavailable: What was done until then stays done.
        """
        findings = Findings()
        with ThreadPoolExecutor(self.lookups) as pool:
            self._compare_objects(findings, pool, on_progress, act=act)
            self._compare_rows(findings, pool, on_progress, act=act)
        if act:
            findings.staged = self.object_store.sweep_staging(self.clock.now() - self.grace)
        return findings

    def _compare_objects(
        self, findings: Findings, pool: Executor, on_progress: Progress, *, act: bool
    ) -> None:
        put_before = self.clock.now() - self.grace
        for keys in _paged(self.object_store.keys()):
            holders = {key: holder for key in keys if (holder := _holder_of(key)) is not None}
            findings.objects += len(holders)
            findings.foreign += len(keys) - len(holders)
            with self.database.reading() as work:
                named = work.files.named(sorted(set(holders.values())))
            unnamed = [key for key in holders if key not in named]
            for info in pool.map(self._stat, unnamed):
                if info is None:
                    continue  # somebody else has just deleted it
                if info.stored_at > put_before:
                    findings.young += 1
                    continue
                findings.orphans += 1
                findings.orphan_bytes += info.byte_size
                if act:
                    self.object_store.delete(info.key)
            on_progress("objects", len(keys))

    def _compare_rows(
        self, findings: Findings, pool: Executor, on_progress: Progress, *, act: bool
    ) -> None:
        for holders in pages_of_holders(self.database):
            keys = [file.key for holder in holders for file in holder.files]
            there = {info.key for info in pool.map(self._stat, keys) if info is not None}
            for holder in holders:
                if all(file.key in there for file in holder.files):
                    if holder.gone is not None:
                        findings.found_again += 1
                        if act:
                            self._mark(holder, None)
                elif self._is_still_named(holder):
                    findings.missing_count += 1
                    if len(findings.missing) < _SHOWN:
                        findings.missing.append(holder)
                    if act and holder.gone is None and holder.kind is not FileKind.ASSET:
                        self._mark(holder, Gone.MISSING)
            findings.rows += len(holders)
            on_progress("rows", len(holders))

    def _stat(self, key: str) -> ObjectInfo | None:
        try:
            return self.object_store.stat(key)
        except ObjectMissing:
            return None

    def _is_still_named(self, holder: Holder) -> bool:
        """Whether nobody has removed the files, as they should, since the page was read."""
        with self.database.reading() as work:
            return holder.files[0].key in work.files.named([holder.id])

    def _mark(self, holder: Holder, gone: Gone | None) -> None:
        with self.database.writing() as work:
            work.files.mark(holder, gone)
            work.commit()


def _paged(keys: Iterator[str]) -> Iterator[list[str]]:
    while page := list(islice(keys, PAGE)):
        yield page


def _holder_of(key: str) -> UUID | None:
    """Return the image, task or asset that *key* was made for, `{id}/{number}`; None of others."""
    head, slash, number = key.partition("/")
    try:
        holder = UUID(head)
    except ValueError:
        return None
    return holder if slash and number.isdecimal() and str(holder) == head else None
