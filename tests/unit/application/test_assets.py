"""Pictures and fonts that accounts keep: what is taken in, who sees it, and when it may go."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from adapters.storage.disk import DiskObjectStore
from application.actor import Actor
from application.errors import (
    AlreadyExists,
    AssetInUse,
    AssetNotFound,
    NotAllowed,
    NotFound,
    TooManyAssets,
)
from application.idempotency import IdempotencyKey, IdempotencyKeyReused, RequestInProgress
from application.images.add_asset import AddAssetRequest, AddedAsset
from application.images.list_assets import ListAssets, ListAssetsRequest
from application.images.remove_asset import RemoveAsset, RemoveAssetRequest
from application.images.stage_file import StageFile
from application.images.view_asset import ViewAsset, ViewAssetRequest
from application.ports.object_store import StorageUnavailable
from application.tasks.process_task import ProcessOutcome
from domain.errors import (
    ContentTooLarge,
    EmptyFile,
    FontRefused,
    ImageTooLarge,
    InvalidParameter,
    UnsupportedMedia,
)
from domain.images.asset import MAX_FONT_BYTES, Asset, AssetAllowance, AssetKind
from domain.images.operations import Watermark
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.tasks.task import FailureCode
from domain.users.roles import Role
from tests import pictures
from tests.builders import a_preset
from tests.fonts import box_font
from tests.unit.application.test_administration import DAY, sweep
from tests.unit.application.workbench import MINUTE, Workbench

ADMIN = frozenset({Role.USER, Role.ADMIN})
LOGO = Pipeline((Watermark("mine.png"),))
BRAND = Pipeline((Watermark(text="Ada", font="brand.ttf"),))


class AwayStore(DiskObjectStore):
    """A store that is away when something is to be deleted."""

    def delete(self, key: str) -> None:
        raise StorageUnavailable("The store does not answer.")


def add(
    bench: Workbench,
    actor: Actor,
    content: bytes | None = None,
    name: str | None = "mine.png",
    allowance: AssetAllowance = AssetAllowance(100, 10**8),
    **options: Any,
) -> AddedAsset:
    file_name = options.pop("file_name", "C:\\pictures\\holiday.png")
    data = pictures.small_jpeg() if content is None else content
    with StageFile(bench.object_store, bench.policy)([data], file_name) as file:
        return bench.add_asset(allowance)(AddAssetRequest(actor, file, name, **options))


def remove(bench: Workbench, actor: Actor, name: str = "mine.png", **options: Any) -> None:
    RemoveAsset(bench.database, bench.object_store)(RemoveAssetRequest(actor, name, **options))


def names(bench: Workbench, actor: Actor) -> list[str]:
    return [asset.name for asset in ListAssets(bench.database)(ListAssetsRequest(actor)).assets]


def view(bench: Workbench, actor: Actor, name: str, **options: Any) -> Asset:
    return ViewAsset(bench.database)(ViewAssetRequest(actor, name, **options))


class TestAddAsset:
    @pytest.mark.parametrize(
        ("content", "name", "kind"),
        [
            (pictures.small_jpeg(), "logo.png", AssetKind.PICTURE),
            (box_font(), "Brand Sans.ttf", AssetKind.FONT),
            (box_font(), "BRAND.OTF", AssetKind.FONT),
        ],
        ids=["picture", "font", "capitals"],
    )
    def test_content_decides_what_it_is(
        self, bench: Workbench, content: bytes, name: str, kind: AssetKind
    ) -> None:
        actor = bench.an_actor()

        asset = add(bench, actor, content, name).asset

        assert (asset.kind, asset.byte_size) == (kind, len(content))
        assert (asset.user_id, asset.created_at) == (actor.user_id, bench.clock.now())
        assert view(bench, actor, name) == asset
        assert bench.content(asset.file_path) == content
        assert bench.stored() == {asset.file_path}

    def test_its_name_is_that_of_the_file_where_none_is_given(self, bench: Workbench) -> None:
        assert add(bench, bench.an_actor(), name=None).asset.name == "holiday.png"

    @pytest.mark.parametrize(
        ("content", "options", "refusal"),
        [
            (b"", {}, EmptyFile),
            (b"%PDF-1.7 no picture at all", {}, UnsupportedMedia),
            (b"wOF2" + bytes(100), {"name": "brand.ttf"}, UnsupportedMedia),
            (b"ttcf" + bytes(100), {"name": "brand.ttf"}, UnsupportedMedia),
            (box_font()[:200], {"name": "brand.ttf"}, FontRefused),
            (box_font() + bytes(MAX_FONT_BYTES), {"name": "brand.ttf"}, ContentTooLarge),
            (box_font(), {"name": "brand.png"}, InvalidParameter),
            (None, {"name": "logo.ttf"}, InvalidParameter),
            (None, {"name": "../../etc/passwd"}, InvalidParameter),
            (None, {"name": "https://example.com/logo.png"}, InvalidParameter),
            (None, {"name": "logo.png "}, InvalidParameter),
            (None, {"name": ""}, InvalidParameter),
            (None, {"name": "a" * 101}, InvalidParameter),
            (None, {"name": "лого.png"}, InvalidParameter),
            (None, {"name": None, "file_name": "лого.png"}, InvalidParameter),
            (None, {"name": None, "file_name": None}, InvalidParameter),
            (None, {"shared": True}, NotAllowed),
        ],
    )
    def test_refuses_what_pipelines_could_not_name_or_draw(
        self, bench: Workbench, content: bytes | None, options: dict[str, Any], refusal: Any
    ) -> None:
        actor = bench.an_actor()

        with pytest.raises(refusal):
            add(bench, actor, content, **options)

        assert (bench.stored(), names(bench, actor)) == (set(), [])

    def test_a_picture_keeps_to_the_upload_policy(self, bench: Workbench) -> None:
        bench.policy = UploadPolicy(max_frame_pixels=100)

        with pytest.raises(ImageTooLarge):
            add(bench, bench.an_actor())

    def test_only_who_may_process_images_keeps_any(self, bench: Workbench) -> None:
        with pytest.raises(NotAllowed):
            add(bench, bench.an_actor(roles=frozenset()))

    def test_a_name_is_given_once(self, bench: Workbench) -> None:
        ada, bob = bench.an_actor(), bench.an_actor(roles=ADMIN)
        first = add(bench, ada).asset

        for actor, options in ((bob, {}), (bob, {"shared": True})):
            add(bench, actor, **options)
        with pytest.raises(AlreadyExists):
            add(bench, ada, pictures.small_jpeg())

        assert view(bench, ada, "mine.png") == first
        assert len(bench.stored()) == 3

    def test_an_account_has_so_many_and_so_much(self, bench: Workbench) -> None:
        ada, bob = bench.an_actor(), bench.an_actor(roles=ADMIN)
        size = len(pictures.small_jpeg())
        add(bench, ada, name="a.png")

        with pytest.raises(TooManyAssets, match="1 assets"):
            add(bench, ada, name="b.png", allowance=AssetAllowance(1, 10**8))
        with pytest.raises(TooManyAssets, match="0 are left"):
            add(bench, ada, name="b.png", allowance=AssetAllowance(2, size))
        add(bench, ada, name="b.png", allowance=AssetAllowance(2, 2 * size))
        add(bench, bob, name="a.png", allowance=AssetAllowance(1, size))
        add(bench, bob, name="b.png", shared=True, allowance=AssetAllowance(1, size))

        assert len(bench.stored()) == 4

    def test_two_at_once_do_not_get_beyond_it(self, bench: Workbench) -> None:
        ada = bench.an_actor()

        def attempt(number: int) -> bool:
            try:
                add(bench, ada, name=f"{number}.png", allowance=AssetAllowance(3, 10**8))
            except TooManyAssets:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            kept = list(pool.map(attempt, range(8)))

        assert sum(kept) == len(bench.stored()) == len(names(bench, ada)) == 3

    def test_the_same_request_is_carried_out_once(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        key = IdempotencyKey(str(ada.user_id), "k", "00")

        first = add(bench, ada, idempotency=key)
        again = add(bench, ada, idempotency=key)

        assert (first.replayed, again.replayed) == (False, True)
        assert again.asset == first.asset
        assert bench.stored() == {first.asset.file_path}
        with pytest.raises(IdempotencyKeyReused):
            add(bench, ada, idempotency=IdempotencyKey(str(ada.user_id), "k", "11"))

    def test_twins_make_one(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        key = IdempotencyKey(str(ada.user_id), "k", "00")

        def try_to_add(_: int) -> AddedAsset | None:
            try:
                return add(bench, ada, idempotency=key)
            except RequestInProgress:
                return None

        with ThreadPoolExecutor(4) as pool:
            made = [one for one in pool.map(try_to_add, range(4)) if one is not None]
        made.append(add(bench, ada, idempotency=key))

        assert len({one.asset for one in made}) == 1
        assert [one.replayed for one in made].count(False) == 1
        assert len(bench.stored()) == 1


class TestListAndView:
    def test_ones_own_and_the_shared_are_there_page_by_page(self, bench: Workbench) -> None:
        ada, root = bench.an_actor(), bench.an_actor(roles=ADMIN)
        for actor, name, shared in (
            (ada, "1.png", False),
            (root, "2.png", True),
            (root, "hidden.png", False),
            (ada, "3.png", False),
        ):
            add(bench, actor, name=name, shared=shared)
            bench.clock.advance(MINUTE)

        list_assets = ListAssets(bench.database)
        first = list_assets(ListAssetsRequest(ada, limit=2))
        second = list_assets(ListAssetsRequest(ada, first.next_after, 2))

        assert [asset.name for asset in first.assets] == ["3.png", "2.png"]
        assert [asset.name for asset in second.assets] == ["1.png"]
        assert second.next_after is None

    def test_anothers_is_not_there(self, bench: Workbench) -> None:
        ada, bob = bench.an_actor(), bench.an_actor()
        add(bench, ada)

        for attempt in (view, lambda *args: remove(*args)):
            with pytest.raises(NotFound):
                attempt(bench, bob, "mine.png")
        with pytest.raises(AssetNotFound):
            bench.upload(bob, pipeline=LOGO)

    def test_the_shared_one_can_be_seen_behind_ones_own(self, bench: Workbench) -> None:
        ada, root = bench.an_actor(), bench.an_actor(roles=ADMIN)
        own, shared = add(bench, ada).asset, add(bench, root, shared=True).asset

        assert view(bench, ada, "mine.png") == own
        assert view(bench, ada, "mine.png", shared=True) == view(bench, root, "mine.png") == shared

    @pytest.mark.parametrize("limit", [0, 101, -1])
    def test_a_page_has_a_sensible_length(self, bench: Workbench, limit: int) -> None:
        with pytest.raises(InvalidParameter):
            ListAssetsRequest(bench.an_actor(), limit=limit)


class TestUse:
    def test_a_pipeline_names_pictures_and_fonts(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        picture = add(bench, ada).asset
        font = add(bench, ada, box_font(), "brand.ttf").asset
        pipeline = Pipeline((*LOGO.operations, *BRAND.operations))

        task = bench.task(bench.upload(ada, pipeline=pipeline).task_id)

        assert task.assets == {"mine.png": picture.file_path, "brand.ttf": font.file_path}

    def test_a_font_may_come_with_the_picture(self, bench: Workbench) -> None:
        ada, content = bench.an_actor(), box_font()

        uploaded = bench.upload(ada, pipeline=BRAND, attachments={"brand.ttf": content})

        assert bench.content(bench.task(uploaded.task_id).assets["brand.ttf"]) == content
        for broken, refusal in (
            (content[:300], FontRefused),
            (pictures.small_jpeg(), UnsupportedMedia),
        ):
            with pytest.raises(refusal):
                bench.upload(ada, pipeline=BRAND, attachments={"brand.ttf": broken})

    def test_a_picture_is_no_font(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        add(bench, ada, box_font(), "brand.ttf")

        with pytest.raises(AssetNotFound, match="no picture"):
            bench.upload(ada, pipeline=Pipeline((Watermark("brand.ttf"),)))
        with pytest.raises(AssetNotFound, match="no font"):
            bench.upload(ada, pipeline=Pipeline((Watermark(text="A", font="other.ttf"),)))


class TestRemoveAsset:
    def test_row_and_bytes_go(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        add(bench, ada)

        remove(bench, ada)

        assert (bench.stored(), names(bench, ada)) == (set(), [])
        with pytest.raises(NotFound):
            remove(bench, ada)
        add(bench, ada)

    def test_not_while_a_task_needs_it(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        asset = add(bench, ada).asset
        uploaded = bench.upload(ada, pipeline=LOGO)

        with pytest.raises(AssetInUse):
            remove(bench, ada)
        bench.editor.meanwhile = lambda: pytest.raises(AssetInUse, remove, bench, ada)
        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.COMPLETED

        assert asset.file_path in bench.stored()
        remove(bench, ada)
        assert asset.file_path not in bench.stored()

    def test_not_while_a_preset_of_its_owner_names_it(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        add(bench, ada)
        one = a_preset(bench.read(lambda work: work.users.get(ada.user_id)), pipeline=LOGO)
        bench.write(lambda work: work.presets.add(one))

        with pytest.raises(AssetInUse, match="'card'"):
            remove(bench, ada)
        bench.write(lambda work: work.presets.remove(ada.user_id, one.name))

        remove(bench, ada)

    def test_anybodys_task_counts_for_a_shared_one(self, bench: Workbench) -> None:
        ada, root = bench.an_actor(), bench.an_actor(roles=ADMIN)
        add(bench, root, shared=True)
        bench.upload(ada, pipeline=LOGO)

        with pytest.raises(AssetInUse):
            remove(bench, root, shared=True)

    def test_an_attachment_of_its_name_does_not_need_it(self, bench: Workbench) -> None:
        ada = bench.an_actor()
        add(bench, ada)
        bench.upload(ada, pipeline=LOGO, attachments={"mine.png": pictures.small_jpeg()})

        remove(bench, ada)

    def test_only_admins_decide_what_everybody_may_use(self, bench: Workbench) -> None:
        ada, root = bench.an_actor(), bench.an_actor(roles=ADMIN)
        shared = add(bench, root, shared=True).asset

        with pytest.raises(NotFound):
            remove(bench, ada)
        with pytest.raises(NotAllowed):
            remove(bench, ada, shared=True)
        with pytest.raises(NotFound):
            remove(bench, root)
        assert view(bench, ada, "mine.png") == shared
        remove(bench, root, shared=True)
        assert bench.stored() == set()

    def test_bytes_that_could_not_go_are_swept_up_later_and_no_others(
        self, bench: Workbench, tmp_path: Path
    ) -> None:
        ada = bench.an_actor()
        kept, going = add(bench, ada, name="kept.png").asset, add(bench, ada).asset
        store = AwayStore(tmp_path)

        RemoveAsset(bench.database, store)(RemoveAssetRequest(ada, going.name))

        assert bench.stored() == {kept.file_path, going.file_path}
        assert sweep(bench, act=True, later=2 * DAY).orphans == 1
        assert bench.stored() == {kept.file_path}

    def test_a_task_that_slipped_through_says_what_it_lacks(self, bench: Workbench) -> None:
        """It settled its files before the row went, and was queued after."""
        ada = bench.an_actor()
        add(bench, ada, box_font(), "brand.ttf")
        uploaded = bench.upload(ada, pipeline=BRAND)
        key = bench.task(uploaded.task_id).assets["brand.ttf"]
        bench.object_store.delete(key)

        assert bench.process_task()(uploaded.task_id) is ProcessOutcome.FAILED

        failure = bench.task(uploaded.task_id).failure
        assert failure is not None
        assert (failure.code, "brand.ttf" in failure.detail) == (FailureCode.ASSET_MISSING, True)
