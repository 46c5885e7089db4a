"""
Texts that are no JSON, or none of the careful kind, made by rules; and some that have to be read.

Row 55 of the catalogue of bad inputs. Each rule breaks one thing in a document that is good, so
that a reader that forgives it is found out by name.
"""

import json
import string
from collections.abc import Callable, Iterator

from entrypoints.http.strict_json import MAX_BYTES, MAX_DEPTH, MAX_INTEGER_CHARACTERS

Texts = Iterator[tuple[str, bytes]]

_RICH = '{"a":[1,-2.5e3,true,null,"x\\u00e9\\n"],"b":{"c":"d"},"e":false}'
_RULES: list[Callable[[], Texts]] = []


def bad_json() -> dict[str, bytes]:
    """Return every text that has to be refused, by a name that tells which rule made it."""
    found: dict[str, bytes] = {}
    for rule in _RULES:
        kind = rule.__name__.strip("_").replace("_", " ")
        for name, text in rule():
            key = f"{kind}: {name}"
            assert key not in found, key
            found[key] = text
    return found


def good_json() -> dict[str, bytes]:
    """Return texts at the edge of what is refused, each of which has to be read."""
    return {
        "as deep as allowed": b'{"a":' + _nested("[", "]", MAX_DEPTH - 1) + b"}",
        "as deep as allowed, objects": _nested('{"a":', "}", MAX_DEPTH, inner="1"),
        "brackets in a text": json.dumps({"a": "[{" * 5_000}).encode(),
        "every escape": rb'{"a":"\"\\\/\b\f\n\r\t\u0001\u00e9\u20ac"}',
        "a pair of surrogates": rb'{"a":"\ud83d\ude00 \uD834\uDD1E"}',
        "an escaped backslash before u": rb'{"a":"\\u0000 \\ud800"}',
        "every space between": b' \t\r\n{ \t\r\n"a" \t\r\n: \t\r\n1 \t\r\n} \t\r\n',
        "the longest integer": b'{"a":' + b"9" * MAX_INTEGER_CHARACTERS + b"}",
        "numbers": b'{"a":[0,-0,0.0,-0.0,1e5,1E+5,1e-5,1.5e300,2.5E-300,1e-999]}',
        "raw text": '{"a":"\u007f\u0080\u2028\ufeff\uffff\U0001f600é"}'.encode(),
        "names that differ by case": b'{"a":1,"A":2,"":3," ":4}',
        "empty": b'{"a":[],"b":{},"c":""}',
        "as long as allowed": b'{"a":"' + b"x" * (MAX_BYTES - 8) + b'"}',
    }


def _rule(rule: Callable[[], Texts]) -> Callable[[], Texts]:
    _RULES.append(rule)
    return rule


@_rule
def _cut_off() -> Texts:
    for end in range(1, len(_RICH)):
        yield f"after {end}", _RICH[:end].encode()


@_rule
def _something_behind() -> Texts:
    for more in (
        "x", "1", ",", ":", "]", "}", "{}", "[]", '"a"', "null", "// said", "/* said */", "# said",
        ";", "'", "\\", "=", "\0", "\u00a0", "\ufeff", "\x0c", "\x1a",
    ):  # fmt: skip
        yield repr(more), (_RICH + more).encode()


@_rule
def _something_before() -> Texts:
    for more in (
        ",", ":", "]", "}", "x", "/* said */", "// said\n", "# said\n", ")]}',\n", "while(1);",
        "\u00a0", "\u3000", "\u2028", "\x0b", "\x0c", "\0", "\x1e", "callback(",
    ):  # fmt: skip
        yield repr(more), (more + _RICH).encode()


@_rule
def _an_escape_that_there_is_not() -> Texts:
    for sign in string.ascii_letters + string.digits + " '-+é\n\0":
        if sign not in "bfnrtu":
            yield repr(sign), f'{{"a":"\\{sign}"}}'.encode()


@_rule
def _half_an_escape() -> Texts:
    for rest in (
        "u", "u1", "u12", "u123", "u12g4", "u{41}", "u+041", "u 041", "u-041", "u0x41",
        "u００４１", "u٠٠٤١", "x41", "101", "N{DIGIT ONE}", "U00000041",
    ):  # fmt: skip
        yield repr(rest), f'{{"a":"\\{rest}"}}'.encode()


