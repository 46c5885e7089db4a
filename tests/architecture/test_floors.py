"""The floors of the house: that they hold, and that a breach is noticed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import entrypoints

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "application", "adapters", "entrypoints")


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter as `make check` does, over the sources in *tree*."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_contract_holds() -> None:
    outcome = lint_imports(ROOT)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_breach_of_any_contract_is_noticed(copied_house: Path) -> None:
    plants = {
        "domain/images/image.py": "import application.errors",
        "adapters/storage/disk.py": "import adapters.security.key_files",
        "entrypoints/http/app.py": "import adapters.storage.disk",
        "application/tasks/view_task.py": "import dependency_injector.providers",
        "adapters/system/clock.py": "import requests",
    }
    for file, line in plants.items():
        path = copied_house / file
        path.write_text(path.read_text("utf-8") + f"\n{line}  # planted\n", "utf-8")

    outcome = lint_imports(copied_house)

    assert outcome.returncode != 0
    contracts = [line for line in outcome.stdout.splitlines() if " BROKEN" in line]
    assert len(contracts) == 5, outcome.stdout
    assert " KEPT" not in outcome.stdout


def test_the_package_entrypoints_is_ours_and_not_a_distribution_of_that_name() -> None:
    assert Path(entrypoints.__file__ or "").parent == ROOT / "entrypoints"


def test_the_domain_imports_the_standard_library_and_attrs_and_nothing_else() -> None:
    graph = grimp.build_graph("domain", include_external_packages=True, cache_dir=None)

    imported = {
        name.partition(".")[0]
        for module in graph.modules
        if module.partition(".")[0] == "domain"
        for name in graph.find_modules_directly_imported_by(module)
    }

    assert imported - sys.stdlib_module_names <= {"domain", "attrs"}
