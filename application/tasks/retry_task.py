"""Run a task that has ended once more."""

from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import FileGone, NotFound
from application.idempotency import IdempotencyKey, RequestInProgress
from application.limits.quotas import Quotas
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from domain.users.roles import Permission


@attrs.frozen
class RetryTaskRequest:
    """Which task, and who wants it run again."""

    actor: Actor
    task_id: UUID
    correlation_id: str
    idempotency: IdempotencyKey | None = None


@attrs.frozen
class RetriedTask:
    """
    The new task.

    Attributes:
        replayed: Whether an earlier request of the same key made it.
    """

    task_id: UUID
    replayed: bool = False


@attrs.frozen
class RetryTask:
    """
    Queue a new task that does to the same picture what a task that has ended was to do.

    The old one stays as it is, with its log and its results; the picture shows the new one.

    Raises:
        NotAllowed: The actor may not process images.
        PresetsOnly: The actor may use presets as they are, and the task's pipeline is none.
        NotFound: There is no task by that id, or it is another's.
        IllegalTransition: It has not ended.
        QuotaExceeded: The account has had as many tasks as it may.
        FileGone: The picture is no longer kept.
        IdempotencyKeyReused: The key stands for another request.
        RequestInProgress: The same request has come at the same time.
    """

    database: Database
    clock: Clock
    ids: Ids
    confinement: Confinement = Confinement()
    quotas: Quotas = Quotas()

    def __call__(self, request: RetryTaskRequest) -> RetriedTask:
        """Load, compare the owner, queue; the outbox rings in the same transaction."""
        request.actor.require(Permission.PROCESS_IMAGES)
        try:
            return self._retry(request)
        except TwinRequest as twin:
            raise RequestInProgress from twin

    def _retry(self, request: RetryTaskRequest) -> RetriedTask:
        with self.database.writing() as work:
            if request.idempotency and (earlier := request.idempotency.reply(work)):
                return RetriedTask(UUID(earlier["task_id"]), replayed=True)
            ended = work.tasks.hold(request.task_id)
            image = work.images.get(ended.image_id) if ended else None
            if ended is None or image is None or ended.user_id != request.actor.user_id:
                raise NotFound
            task = ended.again(
                id=self.ids.new(),
                created_at=self.clock.now(),
                correlation_id=request.correlation_id,
            )
            assert task.pipeline is not None  # or it could not be run again
            self.confinement.check_use(work, request.actor, task.pipeline, task.preset)
            if image.gone is not None:
                raise FileGone(f"Its picture is {image.gone.value}.")
            if self.quotas.are_set:
                work.users.hold(task.user_id)  # so that none are counted twice at once
            if request.idempotency:
                request.idempotency.remember(work, task_id=str(task.id))
            self.quotas.check(work, task.user_id, task.created_at)
            work.tasks.add(task)
            work.commit()
        return RetriedTask(task.id)
