"""
What schemathesis is told besides the document; it loads this file by itself.

Who asks, what is put into bodies that chance would never get right, and which failures are excused.
"""

import atexit
import itertools
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import requests
import schemathesis
from hypothesis import strategies as some

from tests.pictures import all_formats
from tests.schema.accounts import Accounts
from tests.schema.excuses import excuse_for

BASE = os.environ["SAFELIGHT_SCHEMA_BASE"]
COUNTS = Path(os.environ["SAFELIGHT_SCHEMA_COUNTS"])

accounts = Accounts(BASE)
answered: Counter[tuple[str, int]] = Counter()
excused: Counter[str] = Counter()
links: list[str] = []
posts: Counter[str] = Counter()
_turns = itertools.count()
_ANSWER_SECONDS = 60

# What is listed, under which name, by which member it is deleted, and how many may stay.
_LISTS = {
    "/api/api-keys": ("apiKeys", "id", 12),
    "/api/webhooks": ("webhooks", "id", 5),
    "/api/presets": ("presets", "name", 8),
    "/api/assets": ("assets", "name", 8),
}
_ROOM_EVERY = 4

# Most of what chance makes of the language is refused; these are what it is for.
_PAGE = Path(__file__).parents[2] / "docs" / "processing-options.md"
EXAMPLES = [
    example
    for example in map(json.loads, re.findall(r"```json\n(.*?)```", _PAGE.read_text(), re.DOTALL))
    if not re.search(r"\.(png|ttf)\"|\"notify\"|\"preset\"", json.dumps(example))
]
EXAMPLES_OF_PRESETS = [one for one in EXAMPLES if "priority" not in one]

for name, data in all_formats().items():
    schemathesis.openapi.media_type(f"image/{name}", some.just(data))


@schemathesis.auth(refresh_interval=None)
class Token:
    """Signs every request that takes a token."""

    def get(self, case: schemathesis.Case, _: schemathesis.AuthContext) -> str:
        account = accounts.of(case.operation.path)
        needs = case.operation.definition.raw.get("security", [])
        account.token()
        if any("apiKey" in one for one in needs) and next(_turns) % 4 == 0:
            return account.key()
        return account.token()

    def set(self, case: schemathesis.Case, data: str, _: schemathesis.AuthContext) -> None:
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(_: schemathesis.HookContext, case: schemathesis.Case, __: dict[str, Any]) -> None:
    """Put right what chance cannot know, keep room in lists that have an end."""
    path, method = case.operation.path, case.operation.method.upper()
    body = case.body if isinstance(case.body, dict) else {}
    turn = next(_turns)
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    if is_valid and turn % 4 and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(UUID(int=turn, version=4))
    # A form that is changed is judged anew, and bytes are no text: so its options are left to chance.
    if is_valid and turn % 2 and "processingOptions" in body and path != "/api/images/upload":
        may_be_said = EXAMPLES_OF_PRESETS if path.startswith("/api/presets") else EXAMPLES
        body["processingOptions"] = may_be_said[turn // 2 % len(may_be_said)]
    if method == "POST" and path in _LISTS:
        posts[path] += 1
        if posts[path] % _ROOM_EVERY == 0:
            accounts.of(path).make_room(path, *_LISTS[path])
    if is_valid and turn % 2 and path == "/api/webhooks" and "url" in body:
        body["url"] = f"https://hooks{turn}.example.com/"
    if turn % 3 == 0:
        for member in ("currentPassword", "password"):
            if isinstance(body.get(member), str) and path in (
                "/api/auth/password/change", "/api/users/me", "/api/users/profile",
            ):  # fmt: skip
                body[member] = accounts.of(path).password
    if path.startswith("/files/") and turn % 3 == 0 and links:
        parts = urlsplit(links[-1])
        _, _, task_id, variant, name = parts.path.split("/")
        case.path_parameters = {"task_id": task_id, "variant": variant, "name": name}
        case.query = dict(parse_qsl(parts.query))


@schemathesis.hook
def after_call(
    _: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """Count, and remember a password that has been changed."""
    answered[case.operation.label, response.status_code] += 1
    if response.status_code == 200 and case.operation.path == "/api/auth/password/change":
        assert isinstance(case.body, dict)
        accounts.visitor.password = case.body["newPassword"]
    if response.status_code == 200 and case.operation.path.endswith("/download") and response.text:
        links.append(response.json()["downloadUrl"])


@schemathesis.hook
def filter_failure(
    _: schemathesis.HookContext,
    failure: Exception,
    case: schemathesis.Case,
    response: schemathesis.Response,
) -> bool:
    """Leave out what is excused, with its reason, in `excuses`."""
    excuse = excuse_for(failure, case, _problem(response))
    if excuse is not None:
        excused[excuse.reason] += 1
    return excuse is None


def _problem(response: schemathesis.Response) -> object:
    """Return the document of a refusal; HEAD is answered without one, so GET is asked for it."""
    content, asked = response.content, response.request
    if asked.method == "HEAD":
        assert asked.url is not None
        answer = requests.get(asked.url, headers=dict(asked.headers), timeout=_ANSWER_SECONDS)
        content = answer.content if answer.status_code == response.status_code else b""
    try:
        return json.loads(content)
    except ValueError:
        return None


def _tell() -> None:
    COUNTS.write_text(
        json.dumps(
            {
                "answered": [[*key, number] for key, number in sorted(answered.items())],
                "excused": dict(excused),
            }
        )
    )


atexit.register(_tell)
