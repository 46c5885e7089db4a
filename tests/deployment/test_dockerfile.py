"""The image holds what the program needs, and nothing that it must not."""

import re
import shlex
import tomllib

import attrs

from entrypoints.settings import load_settings
from tests.deployment.commands import cli_commands
from tests.deployment.nomad_jobs import ROOT

DOCKERFILE = ROOT / "Dockerfile"


@attrs.frozen
class Instruction:
    name: str
    words: tuple[str, ...]
    text: str


@attrs.frozen
class Stage:
    """A FROM and what follows it."""

    base: str
    name: str | None
    instructions: list[Instruction] = attrs.field(factory=list)

    def all(self, name: str) -> list[Instruction]:
        return [found for found in self.instructions if found.name == name]

    def only(self, name: str) -> Instruction:
        [found] = self.all(name)
        return found


def _instructions() -> list[Instruction]:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            text = " ".join(rest.split())
            words = re.findall(r'"([^"]*)"', text) if text.startswith("[") else shlex.split(text)
            found.append(Instruction(name, tuple(words), text))
    return found


def _stages() -> list[Stage]:
    stages, arguments = [], {}
    for instruction in _instructions():
        if instruction.name == "FROM":
            base, *rest = instruction.words
            for name, value in arguments.items():
                base = base.replace(f"${{{name}}}", value)
            stages.append(Stage(base, rest[1] if rest else None))
        elif stages:
            stages[-1].instructions.append(instruction)
        else:
            assert instruction.name == "ARG"
            name, _, value = instruction.words[0].partition("=")
            arguments[name] = value
    return stages


def _environment(stage: Stage) -> dict[str, str]:
    return dict(word.split("=", 1) for found in stage.all("ENV") for word in found.words)


def test_every_instruction_is_one_of_dockers():
    known = {
        "ARG", "FROM", "COPY", "RUN", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL",
        "ENTRYPOINT", "CMD",
    }  # fmt: skip

    assert {found.name for found in _instructions()} <= known


def test_the_image_is_slim_and_the_compiler_stays_behind():
    builder, runtime = _stages()

    assert builder.name == "builder"
    assert runtime.base.endswith("-slim-bookworm")
    assert builder.base == runtime.base.replace("-slim-", "-")
    assert "pip install" not in " ".join(found.text for found in runtime.all("RUN"))


def test_base_images_are_named_without_a_host():
    for stage in _stages():
        assert re.fullmatch(r"python:[\w.-]+", stage.base)


def test_the_python_is_one_that_the_project_supports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["requires-python"].removeprefix(">=")

    for stage in _stages():
        version = re.match(r"python:([\d.]+)", stage.base)[1]
        assert [*map(int, version.split("."))] >= [*map(int, wanted.split("."))]


def test_packages_are_installed_by_their_hashes_from_the_lock():
    builder, _ = _stages()
    [install] = builder.all("RUN")
    [lock] = builder.all("COPY")

    assert lock.words[0] == "requirements/run.txt"
    assert f"--require-hashes --requirement {lock.words[1]}" in install.text
    for requirement in re.findall(r"^[\w-]+==.*(?:\n {4}.*)*", (ROOT / lock.words[0]).read_text()):
        assert "--hash=sha256:" in requirement


def test_every_copied_path_exists_and_gets_past_dockerignore():
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignore
    copied = {
        word
        for stage in _stages()
        for found in stage.all("COPY")
        if not found.words[0].startswith("--from")
        for word in found.words[:-1]
    }

    for path in copied:
        assert (ROOT / path).exists(), path
    assert {line.removeprefix("!") for line in ignore if line.startswith("!")} == copied


def test_every_package_of_the_program_is_copied():
    _, runtime = _stages()
    copied = {word for found in runtime.all("COPY") for word in found.words[:-1]}

    assert {"domain", "application", "adapters", "entrypoints", "safelight"} <= copied


def test_the_environment_comes_from_the_builder_to_the_same_place():
    # The scripts of a virtual environment name their interpreter by its full path.
    builder, runtime = _stages()
    [moved] = [found for found in runtime.all("COPY") if "--from=builder" in found.words]

    assert moved.words[1] == moved.words[2]
    assert f"python -m venv {moved.words[1]}" in builder.only("RUN").text
    assert f"{moved.words[1]}/bin" in _environment(runtime)["PATH"].split(":")


def test_nobody_runs_as_root():
    _, runtime = _stages()
    user, group = runtime.only("USER").words[0].split(":")

    assert int(user) > 0 and int(group) > 0
    assert runtime.instructions.index(runtime.only("USER")) > max(
        runtime.instructions.index(found) for found in runtime.all("RUN")
    )


def test_the_data_directory_is_a_volume_that_the_user_owns():
    _, runtime = _stages()
    user, group = runtime.only("USER").words[0].split(":")
    settings = load_settings(
        {key: text for key, text in _environment(runtime).items() if key.startswith("SAFELIGHT_")}
    )

    assert runtime.only("VOLUME").words == (str(settings.data_dir),)
    prepared = " ".join(found.text for found in runtime.all("RUN"))
    assert f"--owner={user} --group={group} {settings.data_dir}" in prepared


def test_one_image_serves_every_process_and_the_api_by_itself():
    _, runtime = _stages()
    environment = _environment(runtime)

    assert runtime.only("ENTRYPOINT").words == ("safelight",)
    assert runtime.only("CMD").words == ("api",)
    assert "api" in cli_commands()
    assert runtime.only("WORKDIR").words[0] in environment["PATH"].split(":")
    assert environment["PYTHONPATH"] == runtime.only("WORKDIR").words[0]
    assert (ROOT / "safelight").stat().st_mode & 0o111


def test_it_is_asked_to_end_as_the_program_expects():
    _, runtime = _stages()

    assert runtime.only("STOPSIGNAL").words == ("SIGTERM",)


def test_the_port_that_it_exposes_is_the_one_it_listens_at():
    _, runtime = _stages()

    port = runtime.only("EXPOSE").words[0]

    assert _environment(runtime)["SAFELIGHT_HTTP_BIND"] == f"0.0.0.0:{port}"


def test_no_secret_is_built_in():
    for stage in _stages():
        assert not re.search(r"KEY|PASSWORD|TOKEN|SECRET", " ".join(_environment(stage)))
        assert not stage.all("ARG")


def test_nothing_names_a_registry():
    for file in [DOCKERFILE, *(ROOT / "nomad").rglob("*.*")]:
        assert not re.search(
            r"(docker|quay|ghcr|gcr|ecr|mcr)\.\w+/|\.dkr\.|--(extra-)?index-url", file.read_text()
        ), file
