"""Making presets, using them, and being confined to them."""

import threading
from typing import Any

import attrs
import pytest

from adapters.serialization.canonical_texts import CanonicalTexts
from application.actor import Actor
from application.errors import (
    AlreadyExists,
    NotAllowed,
    PresetChanged,
    PresetNotFound,
    PresetsOnly,
    TooManyPresets,
)
from application.idempotency import IdempotencyKey, IdempotencyKeyReused
from application.images.plan_pipeline import PlanPipeline, PlanPipelineRequest
from application.images.stage_file import StageFile
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.presets.add_preset import MAX_PRESETS, AddedPreset, AddPreset, AddPresetRequest
from application.presets.change_preset import ChangePreset, ChangePresetRequest
from application.presets.confinement import Confinement
from application.presets.find_preset import FindPreset, FindPresetRequest, PresetUnreadable
from application.presets.list_preset_versions import (
    ListPresetVersions,
    ListPresetVersionsRequest,
)
from application.presets.list_presets import ListPresets, ListPresetsRequest
from application.presets.preset_view import PresetView
from application.presets.remove_preset import RemovePreset, RemovePresetRequest
from application.presets.view_preset import ViewPreset, ViewPresetRequest
from application.workers.tell_abilities import Seen
from application.tasks.retry_task import RetryTask, RetryTaskRequest
from domain.errors import InvalidParameter
from domain.images.canonical import canonical
from domain.images.operations import AutoOrient, Grayscale, Negate, Rotate
from domain.images.output import Output
from domain.images.pipeline import Pipeline
from domain.images.preset import Preset, PresetReference
from domain.users.roles import Role
from tests import pictures
from tests.unit.application.workbench import Workbench

TEXTS = CanonicalTexts()
FREE = Confinement()
USERS = Confinement(frozenset({Role.USER}))
GRAY = Pipeline((AutoOrient(), Grayscale()))
NEGATIVE = Pipeline((AutoOrient(), Negate()))
BOTH = frozenset({Role.USER, Role.ADMIN})


@attrs.frozen
class Desk:
    """The use cases of presets, for one actor."""

    bench: Workbench
    actor: Actor
    confinement: Confinement = FREE

    def add(self, name: str = "card", pipeline: Pipeline = GRAY, **asked: Any) -> AddedPreset:
        use_case = AddPreset(self.bench.database, self.bench.clock, TEXTS, self.confinement)
        return use_case(AddPresetRequest(self.actor, name, pipeline, **asked))

    def change(self, pipeline: Pipeline, name: str = "card", **asked: Any) -> PresetView:
        use_case = ChangePreset(self.bench.database, self.bench.clock, TEXTS, self.confinement)
        return use_case(ChangePresetRequest(self.actor, name, pipeline, **asked))

    def remove(self, name: str = "card", **asked: Any) -> None:
        use_case = RemovePreset(self.bench.database, self.confinement)
        use_case(RemovePresetRequest(self.actor, name, **asked))

    def view(self, name: str = "card", **asked: Any) -> PresetView:
        use_case = ViewPreset(self.bench.database, TEXTS, self.confinement)
        return use_case(ViewPresetRequest(self.actor, name, **asked))

    def find(self, text: str) -> Preset:
        use_case = FindPreset(self.bench.database, self.confinement)
        return use_case(FindPresetRequest(self.actor, PresetReference.parse(text)))

    def names(self, **asked: Any) -> list[str]:
        use_case = ListPresets(self.bench.database, self.confinement)
        return [one.tag for one in use_case(ListPresetsRequest(self.actor, **asked)).presets]

    def upload(self, pipeline: Pipeline, preset: Preset | None = None) -> UploadedImage:
        use_case = attrs.evolve(self.bench.upload_image, confinement=self.confinement)
        stage_file = StageFile(self.bench.object_store, self.bench.policy)
        with stage_file([pictures.small_jpeg()], "a.jpg") as picture:
            return use_case(
                UploadImageRequest(
                    self.actor, picture, pipeline, "a-request", preset=preset and preset.origin
                )
            )

    def plan(self, pipeline: Pipeline, preset: Preset | None = None) -> Any:
        use_case = PlanPipeline(self.bench.database, TEXTS, Seen, self.confinement)
        return use_case(PlanPipelineRequest(self.actor, pipeline, preset=preset and preset.origin))

    def retry(self, task_id: Any) -> Any:
        use_case = RetryTask(
            self.bench.database, self.bench.clock, self.bench.ids, self.confinement
        )
        return use_case(RetryTaskRequest(self.actor, task_id, "later"))


