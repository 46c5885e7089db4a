"""Files that somebody sends are scanned before they are kept: nothing gets past that."""

from datetime import timedelta

import pytest

from application.images.scan_file import ScanFile
from application.images.stage_file import StageFile
from application.ports.malware_scanner import (
    MalwareScanner,
    NoScanner,
    ScannerMisconfigured,
    ScannerUnavailable,
)
from application.ports.repositories.audit_trail import AuditFilter
from application.sparing import FewAMinute
from domain.errors import ImageTooLarge, MalwareFound, UnsupportedMedia
from domain.images.operations import Watermark
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.users.audit import AuditAction, AuditOutcome, AuditRecord
from tests import pictures
from tests.fonts import box_font
from tests.malware import EICAR, OURS, FakeScanner
from tests.unit.application.test_assets import add
from tests.unit.application.workbench import Workbench

CLEAN = pictures.small_jpeg()
MARKED = Pipeline((Watermark("logo.png"),))
WRITTEN = Pipeline((Watermark(text="A", font="mine.ttf"),))


@pytest.fixture
def scanner(bench: Workbench) -> FakeScanner:
    bench.scanner = scanner = FakeScanner()
    return scanner


def trail(bench: Workbench) -> list[AuditRecord]:
    entries = bench.read(lambda work: work.audit.page(AuditFilter(), None, 1000))
    return [entry.record for entry in entries]


def test_what_is_clean_is_taken_in_each_file_seen_once(
    bench: Workbench, scanner: FakeScanner
) -> None:
    actor = bench.an_actor()

    bench.upload(actor, CLEAN, MARKED, {"logo.png": pictures.one_pixel()})
    add(bench, actor, box_font(), "mine.ttf")

    assert len(bench.stored()) == 3
    assert scanner.scanned == 3
    assert trail(bench) == []


@pytest.mark.parametrize(
    ("content", "pipeline", "attachments"),
    [
        (CLEAN + EICAR, Pipeline(), {}),
        (pictures.png_photo() + OURS, Pipeline(), {}),
        (CLEAN, MARKED, {"logo.png": pictures.one_pixel() + EICAR}),
        (CLEAN, WRITTEN, {"mine.ttf": box_font() + EICAR}),
    ],
    ids=["picture", "another", "watermark", "font"],
)
def test_of_an_upload_with_malware_nothing_is_kept(
    bench: Workbench,
    scanner: FakeScanner,
    content: bytes,
    pipeline: Pipeline,
    attachments: dict[str, bytes],
) -> None:
    with pytest.raises(MalwareFound):
        bench.upload(bench.an_actor(), content, pipeline, attachments)

    assert bench.stored() == set()
    assert bench.outbox_count() == 0


@pytest.mark.parametrize("content", [CLEAN + EICAR, box_font() + EICAR], ids=["picture", "font"])
def test_an_asset_with_malware_is_not_kept(
    bench: Workbench, scanner: FakeScanner, content: bytes
) -> None:
    with pytest.raises(MalwareFound):
        add(bench, bench.an_actor(), content, "mine.ttf")

    assert bench.stored() == set()


def test_what_was_found_is_told_to_the_trail_and_not_to_whoever_sent_it(
    bench: Workbench, scanner: FakeScanner
) -> None:
    actor = bench.an_actor()

    with pytest.raises(MalwareFound) as refusal:
        bench.upload(actor, CLEAN + OURS)

    assert "Ours" not in str(refusal.value)
    [record] = trail(bench)
    assert (record.action, record.outcome) == (AuditAction.SEND_MALWARE, AuditOutcome.REFUSED)
    assert record.user_id == actor.user_id
    assert record.detail == "Tests.Ours.UNOFFICIAL"
    with StageFile(bench.object_store, bench.policy)([CLEAN + OURS], None) as file:
        assert record.subject == f"file:{file.sha256}"


@pytest.mark.parametrize("trouble", [ScannerUnavailable("hangs"), ScannerMisconfigured("1 MiB")])
def test_while_nobody_can_tell_nothing_is_taken_in_and_later_it_is(
    bench: Workbench, scanner: FakeScanner, trouble: ScannerUnavailable
) -> None:
    actor = bench.an_actor()
    scanner.trouble = trouble

    for send in (lambda: bench.upload(actor), lambda: add(bench, actor)):
        with pytest.raises(ScannerUnavailable):
            send()
    assert bench.stored() == set()
    assert bench.outbox_count() == 0

    scanner.trouble = None
    bench.upload(actor)
    add(bench, actor)
    assert len(bench.stored()) == 2


def test_what_is_refused_for_its_header_is_not_scanned(
    bench: Workbench, scanner: FakeScanner
) -> None:
    bench.policy = UploadPolicy(max_side_px=100)

    for content, refusal in ((EICAR, UnsupportedMedia), (CLEAN + EICAR, ImageTooLarge)):
        with pytest.raises(refusal):
            bench.upload(bench.an_actor(), content)

    assert scanner.scanned == 0


def test_nobody_fills_the_trail(bench: Workbench, scanner: FakeScanner) -> None:
    actor = bench.an_actor()
    scan = ScanFile(scanner, bench.database, bench.clock, FewAMinute(3))

    with StageFile(bench.object_store, bench.policy)([EICAR], None) as file:
        for _ in range(5):
            with pytest.raises(MalwareFound):
                scan(file, actor)
        assert len(trail(bench)) == 3

        bench.clock.advance(timedelta(minutes=1))
        with pytest.raises(MalwareFound):
            scan(file, actor)
    assert len(trail(bench)) == 4


def test_without_a_scanner_nothing_changes(bench: Workbench) -> None:
    scanner: MalwareScanner = bench.scanner
    assert isinstance(scanner, NoScanner)

    bench.upload(bench.an_actor(), CLEAN + EICAR)

    assert len(bench.stored()) == 1