@_rule
def _a_bare_control_character() -> Texts:
    for code in range(0x20):
        yield f"in a text, {code:02x}", b'{"a":"x' + bytes([code]) + b'y"}'
    for code in (0x00, 0x08, 0x0B, 0x0C, 0x1F, 0x7F):
        yield f"between, {code:02x}", b'{"a":' + bytes([code]) + b"1}"


@_rule
def _no_number() -> Texts:
    for number in (
        "+1", "01", "-01", "00", "-00", "1.", "-1.", ".5", "-.5", "1e", "1E", "1e+", "1e-", "1.e1",
        "1..2", "1.2.3", "1e1.5", "1e1e1", "0x1F", "0X1f", "0b1", "0o7", "1_000", "--1", "-", "+",
        "- 1", "1 2", "1f", "1L", "1n", "0.5f", "½", "１", "٣", "²", "1,5e", "Infinity", "+Infinity",
        "-Infinity", "NaN", "-NaN", "nan", "inf", "INF", "1e999", "-1e999", "1e400", "$1", "1%",
        "9" * (MAX_INTEGER_CHARACTERS + 1), "-" + "9" * MAX_INTEGER_CHARACTERS, "9" * 5_000,
        "9" * 5_000 + "e1" * 2,
    ):  # fmt: skip
        yield f"{number[:24]} of {len(number)}", f'{{"a":{number}}}'.encode()


@_rule
def _no_word_of_json() -> Texts:
    for word in (
        "True", "False", "None", "TRUE", "NULL", "Null", "nil", "nul", "nulll", "tru", "truee",
        "fals", "undefined", "yes", "no", "on", "off", "nullnull", "truefalse", "void", "b'x'",
    ):  # fmt: skip
        yield word, f'{{"a":{word}}}'.encode()


@_rule
def _quoted_otherwise() -> Texts:
    for name, text in {
        "single": "{'a':'b'}",
        "single names": "{'a':1}",
        "single texts": "{\"a\":'b'}",
        "backticks": "{`a`:1}",
        "curly": "{“a”:1}",
        "angled": "{«a»:1}",
        "triple": '{"""a""":1}',
        "none": "{a:1}",
        "none around a text": '{"a":b}',
        "none around a dollar": "{$a:1}",
        "mixed": "{\"a':1}",
        "doubled": '{"a":""b""}',
        "by entities": "{&quot;a&quot;:1}",
        "escaped outside": '{\\"a\\":1}',
        "over two lines": '{"a":"b\\\nc"}',
        "one text after the other": '{"a":"b" "c"}',
        "added texts": '{"a":"b"+"c"}',
        "raw": '{"a":r"b"}',
    }.items():
        yield name, text.encode()


@_rule
def _divided_wrongly() -> Texts:
    for name, text in {
        "comma at the end of an object": '{"a":1,}',
        "comma at the end of an array": '{"a":[1,]}',
        "comma at the start of an object": '{,"a":1}',
        "comma at the start of an array": '{"a":[,1]}',
        "comma alone in an object": "{,}",
        "comma alone in an array": '{"a":[,]}',
        "two commas in an object": '{"a":1,,"b":2}',
        "two commas in an array": '{"a":[1,,2]}',
        "no comma in an object": '{"a":1 "b":2}',
        "no comma in an array": '{"a":[1 2]}',
        "no colon": '{"a" 1}',
        "two colons": '{"a"::1}',
        "comma for a colon": '{"a",1}',
        "colon for a comma": '{"a":1:"b":2}',
        "colon in an array": '{"a":[1:2]}',
        "equals sign": '{"a"=1}',
        "arrow": '{"a"=>1}',
        "semicolon": '{"a":1;"b":2}',
        "line break": '{"a":1\n"b":2}',
        "three dots": '{"a":1,...}',
    }.items():
        yield name, text.encode()


