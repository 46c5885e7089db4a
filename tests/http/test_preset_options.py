"""`preset` in processing options: what is added to it, and what its lock keeps out."""

from typing import Any

import attrs
import pytest

from adapters.serialization.canonical_texts import CanonicalTexts
from adapters.serialization.converter import make_converter
from domain.errors import (
    DomainError,
    InvalidParameter,
    PresetLocked,
    TooManyOperations,
    TooManyVariants,
    UnknownMember,
)
from domain.images.canonical import canonical
from domain.images.operations import AutoOrient, Blur, Grayscale, Negate, Resize, Rotate
from domain.images.pipeline import USUAL_SAMPLING, Pipeline
from domain.images.preset import Preset, PresetReference
from domain.notifications.channel import NotificationRequest, Occasion
from domain.tasks.priority import Priority
from entrypoints.http.processing_options import (
    ProcessingOptions,
    ProcessingOptionsReader,
)
from tests.builders import a_preset

READER = ProcessingOptionsReader(make_converter())
TEXTS = CanonicalTexts()
SHORT = {"resize": "800x600", "format": "webp", "quality": 70}
TWO_VARIANTS = {
    "variants": {"thumb": {"resize": "80x"}, "poster": {"from": "upload", "grayscale": True}}
}


def preset_of(options: dict[str, Any], **overrides: Any) -> Preset:
    return a_preset(version=3, pipeline=READER.read_preset(options), **overrides)


def read(document: dict[str, Any], preset: Preset) -> ProcessingOptions:
    return READER.read(document, lambda _: preset)


def digest(pipeline: Pipeline) -> str:
    return TEXTS.digest(canonical(pipeline).pipeline)


class TestNaming:
    @pytest.mark.parametrize("form", [{}, {"version": 1}, {"pipeline": []}, {"output": {}}])
    def test_it_may_be_named_in_either_form(self, form: dict[str, Any]) -> None:
        asked: list[PresetReference] = []
        preset = preset_of(SHORT)

        options = READER.read(
            {"preset": "card@3"} | form, lambda reference: asked.append(reference) or preset
        )

        assert asked == [PresetReference("card", 3)]
        assert (options.pipeline, str(options.preset)) == (preset.pipeline, "card@3")

    def test_without_one_there_is_none(self) -> None:
        assert READER.read(SHORT).preset is None

    @pytest.mark.parametrize("value", ["", "Card", "card@", "card@0", 3, None, ["card"], {}])
    def test_what_is_no_name_is_refused(self, value: object) -> None:
        for form in ({}, {"version": 1}):
            with pytest.raises(InvalidParameter) as refused:
                read({"preset": value} | form, preset_of(SHORT))
            assert refused.value.pointer == "/preset"

    @pytest.mark.parametrize("variant", [{"preset": "card"}, {"preset": "card", "pipeline": []}])
    def test_a_variant_names_none(self, variant: dict[str, Any]) -> None:
        with pytest.raises(UnknownMember) as refused:
            READER.read({"variants": {"a": variant}})
        assert refused.value.pointer == "/variants/a/preset"

    @pytest.mark.parametrize("name", ["preset", "notify", "priority"])
    def test_a_preset_says_nothing_of(self, name: str) -> None:
        value = {"preset": "card", "notify": {}, "priority": "batch"}[name]
        for form in ({}, {"version": 1}):
            with pytest.raises(UnknownMember) as refused:
                READER.read_preset({name: value} | form)
            assert refused.value.pointer == f"/{name}"

    def test_where_there_are_no_presets_it_is_refused(self) -> None:
        with pytest.raises(InvalidParameter) as refused:
            READER.read({"preset": "card"})
        assert refused.value.pointer == "/preset"


