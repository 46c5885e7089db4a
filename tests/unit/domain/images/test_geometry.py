"""Sizes and regions: what holds for every picture and every request."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.errors import GeometryOutsideImage, OutputTooLarge
from domain.images.geometry import Area, Fitted, clipped, fit, place, region, turn
from domain.images.limits import MAX_SIDE_PX
from domain.images.operations import Region, AspectRatio, Crop, Fit, Gravity, Resize, Rotate
from domain.images.units import Percent

sides = st.integers(1, MAX_SIDE_PX)
shares = st.floats(0.0001, 1000, allow_nan=False).map(Percent)
lengths = st.one_of(sides, shares)
gravities = st.sampled_from(Gravity)


def fitted_or_skipped(width: int, height: int, resize: Resize) -> Fitted:
    try:
        return fit(width, height, resize)
    except OutputTooLarge:
        assume(False)
        raise


class TestFit:
    @given(sides, sides, sides, sides, st.booleans())
    def test_inside_never_leaves_the_box(self, width, height, box_width, box_height, enlarge):
        asked = Resize(box_width, box_height, Fit.INSIDE, without_enlargement=not enlarge)

        fitted = fit(width, height, asked)

        assert 1 <= fitted.width <= box_width
        assert 1 <= fitted.height <= box_height

    @given(sides, sides, sides, sides)
    def test_inside_touches_the_box_when_it_may_enlarge(self, width, height, across, down):
        fitted = fit(width, height, Resize(across, down, Fit.INSIDE, without_enlargement=False))

        assert fitted.width == across or fitted.height == down

    @given(sides, sides, sides, sides)
    def test_outside_never_falls_short_of_the_box(self, width, height, across, down):
        asked = Resize(across, down, Fit.OUTSIDE, without_enlargement=False)

        fitted = fitted_or_skipped(width, height, asked)

        assert fitted.width >= across
        assert fitted.height >= down
        assert fitted.width == across or fitted.height == down

    @given(sides, sides, sides, sides)
    def test_cover_fills_the_box_exactly(self, width, height, across, down):
        asked = Resize(across, down, Fit.COVER, without_enlargement=False)

        fitted = fitted_or_skipped(width, height, asked)

        assert (fitted.width, fitted.height) == (across, down)
        assert fitted.scaled_width >= across
        assert fitted.scaled_height >= down

    @given(sides, sides, sides, sides, st.booleans())
    def test_contain_pads_to_the_box_exactly(self, width, height, across, down, enlarge):
        asked = Resize(across, down, Fit.CONTAIN, without_enlargement=not enlarge)

        fitted = fit(width, height, asked)

        assert (fitted.width, fitted.height) == (across, down)
        assert fitted.scaled_width <= across
        assert fitted.scaled_height <= down

    @given(sides, sides, sides, sides)
    def test_fill_stretches_to_the_box_exactly(self, width, height, across, down):
        fitted = fit(width, height, Resize(across, down, Fit.FILL, without_enlargement=False))

        assert fitted == Fitted(across, down, across, down)

    @given(sides, sides, st.none() | lengths, st.none() | lengths, st.sampled_from(Fit))
    def test_nothing_is_enlarged_unless_asked(self, width, height, across, down, how):
        assume(across is not None or down is not None)

        fitted = fitted_or_skipped(width, height, Resize(across, down, how))

        assert fitted.scaled_width <= width
        assert fitted.scaled_height <= height

    @given(sides, sides, st.none() | lengths, st.none() | lengths, st.sampled_from(Fit))
    def test_nothing_is_reduced_when_forbidden(self, width, height, across, down, how):
        assume(across is not None or down is not None)
        asked = Resize(across, down, how, without_enlargement=False, without_reduction=True)

        fitted = fitted_or_skipped(width, height, asked)

        assert fitted.scaled_width >= width
        assert fitted.scaled_height >= height

    @given(
        sides, sides, st.none() | lengths, st.none() | lengths, st.sampled_from(Fit),
        st.booleans(), st.booleans(),
    )  # fmt: skip
    def test_every_answer_is_a_picture_that_may_be_made(
        self, width, height, across, down, how, no_larger, no_smaller
    ):
        assume(across is not None or down is not None)
        asked = Resize(
            across, down, how, without_enlargement=no_larger, without_reduction=no_smaller
        )

        fitted = fitted_or_skipped(width, height, asked)

        for side in (fitted.scaled_width, fitted.scaled_height, fitted.width, fitted.height):
            assert 1 <= side <= MAX_SIDE_PX

    @given(sides, sides, sides)
    def test_one_side_alone_keeps_the_shape(self, width, height, across):
        fitted = fit(width, height, Resize(width=across))

        scale = min(1.0, across / width)
        assert abs(fitted.width - width * scale) <= 0.5
        assert fitted.height == 1 or abs(fitted.height - height * scale) <= 0.5

    @pytest.mark.parametrize(
        ("resize", "size"),
        [
            (Resize(800, 600), (800, 600)),
            (Resize(800, 800), (800, 600)),
            (Resize(800), (800, 600)),
            (Resize(None, 300), (400, 300)),
            (Resize(Percent(50), Percent(50)), (2000, 1500)),
            (Resize(Percent(10)), (400, 300)),
            (Resize(8000, 6000), (4000, 3000)),
            (Resize(8000, 6000, without_enlargement=False), (8000, 6000)),
            (Resize(500, 500, Fit.COVER), (500, 500)),
            (Resize(500, 500, Fit.CONTAIN), (500, 500)),
            (Resize(500, 500, Fit.OUTSIDE), (667, 500)),
            (Resize(500, 500, Fit.FILL), (500, 500)),
            (Resize(5000, 500, Fit.COVER), (4000, 500)),
        ],
    )
    def test_a_photo_of_4000x3000_becomes(self, resize, size):
        fitted = fit(4000, 3000, resize)

        assert (fitted.width, fitted.height) == size

    def test_a_result_with_a_side_too_long_is_refused(self):
        with pytest.raises(OutputTooLarge, match="16384"):
            fit(1000, 10, Resize(height=200, without_enlargement=False))


class TestPlace:
    @given(sides, sides, st.data(), gravities)
    def test_what_is_smaller_lies_inside(self, width, height, data, gravity):
        inner_width = data.draw(st.integers(1, width))
        inner_height = data.draw(st.integers(1, height))

        placed = place(width, height, inner_width, inner_height, gravity)

        assert 0 <= placed.left <= width - inner_width
        assert 0 <= placed.top <= height - inner_height

    @pytest.mark.parametrize(
        ("gravity", "corner"),
        [
            (Gravity.NORTHWEST, (0, 0)),
            (Gravity.NORTH, (30, 0)),
            (Gravity.NORTHEAST, (60, 0)),
            (Gravity.WEST, (0, 15)),
            (Gravity.CENTER, (30, 15)),
            (Gravity.EAST, (60, 15)),
            (Gravity.SOUTHWEST, (0, 30)),
            (Gravity.SOUTH, (30, 30)),
            (Gravity.SOUTHEAST, (60, 30)),
        ],
    )
    def test_gravity_pulls_to_its_side(self, gravity, corner):
        placed = place(100, 50, 40, 20, gravity)

        assert (placed.left, placed.top) == corner


class TestRegion:
    @given(sides, sides, st.integers(1, 10_000), st.integers(1, 10_000), gravities)
    def test_an_aspect_ratio_always_fits_and_touches_two_sides(
        self, width, height, across, down, gravity
    ):
        found = region(width, height, Crop(aspect_ratio=AspectRatio(across, down), gravity=gravity))

        assert 1 <= found.width <= width
        assert 1 <= found.height <= height
        assert found.width == width or found.height == height
        assert found.left + found.width <= width
        assert found.top + found.height <= height

    @given(sides, sides, st.integers(0, 1_000_000), st.data())
    def test_shares_that_add_up_to_the_whole_lie_inside(self, width, height, left, data):
        """Two rounded halves of an odd side were once a pixel longer than the side."""
        extent = data.draw(st.integers(1, max(1, 1_000_000 - left)))
        assume(left + extent <= 1_000_000)
        start, share = Percent(left / 10_000), Percent(extent / 10_000)

        found = region(width, height, Crop(left=start, top=start, width=share, height=share))

        assert found.left >= 0 and found.width >= 1 and found.left + found.width <= width
        assert found.top >= 0 and found.height >= 1 and found.top + found.height <= height

    def test_neighbouring_shares_neither_overlap_nor_leave_a_gap(self):
        quarters = [
            region(100, 7, Crop(Percent(start), Percent(0), Percent(25), Percent(100)))
            for start in (0, 25, 50, 75)
        ]

        edges = [(part.left, part.left + part.width) for part in quarters]
        assert edges == [(0, 25), (25, 50), (50, 75), (75, 100)]
        halves = [
            region(7, 7, Crop(Percent(start), Percent(0), Percent(50), Percent(100)))
            for start in (0, 50)
        ]
        assert [part.left for part in halves] == [0, halves[0].width]
        assert sum(part.width for part in halves) == 7

    @pytest.mark.parametrize(
        ("crop", "expected"),
        [
            (Crop(10, 20, 30, 40), Area(10, 20, 30, 40)),
            (Crop(0, 0, 100, 80), Area(0, 0, 100, 80)),
            (Crop(width=50, height=40), Area(25, 20, 50, 40)),
            (Crop(width=50, height=40, gravity=Gravity.SOUTHEAST), Area(50, 40, 50, 40)),
            (Crop(width=Percent(50), height=Percent(50)), Area(25, 20, 50, 40)),
            (Crop(Percent(10), Percent(10), 10, 10), Area(10, 8, 10, 10)),
            (Crop(aspect_ratio=AspectRatio(1, 1)), Area(10, 0, 80, 80)),
            (Crop(aspect_ratio=AspectRatio(2, 1), gravity=Gravity.SOUTH), Area(0, 30, 100, 50)),
        ],
    )
    def test_a_picture_of_100x80_is_cut_at(self, crop, expected):
        assert region(100, 80, crop) == expected

    @pytest.mark.parametrize(
        "crop",
        [
            Crop(0, 0, 101, 80),
            Crop(0, 0, 100, 81),
            Crop(100, 0, 1, 1),
            Crop(71, 0, 30, 40),
            Crop(width=101, height=10),
            Crop(width=Percent(101), height=Percent(50)),
            Crop(Percent(60), Percent(0), Percent(50), Percent(50)),
            Crop(Percent(100), Percent(0), 1, 1),
        ],
    )
    def test_a_cut_beyond_the_edge_is_refused(self, crop):
        with pytest.raises(GeometryOutsideImage, match="100x80") as refused:
            region(100, 80, crop)

        assert refused.value.code == "invalid-geometry"


class TestClipped:
    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            (Region(10, 20, 30, 40), Area(10, 20, 30, 40)),
            (Region(0, 0, Percent(100), Percent(100)), Area(0, 0, 100, 80)),
            (Region(90, 70, 30, 40), Area(90, 70, 10, 10)),
            (Region(Percent(50), Percent(25), Percent(10), 500), Area(50, 20, 10, 60)),
            (Region(99, 79, 1, 1), Area(99, 79, 1, 1)),
        ],
        ids=str,
    )
    def test_what_juts_out_is_left_out(self, part, expected):
        assert clipped(100, 80, part) == expected

    @pytest.mark.parametrize("part", [Region(100, 0, 5, 5), Region(0, 80, 5, 5)], ids=str)
    def test_of_what_lies_outside_nothing_is_left(self, part):
        with pytest.raises(GeometryOutsideImage, match="100x80"):
            clipped(100, 80, part)


class TestTurn:
    @pytest.mark.parametrize(
        ("angle", "quarters", "size"),
        [
            (0, 0, (400, 300)),
            (360, 0, (400, 300)),
            (-1e-14, 0, (400, 300)),
            (90, 1, (300, 400)),
            (-90, 3, (300, 400)),
            (-180, 2, (400, 300)),
            (270, 3, (300, 400)),
            (45, None, (495, 495)),  # 700 / √2
            (30, None, (496, 460)),  # 400 cos 30° + 300 sin 30°, and the other way round
            (-150, None, (496, 460)),
        ],
    )
    def test_by_hand(self, angle, quarters, size) -> None:
        turned = turn(400, 300, Rotate(angle))

        assert (turned.quarters, (turned.width, turned.height)) == (quarters, size)

    @given(st.integers(1, 2000), st.integers(1, 2000), st.floats(-360, 360))
    def test_every_corner_lies_on_the_canvas(self, width, height, angle) -> None:
        turned = turn(width, height, Rotate(angle))

        assume(turned.quarters is None)
        for x, y in ((0, 0), (width, 0), (0, height), (width, height)):
            across = x * turned.cosine - y * turned.sine - turned.left
            down = x * turned.sine + y * turned.cosine - turned.top
            assert -1 <= across <= turned.width + 1 and -1 <= down <= turned.height + 1
        assert turned.width <= math.hypot(width, height) + 1

    def test_a_canvas_has_an_end(self) -> None:
        turn(16_384, 16_384, Rotate(90))
        with pytest.raises(OutputTooLarge):
            turn(16_384, 16_384, Rotate(45))
