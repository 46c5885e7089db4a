"""What was found out about an image, for its owner."""

from uuid import UUID, uuid4

import pytest

from application.actor import Actor
from application.administration.retain import Retain, RetentionPolicy
from application.errors import FileGone, NotAnalyzed, NotFound, NotReady, TaskEndedWithoutResult
from application.images.view_analysis import ViewAnalysis, ViewAnalysisRequest
from application.ports.image_editor import EditFailed
from application.tasks.retry_task import RetryTask, RetryTaskRequest
from domain.images.analysis import Analysis, Aspect
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode
from tests.builders import an_analysis
from tests.unit.application.workbench import MINUTE, Workbench

ASKING = Pipeline(analyze=frozenset(Aspect))


def view(bench: Workbench, actor: Actor, image_id: UUID) -> Analysis:
    return ViewAnalysis(bench.database)(ViewAnalysisRequest(actor, image_id))


def test_what_the_editor_finds_is_stored_with_the_end_and_told(bench: Workbench) -> None:
    actor = bench.an_actor()
    bench.editor.analysis = an_analysis()

    task = bench.a_completed_task(actor, pipeline=ASKING)

    assert bench.editor.pipelines == [ASKING]
    assert task.analysis == an_analysis()
    assert view(bench, actor, task.image_id) == an_analysis()
    assert {"analyze"} <= set(bench.telemetry.stages)


def test_those_who_are_told_of_the_end_are_told_of_it(bench: Workbench) -> None:
    bench.editor.analysis = an_analysis()

    task = bench.a_completed_task(pipeline=ASKING)
    bench.announce_outcome(task.id)

    [(_, notice)] = bench.mail.sent
    assert notice.analysis == an_analysis()


def test_others_and_strangers_see_nothing(bench: Workbench) -> None:
    bench.editor.analysis = an_analysis()
    task = bench.a_completed_task(pipeline=ASKING)

    for image_id in (task.image_id, uuid4()):
        with pytest.raises(NotFound):
            view(bench, bench.an_actor(), image_id)


def test_it_is_waited_for(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor, pipeline=ASKING)

    with pytest.raises(NotReady, match="queued") as refused:
        view(bench, actor, uploaded.image_id)
    bench.write(lambda work: work.tasks.claim(uploaded.task_id, MINUTE))
    with pytest.raises(NotReady, match="in progress"):
        view(bench, actor, uploaded.image_id)

    assert refused.value.retry_after_seconds == 1


def test_what_nobody_asked_is_not_waited_for(bench: Workbench) -> None:
    actor = bench.an_actor()

    for image_id in (bench.upload(actor).image_id, bench.a_completed_task(actor).image_id):
        with pytest.raises(NotAnalyzed, match="analyze"):
            view(bench, actor, image_id)


def test_a_failure_says_why(bench: Workbench) -> None:
    actor = bench.an_actor()
    refuse(bench)

    task = bench.a_completed_task(actor, pipeline=ASKING)

    with pytest.raises(TaskEndedWithoutResult, match="too early"):
        view(bench, actor, task.image_id)


def test_a_later_failure_takes_nothing_away(bench: Workbench) -> None:
    actor = bench.an_actor()
    bench.editor.analysis = an_analysis()
    task = bench.a_completed_task(actor, pipeline=ASKING)
    refuse(bench)

    retry = RetryTask(bench.database, bench.clock, bench.ids)
    again = retry(RetryTaskRequest(actor, task.id, "another-request", None))
    assert view(bench, actor, task.image_id) == an_analysis(), "while it waits"
    bench.process_task()(again.task_id)

    assert bench.task(again.task_id).failure is not None
    assert view(bench, actor, task.image_id) == an_analysis()


def test_it_goes_with_the_picture(bench: Workbench) -> None:
    actor = bench.an_actor()
    bench.editor.analysis = an_analysis()
    task = bench.a_completed_task(actor, pipeline=ASKING)

    Retain(bench.database, bench.object_store, RetentionPolicy(originals=MINUTE))()

    with pytest.raises(FileGone):
        view(bench, actor, task.image_id)
    assert bench.task(task.id).analysis is None
    assert bench.task(task.id).results == task.results


def refuse(bench: Workbench) -> None:
    def refusing() -> None:
        raise EditFailed(Failure(FailureCode.TRUNCATED, "The file ends too early."))

    bench.editor.meanwhile = refusing
