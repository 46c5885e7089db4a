"""The composition root: everything can be built, and everything is what it has to be."""

import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from dependency_injector import providers

from application.ports.clock import Clock
from entrypoints.container import Adapters, Platform, UseCases
from entrypoints.preparation import prepare
from entrypoints.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings({"SAFELIGHT_DATA_DIR": str(tmp_path / "data")})
    prepare(settings)
    return settings


@pytest.fixture
def platform(settings: Settings) -> Iterator[Platform]:
    platform = Platform(settings=settings)
    yield platform
    platform.adapters().image_editor().close()
    platform.adapters().bell().close()
    platform.adapters().database().close()


def built(platform: Platform) -> dict[str, object]:
    """Build every provider; return what came of them, by name."""
    things: dict[str, object] = {}
    for room in (platform.adapters(), platform.use_cases(), platform):
        for name, provider in room.providers.items():
            if not isinstance(provider, providers.Dependency | providers.DependenciesContainer):
                things[name] = provider()
    return things


def test_every_provider_builds_for_the_embedded_profile(platform: Platform) -> None:
    things = built(platform)

    declared = {*Adapters.providers, *UseCases.providers, *Platform.providers}
    assert things.keys() >= declared - {"settings", "adapters", "use_cases"}
    assert None not in things.values()


def test_a_provider_with_a_wrong_argument_is_noticed(platform: Platform) -> None:
    class Frugal:
        def __init__(self, *, database: object) -> None: ...

    broken = providers.ThreadSafeSingleton(Frugal, databse=platform.adapters().database)

    with platform.use_cases().view_task.override(broken), pytest.raises(TypeError, match="databse"):
        built(platform)


def test_every_use_case_holds_adapters_of_the_ports_that_it_asks_for(platform: Platform) -> None:
    checked = 0
    for name in UseCases.providers:
        if name in ("settings", "adapters"):
            continue
        use_case = platform.use_cases().providers[name]()
        hints = typing.get_type_hints(type(use_case))
        for field in attrs.fields(type(use_case)):
            wanted, value = hints[field.name], getattr(use_case, field.name)
            if getattr(wanted, "_is_protocol", False):
                assert wanted in type(value).__mro__, f"{name}.{field.name} is {value!r}"
                checked += 1
            elif wanted is timedelta:
                assert isinstance(value, timedelta) and value > timedelta(), f"{name}.{field.name}"
                checked += 1

    assert checked > 40


def test_singletons_are_one_object_for_every_thread_of_a_process(platform: Platform) -> None:
    kinds = {
        type(provider)
        for room in (Adapters, UseCases, Platform)
        for provider in room.providers.values()
    }

    assert providers.Singleton not in kinds
    assert providers.Resource not in kinds
    assert platform.use_cases().process_task() is platform.use_cases().process_task()
    assert platform.adapters().database() is platform.use_cases().log_in().database


def test_an_adapter_that_lacks_a_method_of_its_port_cannot_be_built() -> None:
    class Stopped(Clock):
        pass

    with pytest.raises(TypeError, match="now"):
        Stopped()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("build", "foreign"),
    [
        ("build_http_app", {"pyvips", "apprise", "kombu", "adapters.scanning"}),
        ("build_relay", {"pyvips", "apprise", "falcon"}),
        ("build_notifier", {"pyvips", "falcon"}),
    ],
)
def test_a_process_loads_what_it_uses_and_nothing_else(
    settings: Settings, build: str, foreign: set[str]
) -> None:
    outcome = run_python(
        "import os, sys\n"
        "from entrypoints import processes\n"
        "from entrypoints.settings import load_settings\n"
        f"processes.{build}(load_settings(os.environ))\n"
        "print(*sys.modules)",
        SAFELIGHT_DATA_DIR=str(settings.data_dir),
    )

    assert outcome.returncode == 0, outcome.stderr
    assert not foreign & set(outcome.stdout.split())


def run_python(program: str, **environ: Any) -> subprocess.CompletedProcess[str]:
    """Run *program* in a fresh interpreter."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
