"""Damaged pictures: a few hundred of those that `make fuzz` sends, always the same ones."""

import contextlib
import random
from pathlib import Path

import attrs
import pytest

from adapters.imaging.vips_editor import VipsEditor
from domain.images.formats import ImageFormat
from domain.tasks.task import FailureCode
from tests.fuzz import campaign
from tests.fuzz.anatomy import anatomy, mended
from tests.fuzz.campaign import COMPLETED, Sample, drawn, flipped, fuzzing_limits, keep, run, sample
from tests.fuzz.mutations import damaged
from tests.fuzz.seeds import seeds

SEED = 20261128
FILES = 420
FLIPS = 10
SECONDS = 60.0
FLAVOURS = [(format, flavour) for format, known in seeds().items() for flavour in known]


def test_damaged_pictures_end_with_a_code_of_the_list_and_harm_nobody() -> None:
    report = run((sample(SEED, number) for number in range(FILES)), seconds=SECONDS)

    assert report.flaws == []
    assert report.zygote_deaths == 0
    assert report.files > FILES // 2, "the machine is too slow for a word on this"
    codes = {code.value for code in FailureCode}
    assert {outcome for _, outcome in report.outcomes} <= codes | {COMPLETED}
    assert {format.split()[0] for format, _ in report.outcomes} == {
        format.value for format in ImageFormat
    }
    completed = sum(n for (_, outcome), n in report.outcomes.items() if outcome == COMPLETED)
    assert report.files / 10 < completed < report.files * 9 / 10, "all of it broken, or nothing"


def test_one_flipped_bit_is_drawn_or_refused() -> None:
    report = run(flipped(FLIPS, SEED), seconds=SECONDS)

    assert report.flaws == []
    assert report.files > len(ImageFormat)


class TestTheFuzzerItself:
    """What it finds depends on what it can do."""

    @pytest.mark.parametrize(("format", "flavour"), FLAVOURS)
    def test_every_picture_it_begins_with_is_drawn(self, editor, format, flavour) -> None:
        whole = Sample(0, 0, f"{format} {flavour}", seeds()[format][flavour],
                       sample(0, 0).pipeline, as_mark=False)  # fmt: skip
        plain = next(flipped(1, 0)).pipeline

        outcome, complaints = drawn(editor, attrs.evolve(whole, pipeline=plain))

        readable = {"tiff lab", "tiff old jpeg"}  # which libvips does not
        assert outcome == ("unsupported_codec" if whole.flavour in readable else COMPLETED)
        assert complaints == []

    @pytest.mark.parametrize(("format", "flavour"), FLAVOURS)
    def test_it_finds_its_way_in_every_picture(self, format, flavour) -> None:
        data = seeds()[format][flavour]

        found = anatomy(data)

        assert found.parts and found.fields
        assert all(start < end <= len(data) for start, end in found.parts)
        assert mended(data) == data

    def test_it_does_the_same_every_time(self) -> None:
        for number in range(60):
            one, again = sample(7, number), sample(7, number)
            assert (one.data, one.pipeline, one.as_mark) == (
                again.data, again.pipeline, again.as_mark
            )  # fmt: skip
            assert one.data != sample(8, number).data

    def test_it_survives_its_own_damage(self) -> None:
        chance = random.Random(1)
        pictures = [data for known in seeds().values() for data in known.values()]
        for _ in range(3_000):
            data = damaged(chance.choice(pictures), chance.choice(pictures), chance)
            damaged(data, chance.choice(pictures), chance)

    def test_it_makes_what_it_keeps_smaller(self, editor, tmp_path: Path) -> None:
        broken = attrs.evolve(
            next(flipped(1, 0)), data=seeds()["jpeg"]["baseline"][:300] + bytes(2000)
        )
        outcome = drawn(editor, broken)[0]
        assert outcome != COMPLETED

        small = campaign.smaller(broken, lambda one: drawn(editor, one)[0] == outcome)
        path = keep(small, outcome, tmp_path)

        assert 0 < len(path.read_bytes()) < 100
        assert path.with_suffix(".json").read_text().startswith("{")

    def test_a_result_that_is_no_picture_is_a_flaw(self, tmp_path: Path) -> None:
        path = tmp_path / "result"
        path.write_bytes(seeds()["png"]["colours"])

        for format, size, flawed in (
            ("png", (60, 44), False),
            ("gif", (60, 44), True),
            ("png", (60, 88), True),
        ):
            with path.open("rb") as file:
                assert bool(list(campaign._flaws_of(file, format, size))) is flawed
        path.write_bytes(seeds()["png"]["colours"][:-2000])
        with path.open("rb") as file:
            assert list(campaign._flaws_of(file, "png", (60, 44)))


@pytest.fixture(scope="module")
def editor():
    with contextlib.closing(VipsEditor(fuzzing_limits())) as editor:
        yield editor