@pytest.fixture
def ada(bench: Workbench) -> Desk:
    return Desk(bench, bench.an_actor())


@pytest.fixture
def bert(bench: Workbench) -> Desk:
    return Desk(bench, bench.an_actor())


@pytest.fixture
def admin(bench: Workbench) -> Desk:
    return Desk(bench, bench.an_actor(roles=BOTH))


class TestAddPreset:
    def test_a_name_stands_for_a_pipeline(self, ada: Desk, bert: Desk) -> None:
        view = ada.add(locked=True).view

        assert (view.preset.tag, view.preset.locked) == ("card@1", True)
        assert view.digest == TEXTS.digest(canonical(GRAY).pipeline)
        assert view.document["pipeline"] == [{"op": "autoOrient"}, {"op": "grayscale"}]
        assert ada.find("card") == view.preset
        with pytest.raises(PresetNotFound):
            bert.find("card")

    def test_only_admins_share(self, ada: Desk, bert: Desk, admin: Desk) -> None:
        with pytest.raises(NotAllowed, match="shared presets"):
            ada.add(shared=True)
        assert ada.names() == []

        admin.add(shared=True)

        assert ada.find("card").user_id is None
        ada.add(pipeline=NEGATIVE)
        assert ada.find("card").pipeline == NEGATIVE
        assert bert.find("card").pipeline == GRAY
        assert ada.names() == ["card@1", "card@1+shared"]
        assert ada.view(shared=True).preset.tag == "card@1+shared"

    def test_who_may_not_process_makes_none(self, bench: Workbench) -> None:
        with pytest.raises(NotAllowed):
            Desk(bench, bench.an_actor(roles=frozenset())).add()

    def test_a_name_is_taken_once(self, ada: Desk, bert: Desk) -> None:
        ada.add()
        bert.add()

        with pytest.raises(AlreadyExists, match="PUT"):
            ada.add(pipeline=NEGATIVE)
        assert ada.find("card").pipeline == GRAY

    def test_a_name_that_is_none_is_refused(self, ada: Desk) -> None:
        with pytest.raises(InvalidParameter):
            ada.add("Card")

    def test_there_is_an_end_to_them(self, ada: Desk, bert: Desk) -> None:
        for number in range(MAX_PRESETS):
            ada.add(f"p{number}")

        with pytest.raises(TooManyPresets):
            ada.add("one-more")
        bert.add()
        ada.remove("p1")
        ada.add("one-more")

    def test_a_key_makes_one(self, ada: Desk) -> None:
        key = IdempotencyKey("ada", "once", "f1")

        first, second = ada.add(idempotency=key), ada.add(idempotency=key)

        assert (first.replayed, second.replayed) == (False, True)
        assert first.view.preset.origin == second.view.preset.origin
        assert second.view.digest == first.view.digest
        with pytest.raises(IdempotencyKeyReused):
            ada.add(idempotency=IdempotencyKey("ada", "once", "f2"))
        ada.remove()
        assert ada.add(idempotency=key).replayed

    def test_twins_at_the_same_moment_make_one(self, ada: Desk) -> None:
        key = IdempotencyKey("ada", "once", "f1")
        made: list[AddedPreset] = []
        threads = [
            threading.Thread(target=lambda: made.append(ada.add(idempotency=key))) for _ in range(4)
        ]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(one.replayed for one in made) == [False, True, True, True]
        assert {one.view.preset.tag for one in made} == {"card@1"}


class TestChangePreset:
    def test_versions_before_stay(self, ada: Desk) -> None:
        ada.add()

        view = ada.change(NEGATIVE, locked=True)

        assert (view.preset.tag, view.preset.locked) == ("card@2", True)
        assert ada.find("card") == ada.find("card@2") == view.preset
        assert (ada.find("card@1").pipeline, ada.find("card@1").locked) == (GRAY, False)
        with pytest.raises(PresetNotFound):
            ada.find("card@3")

    def test_what_says_the_same_is_no_new_version(self, ada: Desk) -> None:
        ada.add()

        view = ada.change(Pipeline((AutoOrient(), Grayscale(), Rotate(360))))

        assert view.preset.tag == "card@1"
        assert ada.change(GRAY, locked=True).preset.tag == "card@2"

    def test_a_shared_one_is_not_changed_by_mistake(self, ada: Desk, admin: Desk) -> None:
        admin.add(shared=True)

        for desk in (ada, admin):
            with pytest.raises(PresetNotFound, match="shared=true"):
                desk.change(NEGATIVE)
            with pytest.raises(PresetNotFound, match="shared=true"):
                desk.remove()
        with pytest.raises(NotAllowed):
            ada.change(NEGATIVE, shared=True)
        with pytest.raises(NotAllowed):
            ada.remove(shared=True)

        assert admin.change(NEGATIVE, shared=True).preset.tag == "card@2+shared"
        admin.remove(shared=True)
        assert ada.names() == []

    def test_whoever_was_quicker_is_not_overruled(self, ada: Desk) -> None:
        seen = frozenset({ada.add().view.preset.tag})
        ada.change(NEGATIVE, only_if=seen)

        with pytest.raises(PresetChanged, match="card@2"):
            ada.change(GRAY, only_if=seen)
        with pytest.raises(PresetChanged):
            ada.remove(only_if=seen)
        ada.remove(only_if=frozenset({"card@2"}))

    def test_a_name_made_again_goes_on_counting(self, ada: Desk) -> None:
        ada.add()
        ada.remove()

        with pytest.raises(PresetNotFound):
            ada.find("card@1")
        with pytest.raises(PresetNotFound):
            ada.change(NEGATIVE)
        with pytest.raises(PresetNotFound):
            ada.remove()
        assert ada.add(pipeline=NEGATIVE).view.preset.tag == "card@2"
        assert ada.find("card@1").pipeline == GRAY


