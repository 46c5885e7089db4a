"""A backup that is taken while the platform works, restored elsewhere."""

import shutil
import threading
from pathlib import Path

from tests import pictures
from tests.fronted import FrontedPlatform
from tests.unit.entrypoints.test_command_line import safelight

UPLOADS_BEFORE = 10
# The copy has leases of the platform it was made of: what was in hand is taken up once they end.
LEASES = {
    "TASKS_LEASE_SECONDS": "3",
    "TASKS_BEAT_SECONDS": "1",
    "BROKER_LEASE_SECONDS": "5",
    "RELAY_PATIENCE_SECONDS": "5",
    "RELAY_LEASE_SECONDS": "15",
    "RELAY_SWEEP_SECONDS": "1",
    "NOTIFIER_LEASE_SECONDS": "16",
}


def test_every_picture_that_a_backup_promises_can_be_downloaded(tmp_path: Path) -> None:
    """F40: what was done when the copy was made downloads; what was not yet done is done later."""
    here, copy, elsewhere = tmp_path / "data", tmp_path / "copy", tmp_path / "elsewhere"
    picture, stop, uploaded = pictures.small_jpeg(), threading.Event(), []
    with FrontedPlatform(here, **LEASES) as platform:

        def keep_uploading() -> None:
            while not stop.is_set():
                uploaded.append(platform.upload(picture, resize="32x32"))

        load = threading.Thread(target=keep_uploading)
        load.start()
        try:
            while len(uploaded) < UPLOADS_BEFORE:
                stop.wait(0.05)
            made = safelight("backup", str(copy), SAFELIGHT_DATA_DIR=str(here))
        finally:
            stop.set()
            load.join()
    assert made.returncode == 0, made.stdout + made.stderr
    shutil.copytree(copy, elsewhere)
    shutil.rmtree(here)
    checked = safelight("backup-check", str(elsewhere))
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "All are whole.")

    restored = FrontedPlatform(elsewhere, **LEASES)
    restored.start()
    try:
        restored.token = restored.sign_in("tester")
        restored.wait_until_quiet()
        held = [row[0] for row in restored.rows("select image_id from tasks")]
        assert len(held) >= UPLOADS_BEFORE
        for image_id in held:
            assert restored.result(image_id)
    finally:
        restored.stop()
    swept = safelight("sweep-orphans", SAFELIGHT_DATA_DIR=str(elsewhere))
    assert swept.returncode == 0, swept.stdout
