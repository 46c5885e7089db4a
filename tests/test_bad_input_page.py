"""The page about bad input, the samples and the tests speak of the same."""

import re

import pytest

from domain.images.upload_policy import UploadPolicy
from domain.tasks.task import FailureCode
from entrypoints.http.problems import PROBLEMS
from tests.bad_pictures import BadPicture, bad_options, bad_pictures
from tests.costs import worst_pictures
from tests.odd_pictures import odd_pictures, odd_requests
from tests.running import ROOT

PAGE = (ROOT / "docs" / "bad-input.md").read_text()
SOURCES = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py")))
ROWS = {
    int(number): (answer, tests)
    for number, answer, tests in re.findall(
        r"^\| (\d+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE
    )
}
SAMPLES: tuple[BadPicture, ...] = (*bad_pictures(), *odd_pictures(), *odd_requests())
BY_THE_REQUEST = {*range(2, 11), *range(55, 73)} - {8}
"""Rows whose input is a form or a request, not a file; each has tests of its number."""
LAST_ROW = 72


def test_every_row_of_the_catalogue_is_there() -> None:
    assert list(ROWS) == list(range(1, LAST_ROW + 1))


@pytest.mark.parametrize("row", range(1, LAST_ROW + 1))
def test_every_row_names_tests_that_there_are(row: int) -> None:
    named = re.findall(r"`(test_\w+)`", ROWS[row][1])

    assert named
    assert [name for name in named if f"def {name}(" not in SOURCES] == []


@pytest.mark.parametrize("row", range(1, LAST_ROW + 1))
def test_every_row_has_a_sample(row: int) -> None:
    if row in BY_THE_REQUEST:
        assert f"def test_{row}_" in SOURCES
        assert row < 55 or f"`test_{row}_" in ROWS[row][1]
    else:
        assert row in {one.row for one in (*SAMPLES, *bad_options())}


def test_what_is_said_to_be_sent_through_a_platform_is() -> None:
    sent = {one.row for one in SAMPLES}

    said = {row for row, (_, tests) in ROWS.items() if "test_no_bad_picture_gets" in tests}

    assert said == sent


def test_every_code_in_an_answer_exists() -> None:
    known = set(PROBLEMS) | {code.value for code in FailureCode}
    for row, (answer, _) in ROWS.items():
        assert set(re.findall(r"`([a-z_-]+)`", answer)) <= known, row


def test_every_status_in_an_answer_is_that_of_its_code() -> None:
    for row, (answer, _) in ROWS.items():
        for status, codes in re.findall(r"\b(\d{3}) ((?:`[a-z-]+`(?:, )?)+)", answer):
            for code in re.findall(r"`([a-z-]+)`", codes):
                assert PROBLEMS[code].status == int(status), row


@pytest.mark.parametrize("bad", SAMPLES, ids=str)
def test_no_answer_that_is_expected_is_left_out(bad: BadPicture) -> None:
    """What must be refused is said to be, and what may end in one way only as well."""
    answer, _ = ROWS[bad.row]
    codes = set(re.findall(r"`([a-z_-]+)`", answer))
    if bad.must_be_refused:
        assert codes & (bad.at_upload or set())
    elif bad.must_be_accepted and not bad.may_complete:
        assert codes & bad.in_task
    if bad.must_be_accepted and bad.may_complete and not bad.in_task:
        assert "done" in answer or "drawn" in answer or "202" in answer


def test_the_limits_are_those_of_the_program() -> None:
    policy = UploadPolicy()

    for figure in (policy.max_side_px, policy.max_frame_pixels, policy.max_total_pixels):
        assert f"| {figure:,} |" in PAGE
    assert f"| {policy.max_frames} |" in PAGE
    assert f"| {policy.max_bytes // 2**20} MiB |" in PAGE


def test_the_costs_that_are_told_are_of_pictures_that_are_measured() -> None:
    told = re.findall(r"^\| (\d+) \| ([^|]+) \| [\d,]+ \| (?:small|whole) \|", PAGE, re.MULTILINE)

    assert told
    assert {(int(row), name) for row, name in told} <= {
        (bad.row, bad.name) for bad in worst_pictures()
    }