class TestLooking:
    def test_pages_lead_on(self, ada: Desk, bench: Workbench) -> None:
        for name in "cab":
            ada.add(name)
        use_case = ListPresets(bench.database, FREE)

        first = use_case(ListPresetsRequest(ada.actor, limit=2))
        second = use_case(ListPresetsRequest(ada.actor, after=first.next_after, limit=2))

        assert [one.name for one in (*first.presets, *second.presets)] == ["a", "b", "c"]
        assert second.next_after is None
        with pytest.raises(InvalidParameter):
            ListPresetsRequest(ada.actor, limit=101)

    def test_versions_lead_on(self, ada: Desk, bench: Workbench) -> None:
        ada.add()
        for pipeline in (NEGATIVE, GRAY):
            ada.change(pipeline)
        use_case = ListPresetVersions(bench.database, FREE)

        first = use_case(ListPresetVersionsRequest(ada.actor, "card", limit=2))
        second = use_case(
            ListPresetVersionsRequest(ada.actor, "card", before=first.next_before, limit=2)
        )
        last = use_case(ListPresetVersionsRequest(ada.actor, "card", before=1))

        assert [one.version for one in (*first.versions, *second.versions)] == [3, 2, 1]
        assert (second.next_before, last.versions) == (None, [])
        with pytest.raises(PresetNotFound):
            use_case(ListPresetVersionsRequest(ada.actor, "poster"))
        assert ada.view(version=1).preset.version == 1
        with pytest.raises(PresetNotFound):
            ada.view(version=4)

    def test_what_a_newer_version_wrote_can_be_seen_and_not_used(
        self, ada: Desk, bench: Workbench
    ) -> None:
        ada.add()
        with bench.database.exclusive() as connection:
            connection.change("UPDATE preset_versions SET pipeline = '{\"version\": 2}'")

        assert (ada.view().document, ada.view().digest) == (None, None)
        assert ada.names() == ["card@1"]
        with pytest.raises(PresetUnreadable):
            ada.find("card")
        assert ada.change(GRAY).preset.tag == "card@2"


class TestTasks:
    def test_a_task_remembers_and_keeps_what_it_was_asked_for(
        self, ada: Desk, bench: Workbench
    ) -> None:
        preset = ada.add().view.preset
        uploaded = ada.upload(GRAY, preset)

        ada.change(NEGATIVE)
        ada.remove()
        bench.process_task()(uploaded.task_id)
        again = ada.retry(uploaded.task_id)

        for task_id in (uploaded.task_id, again.task_id):
            task = bench.task(task_id)
            assert (str(task.preset), task.pipeline) == ("card@1", GRAY)
        assert bench.editor.pipelines == [GRAY]

    def test_a_task_without_one_tells_of_none(self, ada: Desk, bench: Workbench) -> None:
        assert bench.task(ada.upload(GRAY).task_id).preset is None

    def test_a_plan_tells_the_version(self, ada: Desk) -> None:
        preset = ada.add().view.preset

        assert str(ada.plan(GRAY, preset).preset) == "card@1"
        assert ada.plan(GRAY).preset is None
        assert ada.plan(GRAY, preset).digest == ada.plan(GRAY).digest


