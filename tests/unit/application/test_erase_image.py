"""Letting one picture go, and what is left of it: nothing."""

from typing import Any
from uuid import UUID

import attrs
import pytest

from application.accounts.begin_erasure import begin_erasure
from application.accounts.finish_erasure import DestructionOutcome, FinishErasure
from application.actor import Actor
from application.errors import NotFound, QuotaExceeded
from application.images.download_image import DownloadImage, DownloadImageRequest
from application.images.erase_image import EraseImage, EraseImageRequest
from application.images.image_status import ImageStatus, ImageStatusRequest
from application.images.view_analysis import ViewAnalysis, ViewAnalysisRequest
from application.limits.quotas import DAY, Quotas
from application.limits.view_usage import ViewUsage
from application.ports.object_store import StorageUnavailable
from application.ports.repositories.audit_trail import AuditFilter
from application.ports.repositories.files import FileKind, Holder
from application.tasks.cancel_task import CancelTask, CancelTaskRequest
from application.tasks.process_task import ProcessOutcome
from application.tasks.retry_task import RetryTask, RetryTaskRequest
from application.tasks.view_task import ViewTask, ViewTaskRequest
from domain.images.gone import Gone
from domain.images.operations import Watermark
from domain.images.pipeline import Pipeline
from domain.users.audit import AuditAction
from domain.users.erasure import Erasure
from tests import pictures
from tests.builders import NOON
from tests.unit.application.test_assets import add as add_asset
from tests.unit.application.test_erasure import Crash, CrashingFailpoints
from tests.unit.application.workbench import MINUTE, Workbench


def erase(bench: Workbench, actor: Actor, image_id: UUID) -> None:
    EraseImage(bench.database, bench.ids, bench.clock)(EraseImageRequest(actor, image_id))


def finish(bench: Workbench, **overrides: Any) -> list[DestructionOutcome]:
    """Hear every message that is due, and return what became of the erasures."""
    use_case = FinishErasure(
        bench.database,
        **{
            "object_store": bench.object_store,
            "clock": bench.clock,
            "failpoints": bench.failpoints,
        }
        | overrides,
    )
    return [use_case(subject) for kind, subject in bench.take_outbox() if kind == "ErasureDue"]


def test_nothing_is_left_of_it_and_all_of_another(bench: Workbench) -> None:
    actor = bench.an_actor()
    kept = bench.a_completed_task(actor)
    stored = bench.stored()
    task = bench.a_completed_task(actor)

    erase(bench, actor, task.image_id)

    for ask in (
        lambda: ImageStatus(bench.database)(ImageStatusRequest(actor, task.image_id)),
        lambda: DownloadImage(bench.database, bench.links, MINUTE)(
            DownloadImageRequest(actor, task.image_id)
        ),
        lambda: ViewAnalysis(bench.database)(ViewAnalysisRequest(actor, task.image_id)),
        lambda: ViewTask(bench.database)(ViewTaskRequest(actor, task.id)),
        lambda: CancelTask(bench.database, bench.clock)(CancelTaskRequest(actor, task.id)),
        lambda: RetryTask(bench.database, bench.clock, bench.ids)(
            RetryTaskRequest(actor, task.id, "again")
        ),
        lambda: erase(bench, actor, task.image_id),
    ):
        with pytest.raises(NotFound):
            ask()
    assert finish(bench) == [DestructionOutcome.DESTROYED]
    assert bench.stored() == stored
    assert bench.task(kept.id) == kept
    assert bench.sweep()() == 0


def test_it_takes_no_room_any_longer(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)

    erase(bench, actor, task.image_id)

    usage = ViewUsage(bench.database, bench.clock, bench.quotas)(actor).usage
    assert (usage.images, usage.bytes_stored, usage.tasks) == (0, 0, 1)


def test_anothers_is_not_there_and_stays(bench: Workbench) -> None:
    task = bench.a_completed_task()

    with pytest.raises(NotFound):
        erase(bench, bench.an_actor(), task.image_id)

    assert bench.task(task.id) == task
    assert finish(bench) == []


def test_attached_files_go_and_assets_stay(bench: Workbench) -> None:
    actor = bench.an_actor()
    asset = add_asset(bench, actor, name="mine.png").asset
    pipeline = Pipeline((Watermark("mine.png"), Watermark("once.png")))
    task = bench.a_completed_task(
        actor, pipeline=pipeline, attachments={"once.png": pictures.small_jpeg()}
    )
    assert len(bench.stored()) == 4

    erase(bench, actor, task.image_id)
    finish(bench)

    assert bench.stored() == {asset.file_path}


