"""
Strings that programs stumble over, made by rules, a class at a time.

Row 57 of the catalogue of bad inputs. Every string is text that JSON can carry; what it cannot,
half a character for one, is row 55's business.
"""

import sys
import unicodedata
from collections.abc import Iterator
from itertools import product

ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u061c\u115f\u3164\uffa0"
BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
SPACES = "".join(
    chr(code)
    for code in range(sys.maxunicode)
    if unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp")
)
LENGTHS = (1, 2, 7, 8, 40, 41, 63, 64, 65, 99, 100, 101, 120, 121, 128, 129, 254, 255, 256, 500,
           501, 1_024, 2_000, 2_001, 4_096, 8_191, 20_000)  # fmt: skip


def naughty_strings() -> dict[str, tuple[str, ...]]:
    """Return the strings by class; none comes twice."""
    seen: set[str] = set()
    found: dict[str, tuple[str, ...]] = {}
    for name, make in _CLASSES.items():
        fresh = [text for text in dict.fromkeys(make()) if text not in seen]
        seen.update(fresh)
        found[name] = tuple(fresh)
    return found


def all_of_them() -> list[str]:
    """Return every string, those of a class beside each other."""
    return [text for strings in naughty_strings().values() for text in strings]


def _empty_and_blank() -> Iterator[str]:
    yield ""
    for space in SPACES:
        yield space
        yield f"a{space}b"
    yield from (" a", "a ", "  a  b  ", "\ta", "a\n", "\r\n", "a\r\nb", "\v\f", " \u200b ")


def _control_characters() -> Iterator[str]:
    for code in (*range(0x01, 0x20), *range(0x7F, 0xA0)):
        yield f"a{chr(code)}b"
    yield from (
        "\x1b[31mred\x1b[0m",
        "\x1b]0;title\x07",
        "\x08\x08\x08",
        "\x04",
        "a\x1ab",
        "\x1b[2J",
    )


def _right_to_left() -> Iterator[str]:
    yield from ("שלום", "مرحبا بالعالم", "abc שלום 123", "١٢٣ abc", "ﷺ", "של\u200fום", "(שלום)")
    for sign in BIDI:
        yield f"invoice{sign}gpj.exe"
        yield sign + "admin"


def _unseen() -> Iterator[str]:
    for sign in ZERO_WIDTH:
        yield sign
        yield f"ad{sign}min"
    yield ZERO_WIDTH * 4
    for code in (0xFE00, 0xFE0F, 0xE0020, 0xE0041, 0xE007F, 0xE0100):
        yield f"a{chr(code)}b"


def _combining() -> Iterator[str]:
    for mark, count in product("\u0300\u0301\u0323\u0338\u20dd\u0489", (1, 2, 40)):
        yield "e" + mark * count
    yield "\u0301"
    yield "".join(letter + "\u0335\u0327\u0489\u030d" * 5 for letter in "he comes")
    for composed in "éüñåÅçãệṩ":
        yield composed
        yield unicodedata.normalize("NFD", composed)
    yield from (
        "각",
        unicodedata.normalize("NFD", "각"),
        "\u1100\u1161\u11a8",
        "s\u0323\u0307",
        "s\u0307\u0323",
    )


def _normalized_otherwise() -> Iterator[str]:
    yield from (
        "ﬁ", "ﬃ", "Ⅷ", "①②⑦", "ａｄｍｉｎ", "ＡＤＭＩＮ", "ℌ", "K", "Å", "µ", "ſ", "ß", "ẞ", "İ", "ı", "ŉ", "ǆ",
        "²³", "½", "㎏", "㍿", "ᵃᵈᵐⁱⁿ", "𝐚𝐝𝐦𝐢𝐧", "𝕒𝕕𝕞𝕚𝕟", "ⓐⓓⓜⓘⓝ", "ﷺ" * 18, "Ω", "・", "～", "…", "‥",
        "℀", "⁄", "：", "／", "＼", "＜script＞", "＇", "＂", "﹤", "。", "豈", "か\u3099", "が",
    )  # fmt: skip


