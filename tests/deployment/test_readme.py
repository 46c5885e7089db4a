"""The README's session does what it says, word for word, and what it points to is there."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from entrypoints.first_session import first_session
from tests.deployment.nomad_jobs import ROOT
from tests.pictures import opened
from tests.ports import free_port
from tests.running import RunningPlatform

README = ROOT / "README.md"
PAGES = [
    README,
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "nomad/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
SESSION_SECONDS = 90


def _session() -> str:
    """Return every command of the worked example as one script."""
    text = README.read_text()
    return "\n".join(re.findall(r"^```bash\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


@pytest.fixture
def platform(tmp_path: Path):
    # Started by itself, so that nobody has an account yet.
    running = RunningPlatform(tmp_path / "var")
    running.start()
    try:
        yield running
    finally:
        running.stop()


def test_the_session_runs_from_end_to_end(platform: RunningPlatform, tmp_path: Path):
    for name in ("docs", "safelight"):
        (tmp_path / name).symlink_to(ROOT / name)
    script = _session().replace("http://127.0.0.1:8000", platform.base)
    script = script.replace("9000", str(free_port()))
    environment = {name: text for name, text in os.environ.items() if "SAFELIGHT" not in name}

    session = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SESSION_SECONDS,
    )

    said = session.stdout + session.stderr
    assert session.returncode == 0, said
    assert '{"message":"User registered successfully."}' in said
    assert re.search(r"^uploaded [0-9a-f-]{36}$", said, re.MULTILINE)
    assert '"status":"completed"' in said
    assert "Subject: before.jpg is ready" in said
    assert '"type": "task.completed"' in said
    assert "Refused" not in said
    assert opened((tmp_path / "var" / "after.jpg").read_bytes()).size == (800, 600)


def test_whoever_else_shows_the_session_shows_the_same_commands():
    shown = first_session(
        "http://127.0.0.1:8000", picture="docs/pictures/before.jpg", result="var/after.jpg"
    )

    in_readme = _commands(_session())
    for command in _commands(shown):
        assert command in in_readme


def test_the_example_is_the_one_of_the_pictures():
    from docs.make_pictures import AFTER, FOLDER, MAX_BYTES

    assert f"processingOptions={_as_written(AFTER)}" in _session()
    sizes = {
        name: opened((FOLDER / name).read_bytes()).size for name in ("before.jpg", "after.jpg")
    }
    assert sizes == {"before.jpg": (900, 675), "after.jpg": (800, 600)}
    assert all((FOLDER / name).stat().st_size <= MAX_BYTES for name in sizes)


def _commands(session: str) -> list[str]:
    """Return each command with the lines that it goes on over."""
    lines = [line for line in session.splitlines() if line and not line.startswith("#")]
    return re.split(r"(?<!\\)\n", "\n".join(lines))


def _as_written(options: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": "{value}"' for name, value in options.items()) + "}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("https://", "http://")):
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", [README, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_make_knows_every_task_that_a_page_names(page: Path):
    makefile = (ROOT / "Makefile").read_text()
    tasks = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))

    assert set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", page.read_text(), re.MULTILINE))
    for found in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE):
        assert found in tasks


def test_the_readme_fits_on_a_few_screens():
    assert len(README.read_text().splitlines()) <= 200
