"""A platform that runs, and schemathesis that asks it everything its document tells of."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from tests.running import ROOT, RunningPlatform

# Nobody is to be refused for asking often here: what is tried is what is answered otherwise.
SETTINGS: Final = {
    "LIMITS_SIGN_INS_PER_ADDRESS": "0",
    "LIMITS_WRONG_PASSWORDS_PER_USER": "0",
    "LIMITS_WRONG_PASSWORDS_PER_ADDRESS": "0",
    "LIMITS_UPLOADS_PER_ADDRESS": "0",
    "LIMITS_UPLOADS_PER_USER": "0",
    "LIMITS_QUEUED_TASKS": "1000000000",
    "LIMITS_QUEUED_TASKS_PER_USER": "1000000000",
    "LIMITS_FREE_BYTES": "0",
    "ASSETS_PER_USER": "10000",
    "TOKENS_LIFETIME_SECONDS": "86400",
}
PHASES: Final = "examples,coverage,fuzzing,stateful"


@attrs.frozen
class Report:
    """
    What a run has shown.

    Attributes:
        answered: How often each operation answered with each status.
        excused: How often each excuse was needed.
    """

    seed: int
    seconds: float
    is_clean: bool
    text: str
    answered: dict[str, dict[int, int]]
    excused: dict[str, int]

    @property
    def requests(self) -> int:
        """How many have been answered."""
        return sum(sum(statuses.values()) for statuses in self.answered.values())

    @property
    def never_done(self) -> list[str]:
        """Return operations that never did what they are for: then little has been tried."""
        return sorted(
            label
            for label, statuses in self.answered.items()
            if not any(status < 400 for status in statuses)
        )


@contextmanager
def platform(folder: Path) -> Iterator[RunningPlatform]:
    """Run a platform whose only administrator is its tester."""
    with RunningPlatform(folder, **SETTINGS) as running:
        subprocess.run(
            [str(ROOT / "safelight"), "admin", "grant-role", "tester", "admin"],
            env=running.environment,
            check=True,
            capture_output=True,
        )
        # Webhooks are drawn by chance: none of them is ever called, whosever server it might be.
        notifier = running.pids()["notifier"]
        os.kill(notifier, signal.SIGSTOP)
        try:
            yield running
        finally:
            os.kill(notifier, signal.SIGCONT)


def ask(base: str, seed: int, examples: int, *more: str, phases: str = PHASES) -> Report:
    """Send what is drawn from *seed*, about *examples* requests an operation and phase."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        done = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", f"{base}/api/openapi.json",
                "--seed", str(seed), "--max-examples", str(examples), "--phases", phases,
                "--checks", "all", "--continue-on-failure", "--request-timeout", "60",
                "--suppress-health-check", "all", "--no-shrink", *more,
            ],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.schema.hooks",
                "SAFELIGHT_SCHEMA_BASE": base,
                "SAFELIGHT_SCHEMA_COUNTS": str(counts),
                "NO_COLOR": "1",
                "COLUMNS": "100",
            },
            capture_output=True,
            text=True,
        )  # fmt: skip
        told = json.loads(counts.read_text()) if counts.exists() else {}
    answered: dict[str, dict[int, int]] = {}
    for label, status, number in told.get("answered", []):
        answered.setdefault(label, {})[status] = number
    return Report(
        seed,
        time.monotonic() - started,
        done.returncode == 0,
        re.sub(r"\n{3,}", "\n\n", done.stdout + done.stderr),
        answered,
        told.get("excused", {}),
    )