def _letters_that_look_alike() -> Iterator[str]:
    yield from (
        "аdmin", "аԁmіn", "αdmin", "admіn", "аdmіn", "ádmin", "rооt", "ѕafelight", "pаypаl", "ɑdmin",
        "Ꭺdmin", "ᴀᴅᴍɪɴ", "adrnin", "0wner", "l1I|", "гооt", "Αdmin", "admin\u0131", "ʟogin",
    )  # fmt: skip


def _emoji() -> Iterator[str]:
    people, tones = "👍👋🤷👩🧑", "🏻🏼🏽🏾🏿"
    for person, tone in product(people, tones):
        yield person + tone
    yield from (
        "😀", "👩‍👩‍👧‍👦", "👨🏽‍🚀", "🏳️‍🌈", "🏴‍☠️", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "🇩🇪", "🇩🇪🇫", "🇩", "1️⃣", "#️⃣", "☺︎", "☺️", "❤️‍🔥", "🫠", "👁️‍🗨️", "🏽", "\u200d", "😀" * 100, "💩",
        "🤦🏼‍♂️", "👨‍❤️‍💋‍👨", "🧑🏿‍🤝‍🧑🏻",
    )  # fmt: skip


def _every_plane() -> Iterator[str]:
    for plane in range(1, 17):
        yield chr(plane * 0x10000 + 0x123)
        yield chr(plane * 0x10000 + 0xFFFF)
    yield from ("\uffff", "\ufffe", "\ufdd0", "\ufffd", "\ufffc", "\ue000", "\uf8ff", "\U0010fffd")
    yield from ("𠜎𠜱𠝹𠱓", "𐐀𐐨", "𓀀𓁀", "𝄞", "𝒳", "🀄", "🂡", "\u0378", "\U000e0001")


def _many_scripts() -> Iterator[str]:
    starts = (
        0x0391, 0x0410, 0x0531, 0x05D0, 0x0627, 0x0710, 0x0780, 0x07CA, 0x0800, 0x0840, 0x0905, 0x0985,
        0x0A05, 0x0A85, 0x0B05, 0x0B85, 0x0C05, 0x0C85, 0x0D05, 0x0D85, 0x0E01, 0x0E81, 0x0F40, 0x1000,
        0x10D0, 0x1100, 0x1200, 0x13A0, 0x1401, 0x1681, 0x16A0, 0x1700, 0x1780, 0x1820, 0x1900, 0x1950,
        0x1A00, 0x1A20, 0x1B05, 0x1C00, 0x2C00, 0x2D30, 0x3041, 0x30A1, 0x3105, 0x3131, 0x4E00, 0xA000,
        0xA4D0, 0xA500, 0xA840, 0xAC00, 0xFB13, 0x10000, 0x10280, 0x10300, 0x10330, 0x10380, 0x10450,
        0x12000, 0x13000, 0x1D400,
    )  # fmt: skip
    for start in starts:
        yield "".join(map(chr, range(start, start + 5)))


def _case() -> Iterator[str]:
    yield from (
        "ADMIN",
        "Straße",
        "STRASSE",
        "ΣΊΣΥΦΟΣ",
        "σίσυφος",
        "İstanbul",
        "ıstanbul",
        "ŉ",
        "ǰ",
        "ΐ",
        "ﬆ",
    )


def _sql() -> Iterator[str]:
    for quote, rest in product(
        ("'", '"', "`", "')", "\\'", "';"),
        (" OR 1=1 --", " UNION SELECT password_hash FROM users --", "; DROP TABLE users; --",
         " AND pg_sleep(9) --", " || 'x", "/*"),
    ):  # fmt: skip
        yield quote + rest
    yield from (
        "%", "_", "%%", "a%b", "a_b", "\\", "\\%", "\\_", "\\\\", "\\0", "\\x00", "E'\\\\000'", "$$", "$1",
        "$tag$x$tag$", "?", ":name", "@name", "%s", "%(name)s", "%d", "#", "--", "/* x */", "[a-z]", "*",
        "NULL", "null", "DEFAULT", "x' COLLATE NOCASE --", "1; ATTACH DATABASE 'x' AS y", "{}", "{1,2}",
        "\\N", "\\.", "1::int", "'{\"a\":1}'::jsonb", "a'b''c", "U&'\\0041'",
    )  # fmt: skip


