"""An SQS server of the tests' own: moto's, in a process of its own."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from adapters.messaging import sqs_transport, topology
from tests.services import packages

READY_SECONDS = 30.0
_NUMBERS = count(1)


class SqsServer:
    """
    A server on a free port of loopback; its queues are gone with it.

    Attributes:
        url: Kombu's address of it.
    """

    region = "eu-central-1"

    def __init__(self) -> None:
        if find_spec("moto") is None:
            packages.not_here("needs an SQS server: install moto[server]")
        self._folder = Path(tempfile.mkdtemp(prefix="safelight-sqs-"))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        self.url = f"sqs://tests:{secrets.token_hex(8)}@127.0.0.1:{self.port}"
        with (self._folder / "output").open("wb") as output:
            self._server = subprocess.Popen(
                [sys.executable, "-c", "from moto.server import main; main()"]
                + ["-H", "127.0.0.1", "-p", str(self.port)],
                cwd=self._folder,
                env={"HOME": str(self._folder), "PATH": os.environ.get("PATH", "")},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it
            )
        give_up_at = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
            except OSError:
                assert self._server.poll() is None, (self._folder / "output").read_text()
                assert time.monotonic() < give_up_at, "the SQS server does not answer"
                time.sleep(0.05)
            else:
                break
        self.client: Any = boto3.client(
            "sqs",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=self.region,
            aws_access_key_id="tests",
            aws_secret_access_key="tests",
            config=Config(connect_timeout=2, read_timeout=10),
        )

    def create_queues(self, *, delivery_limit: int = topology.DELIVERY_LIMIT) -> dict[str, str]:
        """Make queues of its own for a test, as an operator would, and return their URLs."""
        prefix = f"test-{next(_NUMBERS)}-"
        urls = {}
        # Dead letters first, as the topology has them: the others name them.
        for name in sqs_transport.queue_names():
            attributes = {}
            if not name.endswith("-dead"):
                target = self.client.get_queue_attributes(
                    QueueUrl=urls[f"{name}-dead"], AttributeNames=["QueueArn"]
                )["Attributes"]["QueueArn"]
                attributes["RedrivePolicy"] = (
                    f'{{"deadLetterTargetArn":"{target}","maxReceiveCount":{delivery_limit}}}'
                )
            urls[name] = self.client.create_queue(QueueName=prefix + name, Attributes=attributes)[
                "QueueUrl"
            ]
        return urls

    def settings(self, urls: dict[str, str]) -> dict[str, str]:
        """Return the settings of a platform on such queues, without their prefix."""
        name = sqs_transport.queue_names()[0]
        return {
            "BROKER_URL": self.url,
            "BROKER_SQS_QUEUES": urls[name].removesuffix(name),
            "BROKER_SQS_REGION": self.region,
        }

    def count(self, url: str) -> int:
        """Return how many messages a queue has, in hand or not."""
        attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        kinds = "", "NotVisible", "Delayed"
        return sum(
            int(attributes["Attributes"][f"ApproximateNumberOfMessages{kind}"]) for kind in kinds
        )

    def options(self, urls: dict[str, str], **more: Any) -> dict[str, Any]:
        """Return transport options for a server that speaks no TLS and is not far away."""
        return sqs_transport.options(
            urls, **{"region": self.region, "is_secure": False, "wait_seconds": 1} | more
        )

    def stop(self) -> None:
        self._server.kill()
        self._server.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqs() -> Iterator[SqsServer]:
    """An SQS server; each test makes queues of its own in it."""
    server = SqsServer()
    yield server
    server.stop()
