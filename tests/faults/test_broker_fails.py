"""F5, F6, F36: a broker that forgets everything, is blocked, or is cut off in silence."""

import time
from pathlib import Path
from urllib.parse import unquote

import attrs
import pytest

from tests import pictures
from tests.faults.engines import on_rabbitmq
from tests.faults.rig import rigged, times, wait_until
from tests.services.faulty_proxy import FaultyProxy, Toward
from tests.services.rabbitmq import RabbitMQ

PATIENCE_SECONDS = 120.0


@pytest.mark.slow
def test_f5_it_loses_everything(
    mortal_rabbitmq: RabbitMQ, request: pytest.FixtureRequest, tmp_path: Path
):
    """Its virtual host is deleted and made anew: queues, messages and connections are gone."""
    number = times(200, 30)
    engines = on_rabbitmq(request)
    host = unquote(engines.settings["BROKER_URL"].rpartition("/")[2])
    with rigged(tmp_path, engines) as rig:
        with rig.frozen("image-worker"):
            rig.load(number).join()
            wait_until(lambda: rig.platform.rows("select count(*) from outbox") == [(0,)])
            rig.history.add("fault", what="broker forgets")
            mortal_rabbitmq.control("delete_vhost", host)
            mortal_rabbitmq.control("add_vhost", host)
            mortal_rabbitmq.control("set_permissions", "-p", host, "tests", ".*", ".*", ".*")

        rig.verdict("F5", PATIENCE_SECONDS)


@pytest.mark.slow
def test_f6_it_is_blocked(
    mortal_rabbitmq: RabbitMQ, request: pytest.FixtureRequest, tmp_path: Path
):
    """
    The broker's disk alarm: it confirms nothing, so messages stay in the outbox.

    Pictures are accepted as long as fewer wait than may; then they are refused until it goes on.
    """
    room = 8
    limits = {"LIMITS_QUEUED_TASKS": str(room)}
    with rigged(tmp_path, on_rabbitmq(request), **limits) as rig:
        rig.load(1).join()
        rig.platform.wait_until_quiet()
        rig.history.add("fault", what="broker blocked")
        mortal_rabbitmq.control("set_disk_free_limit", "9999GB")
        wait_until(lambda: "disk" in mortal_rabbitmq.control("eval", "rabbit_alarm:get_alarms()."))
        try:
            rig.load(room, clients=1).join()
            time.sleep(1.2)  # a process measures the queue once a second
            refused = rig.platform.post_image(pictures.small_jpeg())
            assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
            time.sleep(12)  # longer than a confirmation is waited for
            assert rig.platform.rows("select count(*) from outbox")[0][0] >= room
            queued = "select count(*) from tasks where status = 'queued'"
            assert rig.platform.rows(queued) == [(room,)]
        finally:
            mortal_rabbitmq.control("set_disk_free_limit", "10MB")

        rig.load(1).join()
        rig.verdict("F6")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_f36_the_network_swallows_everything(
    mortal_rabbitmq: RabbitMQ, request: pytest.FixtureRequest, tmp_path: Path
):
    """Both ways, and no connection is closed: heartbeats notice it, and consumers connect anew."""
    number = times(200, 30)
    engines = on_rabbitmq(request)
    name = engines.settings["BROKER_URL"].rpartition("/")[2]
    with FaultyProxy(f"127.0.0.1:{mortal_rabbitmq.port}") as proxy:
        url = mortal_rabbitmq.url_of(unquote(name), port=proxy.port)
        engines = attrs.evolve(engines, settings={"BROKER_URL": url})
        with rigged(tmp_path, engines) as rig:
            load = rig.load(number, pause=0.3)
            load.wait_for(number / 5)
            said = len(rig.platform.log())
            rig.history.add("fault", what="half-open")
            began = time.monotonic()
            proxy.swallow(Toward.SERVER)
            proxy.swallow(Toward.CLIENT)
            wait_until(lambda: rig.platform.log()[said:].count('"event":"broker lost"') >= 2, 45)
            noticed = time.monotonic() - began
            proxy.heal()
            load.join()
            rig.verdict("F36")
            print(f"F36: noticed after {noticed:.1f} s")
            assert noticed <= 30