@_rule
def _built_wrongly() -> Texts:
    for name, text in {
        "closed by the other bracket": '{"a":[1}',
        "an object closed as an array": '{"a":1]',
        "crossed": '{"a":[{]}}',
        "closed twice": '{"a":1}}',
        "only closed": "}",
        "a name alone": '{"a"}',
        "a name and a colon": '{"a":}',
        "a colon and a value": "{:1}",
        "a number as a name": "{1:2}",
        "null as a name": "{null:1}",
        "true as a name": "{true:1}",
        "an array as a name": "{[]:1}",
        "an object as a name": "{{}:1}",
        "a value without a name": '{"a":1,2}',
        "round brackets": '("a")',
        "angled brackets": "<a>1</a>",
        "a comment inside": '{"a":/* b */1}',
        "a comment to the end of the line": '{"a":1//b\n}',
        "a comment with a hash": '{"a":1#b\n}',
        "a comment with a dash": '{"a":1<!-- b -->}',
        "lines of objects": '{"a":1}\n{"a":2}',
        "YAML": "a: 1\n",
        "a query": "a=1&b=2",
        "a spread": '{...{"a":1}}',
        "a function": '{"a":function(){}}',
        "a date": '{"a":new Date(0)}',
        "a tagged value": '{"a":!!int 1}',
        "a Python set": '{"a", "b"}',
    }.items():
        yield name, text.encode()


@_rule
def _a_name_twice() -> Texts:
    for name, text in {
        "side by side": '{"a":1,"a":2}',
        "of one value": '{"a":1,"a":1}',
        "three times": '{"a":1,"b":2,"a":3,"a":4}',
        "inside": '{"a":{"b":1,"b":2}}',
        "inside an array": '{"a":[{"b":1,"b":2}]}',
        "written otherwise": '{"a":1,"\\u0061":2}',
        "empty": '{"":1,"":2}',
        "by an emoji": '{"\\ud83d\\ude00":1,"😀":2}',
    }.items():
        yield name, text.encode()


@_rule
def _not_utf_8() -> Texts:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        yield encoding, _RICH.encode(encoding)
    for encoding in ("utf-8-sig", "latin-1", "cp1252", "cp037", "koi8-r"):
        text = '{"a":"ж"}' if encoding == "koi8-r" else '{"a":"é"}'
        yield encoding, text.encode(encoding)
    for name, data in {
        "overlong slash": b"\xc0\xaf",
        "overlong NUL": b"\xc0\x80",
        "overlong of three": b"\xe0\x80\xaf",
        "overlong of four": b"\xf0\x80\x80\xaf",
        "a surrogate": b"\xed\xa0\x80",
        "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
        "beyond the last plane": b"\xf4\x90\x80\x80",
        "five bytes": b"\xf8\x88\x80\x80\x80",
        "half a character": b"\xe2\x82",
        "a stray continuation": b"\x80",
        "fe": b"\xfe",
        "ff": b"\xff",
    }.items():
        yield name, b'{"a":"' + data + b'"}'
        yield f"{name} in a name", b'{"' + data + b'":1}'


@_rule
def _half_a_character() -> Texts:
    for name, text in {
        "the first half": r"\ud800",
        "the last of the first halves": r"\udbff",
        "the second half": r"\udc00",
        "the last of the second halves": r"\udfff",
        "in upper case": r"\uD83D",
        "the wrong way round": r"\ude00\ud83d",
        "two first halves": r"\ud83d\ud83d\ude00",
        "with something between": r"\ud83dx\ude00",
        "before an escape": r"\ud83d\n",
        "at the end": r"x\ud83d",
    }.items():
        yield name, f'{{"a":"{text}"}}'.encode()
        yield f"{name}, in a name", f'{{"{text}":1}}'.encode()


@_rule
def _nul() -> Texts:
    for name, text in {
        "alone": r'{"a":"\u0000"}',
        "in the middle": r'{"a":"x\u0000y"}',
        "in a name": r'{"a\u0000":1}',
        "inside": r'{"a":[{"b":["\u0000"]}]}',
    }.items():
        yield name, text.encode()


@_rule
def _too_deep() -> Texts:
    yield "arrays, one more than allowed", _nested("[", "]", MAX_DEPTH + 1)
    yield "objects, one more than allowed", _nested('{"a":', "}", MAX_DEPTH + 1, inner="1")
    yield "both by turns", _nested('{"a":[', "]}", MAX_DEPTH, inner="1")
    yield "thousands", _nested("[", "]", 20_000)
    yield "thousands of objects", _nested('{"":', "}", 10_000, inner="1")
    yield "never closed", b"[" * 60_000
    yield "never closed objects", b'{"a":' * 10_000


@_rule
def _too_long_or_nothing() -> Texts:
    yield "spaces alone", b" \n\t"
    yield "a byte order mark alone", b"\xef\xbb\xbf"
    yield "NUL alone", b"\0"
    yield "a bare word", b"hello"


def _nested(start: str, end: str, depth: int, inner: str = "") -> bytes:
    return (start * depth + inner + end * depth).encode()
