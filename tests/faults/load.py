"""Clients that send pictures, and do not give up when something dies."""

import itertools
import json
import threading
import time

import requests

from tests import pictures
from tests.faults.history import History
from tests.running import RunningPlatform

SIDE = 16
"""Pixels of the longest side of every result, so that results can be told from anything else."""

_SECONDS_TO_ANSWER = 300.0
_PAUSE_SECONDS = 0.2


class Load:
    """
    Sends so many pictures, each under a name and key of its own until it is acknowledged.

    Attributes:
        acknowledged: How many have been.
        pause: Seconds between two pictures of one client.
    """

    def __init__(
        self,
        platform: RunningPlatform,
        history: History,
        number: int,
        *,
        webhook: str | None = None,
        clients: int = 4,
        pause: float = 0.0,
        photo: bytes | None = None,
    ) -> None:
        self.acknowledged = 0
        self.pause = pause
        self._platform = platform
        self._history = history
        self._names = (f"{next(_LOADS)}-{picture}" for picture in range(number))
        self._photo = photo or pictures.small_jpeg()
        notify = {} if webhook is None else {"notify": {"webhook": webhook}}
        self._options = json.dumps({"resize": f"{SIDE}x{SIDE}"} | notify)
        self._lock = threading.Lock()
        self._stopping = False
        self._gave_up: list[str] = []
        self._threads = [threading.Thread(target=self._send_on_and_on) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, number: float, seconds: float = 300.0) -> None:
        """Wait until so many are acknowledged, or all clients are done."""
        deadline = time.monotonic() + seconds
        while self.acknowledged < number and any(thread.is_alive() for thread in self._threads):
            assert time.monotonic() < deadline, f"{self.acknowledged} instead of {number}"
            time.sleep(0.02)

    def stop(self) -> None:
        """Send nothing new."""
        self._stopping = True

    def join(self) -> None:
        """Wait until every picture has been acknowledged."""
        for thread in self._threads:
            thread.join()
        assert not self._gave_up, f"no answer for {_SECONDS_TO_ANSWER} s: {self._gave_up}"

    def _send_on_and_on(self) -> None:
        while not self._stopping:
            with self._lock:
                name = next(self._names, None)
            if name is None:
                return
            give_up_at = time.monotonic() + _SECONDS_TO_ANSWER
            while not self._send(name):
                if time.monotonic() > give_up_at:
                    self._gave_up.append(name)
                    return
                time.sleep(_PAUSE_SECONDS)
            time.sleep(self.pause)

    def _send(self, name: str) -> bool:
        self._history.add("attempt", picture=name)
        try:
            answer = self._platform.post_image(self._photo, self._options, key=name, name=name)
        except requests.RequestException as error:
            self._history.add("no-answer", picture=name, why=type(error).__name__)
            return False
        if answer.status_code != 202:
            self._history.add(
                "refused", picture=name, status=answer.status_code, why=answer.text[:500]
            )
            return False
        self._history.add(
            "acknowledged",
            picture=name,
            task_id=answer.headers["X-Task-Id"],
            replayed="Idempotent-Replayed" in answer.headers,
        )
        with self._lock:
            self.acknowledged += 1
        return True


_LOADS = itertools.count(1)
