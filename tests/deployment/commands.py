"""What the `safelight` command can do, as it says itself."""

import os
import re
import subprocess
from functools import cache

from tests.deployment.nomad_jobs import ROOT


@cache
def cli_commands() -> frozenset[str]:
    """Return the commands that `safelight --help` lists."""
    environment = {name: text for name, text in os.environ.items() if "SAFELIGHT" not in name}
    help_text = subprocess.run(
        [ROOT / "safelight", "--help"],
        env=environment | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    return frozenset(re.findall(r"^│ ([a-z][a-z-]*)\s{2,}\S", help_text, re.MULTILINE))
