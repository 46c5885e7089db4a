"""The worker's one use case: claim, fetch, draw, store, finish."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import BinaryIO
from uuid import UUID

import attrs

from application.back_off import BackOff
from application.errors import PortFailure
from application.images.known_format import known_format
from application.ports.clock import Clock
from application.ports.failpoints import Failpoints
from application.ports.image_editor import EditAbandoned, EditFailed, ImageEditor
from application.ports.image_probe import ImageProbe
from application.ports.memory_budget import MemoryBudget, WaitAbandoned
from application.ports.object_store import (
    Fingerprint,
    ObjectCorrupt,
    ObjectMissing,
    ObjectStore,
    StorageUnavailable,
)
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import Database, DatabaseUnavailable, UnitOfWork
from domain.errors import DomainError
from domain.images.analysis import Analysis
from domain.images.cost import memory_bytes
from domain.images.image import Image, PictureHeader
from domain.images.operations import Variable
from domain.images.pipeline import Pipeline
from domain.tasks.log_entry import LogEntry
from domain.tasks.task import Failure, FailureCode, Result, Task, TaskStatus

_logger = logging.getLogger(__name__)

_FINISH_TRIES = 5  # each waits as long as the database adapter does


class UnreadablePipeline(PortFailure):
    """The stored pipeline says more than this version knows; a newer worker can read it."""

    code = "unreadable-pipeline"
    transient = True


class WorkerStopping(PortFailure):
    """The worker ends before there is memory for the task; another will take it."""

    code = "worker-stopping"
    transient = True


class ProcessOutcome(Enum):
    """What became of one message."""

    SKIPPED = "skipped"  # nothing to claim: done already, or another's
    COMPLETED = "completed"
    FAILED = "failed"
    RETRIED = "retried"  # something that can heal stood in the way
    SUPERSEDED = "superseded"  # the lease was lost meanwhile; the work is thrown away
    CANCELLED = "cancelled"  # its owner gave it up meanwhile; the work is thrown away


@attrs.frozen
class RetryPolicy:
    """
    How long something that can heal is waited for.

    Attributes:
        budget: Time since the upload after which the task fails for good.
        unforeseen_attempts: Attempts at a task that meets with what nobody foresaw.
    """

    budget: timedelta
    back_off: BackOff = BackOff(first=timedelta(seconds=2), longest=timedelta(minutes=5))
    unforeseen_attempts: int = 3


@attrs.define
class ProcessTask:
    """
    Run a queued task to its end.

    A message that comes twice, late or out of order finds nothing to claim. What a worker that
    lost its lease has made is thrown away unseen: the fence it holds no longer fits.

    A picture is drawn when the host has the memory that it is said to need; until then the task
    is in hand, and beats keep it.

    Attributes:
        lease: How long a claim holds without a beat; `beat` renews it.
    """

    database: Database
    object_store: ObjectStore
    probe: ImageProbe
    memory: MemoryBudget
    editor: ImageEditor
    clock: Clock
    telemetry: Telemetry
    failpoints: Failpoints
    lease: timedelta
    retries: RetryPolicy
    _held: set[tuple[UUID, int]] = attrs.field(factory=set, init=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    _stopping: threading.Event = attrs.field(factory=threading.Event, init=False)

    def __call__(self, task_id: UUID) -> ProcessOutcome:
        """Claim the task and see it through."""
        with self.database.writing(durable=False) as work:
            task = work.tasks.claim(task_id, self.lease)
            image = work.images.get(task.image_id) if task else None
            values = _values(work, task, image) if task and image else {}
            work.commit()
        if task is None or image is None:
            self.telemetry.count_task(ProcessOutcome.SKIPPED.value)
            return ProcessOutcome.SKIPPED
        self.failpoints.reach("process.after_claim")

        started_at, stages = self.clock.now(), dict[str, float]()
        if task.attempts == 1:
            self.telemetry.observe_stage(
                "queued", max(0.0, (started_at - task.created_at).total_seconds())
            )
        delay, error, unforeseen = timedelta(), None, None
        with self._holding(task):
            try:
                results, analysis = self._make_results(task, image, values, stages)
                task.complete(results, self.clock.now(), analysis)
                outcome = ProcessOutcome.COMPLETED
            except EditAbandoned:
                outcome = ProcessOutcome.SUPERSEDED
            except WorkerStopping as reason:
                task.hand_back()
                outcome, error = ProcessOutcome.RETRIED, _described(reason)
            except EditFailed as refusal:
                task.fail(refusal.failure, self.clock.now())
                outcome, error = ProcessOutcome.FAILED, str(refusal)
            except Exception as fault:  # noqa: BLE001  # told to the log, then raised again
                error = _described(fault)
                if self._deserves_a_retry(task, fault):
                    task.hand_back()
                    delay = self.retries.back_off.after(task.attempts)
                    outcome = ProcessOutcome.RETRIED
                    _logger.warning("attempt %d did not succeed: %s", task.attempts, error)
                else:
                    task.fail(_failure_of(fault), self.clock.now())
                    outcome = ProcessOutcome.FAILED
                unforeseen = None if isinstance(fault, PortFailure) else fault
            self.failpoints.reach("process.before_finish")
            outcome = self._finish(task, outcome, started_at, stages, error, delay)
        self.telemetry.count_task(outcome.value)
        for stage, seconds in stages.items():
            self.telemetry.observe_stage(stage, seconds)
        if unforeseen is not None:
            raise unforeseen
        return outcome

    def beat(self) -> None:
        """Renew the leases of every task in hand; to be called well within a lease."""
        with self._lock:
            held = list(self._held)
        if held:
            with self.database.writing(durable=False) as work:
                work.tasks.extend_leases(held, self.lease)
                work.commit()

    def stop_waiting(self) -> None:
        """Hand back what waits for memory, now and from now on: this worker takes no more."""
        self._stopping.set()

    def release(self) -> None:
        """
        Hand every task in hand back to the queue, because this worker is about to end.

        What its threads still make is thrown away; nobody counts it as a death.
        """
        with self._lock:
            held = list(self._held)
        with self.database.writing() as work:
            for task_id, fence in held:
                task = work.tasks.get(task_id)
                if task and task.fence == fence and task.status is TaskStatus.IN_PROGRESS:
                    task.hand_back()
                    work.tasks.save_if_held(task)
            work.commit()

    @contextmanager
    def _holding(self, task: Task) -> Iterator[None]:
        # By the fence as well: a task that was lost may be in hand here a second time.
        hold = (task.id, task.fence)
        with self._lock:
            self._held.add(hold)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(hold)

    def _make_results(
        self,
        task: Task,
        image: Image,
        values: Mapping[Variable, str],
        stages: dict[str, float],
    ) -> tuple[tuple[Result, ...], Analysis | None]:
        if task.pipeline is None:
            raise UnreadablePipeline("the pipeline was written by a newer version of this program")
        known_format(image)
        pipeline = task.pipeline.filled(values)
        names = pipeline.result_names
        keys = _keys(task, len(names))
        with ExitStack() as stack:
            with _timed(stages, "fetch"):
                uploaded = Fingerprint(image.byte_size, image.sha256)
                source = stack.enter_context(self.object_store.open(image.file_path, uploaded))
                assets = {}
                for name, asset_key in task.assets.items():
                    try:
                        assets[name] = stack.enter_context(self.object_store.open(asset_key))
                    except ObjectMissing as error:
                        raise EditFailed(
                            Failure(FailureCode.ASSET_MISSING, f"The file {name!r} is gone.")
                        ) from error
                staged = {name: stack.enter_context(self.object_store.stage()) for name in names}
            need = self._need(pipeline, source, assets)
            with self._memory_for(task, need, stages), _timed(stages, "edit"):
                edited = self.editor.edit(
                    source,
                    pipeline,
                    assets,
                    {name: result.file for name, result in staged.items()},
                    watch=lambda percent: self._is_wanted(task, percent),
                )
            stages.update(edited.stage_seconds)
            with _timed(stages, "store"):
                for key, result in zip(keys, staged.values(), strict=True):
                    self.object_store.put(key, result)
        results = tuple(
            Result(
                variant=name,
                file_path=key,
                format=drawn.format,
                width=drawn.width,
                height=drawn.height,
                byte_size=drawn.byte_size,
                sha256=drawn.sha256,
            )
            for key, (name, drawn) in zip(keys, edited.pictures.items(), strict=True)
        )
        return results, edited.analysis

    def _need(self, pipeline: Pipeline, source: BinaryIO, assets: Mapping[str, BinaryIO]) -> int:
        """Return the bytes that drawing will take; what cannot be read is drawn by nobody."""
        header = self._header(source)
        if header is None:
            return 0
        known = {name: self._header(file) for name, file in assets.items()}
        return memory_bytes(
            pipeline, header, {name: one for name, one in known.items() if one is not None}
        )

    def _header(self, file: BinaryIO) -> PictureHeader | None:
        try:
            header = self.probe.inspect(file)
            file.seek(0)
        except (DomainError, OSError):  # the editor will meet it too, and says what it means
            return None
        return header

    @contextmanager
    def _memory_for(self, task: Task, need: int, stages: dict[str, float]) -> Iterator[None]:
        with ExitStack() as share:
            with _timed(stages, "wait_for_memory"):
                try:
                    share.enter_context(
                        self.memory.share(
                            need, lambda: not self._stopping.is_set() and self._is_wanted(task, 0)
                        )
                    )
                except WaitAbandoned as error:
                    if self._stopping.is_set():
                        raise WorkerStopping("the worker ends while it waits for memory") from error
                    raise EditAbandoned(str(error)) from error
            yield

    def _is_wanted(self, task: Task, percent: int) -> bool:
        """Write down how far *task* is; tell whether it is still ours."""
        try:
            with self.database.writing(durable=False) as work:
                held = work.tasks.note_progress(task, percent)
                work.commit()
        except DatabaseUnavailable:
            return True  # whoever cannot be asked has not said no
        return held

    def _deserves_a_retry(self, task: Task, fault: Exception) -> bool:
        if not isinstance(fault, PortFailure):
            return task.attempts < self.retries.unforeseen_attempts
        return fault.transient and self.clock.now() - task.created_at < self.retries.budget

    def _finish(
        self,
        task: Task,
        outcome: ProcessOutcome,
        started_at: datetime,
        stages: dict[str, float],
        error: str | None,
        delay: timedelta,
    ) -> ProcessOutcome:
        """
        Save the end; a busy database is asked again while beats still keep the lease.

        A commit that failed may have worked all the same: then the fence holds no longer, and
        what the task has become says whose doing that was.
        """
        entry = LogEntry(
            task_id=task.id,
            attempt=task.attempts,
            started_at=started_at,
            ended_at=self.clock.now(),
            outcome=outcome.value,
            error=error,
            stage_seconds=stages,
        )
        for tries in range(_FINISH_TRIES - 1):
            with suppress(DatabaseUnavailable):
                return self._save(task, outcome, entry, delay, perhaps_saved=tries > 0)
        return self._save(task, outcome, entry, delay, perhaps_saved=True)

    def _save(
        self,
        task: Task,
        outcome: ProcessOutcome,
        entry: LogEntry,
        delay: timedelta,
        *,
        perhaps_saved: bool,
    ) -> ProcessOutcome:
        """Save the end if the fence still holds: results, log and outbox in one transaction."""
        is_there = True
        with self.database.writing() as work:
            if not work.tasks.save_if_held(task, delay=delay):
                stored = work.tasks.hold(task.id)
                ends = (task.fence, task.status)
                if perhaps_saved and stored and (stored.fence, stored.status) == ends:
                    return outcome
                cancelled = stored is not None and stored.status is TaskStatus.CANCELLED
                outcome = ProcessOutcome.CANCELLED if cancelled else ProcessOutcome.SUPERSEDED
                is_there = stored is not None  # or its owner has erased it
            if is_there:
                work.processing_log.add(attrs.evolve(entry, outcome=outcome.value))
                work.commit()
        if outcome in (ProcessOutcome.SUPERSEDED, ProcessOutcome.CANCELLED):
            for result in task.results:
                self.object_store.delete(result.file_path)
        return outcome


def _keys(task: Task, count: int) -> list[str]:
    """Return where results are kept; the fence keeps apart what several attempts make."""
    first = f"{task.id}/{task.fence}"
    return [first, *(f"{first}-{position}" for position in range(1, count))]


def _values(work: UnitOfWork, task: Task, image: Image) -> dict[Variable, str]:
    """Return what the texts of the pipeline may name; the same at every attempt."""
    if task.pipeline is None or not task.pipeline.variables:
        return {}
    user = work.users.get(image.user_id)
    return {
        Variable.USERNAME: user.username if user else str(image.user_id),
        Variable.IMAGE_ID: str(image.id),
        Variable.DATE: task.created_at.astimezone(UTC).date().isoformat(),
    }


def _failure_of(fault: Exception) -> Failure:
    if isinstance(fault, ObjectCorrupt):
        return Failure(FailureCode.SOURCE_CORRUPT, "The uploaded picture was damaged in the store.")
    if isinstance(fault, ObjectMissing):
        return Failure(FailureCode.SOURCE_MISSING, "The uploaded picture is gone.")
    if isinstance(fault, StorageUnavailable):
        return Failure(
            FailureCode.STORAGE_UNAVAILABLE, "The store did not answer for too long; upload again."
        )
    return Failure(FailureCode.INTERNAL, "Processing failed through no fault of the picture.")


def _described(fault: Exception) -> str:
    return f"{fault.code if isinstance(fault, PortFailure) else type(fault).__name__}: {fault}"


@contextmanager
def _timed(stages: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        stages[stage] = time.perf_counter() - started
