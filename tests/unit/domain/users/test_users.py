"""Names, addresses and passwords; roles and sessions."""

from datetime import timedelta

import pytest

from domain.errors import InvalidParameter
from domain.users.roles import Permission, Role, permits
from domain.users.user import checked_email, checked_password, checked_username
from tests.builders import NEXT_YEAR, NOON, a_session, a_user


class TestUsername:
    @pytest.mark.parametrize(
        "name", ["a", "user1", "Ada Lovelace", "山田　太郎", "o'neil", "x" * 64, "Ünal", "عائشة"]
    )
    def test_may_be(self, name):
        assert checked_username(name) == name

    def test_is_normalised_so_that_equal_names_are_equal(self):
        assert checked_username("u\u0308nal") == "ünal"

    @pytest.mark.parametrize(
        "name",
        [
            "", " ", " ada", "ada ", "\u3000ada", "x" * 65, "a\0b", "a\r\nBcc: b@example.com",
            "a\x1b[31m", "a\u202eb", "a\u200bb", "a\u2028b", "a\u2029b", "a\ud800b", "a\x7fb",
        ],
    )  # fmt: skip
    def test_may_not_be(self, name):
        with pytest.raises(InvalidParameter) as refused:
            checked_username(name)

        assert refused.value.pointer == "/username"


class TestEmail:
    @pytest.mark.parametrize(
        "address",
        [
            "user1@example.com",
            "first.last+tag@sub.example.co.uk",
            "o'neil@example.com",
            "a@xn--bcher-kva.example",
            "x" * 64 + "@example.com",
        ],
    )
    def test_may_be(self, address):
        assert checked_email(address) == address

    @pytest.mark.parametrize(
        "address",
        [
            "", "ada", "ada@", "@example.com", "ada@localhost", "ada@example", "a@[127.0.0.1]",
            "a@127.0.0.1", "a@b@example.com", "a b@example.com", "ada@example.com\r\nBcc: b@x.yz",
            "ada@example.com\n", "ada@exam\0ple.com", "a..b@example.com", "a@example..com",
            "a@-example.com", "a@example-.com", "ada@bücher.example", "ädä@example.com",
            '"a b"@example.com', "Ada <ada@example.com>", "x" * 65 + "@example.com",
            "a@" + "x" * 64 + ".com", "a@" + "x." * 126 + "com", "a,b@example.com", "a@example.c;m",
        ],
    )  # fmt: skip
    def test_may_not_be(self, address):
        with pytest.raises(InvalidParameter) as refused:
            checked_email(address)

        assert refused.value.pointer == "/email"

    def test_is_judged_quickly_however_long_it_is(self):
        with pytest.raises(InvalidParameter):
            checked_email("a" * 1_000_000 + "@")


class TestPassword:
    @pytest.mark.parametrize(
        "password", ["password123", "x" * 8, "x" * 64, "x" * 128, "пароль из слов", " eight sp "]
    )
    def test_may_be(self, password):
        assert checked_password(password) == password

    @pytest.mark.parametrize("password", ["", "x" * 7, "x" * 129, "x" * 1_000_000, "eight\0chars"])
    def test_may_not_be(self, password):
        with pytest.raises(InvalidParameter) as refused:
            checked_password(password)

        assert refused.value.pointer == "/password"
        assert password[:5] not in refused.value.detail or not password

    def test_hashes_are_not_shown_by_accident(self):
        assert "argon2" not in repr(a_user())


class TestRoles:
    def test_users_process_images_and_see_their_own_profile_only(self):
        assert permits(frozenset({Role.USER}), Permission.PROCESS_IMAGES)
        assert not permits(frozenset({Role.USER}), Permission.READ_ANY_PROFILE)

    def test_administrators_may_everything(self):
        assert all(permits(frozenset({Role.ADMIN}), permission) for permission in Permission)

    def test_without_a_role_nothing_is_allowed(self):
        assert not any(permits(frozenset(), permission) for permission in Permission)


class TestSession:
    def test_lives_until_it_expires(self):
        session = a_session()

        assert session.is_live(NOON)
        assert session.is_live(NEXT_YEAR - timedelta(microseconds=1))
        assert not session.is_live(NEXT_YEAR)

    def test_once_ended_opens_no_door(self):
        assert not a_session(revoked_at=NOON).is_live(NOON)
