"""Running a task again that has ended."""

from uuid import uuid4

import pytest

from application.actor import Actor
from application.errors import FileGone, NotAllowed, NotFound
from application.idempotency import IdempotencyKey, IdempotencyKeyReused
from application.ports.repositories.files import FileKind, Holder
from application.tasks.retry_task import RetryTask, RetryTaskRequest
from domain.errors import IllegalTransition
from domain.images.gone import Gone
from domain.tasks.events import TaskQueued
from domain.tasks.task import Task, TaskStatus
from tests.unit.application.workbench import Workbench


def retry(bench: Workbench, actor: Actor, task: Task, **overrides):
    use_case = RetryTask(bench.database, bench.clock, bench.ids)
    return use_case(RetryTaskRequest(actor, task.id, "later", **overrides))


def test_the_same_is_done_once_more_and_the_old_one_stays(bench: Workbench) -> None:
    actor = bench.an_actor()
    ended = bench.a_completed_task(actor)
    bench.take_outbox()

    retried = retry(bench, actor, ended)

    assert bench.take_outbox() == [(TaskQueued.__name__, retried.task_id)]
    bench.process_task()(retried.task_id)
    assert bench.editor.pipelines[0] == bench.editor.pipelines[1]
    again = bench.task(retried.task_id)
    assert (again.status, again.correlation_id) == (TaskStatus.COMPLETED, "later")
    assert bench.task(ended.id).results == ended.results
    [old], [new] = ended.results, again.results
    assert {old.file_path, new.file_path} < bench.stored()


def test_a_key_makes_one_task(bench: Workbench) -> None:
    actor = bench.an_actor()
    ended = bench.a_completed_task(actor)
    key = IdempotencyKey("ada", "once", "f1")

    first = retry(bench, actor, ended, idempotency=key)
    second = retry(bench, actor, ended, idempotency=key)

    assert (second.task_id, first.replayed, second.replayed) == (first.task_id, False, True)
    with pytest.raises(IdempotencyKeyReused):
        retry(bench, actor, ended, idempotency=IdempotencyKey("ada", "once", "f2"))


def test_not_while_it_is_under_way(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.task(bench.upload(actor).task_id)

    with pytest.raises(IllegalTransition, match="queued"):
        retry(bench, actor, task)


def test_not_by_another_nor_what_never_was(bench: Workbench) -> None:
    task = bench.a_completed_task(bench.an_actor())

    with pytest.raises(NotFound):
        retry(bench, bench.an_actor(), task)
    task.id = uuid4()
    with pytest.raises(NotFound):
        retry(bench, bench.an_actor(), task)


def test_not_without_the_picture(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    bench.write(
        lambda work: work.files.mark(
            Holder(FileKind.ORIGINAL, task.image_id, (), None), Gone.REMOVED
        )
    )

    with pytest.raises(FileGone, match="removed"):
        retry(bench, actor, task)


def test_not_by_who_may_not_process(bench: Workbench) -> None:
    task = bench.a_completed_task(bench.an_actor())

    with pytest.raises(NotAllowed):
        retry(bench, Actor(task.user_id, frozenset()), task)