def test_every_task_over_it_goes_with_its_results(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    again = RetryTask(bench.database, bench.clock, bench.ids)(
        RetryTaskRequest(actor, task.id, "again")
    )
    bench.process_task()(again.task_id)
    assert len(bench.stored()) == 3

    erase(bench, actor, task.image_id)
    finish(bench)

    assert (bench.stored(), bench.task(again.task_id)) == (set(), None)


def test_a_task_that_waits_is_not_begun(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor)

    erase(bench, actor, uploaded.image_id)

    assert bench.process_task()(uploaded.task_id) is ProcessOutcome.SKIPPED
    assert bench.editor.pipelines == []


def test_a_task_in_hand_is_given_up_and_what_it_made_is_thrown_away(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor)
    bench.editor.meanwhile = lambda: erase(bench, actor, uploaded.image_id)

    assert bench.process_task()(uploaded.task_id) is ProcessOutcome.SUPERSEDED

    finish(bench)
    assert bench.stored() == set()
    assert bench.log_of(uploaded.task_id) == []


def test_a_worker_that_looks_whether_it_is_still_wanted_learns_of_it(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor)
    bench.editor.takes_long = True
    stamps: list[object] = []
    bench.editor.meanwhile = lambda: erase(bench, actor, uploaded.image_id)
    bench.editor.stamp = lambda *contents: stamps.append(contents)  # type: ignore[method-assign]

    assert bench.process_task()(uploaded.task_id) is ProcessOutcome.SUPERSEDED

    assert stamps == []


def test_nobody_is_told_of_a_picture_that_is_gone(bench: Workbench) -> None:
    """Neither of an end that nobody has announced, nor by a delivery that waits for its hour."""
    actor = bench.an_actor()
    unannounced = bench.a_completed_task(actor)
    waiting = bench.a_completed_task(actor)
    bench.announce_outcome(waiting.id)
    [(_, first)] = bench.mail.sent
    [delivery] = bench.deliveries_of(waiting.id)

    for task in (unannounced, waiting):
        erase(bench, actor, task.image_id)
    bench.announce_outcome(unannounced.id)
    bench.send_delivery(delivery.id)

    assert [notice for _, notice in bench.mail.sent] == [first]
    assert bench.deliveries_of(waiting.id) == []


def test_who_did_it_and_from_where_is_kept(bench: Workbench) -> None:
    actor = attrs.evolve(bench.an_actor(), key_id=bench.ids.new(), address="192.0.2.7")
    uploaded = bench.upload(actor)

    erase(bench, actor, uploaded.image_id)
    with pytest.raises(NotFound):
        erase(bench, actor, uploaded.image_id)

    [entry] = bench.read(lambda work: work.audit.page(AuditFilter(), None, 10))
    record = entry.record
    assert (record.action, record.subject) == (
        AuditAction.ERASE_IMAGE,
        f"image:{uploaded.image_id}",
    )
    assert (record.user_id, record.key_id, record.address) == (
        actor.user_id,
        actor.key_id,
        "192.0.2.7",
    )


@pytest.mark.parametrize("at", ["erasure.after_rows", "erasure.after_files"])
def test_a_crash_leaves_nothing_behind(bench: Workbench, at: str) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    erase(bench, actor, task.image_id)
    with pytest.raises(Crash):
        finish(bench, failpoints=CrashingFailpoints(at))
    # The message was lost with whoever heard it.
    [erasure_id] = bench.read(erasures_of)
    bench.write(lambda work: work.erasures.postpone(erasure_id, -2 * MINUTE))

    assert bench.sweep()() == 1

    assert finish(bench) == [DestructionOutcome.DESTROYED]
    assert (bench.stored(), bench.read(erasures_of)) == (set(), [])


def test_a_store_that_is_away_is_asked_again(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    erase(bench, actor, task.image_id)

    class Away:
        def delete(self, key: str) -> None:
            raise StorageUnavailable("nobody answers")

    with pytest.raises(StorageUnavailable):
        finish(bench, object_store=Away())
    [erasure_id] = bench.read(erasures_of)
    bench.write(lambda work: work.erasures.postpone(erasure_id, -2 * MINUTE))
    bench.sweep()()

    assert finish(bench) == [DestructionOutcome.DESTROYED]
    assert bench.stored() == set()


def test_what_is_not_kept_any_more_leaves_nothing_to_destroy(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor)
    holder = Holder(FileKind.ORIGINAL, uploaded.image_id, ())
    bench.write(lambda work: work.files.mark(holder, Gone.REMOVED))

    erase(bench, actor, uploaded.image_id)

    assert (finish(bench), bench.read(erasures_of)) == ([], [])


def test_many_files_go_a_thousand_at_a_time(bench: Workbench) -> None:
    keys = [f"{bench.ids.new()}/0" for _ in range(1_200)]
    actor = bench.an_actor()
    uploaded = bench.upload(actor)
    erase(bench, actor, uploaded.image_id)
    [erasure_id] = bench.read(erasures_of)
    bench.write(lambda work: work.erasures._write_down(erasure_id, keys))

    assert finish(bench) == [DestructionOutcome.GOES_ON]
    assert finish(bench) == [DestructionOutcome.DESTROYED]
    assert bench.read(erasures_of) == []


def test_what_two_have_destroyed_half_each_is_forgotten_as_well(bench: Workbench) -> None:
    """Neither saw in its transaction that the other's half was gone."""
    erasure = Erasure(bench.ids.new(), bench.an_actor().user_id, NOON, has_account=False)
    bench.write(lambda work: begin_erasure(work, erasure))

    assert finish(bench) == [DestructionOutcome.DESTROYED]

    assert bench.read(erasures_of) == []


def erasures_of(work: Any) -> list[UUID]:
    """Return the ids of all erasures."""
    connection = work.erasures._connection
    return [connection.as_uuid(row[0]) for row in connection.rows("SELECT id FROM erasures")]


def test_erasing_is_no_way_to_more_tasks_a_day(bench: Workbench) -> None:
    bench.quotas = Quotas(images=1, tasks_per_day=2)
    actor = bench.an_actor()
    for _ in range(2):
        erase(bench, actor, bench.upload(actor).image_id)

    with pytest.raises(QuotaExceeded) as refusal:
        bench.upload(actor)
    assert refusal.value.name == "tasks"

    bench.clock.advance(DAY + MINUTE)
    assert bench.upload(actor).image_id
