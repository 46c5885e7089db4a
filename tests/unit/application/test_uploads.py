"""Taking a picture in, and everything that is refused at the door."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import attrs
import pytest

from adapters.persistence.sqlite import SqliteDatabase
from adapters.system.ids import RandomIds
from application.actor import Actor
from application.errors import AssetNotFound, NotAllowed, NotFound, UnexpectedPart
from application.idempotency import IdempotencyKey, IdempotencyKeyReused, RequestInProgress
from application.images.image_status import ImageStatus, ImageStatusRequest
from application.images.install_shared_assets import InstallSharedAssets
from application.images.stage_file import StageFile
from application.images.upload_image import UploadedImage
from application.ports.unit_of_work import DatabaseUnavailable
from domain.errors import (
    ContentTooLarge,
    EmptyFile,
    ImageRefused,
    ImageTooLarge,
    UnsupportedMedia,
    WebhookURLForbidden,
)
from domain.images.asset import Asset
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader
from domain.images.operations import Resize, Watermark
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.notifications.channel import NotificationRequest
from domain.tasks.task import TaskStatus
from domain.users.roles import Role
from tests import pictures
from tests.builders import an_asset_of
from tests.unit.application.workbench import Workbench

MARKED = Pipeline((Resize(80, 60), Watermark("logo.png"), Watermark("seal.png")))


def an_asset(bench: Workbench, owner: Actor | None, name: str) -> Asset:
    asset = an_asset_of(owner and owner.user_id, name=name, created_at=bench.clock.now())
    bench.write(lambda work: work.assets.add(asset))
    return asset


class TestStageFile:
    def test_counts_and_hashes_what_arrives(self, bench: Workbench) -> None:
        chunks = [b"one", bytearray(b"two"), memoryview(b"three")]

        with StageFile(bench.object_store, UploadPolicy())(chunks, "a.png") as file:
            file.staged.file.seek(0)
            assert file.staged.file.read() == b"onetwothree"
            assert (file.file_name, file.byte_size) == ("a.png", 11)
            assert file.sha256 == hashlib.sha256(b"onetwothree").hexdigest()

    def test_stops_reading_at_one_byte_too_many(self, bench: Workbench) -> None:
        read = []

        def endless() -> Iterator[bytes]:
            while True:
                read.append(1)
                yield b"x" * 40

        with pytest.raises(ContentTooLarge):
            with StageFile(bench.object_store, UploadPolicy(max_bytes=100))(endless(), None):
                pass

        assert len(read) == 3
        assert bench.stored() == set()

    def test_takes_exactly_as_much_as_is_allowed(self, bench: Workbench) -> None:
        with StageFile(bench.object_store, UploadPolicy(max_bytes=100))([b"x" * 100], None) as file:
            assert file.byte_size == 100


class TestUploadImage:
    def test_promises_a_task_over_the_stored_bytes(self, bench: Workbench) -> None:
        actor, content = bench.an_actor(), pictures.small_jpeg()
        notify = NotificationRequest("https://hooks.example.com/", frozenset())
        pipeline = Pipeline((Resize(80, 60),))

        uploaded = bench.upload(
            actor, [content[:1000], content[1000:]], pipeline, {}, notify, "../my <cat>.jpg"
        )

        image, task = bench.image(uploaded.image_id), bench.task(uploaded.task_id)
        assert bench.stored() == {image.file_path}
        assert bench.content(image.file_path) == content
        assert image.label == "my cat.jpg"
        assert image.header == PictureHeader(ImageFormat.JPEG, 320, 240, image.header.frames)
        assert (image.byte_size, image.sha256) == (
            len(content),
            hashlib.sha256(content).hexdigest(),
        )
        assert image.user_id == task.user_id == actor.user_id
        assert (image.status, task.status) == (TaskStatus.QUEUED, TaskStatus.QUEUED)
        assert (task.image_id, task.pipeline, task.notify) == (image.id, pipeline, notify)
        assert task.correlation_id == "a-request"
        assert bench.take_outbox() == [("TaskQueued", task.id)]
        assert ImageStatus(bench.database)(ImageStatusRequest(actor, image.id)) == image
        with pytest.raises(NotFound):
            ImageStatus(bench.database)(ImageStatusRequest(bench.an_actor(), image.id))

    @pytest.mark.parametrize(
        ("content", "policy", "refusal"),
        [
            (b"", UploadPolicy(), EmptyFile),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", UploadPolicy(), UnsupportedMedia),
            (pictures.small_jpeg()[:20], UploadPolicy(), UnsupportedMedia),
            (pictures.small_jpeg(), UploadPolicy(max_bytes=1000), ContentTooLarge),
            (pictures.small_jpeg(), UploadPolicy(max_side_px=319), ImageTooLarge),
            (pictures.small_jpeg(), UploadPolicy(max_frame_pixels=320 * 240 - 1), ImageTooLarge),
        ],
        ids=["empty", "svg", "cut short", "bytes", "side", "pixels"],
    )
    @pytest.mark.parametrize("attached", [False, True])
    def test_of_what_is_refused_nothing_is_stored(
        self,
        bench: Workbench,
        content: bytes,
        policy: UploadPolicy,
        refusal: type[ImageRefused],
        attached: bool,
    ) -> None:
        actor = bench.an_actor()
        bench.policy = policy
        tiny = pictures.one_pixel()

        with pytest.raises(refusal):
            if attached:
                bench.upload(actor, tiny, MARKED, {"logo.png": content, "seal.png": tiny})
            else:
                bench.upload(actor, content)

        assert bench.stored() == set()
        assert bench.outbox_count() == 0

    def test_who_may_not_process_is_refused_before_anything_is_stored(
        self, bench: Workbench
    ) -> None:
        nobody = attrs.evolve(bench.an_actor(), roles=frozenset[Role]())

        with pytest.raises(NotAllowed):
            bench.upload(nobody)

        assert bench.stored() == set()

    def test_a_database_that_is_away_promises_nothing(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        busy = attrs.evolve(
            bench,
            database=SqliteDatabase(bench.database.path, busy_seconds=0.02, durable=False),
        )

        with bench.database.writing(), pytest.raises(DatabaseUnavailable):
            busy.upload(actor)

        assert bench.outbox_count() == 0
        assert bench.read(lambda work: work.tasks.count_by_status())["queued"] == 0


class TestAnUploadThatNamesAWebhook:
    @pytest.mark.parametrize(
        "url",
        ["http://a.example/", "https://10.0.0.1/", "https://127.1/", "https://a.example:22/"]
        + ["https://database/", "https://[64:ff9b::a00:1]/"],
    )
    def test_one_that_is_never_called_is_refused_before_anything_is_stored(
        self, bench: Workbench, url: str
    ) -> None:
        with pytest.raises(WebhookURLForbidden) as refused:
            bench.upload(bench.an_actor(), notify=NotificationRequest(webhook=url))

        assert refused.value.pointer == "/notify/webhook"
        assert bench.stored() == set()

    def test_where_a_name_leads_is_judged_at_the_call(self, bench: Workbench) -> None:
        """No upload waits for a resolver."""
        notify = NotificationRequest(webhook="https://inside.example/")

        assert bench.upload(bench.an_actor(), notify=notify).task_id


class TestAnUploadThatIsSentAgain:
    def test_twins_at_the_same_moment_become_one_image(self, bench: Workbench) -> None:
        """Whoever comes while the other is under way is told so, and gets its answer afterwards."""
        actor = bench.an_actor()
        key = IdempotencyKey(str(actor.user_id), "key-1", "f")
        start = threading.Barrier(4)

        def upload(_: int) -> UploadedImage | None:
            start.wait(10)
            try:
                return bench.upload(actor, idempotency=key)
            except RequestInProgress:
                return None

        with ThreadPoolExecutor(4) as pool:
            answers = [each for each in pool.map(upload, range(4)) if each is not None]
        answers.append(bench.upload(actor, idempotency=key))

        assert len({(each.image_id, each.task_id) for each in answers}) == 1
        assert [each.replayed for each in answers].count(False) == 1
        assert len(bench.stored()) == 1, "the twins' bytes are gone"
        assert bench.read(lambda work: work.tasks.count_queued(10)) == 1

    def test_a_key_is_not_used_up_by_a_refusal(self, bench: Workbench) -> None:
        actor = bench.an_actor()
        key = IdempotencyKey(str(actor.user_id), "key-1", "f")
        with pytest.raises(ImageRefused):
            bench.upload(actor, b"no picture", idempotency=key)

        assert not bench.upload(actor, idempotency=key).replayed

    def test_a_key_of_another_request_is_refused_before_anything_is_stored(
        self, bench: Workbench
    ) -> None:
        actor = bench.an_actor()
        bench.upload(actor, idempotency=IdempotencyKey(str(actor.user_id), "key-1", "f"))

        with pytest.raises(IdempotencyKeyReused):
            bench.upload(actor, idempotency=IdempotencyKey(str(actor.user_id), "key-1", "g"))

        assert len(bench.stored()) == 1


class TestAssetsOfAnUpload:
    def test_attachments_are_stored_beside_the_picture(self, bench: Workbench) -> None:
        logo, seal = pictures.logo(), pictures.one_pixel()

        uploaded = bench.upload(
            bench.an_actor(), pipeline=MARKED, attachments={"seal.png": seal, "logo.png": logo}
        )

        assets = bench.task(uploaded.task_id).assets
        assert {name: bench.content(key) for name, key in assets.items()} == {
            "logo.png": logo,
            "seal.png": seal,
        }
        assert len(bench.stored()) == 3

    def test_an_attachment_goes_before_ones_own_asset_and_that_before_the_shared(
        self, bench: Workbench
    ) -> None:
        actor = bench.an_actor()
        for owner in (actor, None):
            an_asset(bench, owner, "logo.png")
        own = an_asset(bench, actor, "seal.png")
        an_asset(bench, None, "seal.png")

        uploaded = bench.upload(
            actor, pipeline=MARKED, attachments={"logo.png": pictures.one_pixel()}
        )

        assets = bench.task(uploaded.task_id).assets
        assert assets["seal.png"] == own.file_path
        assert bench.content(assets["logo.png"]) == pictures.one_pixel()

    def test_the_shared_asset_serves_everybody(self, bench: Workbench) -> None:
        shared = {name: an_asset(bench, None, name) for name in ("logo.png", "seal.png")}

        uploaded = bench.upload(bench.an_actor(), pipeline=MARKED)

        assert bench.task(uploaded.task_id).assets == {
            name: asset.file_path for name, asset in shared.items()
        }

    def test_anothers_asset_is_as_good_as_none(self, bench: Workbench) -> None:
        an_asset(bench, None, "logo.png")
        an_asset(bench, bench.an_actor(), "seal.png")

        with pytest.raises(AssetNotFound) as refused:
            bench.upload(bench.an_actor(), pipeline=MARKED)

        assert "seal.png" in refused.value.detail
        assert bench.stored() == set()

    def test_a_file_that_nothing_refers_to_is_refused(self, bench: Workbench) -> None:
        with pytest.raises(UnexpectedPart):
            bench.upload(bench.an_actor(), attachments={"logo.png": pictures.one_pixel()})

        assert bench.stored() == set()


class TestInstallSharedAssets:
    def install(self, bench: Workbench, **shipped: bytes) -> None:
        InstallSharedAssets(bench.database, bench.object_store, bench.clock, bench.ids, shipped)()

    def test_twice_is_as_good_as_once(self, bench: Workbench) -> None:
        self.install(bench, logo=b"first", seal=b"seal")
        self.install(bench, logo=b"second", seal=b"seal")

        assets = [bench.read(lambda w: w.assets.find(None, name)) for name in ("logo", "seal")]
        assert [bench.content(asset.file_path) for asset in assets] == [b"first", b"seal"]
        assert assets[0].sha256 == hashlib.sha256(b"first").hexdigest()
        assert bench.stored() == {asset.file_path for asset in assets}

    def test_two_that_start_at_once_leave_one_asset_and_no_stray_object(
        self, bench: Workbench
    ) -> None:
        install = self.install

        class LateIds(RandomIds):
            """Lets another process be quicker, just after the asset has been looked for."""

            def new(self) -> UUID:
                install(bench, logo=b"first")
                return super().new()

        install(attrs.evolve(bench, ids=LateIds()), logo=b"second")

        asset = bench.read(lambda work: work.assets.find(None, "logo"))
        assert bench.content(asset.file_path) == b"first"
        assert bench.stored() == {asset.file_path}
