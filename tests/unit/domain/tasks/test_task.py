"""The life of a task: forward only, every step told."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.errors import IllegalTransition
from domain.images.pipeline import Pipeline
from domain.notifications.channel import NotificationRequest
from domain.tasks.events import TaskCompleted, TaskFailed, TaskQueued
from domain.tasks.task import Failure, FailureCode, Task, TaskStatus
from tests.builders import NOON, a_claimed_task, a_result, a_task

LATER = NOON + timedelta(seconds=3)
BROKEN = Failure(FailureCode.DECODE_FAILED, "The file is damaged.")

STEPS = {
    "complete": lambda task: task.complete((a_result(),), LATER),
    "fail": lambda task: task.fail(BROKEN, LATER),
    "hand back": lambda task: task.hand_back(),
    "lose its worker": lambda task: task.lose_worker(LATER),
}


def a_new_task() -> Task:
    return Task.queue(
        id=uuid4(),
        image_id=uuid4(),
        user_id=uuid4(),
        pipeline=Pipeline(),
        assets={"logo.png": "assets/1"},
        notify=NotificationRequest(),
        created_at=NOON,
        correlation_id="a-request",
    )


def test_a_new_task_waits_and_says_so():
    task = a_new_task()

    assert task.status is TaskStatus.QUEUED
    assert (task.attempts, task.deaths, task.fence) == (0, 0, 0)
    assert task.events == (TaskQueued(task.id),)


def test_a_task_that_comes_from_a_store_has_nothing_to_tell():
    assert a_task().events == ()


def test_a_completed_task_has_results_and_says_so():
    task, results = a_claimed_task(), (a_result(), a_result(variant="thumb"))

    task.complete(results, LATER)

    assert task.status is TaskStatus.COMPLETED
    assert (task.results, task.failure, task.finished_at) == (results, None, LATER)
    assert task.events == (TaskCompleted(task.id),)


def test_a_failed_task_says_why_and_has_no_results():
    task = a_claimed_task()

    task.fail(BROKEN, LATER)

    assert task.status is TaskStatus.FAILED
    assert (task.results, task.failure, task.finished_at) == ((), BROKEN, LATER)
    assert task.events == (TaskFailed(task.id),)


def test_a_task_handed_back_waits_again_and_counts_no_death():
    task = a_claimed_task()

    task.hand_back()

    assert task.status is TaskStatus.QUEUED
    assert (task.deaths, task.finished_at) == (0, None)
    assert task.events == (TaskQueued(task.id),)


@pytest.mark.parametrize("deaths", [0, 1])
def test_a_lost_worker_sends_the_task_back(deaths):
    task = a_claimed_task(deaths=deaths)

    task.lose_worker(LATER)

    assert task.status is TaskStatus.QUEUED
    assert task.deaths == deaths + 1
    assert task.events == (TaskQueued(task.id),)


def test_the_third_lost_worker_sets_the_file_aside():
    task = a_claimed_task(deaths=2)

    task.lose_worker(LATER)

    assert task.status is TaskStatus.FAILED
    assert task.failure is not None
    assert task.failure.code is FailureCode.POISONED
    assert "3 times" in task.failure.detail
    assert task.events == (TaskFailed(task.id),)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "status", [status for status in TaskStatus if status is not TaskStatus.IN_PROGRESS]
)
def test_only_a_task_in_progress_can_take_a_step(status, step):
    task = a_task(status=status)

    with pytest.raises(IllegalTransition, match=status.value) as refused:
        STEPS[step](task)

    assert refused.value.code == "illegal-transition"
    assert task == a_task(
        **{field: getattr(task, field) for field in ("id", "image_id", "user_id")}, status=status
    )
    assert task.events == ()


def test_final_states_are_the_three_that_nothing_leaves():
    final = {status for status in TaskStatus if status.is_final}

    assert final == {TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED}


def test_states_are_called_as_the_public_api_calls_them():
    assert [status.value for status in TaskStatus] == [
        "queued", "in progress", "completed", "failed", "cancelled",
    ]  # fmt: skip


class Life(RuleBasedStateMachine):
    """Any order of steps by workers that live, die and come back."""

    def __init__(self) -> None:
        super().__init__()
        self.task = a_new_task()
        self.ended = 0

    def settle(self) -> None:
        self.ended += self.task.status.is_final

    @precondition(lambda self: self.task.status is TaskStatus.QUEUED)
    @rule()
    def a_worker_claims_it(self) -> None:
        self.task.status = TaskStatus.IN_PROGRESS  # as the store does, in one statement
        self.task.attempts += 1
        self.task.fence += 1

    @precondition(lambda self: self.task.status is TaskStatus.IN_PROGRESS)
    @rule()
    def it_completes(self) -> None:
        self.task.complete((a_result(),), LATER)
        self.settle()

    @precondition(lambda self: self.task.status is TaskStatus.IN_PROGRESS)
    @rule()
    def it_fails(self) -> None:
        self.task.fail(BROKEN, LATER)
        self.settle()

    @precondition(lambda self: self.task.status is TaskStatus.IN_PROGRESS)
    @rule()
    def something_that_heals_stands_in_the_way(self) -> None:
        self.task.hand_back()
        self.settle()

    @precondition(lambda self: self.task.status is TaskStatus.IN_PROGRESS)
    @rule()
    def its_worker_is_lost(self) -> None:
        self.task.lose_worker(LATER)
        self.settle()

    @precondition(lambda self: self.task.status.is_final)
    @rule(step=st.sampled_from(sorted(STEPS)))
    def a_worker_comes_too_late(self, step: str) -> None:
        with pytest.raises(IllegalTransition):
            STEPS[step](self.task)

    @invariant()
    def it_ends_at_most_once_and_says_so_once(self) -> None:
        endings = [event for event in self.task.events if not isinstance(event, TaskQueued)]
        assert len(endings) == self.ended <= 1
        assert (self.task.finished_at is not None) == self.task.status.is_final

    @invariant()
    def it_never_outlives_three_lost_workers(self) -> None:
        assert self.task.deaths <= Task.MAX_DEATHS
        assert self.task.deaths < Task.MAX_DEATHS or self.task.status is TaskStatus.FAILED

    @invariant()
    def results_and_failure_exclude_each_other(self) -> None:
        assert not (self.task.results and self.task.failure)
        assert bool(self.task.results) == (self.task.status is TaskStatus.COMPLETED)
        assert (self.task.failure is not None) == (self.task.status is TaskStatus.FAILED)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=50, stateful_step_count=15, deadline=None)


def test_a_failed_task_can_be_put_back_and_keeps_its_fence():
    task = a_claimed_task(attempts=3, deaths=2, fence=7)
    task.lose_worker(LATER)
    assert task.failure and task.failure.code is FailureCode.POISONED

    task.requeue()

    assert task.status is TaskStatus.QUEUED
    assert (task.attempts, task.deaths, task.fence) == (0, 0, 7)
    assert (task.failure, task.started_at, task.finished_at) == (None, None, None)
    assert task.events == (TaskFailed(task.id), TaskQueued(task.id))


@pytest.mark.parametrize("status", [one for one in TaskStatus if one is not TaskStatus.FAILED])
def test_nothing_else_can_be_put_back(status):
    with pytest.raises(IllegalTransition, match=status.value):
        a_task(status=status).requeue()


@pytest.mark.parametrize(
    ("status", "told"), [(TaskStatus.QUEUED, True), (TaskStatus.FAILED, False)]
)
def test_a_dropped_task_is_told_of_once(status, told):
    task = a_task(status=status)

    task.drop(LATER)

    assert (task.status, task.finished_at) == (TaskStatus.CANCELLED, LATER)
    assert task.failure.code is FailureCode.CANCELLED
    assert task.events == ((TaskFailed(task.id),) if told else ())


@pytest.mark.parametrize("status", [TaskStatus.QUEUED, TaskStatus.IN_PROGRESS])
def test_a_task_that_its_owner_cancels_is_told_of_to_nobody(status):
    task = a_task(status=status)

    task.cancel(LATER)

    assert (task.status, task.finished_at) == (TaskStatus.CANCELLED, LATER)
    assert task.failure.code is FailureCode.CANCELLED
    assert task.events == ()


@pytest.mark.parametrize("status", [status for status in TaskStatus if status.is_final])
def test_what_has_ended_cannot_be_cancelled(status):
    with pytest.raises(IllegalTransition, match=status.value):
        a_task(status=status).cancel(LATER)


@pytest.mark.parametrize("status", [status for status in TaskStatus if status.is_final])
def test_a_task_that_has_ended_can_be_asked_for_again(status):
    ended = a_task(status=status, attempts=2, fence=2)

    again = ended.again(id=UUID(int=7), created_at=LATER, correlation_id="later")

    assert (again.status, again.attempts, again.fence) == (TaskStatus.QUEUED, 0, 0)
    assert (again.image_id, again.user_id) == (ended.image_id, ended.user_id)
    assert (again.pipeline, again.assets, again.notify) == (
        ended.pipeline,
        ended.assets,
        ended.notify,
    )
    assert again.events == (TaskQueued(again.id),)
    assert ended.status is status


@pytest.mark.parametrize("status", [TaskStatus.QUEUED, TaskStatus.IN_PROGRESS])
def test_what_has_not_ended_cannot_be_asked_for_again(status):
    with pytest.raises(IllegalTransition, match=status.value):
        a_task(status=status).again(id=UUID(int=7), created_at=LATER, correlation_id="later")


@pytest.mark.parametrize(
    "status", [TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, TaskStatus.CANCELLED]
)
def test_what_is_in_hand_or_done_cannot_be_dropped(status):
    with pytest.raises(IllegalTransition, match=status.value):
        a_task(status=status).drop(LATER)