class TestAdding:
    def test_operations_run_after_those_of_the_preset(self) -> None:
        preset = preset_of({"resize": "800x600"})
        whole = (AutoOrient(), Resize(800, 600), Grayscale(), Blur(2.0))

        short = read({"preset": "card", "blur": 2, "grayscale": True}, preset)
        long = read(
            {"preset": "card", "pipeline": [{"op": "grayscale"}, {"op": "blur", "sigma": 2}]},
            preset,
        )

        assert short.pipeline.operations == long.pipeline.operations == whole

    @pytest.mark.parametrize(
        ("added", "written_out"),
        [
            ({}, SHORT),
            ({"blur": 2}, SHORT | {"blur": 2}),
            ({"quality": 90}, SHORT | {"quality": 90}),
            ({"output": {"quality": 90, "effort": 3}},
             {"pipeline": [{"op": "resize", "width": 800, "height": 600}],
              "output": {"format": "webp", "quality": 90, "effort": 3}}),
            ({"format": "png"}, {"resize": "800x600", "format": "png", "quality": 70}),
            ({"strip": True}, SHORT | {"strip": True}),
            ({"source": {"autoOrient": False}}, SHORT | {"source": {"autoOrient": False}}),
            (TWO_VARIANTS, SHORT | TWO_VARIANTS),
        ],
    )  # fmt: skip
    def test_it_means_the_same_as_all_of_it_written_out(
        self, added: dict[str, Any], written_out: dict[str, Any]
    ) -> None:
        by_preset = read({"preset": "card"} | added, preset_of(SHORT)).pipeline
        plain = READER.read(written_out).pipeline

        assert by_preset == plain
        assert digest(by_preset) == digest(plain)

    def test_the_output_is_overridden_member_by_member(self) -> None:
        preset = preset_of(
            {"output": {"format": "webp", "quality": {"webp": 50}, "effort": 2, "loop": 3}}
        )

        options = read({"preset": "card", "output": {"effort": 9}}, preset)

        assert options.pipeline.output == attrs.evolve(preset.pipeline.output, effort=9)

    @pytest.mark.parametrize(
        ("added", "pointer"),
        [
            ({"format": "jpeg"}, "/format"),
            ({"output": {"format": "jpeg"}}, "/output/format"),
            ({"output": {"maxBytes": 5000}}, "/output/maxBytes"),
            ({"output": {"format": "bmp"}}, "/output/format"),
            ({"output": {"colour": 1}}, "/output/colour"),
            ({"output": []}, "/output"),
            ({"quality": 0}, "/quality"),
        ],
    )
    def test_refusals_point_into_the_request(self, added: dict[str, Any], pointer: str) -> None:
        preset = preset_of({"output": {"format": "webp", "lossless": True}})

        with pytest.raises(DomainError) as refused:
            read({"preset": "card"} | added, preset)

        assert refused.value.pointer == pointer

    def test_what_does_not_go_with_the_preset_is_told(self) -> None:
        preset = preset_of({"output": {"format": "webp", "lossless": True}})

        with pytest.raises(InvalidParameter, match="the lossless that is taken over"):
            read({"preset": "card", "format": "jpeg"}, preset)

    def test_of_two_variants_of_a_name_the_later_counts(self) -> None:
        preset = preset_of(SHORT | TWO_VARIANTS)

        options = read(
            {"preset": "card", "format": "png", "variants": {"thumb": {"rotate": 90}, "new": {}}},
            preset,
        )

        by_name = {variant.name: variant for variant in options.pipeline.variants}
        assert list(by_name) == ["thumb", "poster", "new"]
        assert by_name["thumb"].operations == (Rotate(90.0),)
        assert by_name["poster"] in preset.pipeline.variants
        assert by_name["new"].output == by_name["thumb"].output == options.pipeline.output

    @pytest.mark.parametrize("in_the_preset", [True, False])
    @pytest.mark.parametrize("asked", [True, False])
    def test_the_source_of_the_request_counts(self, in_the_preset: bool, asked: bool) -> None:
        preset = preset_of(TWO_VARIANTS | {"source": {"autoOrient": in_the_preset}, "blur": 2})
        more = {"variants": {"own": {"from": "upload", "filters": ["negate"]}}}

        as_it_was = read({"preset": "card"} | more, preset).pipeline
        changed = read({"preset": "card", "source": {"autoOrient": asked}} | more, preset).pipeline

        for pipeline, upright in ((as_it_was, in_the_preset), (changed, asked)):
            first = (AutoOrient(),) if upright else ()
            by_name = {variant.name: variant.operations for variant in pipeline.variants}
            assert pipeline.operations == (*first, Blur(2.0))
            assert by_name["poster"] == (*first, Grayscale())
            assert by_name["own"] == (*first, Negate())
            assert by_name["thumb"] == (Resize(80),)

    def test_bounds_hold_for_both_together(self) -> None:
        long = preset_of({"pipeline": [{"op": "negate"}] * 15})
        wide = preset_of({"variants": {f"v{number}": {} for number in range(15)}})

        with pytest.raises(TooManyOperations) as refused:
            read({"preset": "card", "pipeline": [{"op": "negate"}] * 5}, long)
        assert refused.value.pointer == "/pipeline"
        with pytest.raises(TooManyOperations) as refused:
            read({"preset": "card", "filters": ["negate"] * 5}, long)
        assert refused.value.pointer == ""
        with pytest.raises(TooManyVariants) as refused:
            read({"preset": "card", "variants": {f"w{number}": {} for number in range(6)}}, wide)
        assert refused.value.pointer == "/variants"
        full = preset_of({"source": {"autoOrient": False}, "pipeline": [{"op": "negate"}] * 20})
        with pytest.raises(TooManyOperations) as refused:
            read({"preset": "card", "source": {"autoOrient": True}}, full)
        assert refused.value.pointer == "/source"

    def test_notify_and_priority_are_the_requests(self) -> None:
        options = read(
            {"preset": "card", "notify": {"events": ["task.failed"]}, "priority": "batch"},
            preset_of(SHORT, locked=True),
        )

        assert options.notify == NotificationRequest(None, frozenset({Occasion.FAILED}))
        assert options.priority is Priority.BATCH


class TestLocked:
    @pytest.mark.parametrize(
        "added",
        [
            {"resize": "10x10"}, {"grayscale": False}, {"filters": []}, {"watermark": "a.png"},
            {"format": "png"}, {"quality": 5}, {"strip": True}, {"source": {"autoOrient": True}},
            {"variants": {}}, {"variants": {"a": {}}}, {"pipeline": []}, {"output": {}},
            {"output": {"format": "png"}}, {"pipeline": [{"op": "negate"}]},
        ],
    )  # fmt: skip
    def test_nothing_is_added_to_it(self, added: dict[str, Any]) -> None:
        with pytest.raises(PresetLocked, match="card@3 is locked") as refused:
            read({"preset": "card", "priority": "batch"} | added, preset_of(SHORT, locked=True))

        assert refused.value.pointer == f"/{next(iter(added))}"

    def test_it_is_taken_as_it_is(self) -> None:
        preset = preset_of(SHORT | TWO_VARIANTS, locked=True)

        for form in ({}, {"version": 1}):
            assert read({"preset": "card"} | form, preset).pipeline == preset.pipeline

    def test_a_member_that_nobody_knows_is_told_of_first(self) -> None:
        with pytest.raises(UnknownMember):
            read({"preset": "card", "resiz": "1x1"}, preset_of(SHORT, locked=True))


def test_an_empty_preset_is_the_picture_as_it_came() -> None:
    assert preset_of({}).pipeline == Pipeline(sampling=USUAL_SAMPLING)
