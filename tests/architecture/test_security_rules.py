"""Rules of security that a reader of the sources can hold us to, and that a breach is noticed."""

import ast
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "application", "adapters", "entrypoints")

_SECRET = re.compile(r"(^|_)(signature|secret|token|hmac|mac|password_hash|sig)s?($|_)")
_COMPARED_ELSEWHERE = {
    ("adapters/imaging/headers/webp.py", "signature != 47"): "a magic number of the format",
    ("adapters/system/host_memory.py", "token not in mine"): "a token there is a number of bytes",
    ("domain/users/user.py", "self.password_hash != NO_PASSWORD"): (
        "a mark that everybody may know, in place of a hash"
    ),
    ("application/accounts/log_in.py", "current.password_hash == user.password_hash"): (
        "two readings of one row: has it changed meanwhile"
    ),
    ("application/accounts/change_password.py", "held.password_hash == user.password_hash"): (
        "likewise"
    ),
    ("application/accounts/erase_account.py", "held.password_hash != user.password_hash"): (
        "likewise"
    ),
    ("application/administration/check_files.py", "file.sha256 in (None, digest.hexdigest())"): (
        "content of a file, of which its owner knows the digest"
    ),
    ("adapters/storage/s3.py", "digest.hexdigest() != expected"): "likewise",
}

_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|VALUES|ORDER BY|ALTER|PRAGMA|FROM|SET)\b")
_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_MADE_OF_CONSTANTS = {
    ("adapters/persistence/users.py", "' AND '.join(conditions)"): "literals, chosen by an if",
    ("adapters/persistence/users.py", "by"): "likewise",
    ("adapters/persistence/processing_log.py", "' AND '.join([*chosen, 'l.id < :before'])"): (
        "likewise"
    ),
    ("adapters/persistence/audit_trail.py", "where"): "likewise",
    ("adapters/persistence/history.py", "table"): "keys of a table of ours",
    ("adapters/persistence/history.py", "is_old"): "its values",
    ("adapters/persistence/history.py", "_ORDER[table]"): "likewise",
    ("adapters/persistence/postgres.py", "round(_MIGRATION_SECONDS * 1000)"): "a number of ours",
    ("adapters/persistence/sqlite.py", "'FULL' if durable else 'NORMAL'"): "literals",
    ("adapters/persistence/tasks.py", "_COLUMNS.replace('t.', '')"): "of a constant",
    ("adapters/persistence/tasks.py", "status.value"): "of an enumeration of ours",
    ("adapters/messaging/lease_queue.py", "_oldest_of(queues)"): "a number of question marks",
}


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def compared_secrets(file: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield comparisons that stop at the first difference, of what nobody shall find out so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops
        ):
            sides = [node.left, *node.comparators]
            sides += [one for side in sides if isinstance(side, ast.Tuple) for one in side.elts]
            if any(is_secret(side) for side in sides) and not any(map(is_plain, sides)):
                yield file, ast.unparse(node)


