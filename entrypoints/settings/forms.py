"""The forms that a setting's text may have: what to tell people, and how to read it."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

_OF_FILES = ("sqlite", "embedded")
_WITHOUT_HOST = ("sqs",)
_HIGHEST_PORT = 65_535
_KEY_BYTES = 32
_FEWEST_CHARACTERS = 8
"""Different ones in a key; 32 random hexadecimal digits have fewer once in a million."""
# What keys are called in manuals, without anything but letters.
_OF_EXAMPLES = (
    "changeme", "changethis", "replaceme", "replacethis", "password", "secretkey", "supersecret",
    "yoursecret", "mysecret", "insecure", "notsecret", "example", "default", "safelight",
    "abcdefgh", "qwerty",
)  # fmt: skip
_UNITS = {"": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30}


class Malformed(ValueError):
    """A text does not have its form; the message, if any, replaces the form's sentence."""


@attrs.frozen
class Form:
    """
    What a text must look like.

    Attributes:
        sentence: Completes "must be …".
        parse: Returns the value, or raises `Malformed`.
        secret: Whether the text is never shown.
    """

    sentence: str
    parse: Callable[[str], Any]
    secret: bool = False

    def written(self, value: object) -> str:
        """Return *value* as a person would write it."""
        match value:
            case None | ():
                return ""
            case bool():
                return str(value).lower()
            case float():
                return f"{value:g}"
            case tuple():
                return ",".join(map(str, value))
            case _:
                return str(value)


def text() -> Form:
    """Take anything on one line."""

    def parse(value: str) -> str:
        if not value.isprintable():
            raise Malformed
        return value

    return Form("text on one line", parse)


def mail_address() -> Form:
    """Take a bare e-mail address; the host may be a local one."""

    def parse(value: str) -> str:
        if re.fullmatch(r"[!-;=?A-~]+@[A-Za-z0-9.-]+", value, re.ASCII) is None:
            raise Malformed
        return value

    return Form("an e-mail address alone, such as safelight@example.com", parse)


def choice(*words: str) -> Form:
    """Take one of a few words, whatever its case."""

    def parse(value: str) -> str:
        if value.lower() not in words:
            raise Malformed
        return value.lower()

    return Form("one of " + ", ".join(words), parse)


