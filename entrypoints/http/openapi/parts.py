"""Parts of declarations that several handlers share."""

from typing import Annotated, Any, Final, TypeAlias, TypedDict

from domain.users.labels import LINE_PATTERN
from domain.users.user import (
    EMAIL_PATTERN,
    MAX_EMAIL_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
    MAX_USERNAME_CHARACTERS,
    MIN_PASSWORD_CHARACTERS,
)
from entrypoints.http.openapi.operation import Header, Schema
from entrypoints.http.openapi.schemas import Rule

LANGUAGE: Final = "ProcessingOptions"
"""The schema of processing options; `document` fills it from the language's own."""
LANGUAGE_OF_PRESETS: Final = "PresetOptions"
"""The same for what a preset may say."""

Label: TypeAlias = Annotated[
    str, Rule({"minLength": 1, "maxLength": MAX_USERNAME_CHARACTERS, "pattern": LINE_PATTERN})
]
Email: TypeAlias = Annotated[
    str, Rule({"maxLength": MAX_EMAIL_CHARACTERS, "pattern": EMAIL_PATTERN})
]
Password: TypeAlias = Annotated[
    str, Rule({"minLength": MIN_PASSWORD_CHARACTERS, "maxLength": MAX_PASSWORD_CHARACTERS})
]
Options: TypeAlias = Annotated[Any, Rule({"$ref": f"#/components/schemas/{LANGUAGE}"})]
"""Whatever JSON holds: processing options are read by their own reader."""
OptionsOfAPreset: TypeAlias = Annotated[
    Any, Rule({"$ref": f"#/components/schemas/{LANGUAGE_OF_PRESETS}"})
]

_SECONDS: Final[Schema] = {"type": "integer", "minimum": 1}

LOCATION: Final = Header(
    "Location", "The address of what was made.", {"type": "string", "format": "uri-reference"}, True
)
TASK_ID: Final = Header(
    "X-Task-Id", "The id of the task.", {"type": "string", "format": "uuid"}, True
)
REPLAYED: Final = Header(
    "Idempotent-Replayed",
    "`true` on the answer to a request that had been carried out before.",
    {"type": "string", "enum": ["true"]},
)
ASK_AGAIN: Final = Header("Retry-After", "Seconds after which to ask again.", _SECONDS)
SURE_ASK_AGAIN: Final = Header("Retry-After", "Seconds after which to ask again.", _SECONDS, True)
ETAG: Final = Header("ETag", "Tells this version from others.", {"type": "string"}, True)
IF_MATCH: Final = Header(
    "If-Match", "ETags, one of which it must still have (RFC 9110 §13.1.1), or `*`."
)
IF_NONE_MATCH: Final = Header(
    "If-None-Match", "ETags; if it has one of them still, the answer is 304 and empty."
)


class Message(TypedDict):
    """What was done, for people."""

    message: str
