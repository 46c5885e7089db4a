"""The page about security and the tests speak of the same."""

import ast
import re

import pytest

from adapters.imaging import sandbox, seccomp
from tests.running import ROOT
from tests.sandbox_attempts import attempts

PAGE = (ROOT / "docs" / "security.md").read_text()

ROWS = {
    name.strip(): (tests, result.strip())
    for name, tests, result in re.findall(
        r"^\| (\d[^|]*|the whole API) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$",
        PAGE[PAGE.index("## ASVS") :],
        re.MULTILINE,
    )
}

# The requirements of ASVS 5.0.0 that the design of the platform has chosen to be checked.
REQUIREMENTS = """
    1.2.4 1.2.5 1.3.4 1.3.6 1.3.11 1.5.1 1.5.2 2.2.1 2.2.3 2.3.1 2.3.3 2.3.4 2.4.1 3.2.1
    3.4.1-3.4.6 3.5.1-3.5.3 4.1.1 4.1.3 4.1.4 4.2.1 5.1.1 5.2.1-5.2.4 5.2.6 5.3.1 5.3.2 5.4.1-5.4.3
    6.1.1 6.2.1-6.2.12 6.3.1 6.3.2 6.3.7 6.3.8 6.4.3 6.5.1-6.5.5 7.2.4 7.3.1 7.3.2 7.4.1-7.4.5 7.5.1
    7.5.2 8.2.1-8.2.3 8.3.1 8.3.2 9.1.1-9.1.3 9.2.1-9.2.4 11.2.3 11.2.4 11.4.2 11.5.1 12.1.1 12.2.1
    12.2.2 12.3.1-12.3.4 13.1.2 13.1.3 13.2.3 13.2.4 13.2.6 13.3.1 13.4.2 13.4.4-13.4.6 14.2.1 14.2.6
    14.2.8 14.3.2 15.1.2 15.1.3 15.2.1 15.2.2 15.2.5 15.3.2-15.3.5 15.4.2 16.2.1-16.2.5 16.3.1-16.3.4
    16.4.1 16.5.1-16.5.4
"""


def required() -> list[str]:
    numbers = []
    for word in REQUIREMENTS.split():
        first, _, last = word.partition("-")
        chapter, _, start = first.rpartition(".")
        end = last.rpartition(".")[2] or start
        numbers += [f"{chapter}.{number}" for number in range(int(start), int(end) + 1)]
    return sorted(numbers)


def names_in(path: str) -> set[str]:
    """Return the tests of a file, and the classes that hold some."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.lower().startswith("test")
    }


def test_every_requirement_has_its_row_and_one_alone() -> None:
    told = [number for row in ROWS if row[0].isdigit() for number in row.split(", ")]

    assert sorted(told) == required()
    assert "the whole API" in ROWS


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_tests_that_there_are_or_a_reason(row: str) -> None:
    cell, result = ROWS[row]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)

    assert [(path, name) for path, name in named if name not in names_in(path)] == []
    assert cell.count("`tests/") == len(named), "a test is named by its file and its name"
    match result:
        case "held":
            assert named
        case "by design" | "open":
            assert len(re.sub(r"`[^`]+`", "", cell)) > 60, "give the reason"
        case _:
            raise AssertionError(result)


def test_figures_on_the_page_are_those_of_the_program() -> None:
    said = {"system calls": r"(\d+) calls refused", "attempts": r"some (\d+) things"}
    found = {name: int(re.findall(pattern, PAGE)[0]) for name, pattern in said.items()}

    assert abs(found["system calls"] - len(seccomp._REFUSED)) < 10
    assert abs(found["attempts"] - len(attempts())) < 15
    assert f"{sandbox.OPEN_FILES} descriptors" in PAGE
    assert f"{sandbox.THREADS:,} threads" in PAGE


def test_it_says_how_to_report_a_weakness() -> None:
    section = PAGE.partition("## Reporting a weakness")[2].partition("\n## ")[0]

    assert "private advisory form" in section
    assert not re.search(r"\S+@\S+\.\S+|example\.|https?://", section), "no address to be filled in"
