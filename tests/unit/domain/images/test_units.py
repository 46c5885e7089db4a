"""Lengths and colours, as customers write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidParameter, OutputTooLarge
from domain.images.units import TRANSPARENT, WHITE, Color, Percent, check_extent, in_pixels

channels = st.integers(0, 255)


class TestPercent:
    @pytest.mark.parametrize(
        ("text", "value"), [("50%", 50), ("12.5%", 12.5), ("0%", 0), ("1000%", 1000)]
    )
    def test_reads(self, text, value):
        assert Percent.parse(text) == Percent(value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "%",
            "50",
            "-5%",
            "+5%",
            "5 %",
            " 5%",
            "5%\n",
            "1e3%",
            "٣%",
            "５%",
            "nan%",
            "5.%",
            ".5%",
        ],
    )
    def test_refuses(self, text):
        with pytest.raises(InvalidParameter, match="percentage"):
            Percent.parse(text)

    def test_a_refusal_repeats_little_of_what_was_sent(self):
        with pytest.raises(InvalidParameter) as refused:
            Percent.parse("9" * 100_000)

        assert len(refused.value.detail) < 120

    @given(st.integers(0, 10_000_000).map(lambda value: value / 10_000))
    def test_is_written_as_it_is_read(self, value):
        share = Percent(value)

        assert math.isclose(Percent.parse(str(share)).value, value, rel_tol=1e-5)

    @given(st.floats(0, 100), st.integers(1, 16_384))
    def test_a_share_of_at_most_the_whole_is_at_most_the_side(self, value, side):
        assert 0 <= in_pixels(Percent(value), side) <= side


class TestColor:
    @pytest.mark.parametrize(
        ("text", "color"),
        [
            ("#f80", Color(255, 136, 0)),
            ("#F80", Color(255, 136, 0)),
            ("#f808", Color(255, 136, 0, 136)),
            ("#ff8800", Color(255, 136, 0)),
            ("#ff880080", Color(255, 136, 0, 128)),
            ("white", WHITE),
            ("White", WHITE),
            ("transparent", TRANSPARENT),
        ],
    )
    def test_reads(self, text, color):
        assert Color.parse(text) == color

    @pytest.mark.parametrize(
        "text",
        ["", "#", "#ff", "#fffff", "#fffffff", "ff8800", "#ggg", "#ff8800 ", "mauve", "#ｆｆｆ"],
    )
    def test_refuses(self, text):
        with pytest.raises(InvalidParameter, match="colour"):
            Color.parse(text)

    @given(st.tuples(channels, channels, channels, channels))
    def test_is_read_as_it_is_written(self, rgba):
        assert Color.parse(str(Color(*rgba))) == Color(*rgba)


class TestExtent:
    @pytest.mark.parametrize("length", [None, 1, 16_384, Percent(0.1), Percent(1000)])
    def test_allows(self, length):
        check_extent("width", length)

    @pytest.mark.parametrize(
        "length", [0, -1, Percent(0), Percent(-5), Percent(1000.1), Percent(math.nan)]
    )
    def test_refuses(self, length):
        with pytest.raises(InvalidParameter) as refused:
            check_extent("width", length)

        assert refused.value.pointer == "/width"
        assert refused.value.code == "invalid-parameter"

    def test_a_side_nobody_may_ask_for_has_its_own_code(self):
        with pytest.raises(OutputTooLarge, match="16384") as refused:
            check_extent("height", 16_385)

        assert (refused.value.code, refused.value.pointer) == ("output-too-large", "/height")
