"""What the program is made of is written down, and known weaknesses of it are asked for."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import ROOT

LOCKED = dict(
    re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements/run.txt").read_text(), re.M)
)


def make(task: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", task], cwd=ROOT, env=os.environ | environ, capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip


@pytest.fixture(scope="module")
def bill() -> dict[str, object]:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    made = make("sbom")
    if made.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail(made.stderr)
        pytest.skip(f"requirements/audit.txt cannot be installed here: {made.stderr[-300:]}")
    document: dict[str, object] = json.loads((ROOT / "build/sbom.json").read_text())
    return document


@pytest.mark.slow
def test_the_bill_of_materials_names_every_locked_package_with_its_digests(bill) -> None:
    components = {one["name"]: one for one in bill["components"]}

    assert {name: one["version"] for name, one in components.items()} == LOCKED
    assert all(
        reference["hashes"]
        for one in components.values()
        for reference in one["externalReferences"]
    )
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "safelight"


@pytest.mark.slow
def test_an_audit_that_could_ask_nobody_says_so_and_fails(bill) -> None:
    nowhere = "http://127.0.0.1:9"

    asked = make("audit", HTTPS_PROXY=nowhere, HTTP_PROXY=nowhere, ALL_PROXY=nowhere)

    assert asked.returncode == 2, asked.stdout + asked.stderr
    assert "Nothing was checked" in asked.stderr
    assert "No known weakness" not in asked.stdout


def test_every_lock_has_digests_and_names_no_host() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        packages = len(re.findall(r"^[a-z0-9._-]+(\[.+\])?==", text, re.M))

        assert packages > 30
        assert len(re.split(r"^[a-z0-9._-]+(?:\[.+\])?==.*\\$", text, flags=re.M)) == packages + 1
        assert "://" not in text
        assert text.count("--hash=sha256:") >= packages


def test_the_image_installs_from_the_lock_alone() -> None:
    recipe = Path(ROOT / "Dockerfile").read_text()

    installs = re.findall(r"pip install .*", recipe)
    assert installs and all("--require-hashes" in one for one in installs)