def flag() -> Form:
    """Take yes or no."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

    def parse(value: str) -> bool:
        if value.lower() not in words:
            raise Malformed
        return words[value.lower()]

    return Form("true or false", parse)


def whole(low: int, high: int) -> Form:
    """Take a whole number between two others."""

    def parse(value: str) -> int:
        if re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) is None or not low <= int(value) <= high:
            raise Malformed
        return int(value)

    return Form(f"a whole number from {low} to {high}", parse)


def seconds(low: float, high: float) -> Form:
    """Take a time in seconds."""

    def parse(value: str) -> float:
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value, re.ASCII) is None:
            raise Malformed
        if not low <= float(value) <= high:
            raise Malformed
        return float(value)

    return Form(f"a number of seconds from {low:g} to {high:.0f}", parse)


def byte_size(low: int, high: int) -> Form:
    """Take a number of bytes, with or without a unit."""

    def parse(value: str) -> int:
        found = re.fullmatch(r"([0-9]{1,15}) ?([a-z]*)", value.lower(), re.ASCII)
        if found is None or found[2] not in _UNITS:
            raise Malformed
        size = int(found[1]) * _UNITS[found[2]]
        if not low <= size <= high:
            raise Malformed
        return size

    return Form(f"a size such as 26214400 or 25MiB, from {low} to {high} bytes", parse)


def path() -> Form:
    """Take a file or directory; relative ones are taken from the working directory."""

    def parse(value: str) -> Path:
        if "\0" in value:
            raise Malformed
        return Path(value).expanduser().absolute()

    return Form("a path", parse)


def bind_address() -> Form:
    """Take an address that a server can listen at."""

    def parse(value: str) -> str:
        if re.fullmatch(r"fd://[0-9]{1,9}|unix:/.+", value) is not None:
            return value
        found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", value)
        if found is None or int(found[2]) > _HIGHEST_PORT:
            raise Malformed
        return value

    return Form("an address such as 127.0.0.1:8000, [::]:8000, unix:/path or fd://3", parse)


def url(*schemes: str, secret: bool = False) -> Form:
    """Take a URL of certain schemes."""
    starts = [f"{each}:///path" if each in _OF_FILES else f"{each}://" for each in schemes]
    sentence = "a URL that begins with " + " or ".join(starts)

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            complete = bool(parts.path if parts.scheme in _OF_FILES else parts.hostname)
        except ValueError:
            raise Malformed from None
        complete = complete or parts.scheme in _WITHOUT_HOST
        if parts.scheme not in schemes or not complete or not value.isprintable():
            raise Malformed
        return value

    return Form(sentence, parse, secret)


def socket_url(scheme: str) -> Form:
    """Take the URL of a server that listens on a Unix socket, or on a port of a host."""
    place = re.compile(
        rf"{scheme}://(/[^?#\s]+|(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{{1,5}}))"
    )

    def parse(value: str) -> str:
        found = place.fullmatch(value)
        if found is None or not value.isprintable() or int(found[3] or 0) > _HIGHEST_PORT:
            raise Malformed
        return value

    return Form(f"{scheme}:///path/of/its/socket or {scheme}://host:port", parse)


def networks() -> Form:
    """Take networks in CIDR notation."""

    def parse(value: str) -> tuple[str, ...]:
        try:
            return tuple(str(ipaddress.ip_network(part.strip())) for part in value.split(","))
        except ValueError:
            raise Malformed from None

    return Form("networks such as 10.0.0.0/8,fd00::/8", parse)


def origins() -> Form:
    """Take origins of web pages, as browsers write them; neither `*` nor `null` is one."""
    pattern = re.compile(r"https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?", re.ASCII)

    def parse(value: str) -> tuple[str, ...]:
        given = tuple(part.strip().lower() for part in value.split(","))
        if not all(map(pattern.fullmatch, given)):
            raise Malformed
        return given

    return Form("origins such as https://app.example.com,http://localhost:3000", parse)


def readable_file() -> Form:
    """Take a file that is there and that this process may read."""

    def parse(value: str) -> Path:
        file = path().parse(value)
        try:
            file.open("rb").close()
        except OSError as error:
            raise Malformed(f"a file that can be read; {file}: {error.strerror}") from None
        return Path(file)

    return Form("the path of a file", parse)


def words(*known: str) -> Form:
    """Take some of a few words, whatever their case."""

    def parse(value: str) -> tuple[str, ...]:
        given = tuple(part.strip().lower() for part in value.split(","))
        if not set(given) <= set(known):
            raise Malformed
        return given

    return Form("a list, divided by commas, of " + ", ".join(known), parse)


def secret(min_bytes: int) -> Form:
    """
    Take a text that is never shown, or the path of a file that holds it.

    What has to be long is a key, which nobody may guess: it is refused if it looks made up.
    """
    sentence = f"at least {min_bytes} bytes, or file:///path of a file that holds them"

    def parse(value: str) -> str:
        if value.startswith("file://"):
            value = _content(Path(value.removeprefix("file://")))
        if len(value.encode()) < min_bytes:
            raise Malformed
        if min_bytes >= _KEY_BYTES and _is_made_up(value):
            raise Malformed(
                "random: this one repeats itself, or stands in examples; make one with "
                "`openssl rand -base64 48`"
            )
        return value

    return Form(sentence, parse, secret=True)


def _is_made_up(key: str) -> bool:
    repeats = any(
        key == (key[:period] * len(key))[: len(key)] for period in range(1, len(key) // 2 + 1)
    )
    letters = re.sub(r"[^a-z]", "", key.lower())
    return (
        repeats
        or len(set(key)) < _FEWEST_CHARACTERS
        or any(word in letters for word in _OF_EXAMPLES)
    )


def _content(file: Path) -> str:
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Malformed(f"a text; {file} holds something else") from None
    except OSError as error:
        raise Malformed(f"a file that can be read; {file}: {error.strerror}") from None
