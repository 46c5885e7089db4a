"""What workers tell of themselves, and what becomes of it."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import attrs
import pytest

from adapters.serialization.canonical_texts import CanonicalTexts
from application.images.known_format import UnreadablePicture
from application.images.plan_pipeline import PlanPipeline, PlanPipelineRequest
from application.ports.repositories.workers import Worker
from application.workers.report_worker import ReportWorker
from application.workers.tell_abilities import Seen, TellAbilities
from domain.images.abilities import Abilities
from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Font
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.prediction import Facts
from tests import pictures
from tests.unit.application.workbench import MINUTE, Workbench

ALL = Abilities("8.18.7", tuple(ImageFormat), tuple(ImageFormat), tuple(Font))
WITHOUT_AVIF = attrs.evolve(
    ALL,
    libvips="8.18.3",
    writes=tuple(one for one in ImageFormat if one is not ImageFormat.AVIF),
    fonts=(Font.SANS,),
)


def reported(bench: Workbench, abilities: Abilities) -> ReportWorker:
    report = ReportWorker(bench.database, Worker(uuid4(), "host", 1, abilities))
    report()
    return report


def seen(bench: Workbench, silence: timedelta = MINUTE) -> Seen:
    return TellAbilities(bench.database, silence)()


def test_while_nobody_has_told_anything_everything_may_be_possible(bench: Workbench) -> None:
    assert seen(bench) == Seen(workers=0)
    assert seen(bench).may_write(ImageFormat.AVIF) and seen(bench).may_read(ImageFormat.TIFF)


def test_what_all_can_do_is_told_apart_from_what_some_can(bench: Workbench) -> None:
    reported(bench, ALL)
    reported(bench, WITHOUT_AVIF)

    told = seen(bench)

    assert (told.workers, told.libvips) == (2, ("8.18.3", "8.18.7"))
    assert told.reads == tuple(ImageFormat)
    assert (told.partly_reads, told.partly_writes) == ((), (ImageFormat.AVIF,))
    assert ImageFormat.AVIF not in told.writes and told.may_write(ImageFormat.AVIF)
    assert told.fonts == (Font.SANS,)


def test_a_worker_that_leaves_or_falls_silent_is_not_counted(bench: Workbench) -> None:
    leaving = reported(bench, ALL)
    reported(bench, WITHOUT_AVIF)

    leaving.leave()

    assert (seen(bench).workers, seen(bench).libvips) == (1, ("8.18.3",))
    assert seen(bench, silence=timedelta()).workers == 0


def test_a_beat_is_no_second_worker(bench: Workbench) -> None:
    report = reported(bench, ALL)

    report()

    assert seen(bench).workers == 1


class TestPlans:
    AVIF = Pipeline((), Output(ImageFormat.AVIF))
    A_GIF = Facts(ImageFormat.GIF, 40, 30)

    def warnings(self, bench: Workbench, pipeline: Pipeline, facts: Facts) -> tuple[str, ...]:
        plan = PlanPipeline(bench.database, CanonicalTexts(), TellAbilities(bench.database, MINUTE))
        request = PlanPipelineRequest(bench.an_actor(), pipeline, facts)
        return tuple(one for one in plan(request).warnings if "worker" in one)

    def test_what_no_worker_can_write_is_warned_of(self, bench: Workbench) -> None:
        reported(bench, attrs.evolve(WITHOUT_AVIF, reads=(ImageFormat.JPEG,)))

        assert self.warnings(bench, self.AVIF, self.A_GIF) == (
            "no worker that runs now can read gif",
            "main: no worker that runs now can write avif",
        )

    def test_while_one_can_or_none_is_known_there_is_nothing_to_warn_of(
        self, bench: Workbench
    ) -> None:
        unknown = self.warnings(bench, self.AVIF, self.A_GIF)
        reported(bench, WITHOUT_AVIF)
        reported(bench, ALL)

        assert unknown == self.warnings(bench, self.AVIF, self.A_GIF) == ()


def test_an_image_whose_header_alone_is_known_may_have_to_be_turned(bench: Workbench) -> None:
    actor = bench.an_actor()
    image_id = bench.upload(actor, pictures.photo(1000, 750)).image_id
    plan = PlanPipeline(bench.database, CanonicalTexts(), TellAbilities(bench.database, MINUTE))
    told = Facts(ImageFormat.JPEG, 1000, 750)

    def memory(**picture: object) -> int:
        cost = plan(PlanPipelineRequest(actor, Pipeline((AutoOrient(),)), **picture)).cost
        return cost.memory_bytes

    assert memory(image_id=image_id) == memory(facts=told) + 3 * 1000 * 750


def test_nobody_plans_for_a_format_that_only_a_newer_version_knows(bench: Workbench) -> None:
    actor = bench.an_actor()
    image_id = bench.upload(actor).image_id
    with closing(sqlite3.connect(bench.database.path)) as beside, beside:
        beside.execute("UPDATE images SET format = 'jxl'")
    plan = PlanPipeline(bench.database, CanonicalTexts(), TellAbilities(bench.database, MINUTE))

    with pytest.raises(UnreadablePicture, match="jxl"):
        plan(PlanPipelineRequest(actor, Pipeline((AutoOrient(),)), image_id=image_id))
