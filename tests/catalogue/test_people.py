"""Rows 62 and 63: addresses, names and passwords that nobody may have, and some that they may."""

from collections.abc import Iterator

import pytest

from domain.users.impostors import RESERVED_NAMES
from tests.catalogue.installation import Installation, Person, refusal

PASSWORD = "password123"
BAD_EMAILS = (
    "", " ", "ada", "@example.com", "ada@", "ada@example", "ada@@example.com", "ada@.com", "ada@example..com",
    "ada..b@example.com", "ada@-example.com", "ada@example-.com", "ada@example.com.", "ada@example.c_m",
    "ada@exam ple.com", "ada b@example.com", " ada@example.com", "ada@example.com ", "ada@example.com\n",
    "ada@example.com\r\nBcc: eve@example.com", "ada\r\nBcc: eve@example.com", "ada\n@example.com",
    "ada@example.com\r\n\r\nhello", "ada@example.com\tx", "ada@example.com%0d%0aBcc:eve@example.com ",
    "ada@example.com,eve@example.com", "ada@example.com;eve@example.com", "<ada@example.com>",
    "Ada <ada@example.com>", '"ada"@example.com', '"a b"@example.com', "ada(comment)@example.com",
    "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@localhost", "ada@exämple.com", "ädä@example.com",
    "ada@пример.рф", "ada@例え.jp", "ada@example。com", "аdа@example.com", "ada@ｅxample.com", "ada\u200b@example.com",
    "ada@example.com\u202e", "ada@ex\u00adample.com", "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com",
    "a" * 288 + "@example.com", "a@" + "b." * 150 + "com", "a@" + ("b" * 60 + ".") * 4 + "bb.com.example",
    "ada\u2028@example.com", "ada@example.com\u0085", "ada\x1b[31m@example.com", "mailto:ada@example.com",
    "ada@example.com?subject=x", "ada\\@example.com", "ada@example.com/", "../ada@example.com\u0001",
)  # fmt: skip
GOOD_EMAILS = (
    "a@b.co", "ada+tag@example.com", "ada.lovelace@mail.example.com", "ADA@EXAMPLE.COM", "o'neil@example.com",
    "a@xn--exmple-cua.com", "a" * 64 + "@example.com", "x@" + ("b" * 60 + ".") * 3 + "example", "1@2.example",
)  # fmt: skip
IMPOSTORS = (
    *RESERVED_NAMES, "Admin", "ADMIN", "AdMiN", "ad.min", "ad-min", "a d m i n", "admin.", "_admin_", "4dm1n",
    "adm1n", "@dmin", "admіn", "аdmin", "аdmіn", "аԁmіn", "αdmin", "ádmin", "àdmïn", "ａｄｍｉｎ", "𝐚𝐝𝐦𝐢𝐧",
    "𝕒𝕕𝕞𝕚𝕟", "ⓐⓓⓜⓘⓝ", "ᴀᴅᴍɪɴ", "ᵃᵈᵐⁱⁿ", "adrnin", "admın", "ɑdmin", "Ꭺdmin", "Αdmin", "r00t", "rооt", "гооt",
    "ѕafelight", "safe1ight", "$upport", "supp0rt", "syѕtem", "Safelight Support"[:9], "user1а", "раypal", "Аda",
    "Gοοgle", "Ada Lоvelace",
    # Letters that print as nothing, and what only changes how the one before it is drawn.
    "admin\u3164", "adm\u1160in", "\u115fada", "ada\uffa0", "ada\u2800", "ada\ufe0f", "ada\u034f",
)  # fmt: skip
PEOPLE = (
    "Ada Lovelace", "Админ Иванов", "Ωμέγα", "山田太郎", "Yamada 太郎", "عائشة", "Ünal", "o'neil", "Admiral", "Rooter",
    "Anna-Lena 2", "x", "김철수", "Supportive", "日本 Tokyo", "葛\U000e0100城", "Ada ❤\ufe0f",
)  # fmt: skip


@pytest.fixture(scope="module")
def eve(api: Installation) -> Iterator[Person]:
    yield api.sign_up("eve")


@pytest.mark.parametrize("email", BAD_EMAILS, ids=lambda text: ascii(text)[:40])
def test_62_what_is_no_address_is_refused(api: Installation, eve: Person, email: str) -> None:
    newcomer = {"username": "somebody", "email": email, "password": PASSWORD}
    for method, path, body, who in (
        ("POST", "/api/auth/register", newcomer, None),
        ("PUT", "/api/users/profile", {"email": email}, eve),
        ("POST", "/api/auth/password/forgot", {"email": email}, None),
    ):
        answer = api.send_json(method, path, body, who)

        assert refusal(answer) == (422, "invalid-parameter"), path
        assert answer.json["pointer"] == "/email"


@pytest.mark.parametrize("email", GOOD_EMAILS)
def test_62_an_address_that_may_be_is_taken(api: Installation, email: str) -> None:
    answer = api.send_json("POST", "/api/auth/password/forgot", {"email": email})

    assert answer.status_code == 202