def _markup() -> Iterator[str]:
    for tag, deed in product(
        ("img src=x", "svg", "body", "iframe src=//x", "input autofocus"),
        ("onerror=alert(1)", "onload=alert(1)", "onfocus=alert(1)"),
    ):
        yield f"<{tag} {deed}>"
    yield from (
        "<script>alert(1)</script>", "</title><script>alert(1)</script>", "<!--", "-->", "]]>", "<![CDATA[",
        "&lt;script&gt;", "&#60;script&#62;", "&amp;amp;", "&", "<", ">", '">', "'>", "javascript:alert(1)",
        "<a href='javascript:x'>", "<b>bold</b>", "<span size='99999'>", "<?php echo 1 ?>", "<?xml?>",
        '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>', "&y;", "<%= 7*7 %>", "{{7*7}}", "${7*7}",
        "#{7*7}", "*{7*7}", "{% debug %}", "[[7*7]]", "<x:include/>", "data:text/html,<b>x</b>",
    )  # fmt: skip


def _shells() -> Iterator[str]:
    for before, command in product((";", "|", "&&", "||", "\n", "&"), ("id", "cat /etc/passwd")):
        yield f"x{before} {command}"
    yield from (
        "$(id)", "`id`", "${IFS}", "$HOME", "~", "~root", "-rf", "--help", "--", "-", ">x", "<x", "2>&1", "*",
        "?", "[!a]", "{a,b}", "!", "!!", "\\n", "'", '"', "%PATH%", "^", "x\\", "() { :; }; id", "@file",
    )  # fmt: skip


def _formats() -> Iterator[str]:
    yield from (
        "%n%n%n", "%s%s%s%s", "%x%x", "%p", "%99999999d", "%.1000000f", "%(", "%", "%c", "{0}", "{}", "{x}",
        "{0.__class__}", "{self}", "{!r}", "{:>999999}", "{", "}", "{{", "${user.username}", "${image.id}",
        "$${", "${", "${x}", "${jndi:ldap://x}", "$x", "\\u0041", "\\x41", "\\101", "%u0041", "%41", "&#x41;",
    )  # fmt: skip


def _paths() -> Iterator[str]:
    for up, target in product(
        ("../", "..\\", "..%2f", "....//", "%2e%2e/"), ("etc/passwd", "a.png")
    ):
        yield up * 3 + target
    yield from (
        ".", "..", "/", "\\", "//", "/etc/passwd", "C:\\x", "\\\\host\\x", "file:///etc/passwd", "a/b", "a\\b",
        "CON", "NUL", "con.png", "LPT1", "aux.h", "COM¹", ".htaccess", ".git/config", "a.png ", "a.png.",
        "a.png::$DATA", "a.php.png", "a.png;.php", "a%00.png", "a.png%20", "~a", "a:b", "a?b", "a*b", "a|b",
        "logo.png", "logo.PNG", "a.ttf", "thumbs.db", "-.png", " .png",
    )  # fmt: skip


def _words_with_a_meaning() -> Iterator[str]:
    yield from (
        "admin", "root", "administrator", "system", "support", "undefined", "true", "false", "True", "None",
        "nil", "NaN", "Infinity", "-Infinity", "inf", "constructor", "prototype", "__proto__", "toString",
        "hasOwnProperty", "__class__", "self", "this", "me", "null\u200b", "yes", "no", "on", "off", "void",
        "main", "same", "auto", "api", "files", "new", "index", "default", "anonymous", "guest", "nobody",
        "everybody", "shared", "own", "latest", "card@1", "card@0", "card@", "@1",
    )  # fmt: skip


def _numbers() -> Iterator[str]:
    yield from (
        "0", "-0", "1", "-1", "00", "01", "1.0", "1.", ".1", "1e5", "1e309", "-1e309", "1e-400", "0x10", "0b1",
        "0o7", "1_000", "1,000", "1.000,5", "1 000", "+1", "--1", "1/0", "0/0", "2147483647", "2147483648",
        "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616",
        "9" * 100, "0." + "9" * 50, "٣", "１２", "Ⅷ", "½", "²", "१२३", "$1", "1%", "1e", "١٢٣", "0.1+0.2",
        "1;2", "1,2", "1-2", "(1)", "1n", "1f", "08", "1:00",
    )  # fmt: skip


