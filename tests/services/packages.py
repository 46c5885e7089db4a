"""Debian packages that tests need: installed where that is possible, loudly missed elsewhere."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

_LOCK = Path(tempfile.gettempdir()) / "safelight-test-packages.lock"
_POLICY = Path("/usr/sbin/policy-rc.d")
_QUIETLY = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def ensure(*names: str) -> None:
    """Install those of the packages that are missing; no service of theirs is started."""
    if not missing(names):
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        not_here(f"needs the Debian packages {' '.join(missing(names))}")
    with _one_at_a_time(), _nothing_is_started():
        still = missing(names)
        if still and not _installs(still):
            _apt("update")
            if not _installs(still):
                not_here(f"the Debian packages {' '.join(still)} cannot be installed")


def missing(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the packages that are not installed."""
    return tuple(name for name in names if not _is_installed(name))


def not_here(why: str) -> NoReturn:
    """Skip a test on a laptop; fail it in continuous integration, where nothing may be missing."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def _is_installed(name: str) -> bool:
    if shutil.which("dpkg-query") is None:
        return False
    status = ["dpkg-query", "-W", "-f", "${db:Status-Status}", name]
    asked = subprocess.run(status, capture_output=True, text=True, timeout=30)
    return asked.stdout == "installed"


def _installs(names: tuple[str, ...]) -> bool:
    return _apt("install", "-y", "--no-install-recommends", *names)


def _apt(*arguments: str) -> bool:
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments]
    done = subprocess.run(command, env=os.environ | _QUIETLY, stdin=subprocess.DEVNULL, timeout=540)
    return done.returncode == 0


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _nothing_is_started() -> Iterator[None]:
    """Packages of servers start them; invoke-rc.d asks this file whether they may."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
