"""F39: what happens to workers, messages and networks, on SQS (F10 is in test_messages)."""

from pathlib import Path
from urllib.parse import urlsplit

import attrs
import pytest

from tests.faults.engines import on_sqs
from tests.faults.rig import rigged, times, wait_until
from tests.services.faulty_proxy import FaultyProxy, Toward


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_f39_workers_killed_under_load(request: pytest.FixtureRequest, tmp_path: Path):
    """What a dead worker had in hand is seen again once its lease is over."""
    number, kills = times(600, 60), times(20, 3)
    with rigged(tmp_path, on_sqs(request), beside=("image-worker",)) as rig:
        load = rig.load(number)
        rig.inflict({"image-worker": kills, "relay": 1}, load, number)
        load.join()
        rig.verdict("F39 kills")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_f39_the_network_swallows_everything(request: pytest.FixtureRequest, tmp_path: Path):
    """Both ways, and no connection is closed: calls run out of time and are made again."""
    number = times(200, 30)
    engines = on_sqs(request)
    server = urlsplit(engines.settings["BROKER_URL"])
    with FaultyProxy(f"127.0.0.1:{server.port}") as proxy:
        there, here = f"127.0.0.1:{server.port}", f"127.0.0.1:{proxy.port}"
        moved = {name: text.replace(there, here) for name, text in engines.settings.items()}
        with rigged(tmp_path, attrs.evolve(engines, settings=moved)) as rig:
            load = rig.load(number, pause=0.2)
            load.wait_for(number / 5)
            said = len(rig.platform.log())
            rig.history.add("fault", what="half-open")
            proxy.swallow(Toward.SERVER)
            proxy.swallow(Toward.CLIENT)
            wait_until(lambda: "broker" in rig.platform.log()[said:], 45)
            proxy.heal()
            load.join()
            rig.verdict("F39 half-open")