@pytest.mark.parametrize("name", IMPOSTORS, ids=ascii)
def test_62_nobody_passes_for_somebody_else(api: Installation, eve: Person, name: str) -> None:
    newcomer = {"username": name, "email": "somebody@example.com", "password": PASSWORD}
    for method, path, body, who in (
        ("POST", "/api/auth/register", newcomer, None),
        ("PUT", "/api/users/profile", {"username": name}, eve),
    ):
        answer = api.send_json(method, path, body, who)

        assert refusal(answer) == (422, "invalid-parameter"), path
        assert answer.json["pointer"] == "/username"


@pytest.mark.parametrize("name", PEOPLE)
def test_62_people_have_names_of_every_alphabet(api: Installation, eve: Person, name: str) -> None:
    answer = api.send_json("PUT", "/api/users/profile", {"username": name}, eve)

    assert answer.status_code == 200
    assert api.send("GET", "/api/users/profile", eve).json["username"] == name


def test_62_an_operator_may_call_an_administrator_so(api: Installation) -> None:
    """And they may keep the name when they change their address."""
    root = api.make_admin("root")

    answer = api.send_json(
        "PUT", "/api/users/profile", {"username": "root", "email": "root2@example.com"}, root
    )

    assert answer.status_code == 200


PASSWORDS = {
    "7 characters": ("a" * 7, (422, "invalid-parameter")),
    "8 characters": ("abcdefgh", None),
    "64 characters": ("long password " * 4 + "12345678", None),
    "128 characters": ("long password " * 8 + "1234567890123456", None),
    "129 characters": ("a" * 129, (422, "invalid-parameter")),
    "10,000 characters": ("a" * 10_000, (422, "invalid-parameter")),
    # Longer than any body of JSON is; it is refused before it is read.
    "1,000,000 characters": ("a" * 1_000_000, (413, "content-too-large")),
    "128 emoji": ("😀" * 128, None),
    "7 emoji of several characters": ("😀" * 7, (422, "invalid-parameter")),
    "spaces alone": (" " * 12, None),
    "NUL": ("password\x00 123", (400, "malformed-json")),
    "control characters": ("pass\x01\x1b\x7fword", None),
    "two forms of one letter": ("pa\u0308sswo\u0308rd", None),
    "the example of the system design": ("password123", None),
}


@pytest.mark.parametrize("name", PASSWORDS)
def test_63_passwords(api: Installation, name: str) -> None:
    password, expected = PASSWORDS[name]
    email = f"p{len(password)}-{list(PASSWORDS).index(name)}@example.com"
    body = {"username": email, "email": email, "password": password}

    answer = api.send_json("POST", "/api/auth/register", body)

    if expected is not None:
        assert refusal(answer) == expected
        assert expected[0] != 422 or answer.json["pointer"] == "/password"
        return
    assert answer.status_code == 201
    pair = {"email": email, "password": password}
    assert api.send_json("POST", "/api/auth/login", pair).status_code == 200
    for other in (password[:-1], f"{password}x", password.swapcase() + "!"):
        wrong = api.send_json("POST", "/api/auth/login", pair | {"password": other})
        assert refusal(wrong) == (401, "wrong-credentials")


@pytest.mark.parametrize("name", [name for name, (_, refused) in PASSWORDS.items() if refused])
def test_63_a_new_password_is_judged_likewise(api: Installation, eve: Person, name: str) -> None:
    password, expected = PASSWORDS[name]
    for path, body in (
        ("/api/auth/password/change", {"currentPassword": PASSWORD, "newPassword": password}),
        ("/api/auth/password/reset", {"token": "st_x", "newPassword": password}),
    ):
        answer = api.send_json("POST", path, body, eve)

        assert refusal(answer) == expected
        assert expected[0] != 422 or answer.json["pointer"] == "/newPassword"


def test_63_what_everybody_knows_is_refused_where_passwords_are_screened() -> None:
    with Installation(SAFELIGHT_ACCOUNTS_SCREEN_PASSWORDS="true") as screened:
        for password in ("password123", "Password123", "12345678", "qwertyuiop", "iloveyou"):
            body = {"username": "ada", "email": "ada@example.com", "password": password}
            answer = screened.send_json("POST", "/api/auth/register", body)
            if password in ("password123", "12345678"):
                assert refusal(answer) == (422, "password-compromised")
                assert answer.json["pointer"] == "/password"
            else:
                assert answer.status_code == 201 or refusal(answer)[0] in (409, 422)
        ada = screened.sign_up("grace", "a rather long sentence")
        change = {"currentPassword": "a rather long sentence", "newPassword": "password123"}
        answer = screened.send_json("POST", "/api/auth/password/change", change, ada)

        assert refusal(answer) == (422, "password-compromised")


def test_63_it_is_accepted_where_they_are_not(api: Installation) -> None:
    body = {"username": "mission", "email": "mission@example.com", "password": "password123"}

    assert api.send_json("POST", "/api/auth/register", body).status_code == 201
