"""
The job files as Python values: read with python-hcl2, resolved for one file of values.

Nomad itself evaluates far more. This knows what the files use: `var` and `local`, a comparison
with `?:`, `merge`, text with `${…}` in it. Anything else raises, so that nothing passes unread.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import hcl2

ROOT = Path(__file__).parents[2]
JOBS = sorted((ROOT / "nomad" / "jobs").glob("*.nomad.hcl"))
VALUES = sorted((ROOT / "nomad" / "vars").glob("*.hcl"))

# What Nomad fills in when the task starts.
RUNTIME = {
    "NOMAD_PORT_http": "21001",
    "NOMAD_ADDR_http": "192.0.2.1:21001",
    "NOMAD_PORT_health": "21002",
    "NOMAD_ADDR_health": "192.0.2.1:21002",
    "NOMAD_ALLOC_DIR": "/alloc",
    "NOMAD_TASK_DIR": "/local",
    "NOMAD_SECRETS_DIR": "/secrets",
}


@attrs.frozen
class Job:
    """
    One job file for one file of values.

    Attributes:
        group: Its only group, resolved.
        task: Its only task for the chosen driver, resolved.
        secrets: The template of its secrets, as text; empty if it has none.
    """

    name: str
    body: dict[str, Any]
    group: dict[str, Any]
    task_name: str
    task: dict[str, Any]
    env: dict[str, str]
    secrets: str

    def checks(self) -> dict[str, dict[str, Any]]:
        [service] = self.group["service"]
        return {check["name"]: check for check in service["check"]}

    def port(self, label: str) -> dict[str, Any]:
        [network] = self.group["network"]
        return labelled(network["port"])[label]


@cache
def parsed(path: Path) -> dict[str, Any]:
    return _without_notes(hcl2.loads(path.read_text()))


def declared_variables(path: Path) -> dict[str, Any]:
    return labelled(parsed(path)["variable"])


def values_of(path: Path) -> dict[str, Any]:
    return {name: _Scope({}, {}).resolve(value) for name, value in parsed(path).items()}


def load_job(
    path: Path,
    values: Path,
    *,
    instead: Mapping[str, Any] = {},
    runtime: Mapping[str, str] = RUNTIME,
) -> Job:
    """Resolve a job for a file of values, some of them replaced, as the scheduler would."""
    document, variables = parsed(path), {**values_of(values), **instead}
    [written_locals] = document["locals"]
    scope = _Scope(variables, {}, runtime)
    for name, value in written_locals.items():
        scope.locals[name] = scope.resolve(value)
    [(job_name, body)] = labelled(document["job"]).items()
    [group] = labelled(body["group"]).values()
    chosen = {}
    for written in group.get("dynamic", []):
        [(kind, block)] = labelled([written]).items()
        assert kind == "task", "only tasks are chosen by the driver"
        for _ in scope.resolve(block["for_each"]):
            [label] = scope.resolve(block["labels"])
            [content] = block["content"]
            assert label not in chosen
            chosen[label] = scope.resolve(content)
    [(task_name, task)] = chosen.items()
    rest = {key: value for key, value in group.items() if key != "dynamic"}
    return Job(
        name=job_name,
        body=scope.resolve({key: value for key, value in body.items() if key != "group"}),
        group=scope.resolve(rest),
        task_name=task_name,
        task=task,
        env=task["env"],
        secrets="".join(template["data"] for template in task.get("template", [])),
    )


def seconds(duration: str) -> float:
    """Read a duration of one number and one unit, such as "35s"."""
    number, unit = re.fullmatch(r"(\d+)(s|m|h)", duration).groups()
    return int(number) * {"s": 1, "m": 60, "h": 3600}[unit]


def labelled(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for block in blocks:
        for label, body in block.items():
            assert _unquoted(label) not in found, f"{label} stands there twice"
            found[_unquoted(label)] = body
    return found


@attrs.frozen
class _Scope:
    variables: dict[str, Any]
    locals: dict[str, Any]
    runtime: Mapping[str, str] = RUNTIME

    def resolve(self, value: Any) -> Any:
        """Return *value* with every expression in it worked out."""
        if isinstance(value, dict):
            return {_unquoted(key): self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        if isinstance(value, str):
            if value.startswith("${") and value.endswith("}"):
                return self._expression(value[2:-1].strip())
            return self._expression(value)
        return value

    def _expression(self, text: str) -> Any:
        text = text.strip()
        if found := re.fullmatch(r"(.+?) == (.+?) \? (.+) : (.+)", text, re.DOTALL):
            left, right, then, otherwise = found.groups()
            equal = self._expression(left) == self._expression(right)
            return self._expression(then if equal else otherwise)
        if found := re.fullmatch(r"(.+?) == (.+)", text):
            return self._expression(found[1]) == self._expression(found[2])
        if found := re.fullmatch(r"merge\((.+?), (\{.+\})\)", text, re.DOTALL):
            members = re.findall(r'(\w+) = ("[^"]*"|[\w.]+)', found[2])
            more = {name: self._expression(value) for name, value in members}
            return {**self._expression(found[1]), **more}
        if found := re.fullmatch(r'"?<<-(\w+)\n(.*)\n\s*\1"?', text, re.DOTALL):
            return found[2]
        if found := re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text):
            return re.sub(r"\$\{([^}]+)\}", lambda inner: str(self._expression(inner[1])), found[1])
        if found := re.fullmatch(r"\[(.*)\]", text):
            return [self._expression(part) for part in found[1].split(",") if part.strip()]
        if found := re.fullmatch(r"(var|local)\.(\w+)", text):
            return (self.variables if found[1] == "var" else self.locals)[found[2]]
        if re.fullmatch(r"-?\d+", text):
            return int(text)
        if text in ("true", "false"):
            return text == "true"
        if text in self.runtime:
            return self.runtime[text]
        raise ValueError(f"an expression that these tests cannot read: {text}")


def _without_notes(value: Any) -> Any:
    """Drop what the parser adds of its own: comments, and marks of blocks."""
    if isinstance(value, dict):
        return {
            key: _without_notes(inner)
            for key, inner in value.items()
            if not (key.startswith("__") and key.endswith("__"))
        }
    return [_without_notes(inner) for inner in value] if isinstance(value, list) else value


def _unquoted(text: str) -> str:
    return text[1:-1] if text.startswith('"') and text.endswith('"') else text
