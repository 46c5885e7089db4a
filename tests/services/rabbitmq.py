"""A RabbitMQ of the tests' own, or the one that they are given."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from kombu import Connection

from adapters.messaging import topology
from tests.ports import free_ports
from tests.services import packages

GIVEN = "SAFELIGHT_TEST_BROKER_URL"
"""An `amqp://` address; its virtual host is for the tests alone, who empty its queues."""

READY_SECONDS = 60.0
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
_NUMBERS = count(1)


class GivenRabbitMQ:
    """A server that somebody else looks after; its one virtual host serves all tests in turn."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_host(self) -> str:
        delete_queues(self.url)
        return self.url

    def drop_host(self, url: str) -> None:
        delete_queues(url)

    def stop(self) -> None:
        pass


class RabbitMQ:
    """
    A server that nobody else knows: its own name, ports, folder and port mapper (epmd).

    The scripts of the package are run themselves: the wrappers on the path change the user.
    """

    def __init__(self) -> None:
        packages.ensure("rabbitmq-server")
        if not (_PROGRAMS / "rabbitmq-server").exists():
            packages.not_here(f"needs the programs of RabbitMQ in {_PROGRAMS}")
        self._folder = Path(tempfile.mkdtemp(prefix="safelight-rabbitmq-"))
        self.port, distribution, mapper, tool = free_ports(4)
        self._password = secrets.token_hex(8)
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"default_user = tests\ndefault_pass = {self._password}\n"
            "vm_memory_high_watermark.absolute = 1GB\n"
            "disk_free_limit.absolute = 50MB\n"
            "log.file.level = warning\n"
        )
        (self._folder / "enabled_plugins").write_text("[].\n")
        (self._folder / "rabbitmq-env.conf").touch()
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),  # of the secret by which its processes know each other
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(mapper),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_CTL_DIST_PORT_MIN": str(tool),
            "RABBITMQ_CTL_DIST_PORT_MAX": str(tool),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_NODENAME": f"tests{secrets.token_hex(4)}@localhost",
            "RABBITMQ_PID_FILE": str(self._folder / "pid"),
            # Few threads that do not spin: others use the machine, too.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
                " -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }
        self._kills = 0
        self._free_hosts: list[str] = []
        self._kills_before: dict[str, int] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        # Erlang would start one by itself, which would stay.
        self._mapper = self._spawn(["epmd"])
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The address of its first virtual host, which is nobody's."""
        return self.url_of("/")

    def url_of(self, host: str, *, password: str | None = None, port: int | None = None) -> str:
        return (
            f"amqp://tests:{password or self._password}@127.0.0.1:{port or self.port}"
            f"/{quote(host, safe='')}"
        )

    def create_host(self) -> str:
        """Return the address of a virtual host that a test has for itself."""
        if self._free_hosts:
            return self._free_hosts.pop()
        name = f"test-{os.getpid()}-{next(_NUMBERS)}"
        self.control("add_vhost", name)
        self.control("set_permissions", "-p", name, "tests", ".*", ".*", ".*")
        url = self.url_of(name)
        self._kills_before[url] = self._kills
        return url

    def drop_host(self, url: str) -> None:
        """
        Empty a virtual host, for the next test; making one takes a second.

        What has lived through a kill is left alone: a quorum queue that is deleted while it
        recovers can sometimes not be declared again (seen on 3.10: INTERNAL_ERROR, for ever).
        """
        if self._kills_before.get(url) == self._kills:
            delete_queues(url)
            self._free_hosts.append(url)

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` and return what it says."""
        done = subprocess.run(
            [_PROGRAMS / "rabbitmqctl", "-q", *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Start it, on what it has left on its disk, and wait until it takes messages."""
        self._server = self._spawn([str(_PROGRAMS / "rabbitmq-server")])
        give_up_at = time.monotonic() + READY_SECONDS
        while True:
            assert self._server.poll() is None, f"RabbitMQ did not start:\n{self.log}"
            assert time.monotonic() < give_up_at, f"RabbitMQ does not answer:\n{self.log}"
            with contextlib.suppress(OSError, ValueError):
                self._pid = int((self._folder / "pid").read_text())
                with socket.create_connection(("127.0.0.1", self.port), timeout=2) as door:
                    door.settimeout(5)
                    door.sendall(b"AMQP\x00\x00\x09\x01")
                    if door.recv(8):
                        return
            time.sleep(0.1)

    def halt(self) -> None:
        """Kill it: nobody is told, nothing is tidied up."""
        self._kills += 1
        self._free_hosts.clear()
        os.kill(self._pid, signal.SIGKILL)
        self._server.wait(30)

    def freeze(self) -> None:
        """Let it stand still, until `thaw`."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._pid, signal.SIGCONT)

    def stop(self) -> None:
        for process in reversed(self._processes):
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """The end of what it has said."""
        return (self._folder / "output").read_text(errors="replace")[-3_000:]

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self._folder / "output").open("ab") as output:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its processes end together, and not by Ctrl-C
            )
        self._processes.append(process)
        return process


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ | GivenRabbitMQ]:
    """A RabbitMQ; each test makes a virtual host of its own in it."""
    given = os.environ.get(GIVEN)
    server = GivenRabbitMQ(given) if given else RabbitMQ()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def mortal_rabbitmq() -> Iterator[RabbitMQ]:
    """A RabbitMQ that may be killed without harm to other tests."""
    server = RabbitMQ()
    yield server
    server.stop()


def delete_queues(url: str) -> None:
    with Connection(url, connect_timeout=5) as connection:
        channel = connection.channel()
        for queue in topology.queues():
            queue(channel).delete()