def is_secret(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return _SECRET.search(node.id) is not None
    if isinstance(node, ast.Attribute):
        return _SECRET.search(node.attr) is not None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("digest", "hexdigest")
    return False


def is_plain(node: ast.expr) -> bool:
    """Tell whether it is a text, such as an empty one, that stands in the source."""
    return isinstance(node, ast.Constant) and not isinstance(node.value, int)


def sql_of_variables(file: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what is put into a text of SQL and is no constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(
                str(part.value) for part in node.values if isinstance(part, ast.Constant)
            )
            parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            text = str(node.left.value) if isinstance(node.left, ast.Constant) else ""
            parts = [node.right]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "format"
        ):
            text = ast.unparse(node.func.value)
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        else:
            continue
        if _SQL.search(text):
            for part in parts:
                if not (isinstance(part, ast.Name) and _CONSTANT.fullmatch(part.id)):
                    yield file, ast.unparse(part)


def databases(files: Iterator[tuple[str, ast.Module]]) -> Iterator[tuple[str, ast.Module]]:
    """Leave out what speaks to people: their sentences may have a word of SQL in capitals."""
    for file, tree in files:
        if file.startswith(("adapters/persistence/", "adapters/messaging/")) and not file.endswith(
            "/checkup.py"
        ):
            yield file, tree


class TestSignaturesAndTokens:
    def test_they_are_compared_in_constant_time(self) -> None:
        found = {one for file, tree in trees() for one in compared_secrets(file, tree)}

        assert found - set(_COMPARED_ELSEWHERE) == set(), "use hmac.compare_digest"

    def test_no_exception_outlives_its_reason(self) -> None:
        sources = {file: ast.unparse(tree) for file, tree in trees()}

        assert [one for one in _COMPARED_ELSEWHERE if one[1] not in sources[one[0]]] == []

    @pytest.mark.parametrize(
        "breach",
        [
            "if signature == expected: pass",
            "if self.token != sent: pass",
            "ok = hmac.new(key, text, 'sha256').hexdigest() == sent",
            "ok = sent in (one.secret, other.secret)",
            "ok = user.webhook_secret == given",
        ],
    )
    def test_a_breach_is_noticed(self, breach: str) -> None:
        assert list(compared_secrets("x.py", ast.parse(breach)))

    def test_there_is_something_that_compares(self) -> None:
        assert sum(ast.unparse(tree).count("compare_digest(") for _, tree in trees()) >= 3


class TestSQL:
    def test_it_is_made_of_constants(self) -> None:
        found = {one for file, tree in databases(trees()) for one in sql_of_variables(file, tree)}

        assert found - set(_MADE_OF_CONSTANTS) == set(), "values are bound, not written in"
        assert set(_MADE_OF_CONSTANTS) - found == set(), "this exception is not needed any more"

    @pytest.mark.parametrize(
        "breach",
        [
            "run(f\"SELECT * FROM users WHERE name = '{name}'\")",
            'run("DELETE FROM tasks WHERE id = %s" % task_id)',
            'run("UPDATE users SET name = {}".format(name))',
            'run(f"SELECT 1 FROM {table.name}")',
        ],
    )
    def test_a_breach_is_noticed(self, breach: str) -> None:
        assert list(sql_of_variables("x.py", ast.parse(breach)))

    def test_nobody_else_speaks_it(self) -> None:
        """Elsewhere ruff refuses what looks like SQL (S608)."""
        speaking = [
            file
            for file, tree in trees()
            if not file.startswith(("adapters/persistence/", "adapters/messaging/"))
            and re.search(
                r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bDELETE FROM\b", ast.unparse(tree)
            )
        ]

        assert speaking == []


class TestLinter:
    """The rules of bandit, as ruff has them, are on for everything that ships."""

    BREACHES = {
        "S602": 'import subprocess\nsubprocess.run("ls " + name, shell=True)',
        "S605": "import os\nos.system(name)",
        "S608": 'query = f"SELECT * FROM users WHERE name = {name}"',
        "S301": "import pickle\npickle.loads(data)",
        "S506": "import yaml\nyaml.load(text)",
        "S307": "eval(text)",
        "S102": "exec(text)",
        "S324": "import hashlib\nhashlib.md5(data)",
        "S311": "import random\nrandom.random()",
        "S314": "from xml.etree import ElementTree\nElementTree.fromstring(text)",
        "S501": "import requests\nrequests.get(url, verify=False, timeout=1)",
        "S113": "import requests\nrequests.get(url)",
        "S105": 'password = "hunter2"',
    }

    @pytest.mark.parametrize("package", PACKAGES)
    def test_what_is_dangerous_is_refused(self, package: str) -> None:
        program = "\n".join(textwrap.dedent(breach) for breach in self.BREACHES.values())

        outcome = subprocess.run(
            [
                str(Path(sys.executable).with_name("ruff")), "check", "--no-cache", "--quiet",
                "--output-format", "concise", "--stdin-filename", f"{package}/planted.py", "-",
            ],
            input=program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

        assert outcome.returncode == 1, outcome.stderr
        missing = {rule for rule in self.BREACHES if f" {rule} " not in outcome.stdout}
        assert missing == set()

    def test_what_is_let_through_says_why(self) -> None:
        """`# noqa: S…` alone would be an exception without a reason."""
        bare = [
            f"{path.relative_to(ROOT)}: {line.strip()}"
            for package in PACKAGES
            for path in (ROOT / package).rglob("*.py")
            for before, line in _with_the_line_before(path.read_text("utf-8").splitlines())
            if re.search(r"# noqa: (\w+, ?)*S\d+\s*$", line) and "#" not in before
        ]

        assert bare == []


def _with_the_line_before(lines: list[str]) -> Iterator[tuple[str, str]]:
    yield from zip(["", *lines], lines, strict=False)
