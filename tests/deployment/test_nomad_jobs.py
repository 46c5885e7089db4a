"""The Nomad jobs agree with each other, with their values and with the program they run."""

import re
from functools import cache

import hcl2
import pygohcl
import pytest

from entrypoints.settings import Settings, known_names, load_settings
from tests.deployment.commands import cli_commands
from tests.deployment.nomad_jobs import (
    JOBS,
    ROOT,
    VALUES,
    Job,
    declared_variables,
    load_job,
    seconds,
    values_of,
)

ALL_HCL = sorted((ROOT / "nomad").rglob("*.hcl"))
MIGRATE = ROOT / "nomad" / "jobs" / "migrate.nomad.hcl"
PROCESSES = {"api", "image-worker", "notifier", "relay"}
MIB = 1024 * 1024
KNOWN = known_names()

# What each process may be told; the image worker opens strangers' files, so it is told nothing.
SECRETS = {
    "api": {"SAFELIGHT_TOKENS_KEY", "SAFELIGHT_LINKS_KEY", "SAFELIGHT_WEBHOOK_KEY"},
    "notifier": {
        "SAFELIGHT_LINKS_KEY",
        "SAFELIGHT_WEBHOOK_KEY",
        "SAFELIGHT_SMTP_USERNAME",
        "SAFELIGHT_SMTP_PASSWORD",
    },
    "image-worker": set(),
    "relay": set(),
    "migrate": {"SAFELIGHT_TOKENS_KEY", "SAFELIGHT_LINKS_KEY", "SAFELIGHT_WEBHOOK_KEY"},
}


@pytest.fixture(params=JOBS, ids=lambda path: path.name.removesuffix(".nomad.hcl"))
def path(request):
    return request.param


@pytest.fixture(params=VALUES, ids=lambda path: path.stem)
def values(request):
    return request.param


@pytest.fixture
def job(path, values) -> Job:
    return load_job(path, values)


@pytest.fixture(
    params=[path for path in JOBS if path != MIGRATE],
    ids=lambda path: path.name.removesuffix(".nomad.hcl"),
)
def service_job(request, values) -> Job:
    return load_job(request.param, values)


@pytest.fixture
def settings(job):
    return _settings(job)


def _settings(job: Job) -> Settings:
    return _loaded(tuple(sorted(_environment(job).items())))


@cache
def _loaded(environment: tuple[tuple[str, str], ...]) -> Settings:
    return load_settings(dict(environment))


def _environment(job: Job) -> dict[str, str]:
    secrets = dict.fromkeys(_secret_names(job), "a secret of more than thirty-two bytes")
    return {**job.env, **secrets}


def _secret_names(job: Job) -> list[str]:
    return re.findall(r"^\s*([A-Z_]+)=", job.secrets, re.MULTILINE)


@pytest.mark.parametrize("file", ALL_HCL, ids=lambda file: file.name)
def test_both_parsers_read_the_file(file):
    text = file.read_text()

    assert hcl2.loads(text)
    assert pygohcl.loads(text)


def test_there_is_one_job_for_each_process_and_one_that_prepares_them():
    found = {load_job(path, VALUES[0]).task_name: path.name for path in JOBS}

    assert found == {name: f"{name}.nomad.hcl" for name in PROCESSES | {"migrate"}}


def test_every_job_declares_the_same_variables(path):
    assert declared_variables(path) == declared_variables(JOBS[0])


def test_values_set_every_declared_variable_and_no_other(values):
    # Nomad refuses a file that sets what the job does not declare.
    assert set(values_of(values)) == set(declared_variables(JOBS[0]))


def test_a_job_runs_the_command_of_its_name(job):
    name = job.task_name

    assert job.name == f"safelight-{name}"
    assert job.task["config"][0]["args"] == [name]
    assert name in cli_commands()


def test_the_program_accepts_the_environment(job, settings):
    assert str(settings.data_dir).startswith("/")
    for name in _environment(job):
        assert name in KNOWN or not name.startswith("SAFELIGHT_")


def test_every_setting_named_anywhere_exists():
    for file in [*ALL_HCL, ROOT / "nomad" / "README.md", ROOT / "Dockerfile"]:
        assert set(re.findall(r"SAFELIGHT_[A-Z_]+", file.read_text())) <= KNOWN, file


def test_each_process_is_told_only_the_secrets_that_it_needs(job):
    assert set(_secret_names(job)) == SECRETS[job.task_name]


def test_secrets_come_from_the_jobs_own_nomad_variable(job):
    for template in job.task.get("template", []):
        assert f'nomadVar "nomad/jobs/{job.name}"' in template["data"]
        assert template["env"] is True
        assert template["error_on_missing_key"] is True
        assert template["destination"].startswith("/secrets/")
    if not SECRETS[job.task_name]:
        assert "template" not in job.task


