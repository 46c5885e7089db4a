"""How a setting is written down."""

from typing import Any, Final

import attrs
from typed_settings.constants import METADATA_KEY

from entrypoints.settings.forms import Form

FORM: Final = "form"
"""Where the metadata of a setting have its `Form`."""


def setting(default: Any, expected: Form, meaning: str) -> Any:
    """Return the member of a class for one setting, whose *meaning* people are told."""
    return attrs.field(
        default=default,
        repr=not expected.secret,
        metadata={METADATA_KEY: {FORM: expected, "help": meaning}},
    )