class TestConfinementByRole:
    def test_shared_presets_are_used_as_they_are(self, ada: Desk, admin: Desk) -> None:
        admin.add(shared=True)
        confined = attrs.evolve(ada, confinement=USERS)

        preset = confined.find("card")

        confined.upload(GRAY, preset)
        assert str(confined.plan(GRAY, preset).preset) == "card@1"

    def test_nothing_else_is(self, ada: Desk, admin: Desk, bench: Workbench) -> None:
        admin.add(shared=True)
        own = ada.add(pipeline=NEGATIVE).view.preset
        confined = attrs.evolve(ada, confinement=USERS)
        shared = confined.find("card")
        assert shared.pipeline == GRAY

        for pipeline, preset in (
            (GRAY, None),
            (Pipeline(), None),
            (NEGATIVE, shared),
            (Pipeline((*GRAY.operations, Negate())), shared),
            (attrs.evolve(GRAY, output=Output(progressive=True)), shared),
            (NEGATIVE, own),
            (GRAY, attrs.evolve(shared, version=2)),
        ):
            with pytest.raises(PresetsOnly, match="GET /api/presets"):
                confined.upload(pipeline, preset)
            with pytest.raises(PresetsOnly):
                confined.plan(pipeline, preset)
        assert bench.stored() == set()

    def test_ones_own_are_neither_seen_nor_made(self, ada: Desk, admin: Desk) -> None:
        ada.add("mine")
        admin.add(shared=True)
        confined = attrs.evolve(ada, confinement=USERS)

        assert confined.names() == ["card@1+shared"]
        with pytest.raises(PresetNotFound):
            confined.find("mine")
        for change in (
            lambda: confined.add("more"),
            lambda: confined.change(NEGATIVE, "mine"),
            lambda: confined.remove("mine"),
        ):
            with pytest.raises(PresetsOnly):
                change()

    def test_tasks_of_before_are_not_run_again(self, ada: Desk, bench: Workbench) -> None:
        free = ada.upload(GRAY)
        bench.process_task()(free.task_id)

        with pytest.raises(PresetsOnly):
            attrs.evolve(ada, confinement=USERS).retry(free.task_id)

    def test_tasks_by_preset_are(self, ada: Desk, admin: Desk, bench: Workbench) -> None:
        admin.add(shared=True)
        confined = attrs.evolve(ada, confinement=USERS)
        uploaded = confined.upload(GRAY, confined.find("card"))
        bench.process_task()(uploaded.task_id)
        admin.change(NEGATIVE, shared=True)

        again = confined.retry(uploaded.task_id)

        assert bench.task(again.task_id).pipeline == GRAY

    def test_whoever_has_another_role_is_free(self, admin: Desk) -> None:
        desk = attrs.evolve(admin, confinement=USERS)

        desk.add()
        desk.upload(NEGATIVE)


class TestConfinementByName:
    def confined(self, desk: Desk, *names: str) -> Desk:
        return attrs.evolve(desk, actor=attrs.evolve(desk.actor, presets_only=frozenset(names)))

    def test_a_name_admits_every_version_and_a_version_itself(self, ada: Desk) -> None:
        ada.add()
        ada.change(NEGATIVE)
        by_name, by_version = self.confined(ada, "card"), self.confined(ada, "card@1")

        by_name.upload(NEGATIVE, by_name.find("card"))
        by_name.upload(GRAY, by_name.find("card@1"))
        by_version.upload(GRAY, by_version.find("card@1"))
        for text in ("card", "card@2"):
            with pytest.raises(PresetsOnly, match="card@1"):
                by_version.find(text)
        with pytest.raises(PresetsOnly):
            by_version.upload(NEGATIVE, ada.find("card@2"))

    def test_nothing_else_is_admitted(self, ada: Desk) -> None:
        ada.add()
        ada.add("poster")
        confined = self.confined(ada, "card")

        with pytest.raises(PresetsOnly):
            confined.upload(GRAY)
        with pytest.raises(PresetsOnly):
            confined.upload(NEGATIVE, confined.find("card"))
        with pytest.raises(PresetsOnly, match="card"):
            confined.find("poster")
        with pytest.raises(PresetsOnly):
            confined.plan(GRAY)
        with pytest.raises(PresetsOnly):
            confined.change(NEGATIVE)
        with pytest.raises(PresetsOnly, match="none"):
            self.confined(ada).find("card")

    def test_a_role_confines_besides(self, ada: Desk, admin: Desk) -> None:
        ada.add()
        admin.add("poster", shared=True)
        confined = attrs.evolve(self.confined(ada, "card", "poster"), confinement=USERS)

        confined.upload(GRAY, confined.find("poster"))
        with pytest.raises(PresetNotFound):
            confined.find("card")
        with pytest.raises(PresetsOnly):
            confined.upload(GRAY, ada.find("card"))