def test_the_readme_puts_every_secret_that_a_template_reads(job):
    readme = (ROOT / "nomad" / "README.md").read_text()

    for key in re.findall(r"\{\{ \.(\w+)", job.secrets):
        assert re.search(rf"var put nomad/jobs/{job.name}(?:.|\\\n)*?\b{key}=", readme), key


def test_the_program_has_time_to_end_before_it_is_killed(job, settings):
    kill_timeout = seconds(job.task["kill_timeout"])

    assert job.task["kill_signal"] == "SIGTERM"
    match job.task_name:
        case "api":
            assert kill_timeout > settings.http.graceful_seconds
            assert seconds(job.group["shutdown_delay"]) > 0
        case "image-worker":
            assert kill_timeout > settings.worker.drain_seconds > settings.renderer.wall_seconds
        case "notifier":
            assert kill_timeout > settings.worker.drain_seconds > settings.webhook.timeout_seconds


def test_the_client_allows_the_kill_timeout(job):
    client = hcl2.loads((ROOT / "nomad" / "agent" / "client.hcl").read_text())

    ceiling = seconds(client["client"][0]["max_kill_timeout"].strip('"'))

    assert seconds(job.task["kill_timeout"]) <= ceiling


def test_a_check_tells_whether_the_process_lives_and_one_whether_it_is_ready(service_job):
    job, settings = service_job, _settings(service_job)
    checks = job.checks()
    [service] = job.group["service"]

    assert service["provider"] == "nomad"
    assert {name: check["path"] for name, check in checks.items()} == {
        "live": "/healthz",
        "ready": "/readyz",
    }
    assert checks["live"]["check_restart"][0]["limit"] >= 1
    assert "check_restart" not in checks["ready"]
    bind = settings.http.bind if job.task_name == "api" else settings.metrics.bind
    assert bind.endswith({"http": ":21001", "health": ":21002"}[service["port"]])
    assert job.port(service["port"]) is not None
    if "ports" in job.task["config"][0]:
        assert job.task["config"][0]["ports"] == [service["port"]]


def test_an_update_has_time_to_become_healthy(service_job):
    [update] = service_job.group["update"]

    assert update["health_check"] == "checks"
    assert (
        seconds(update["min_healthy_time"])
        < seconds(update["healthy_deadline"])
        < seconds(update["progress_deadline"])
    )
    assert update["auto_revert"] is True
    assert update.get("auto_promote", False) == (update.get("canary", 0) > 0)


def test_the_database_is_prepared_once_a_release_and_not_retried_blindly(values):
    job = load_job(MIGRATE, values)

    assert job.body["type"] == "batch"
    assert job.body["parameterized"] == [{"payload": "forbidden", "meta_optional": ["release"]}]
    assert job.group["restart"] == [{"attempts": 0, "mode": "fail"}]


def test_a_fixed_port_has_one_holder_at_a_time(values):
    job = load_job(ROOT / "nomad" / "jobs" / "api.nomad.hcl", values)

    if job.port("http")["static"] != 0:
        assert job.group["count"] == 1
        assert job.group["update"][0]["canary"] == 0


def test_memory_suffices_for_every_renderer_at_its_ceiling(values):
    job = load_job(ROOT / "nomad" / "jobs" / "image-worker.nomad.hcl", values)
    settings = _settings(job)

    [resources] = job.task["resources"]

    renderers = settings.worker.concurrency * settings.renderer.memory_bytes
    assert resources["memory_max"] * MIB >= renderers + 256 * MIB
    assert resources["memory"] < resources["memory_max"]


def test_every_process_shares_the_one_data_directory(job, values):
    [volume] = [block["data"] for block in job.group["volume"]]
    on_containers = values_of(values)["driver"] == "docker"

    assert volume == {"type": "host", "source": "safelight-data", "read_only": False}
    if on_containers:
        assert job.task["volume_mount"][0]["destination"] == job.env["SAFELIGHT_DATA_DIR"]
    else:
        assert job.env["SAFELIGHT_DATA_DIR"] == values_of(values)["data_dir"]


def test_a_container_has_no_more_rights_than_it_needs(job):
    if job.task["driver"] == "docker":
        [config] = job.task["config"]
        assert config["readonly_rootfs"] is True
        assert config["cap_drop"] == ["all"]
        assert config["security_opt"] == ["no-new-privileges"]


def test_both_drivers_run_the_same_thing(path):
    docker, raw_exec = (
        load_job(path, next(file for file in VALUES if file.stem == name)).task
        for name in ("vm", "dev")
    )

    for part in ("kill_signal", "kill_timeout", "resources", "template", "logs"):
        assert docker.get(part) == raw_exec.get(part)
    assert docker["config"][0]["args"] == raw_exec["config"][0]["args"]


def test_links_are_made_with_the_address_that_customers_use(values):
    for name in ("api", "notifier"):
        job = load_job(ROOT / "nomad" / "jobs" / f"{name}.nomad.hcl", values)
        assert _settings(job).base_url == values_of(values)["base_url"]