def _dates() -> Iterator[str]:
    yield from (
        "2026-02-30", "0000-00-00", "9999-12-31T23:59:59Z", "10000-01-01", "2026-11-28T25:00:00Z", "now()",
        "2026-06-30T23:59:60Z", "1970-01-01T00:00:00+99:99", "-0001-01-01", "2026-W53-7", "T", "infinity",
    )  # fmt: skip


def _headers_and_letters() -> Iterator[str]:
    yield from (
        "x\r\nBcc: eve@example.com", "x\nSet-Cookie: a=b", "x\r\n\r\n<b>", "%0d%0aX: y", "x\rX: y",
        "x\u2028y", "x\u0085y", "Ada <ada@example.com>", "ada@example.com,eve@example.com", "a@b",
        '"a b"@example.com', "a@[127.0.0.1]", "a@example.com.", "ä@example.com", "a@exämple.com",
        "a@xn--exmple-cua.com", "a..b@example.com", "@example.com", "a@", "a@@example.com", "=?utf-8?q?x?=",
        "a+b@example.com", "A@EXAMPLE.COM", "a@localhost", "a@example.com\n", "mailto:a@example.com",
    )  # fmt: skip


def _addresses() -> Iterator[str]:
    yield from (
        "http://127.0.0.1/", "https://example.com/", "https://user:pw@example.com/", "https://exämple.com/",
        "ftp://example.com/", "gopher://x/", "file:///etc/passwd", "//example.com", "https://", "https://[::1]/",
        "https://①②⑦.0.0.1/", "https://example.com:99999/", "https://example.com:22/", "https://a b/",
        "https://example.com/%00", "https://example.com\\@evil.example/", "HTTPS://EXAMPLE.COM/X", "dns://x",
        "https://example.com/#x", "https://example.com/?a=1&b=2", "https://2130706433/", "https://0x7f.1/",
    )  # fmt: skip


def _notations() -> Iterator[str]:
    yield from (
        '{"a":1}', "[1]", '"', "''", "\"'\"'", "a,b;c\td", "=1+1", "=cmd|'/c calc'!A0", "+1", "@SUM(1)", "---",
        "- a\n- b", "!!python/object:x", "*a", "&a", "<a/>", "(uid=*)", "*)(uid=*))(|(uid=*", "' or '1'='1",
        "//*", "count(/x)", "a: b", "^(a+)+$", "(a|a)*b", "[", "(?<x>", "\\Q", "%E0%A4%A", "%", "a=b&c=d",
        "O:8:\"stdClass\":0:{}", "rO0ABXNy", "cos\nsystem\n", "0;url=x", "a\u0000b".replace("\0", "\\0"),
        "“curly”", "‘x’", "«x»", "„x“", "–", "—", "′", "₿", "€", "™", "Ω≈ç√∫˜µ≤≥÷", "¡™£¢∞§¶•ªº–≠", "田中さん",
        "ヽ༼ຈل͜ຈ༽ﾉ", "(╯°□°）╯︵ ┻━┻", "˙ɐnbᴉlɐ", "Ṱ̺̺̕o͞ ̷i̲̬", "．．／",
    )  # fmt: skip


def _lengths() -> Iterator[str]:
    for length, letter in product(LENGTHS, "aé"):
        yield letter * length
    for length in (64, 65, 120, 255):
        yield "😀" * length


_CLASSES = {
    "empty and blank": _empty_and_blank,
    "control characters": _control_characters,
    "right to left": _right_to_left,
    "unseen": _unseen,
    "combining": _combining,
    "normalized otherwise": _normalized_otherwise,
    "letters that look alike": _letters_that_look_alike,
    "emoji": _emoji,
    "every plane": _every_plane,
    "many scripts": _many_scripts,
    "case": _case,
    "SQL": _sql,
    "markup": _markup,
    "shells": _shells,
    "formats": _formats,
    "paths": _paths,
    "words with a meaning": _words_with_a_meaning,
    "numbers": _numbers,
    "dates": _dates,
    "headers and letters": _headers_and_letters,
    "addresses": _addresses,
    "notations": _notations,
    "lengths": _lengths,
}
