"""Names and versions of presets."""

import attrs
import pytest

from domain.errors import InvalidParameter
from domain.images.operations import AutoOrient, Resize, Rotate
from domain.images.output import Output
from domain.images.pipeline import Pipeline, Variant
from domain.images.preset import Preset, PresetReference, checked_preset_name
from tests.builders import a_preset, a_user


class TestNames:
    @pytest.mark.parametrize("name", ["a", "card", "card-2_x", "7", "x" * 40, "main"])
    def test_may_be(self, name: str) -> None:
        assert checked_preset_name(name) == name
        assert a_preset(name=name).name == name

    @pytest.mark.parametrize(
        "name", ["", "Card", "-a", "_a", "a b", "a@1", "a/b", "x" * 41, "kärtchen", "a\n", "a.b"]
    )
    def test_may_not_be(self, name: str) -> None:
        with pytest.raises(InvalidParameter) as refused:
            checked_preset_name(name)
        assert refused.value.pointer == "/name"
        with pytest.raises(InvalidParameter):
            a_preset(name=name)


class TestReferences:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("card", PresetReference("card")),
            ("card@1", PresetReference("card", 1)),
            ("a-b_c@999999999", PresetReference("a-b_c", 999_999_999)),
        ],
    )
    def test_are_read_and_written(self, text: str, meant: PresetReference) -> None:
        assert PresetReference.parse(text) == meant
        assert str(meant) == text

    @pytest.mark.parametrize(
        "text",
        ["", "@1", "card@", "card@0", "card@01", "card@-1", "card@1.0", "card@1@2", "Card@1",
         "card@1000000000", "card@١", "card @1", "card@1\n", 7, None, ["card"], {"name": "card"}],
    )  # fmt: skip
    def test_of_other_forms_are_refused(self, text: object) -> None:
        with pytest.raises(InvalidParameter, match="such as"):
            PresetReference.parse(text)


class TestVersions:
    @pytest.mark.parametrize("version", [0, -1, 1_000_000_000])
    def test_count_from_one(self, version: int) -> None:
        with pytest.raises(InvalidParameter):
            a_preset(version=version)

    def test_a_tag_tells_versions_and_owners_apart(self) -> None:
        user = a_user()
        presets = [a_preset(user), a_preset(user, version=2), a_preset(None), a_preset(name="c")]

        assert len({preset.tag for preset in presets}) == 4
        assert (presets[1].tag, presets[2].tag) == ("card@2", "card@1+shared")
        assert [preset.origin.is_shared for preset in presets] == [False, False, True, True]

    def test_a_pipeline_that_means_the_same_says_nothing_new(self) -> None:
        thumb, poster = Variant("thumb"), Variant("poster")
        preset = a_preset(pipeline=Pipeline((AutoOrient(), Resize(8, 6)), variants=(thumb, poster)))
        idle = Pipeline((AutoOrient(), Resize(8, 6), Rotate(360)), variants=(poster, thumb))

        assert preset.means(idle, locked=False)
        assert not preset.means(idle, locked=True)
        assert not preset.means(attrs.evolve(idle, output=Output(progressive=True)), locked=False)

    def test_what_cannot_be_read_means_nothing(self) -> None:
        preset: Preset = a_preset(pipeline=None)

        assert not preset.means(Pipeline(), locked=False)
