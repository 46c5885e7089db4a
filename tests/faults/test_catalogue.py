"""The page about faults and the tests speak of the same."""

import re

from tests.running import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text()
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))


def test_every_fault_of_the_catalogue_has_its_row():
    numbers = [int(number) for number in re.findall(r"^\| F(\d+) \|", PAGE, re.MULTILINE)]

    assert numbers == list(range(1, 41))


def test_every_row_names_tests_that_there_are():
    named = set(re.findall(r"`(test_\w+)", PAGE))

    assert named and [name for name in named if f"def {name}(" not in SOURCES] == []


def test_no_test_of_a_fault_is_left_out():
    tests = set(re.findall(r"^def (test_f\d+\w*|test_everything_dies\w*)\(", SOURCES, re.MULTILINE))

    assert tests and {name for name in tests if f"`{name}" not in PAGE} == set()
