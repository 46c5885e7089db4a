"""What the `safelight` command can do, as it says itself."""

import re
import subprocess
import sys
from functools import cache

from tests.deployment.nomad_jobs import ROOT


@cache
def cli_commands() -> frozenset[str]:
    """Return the commands that `safelight --help` lists."""
    help_text = subprocess.run(
        [sys.executable, ROOT / "safelight", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    return frozenset(re.findall(r"^[\W]*?([a-z][a-z-]+)\s{2,}\S", help_text, re.MULTILINE))
