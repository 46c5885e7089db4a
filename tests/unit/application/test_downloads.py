"""Links to results, and what they open."""

from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import attrs
import pytest

from application.errors import NotFound, NotReady, TaskEndedWithoutResult
from application.images.download_image import DownloadImage, DownloadImageRequest
from application.images.open_result import OpenedResult, OpenResult, OpenResultRequest
from application.ports.download_links import LinkedFile, LinkExpired, LinkForged
from application.ports.image_editor import EditFailed
from application.ports.object_store import ObjectMissing
from domain.tasks.task import Failure, FailureCode
from tests import pictures
from tests.builders import a_result
from tests.unit.application.workbench import MINUTE, StampingEditor, Workbench


def link_to(bench: Workbench, actor: object, image_id: UUID) -> str:
    download_image = DownloadImage(bench.database, bench.links, link_lifetime=MINUTE)
    return download_image(DownloadImageRequest(actor, image_id))


def request_of(link: str) -> OpenResultRequest:
    """Take a link apart as the edge does."""
    parts = urlsplit(link)
    _, files, task_id, variant, _ = parts.path.split("/")
    assert files == "files"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return OpenResultRequest(
        LinkedFile(UUID(task_id), variant), query["exp"], query["kid"], query["sig"]
    )


def follow(bench: Workbench, request: OpenResultRequest) -> OpenedResult:
    return OpenResult(bench.database, bench.object_store, bench.links)(request)


def test_a_link_opens_the_result_without_a_token(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor, file_name="写真 1.jpg")

    link = link_to(bench, actor, task.image_id)
    opened = follow(bench, request_of(link))

    assert link.startswith("https://images.example.com/files/")
    assert unquote(link).split("?")[0].endswith("/写真 1.webp")
    assert (opened.result, opened.download_name) == (task.results[0], "写真 1.webp")
    with opened.open() as file:
        assert file.read() == StampingEditor.stamp(pictures.small_jpeg())


def test_a_link_lives_as_long_as_it_says(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    request = request_of(link_to(bench, actor, task.image_id))

    bench.clock.advance(MINUTE - timedelta(seconds=1))
    assert follow(bench, request)
    bench.clock.advance(timedelta(seconds=1))

    with pytest.raises(LinkExpired):
        follow(bench, request)


def test_a_link_opens_nothing_but_what_it_was_made_for(bench: Workbench) -> None:
    actor = bench.an_actor()
    mine, others = bench.a_completed_task(actor), bench.a_completed_task()
    request = request_of(link_to(bench, actor, mine.image_id))

    for altered in (
        attrs.evolve(request, linked=LinkedFile(others.id, "main")),
        attrs.evolve(request, linked=LinkedFile(mine.id, "small")),
        attrs.evolve(request, expires=str(int(request.expires) + 1)),
    ):
        with pytest.raises(LinkForged):
            follow(bench, altered)


def test_a_good_link_to_what_is_not_there_finds_nothing(bench: Workbench) -> None:
    task = bench.a_completed_task()

    for task_id, variant in ((uuid4(), "main"), (task.id, "small")):
        link = bench.links.issue(task_id, a_result(variant=variant), "image.webp", MINUTE)
        with pytest.raises(NotFound):
            follow(bench, request_of(link))


def test_bytes_that_are_gone_are_said_to_be_gone(bench: Workbench) -> None:
    actor = bench.an_actor()
    task = bench.a_completed_task(actor)
    bench.object_store.delete(task.results[0].file_path)
    request = request_of(link_to(bench, actor, task.image_id))

    with pytest.raises(ObjectMissing), follow(bench, request).open():
        pass


def test_anothers_image_looks_like_none(bench: Workbench) -> None:
    task = bench.a_completed_task()

    for image_id in (task.image_id, uuid4()):
        with pytest.raises(NotFound):
            link_to(bench, bench.an_actor(), image_id)


def test_there_is_no_link_before_there_is_a_result(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor)

    with pytest.raises(NotReady) as refused:
        link_to(bench, actor, uploaded.image_id)
    bench.write(lambda work: work.tasks.claim(uploaded.task_id, MINUTE))
    with pytest.raises(NotReady) as refused_later:
        link_to(bench, actor, uploaded.image_id)

    assert refused.value.retry_after_seconds > 0
    assert "queued" in refused.value.detail
    assert "in progress" in refused_later.value.detail


def test_a_task_that_failed_says_why(bench: Workbench) -> None:
    actor = bench.an_actor()
    uploaded = bench.upload(actor)
    failure = Failure(FailureCode.TRUNCATED, "The file ends too early.")

    def refuse() -> None:
        raise EditFailed(failure)

    bench.editor.meanwhile = refuse
    bench.process_task()(uploaded.task_id)

    with pytest.raises(TaskEndedWithoutResult) as refused:
        link_to(bench, actor, uploaded.image_id)

    assert refused.value.failure == failure
