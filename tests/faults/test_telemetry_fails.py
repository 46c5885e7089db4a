"""F37: a Logstash that is away; work goes on, and the log stays on this machine."""

import contextlib
import json
import socket
import threading
from pathlib import Path

import pytest

from tests.faults.engines import embedded
from tests.faults.rig import rigged, times, wait_until


@pytest.mark.slow
def test_f37_logstash_is_away_and_comes_back(request: pytest.FixtureRequest, tmp_path: Path):
    number = times(200, 20)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    logstash = {"LOGSTASH_HOST": "127.0.0.1", "LOGSTASH_PORT": str(port)}
    with rigged(tmp_path, embedded(request), **logstash) as rig:
        rig.history.add("fault", what="logstash away")
        rig.load(number).join()
        rig.platform.wait_until_quiet()
        assert rig.platform.log().count('"route":"/api/images/upload","status":202') == number

        with socket.create_server(("127.0.0.1", port)) as listener:
            lines = collected(listener)
            rig.load(5).join()
            wait_until(lambda: sum("/api/images/upload" in line for line in lines) >= 5, 90)
            assert all(json.loads(line)["process"] for line in list(lines))
        rig.verdict("F37")


def collected(listener: socket.socket) -> list[str]:
    """Read lines of whoever connects, from now on."""
    lines: list[str] = []

    def read(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection.makefile() as stream:
            for line in stream:
                lines.append(line)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=read, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return lines
