"""
Row 57: strings that programs stumble over, in every text of every route, on both databases.

`make test` sends each string through what keeps it, and a part of them, by turns, through the rest.
`SAFELIGHT_TEST_STRINGS=whole` sends every string through every field.
"""

from collections.abc import Iterator

import pytest

from tests.catalogue.installation import Installation, refusal
from tests.catalogue.text_fields import Desk, Kept, TextField, kept_texts, text_fields
from tests.naughty_strings import all_of_them, naughty_strings

STRINGS = all_of_them()
FIELDS = text_fields()
KEPT = kept_texts()
TOO_MUCH = (
    "too-many-requests", "too-many-queued-tasks", "queue-full", "quota-exceeded",
    "too-many-webhooks", "too-many-presets", "too-many-api-keys", "too-many-assets",
)  # fmt: skip
"""What says nothing of a text."""


@pytest.fixture(scope="module")
def desk(either_api: Installation) -> Iterator[Desk]:
    """An administrator, because they may ask for most."""
    yield Desk(either_api, either_api.make_admin("grace"))


def test_57_there_are_enough() -> None:
    assert len(STRINGS) == len(set(STRINGS)) >= 515
    assert len(naughty_strings()) >= 20


def test_57_every_string_is_sent_by_every_run() -> None:
    sent = {text for number, one in enumerate(KEPT) for text in one.share(STRINGS, number)}

    assert sent == set(STRINGS)


@pytest.mark.parametrize("number", range(len(FIELDS)), ids=lambda number: str(FIELDS[number]))
def test_57_no_text_is_more_than_refused(desk: Desk, number: int) -> None:
    field: TextField = FIELDS[number]
    for text in field.share(STRINGS, number):
        answer = field.send(desk, text)

        assert answer.status_code < 300 or refusal(answer)[1] not in TOO_MUCH, text

    # Whoever is not let in any more has each text refused, whatever it is.
    assert desk.api.send("GET", "/api/users/profile", desk.who).status_code == 200


@pytest.mark.parametrize("number", range(len(KEPT)), ids=lambda number: str(KEPT[number]))
def test_57_what_is_kept_comes_back_as_it_was(desk: Desk, number: int) -> None:
    kept: Kept = KEPT[number]
    strings = kept.share(STRINGS, number)
    accepted = 0
    for start in range(0, len(strings), kept.at_once):
        texts = strings[start : start + kept.at_once]
        for text, shown in zip(texts, kept.keep(desk, texts), strict=True):
            if shown is not None:
                accepted += 1
                assert shown == kept.expected(text)

    assert accepted >= len(strings) // 10, "next to nothing was kept, so next to nothing was tried"
