"""More processes of a running platform than its supervisor starts."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Self

from tests.running import ROOT, RunningPlatform


class Beside:
    """
    One process, as an operator would start it by itself, in a group of its own.

    Args:
        command: `image-worker`, `relay`, `notifier` or `api`.
        environment: Further variables, by their whole names.
        settings: Variables without their prefix, in place of the platform's.
    """

    def __init__(
        self,
        platform: RunningPlatform,
        command: str,
        environment: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        self.command = command
        self._platform = platform
        self._environment = environment or {}
        self._settings = {f"SAFELIGHT_{name}": text for name, text in settings.items()}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        with self._platform.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [str(ROOT / "safelight"), self.command],
                env=self._platform.environment | self._settings | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL it with everything it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> None:
        """Ask it to end."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
