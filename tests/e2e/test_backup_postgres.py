"""A dump of PostgreSQL and a copy of the store, restored elsewhere."""

import shutil
import subprocess
from pathlib import Path

from tests import pictures
from tests.fronted import FrontedPlatform
from tests.services.postgres import Postgres
from tests.unit.entrypoints.test_command_line import safelight


def program(name: str) -> str:
    """Return a program of PostgreSQL, the newest that is here."""
    return str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))


def test_a_dump_and_a_later_copy_of_the_store_are_a_backup(
    tmp_path: Path, postgres: Postgres
) -> None:
    url, restored_url = (postgres.create_database(empty=True) for _ in range(2))
    here, elsewhere, dump = tmp_path / "data", tmp_path / "elsewhere", tmp_path / "dump"
    with FrontedPlatform(here, DATABASE_URL=url) as platform:
        uploaded = platform.upload(pictures.small_jpeg(), resize="32x32")
        platform.wait_for_status(uploaded.task_id, "completed")
        subprocess.run(
            [program("pg_dump"), "--format=custom", f"--file={dump}", url], check=True, timeout=60
        )
        platform.upload(pictures.small_jpeg())
        # As the page says: what is still being staged comes and goes, and no row names it.
        shutil.copytree(here / "storage" / "objects", elsewhere / "storage" / "objects")

    subprocess.run(
        [program("pg_restore"), "--no-owner", f"--dbname={restored_url}", dump],
        check=True,
        timeout=60,
    )
    restored = {"SAFELIGHT_DATA_DIR": str(elsewhere), "SAFELIGHT_DATABASE_URL": restored_url}
    checked = safelight("backup-check", **restored)
    swept = safelight("sweep-orphans", **restored)

    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "All are whole.")
    assert swept.returncode == 0, swept.stdout
    assert "too young to tell" in swept.stdout
