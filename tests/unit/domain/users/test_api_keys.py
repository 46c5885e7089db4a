"""API keys: what they are called, what they open, and for how long."""

from datetime import timedelta

import pytest

from domain.errors import InvalidParameter
from domain.users.api_key import (
    checked_key_name,
    checked_lifetime,
    checked_presets,
    checked_scopes,
)
from domain.users.roles import PERMISSIONS, Permission, Role
from domain.users.scopes import SCOPES, Scope, scopes_permit
from tests.builders import NEXT_YEAR, NOON, an_api_key


class TestScopes:
    def test_each_has_its_row(self):
        assert set(SCOPES) == set(Scope)

    def test_none_carries_what_only_admins_may_nor_the_account_itself(self):
        everything = frozenset(Scope)

        for permission in frozenset(Permission) - PERMISSIONS[Role.USER]:
            assert not scopes_permit(everything, permission)
        assert not scopes_permit(everything, Permission.MANAGE_ACCOUNT)

    def test_pictures_are_processed_by_one_alone(self):
        for scope in Scope:
            may = scopes_permit(frozenset({scope}), Permission.PROCESS_IMAGES)
            assert may == (scope is Scope.IMAGES_WRITE)

    def test_a_key_opens_something(self):
        assert checked_scopes([Scope.IMAGES_READ] * 2) == {Scope.IMAGES_READ}
        with pytest.raises(InvalidParameter, match="images:read") as refused:
            checked_scopes([])

        assert refused.value.pointer == "/scopes"


class TestName:
    @pytest.mark.parametrize("name", ["x", "nightly import", "Ünal's CI", "x" * 64])
    def test_may_be(self, name):
        assert checked_key_name(name) == name

    @pytest.mark.parametrize("name", ["", " ", " x", "x" * 65, "a\0b", "a\r\nb", "a\x1b[31m"])
    def test_may_not_be(self, name):
        with pytest.raises(InvalidParameter) as refused:
            checked_key_name(name)

        assert refused.value.pointer == "/name"


class TestPresets:
    @pytest.mark.parametrize("name", ["card", "card@3", "c", "hero-2x", "a_c", "x" * 40 + "@1"])
    def test_may_be(self, name):
        assert checked_presets([name, name]) == {name}

    def test_may_be_left_open(self):
        assert checked_presets(None) is None

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "@",
            "card@",
            "card@0",
            "card@03",
            "card@x",
            "a b",
            "card\n",
            "../x",
            "Card",
            "x" * 41,
            "ä",
        ],
    )
    def test_may_not_be(self, name):
        with pytest.raises(InvalidParameter) as refused:
            checked_presets(["card", name])

        assert refused.value.pointer == "/presets/1"

    @pytest.mark.parametrize("names", [[], [f"p{n}" for n in range(21)]])
    def test_are_some_and_not_many(self, names):
        with pytest.raises(InvalidParameter) as refused:
            checked_presets(names)

        assert refused.value.pointer == "/presets"


class TestLifetime:
    def test_is_a_year_at_most_or_for_ever(self):
        assert checked_lifetime(1) == timedelta(days=1)
        assert checked_lifetime(366) == timedelta(days=366)
        assert checked_lifetime(None) is None

    @pytest.mark.parametrize("days", [0, -1, 367, 10**30])
    def test_is_no_longer_and_no_shorter(self, days):
        with pytest.raises(InvalidParameter) as refused:
            checked_lifetime(days)

        assert refused.value.pointer == "/expiresInDays"

    def test_ends_by_itself_or_by_its_owner(self):
        key = an_api_key()

        assert key.is_live(NEXT_YEAR - timedelta(microseconds=1))
        assert not key.is_live(NEXT_YEAR)
        assert not an_api_key(revoked_at=NOON).is_live(NOON)
        assert an_api_key(expires_at=None).is_live(NEXT_YEAR.replace(year=2999))


def test_what_a_secret_is_known_by_is_not_shown_by_accident():
    assert an_api_key().secret_sha256 not in repr(an_api_key())
