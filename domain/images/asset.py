"""Pictures and fonts that pipelines may name."""

from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

import attrs

from domain.errors import ContentTooLarge, InvalidParameter
from domain.images.operations import is_asset_name, is_font_name
from domain.words import UnknownWord

MAX_FONT_BYTES: Final = 10 * 1024 * 1024


class AssetKind(Enum):
    """What a file is good for; its content decides."""

    PICTURE = "picture"
    FONT = "font"


@attrs.frozen
class Asset:
    """
    A picture, or a font, that pipelines may name.

    Attributes:
        user_id: Its owner, or None for one that everybody may use.
        file_path: Key in the object store.
        byte_size: 0 if a version wrote it that did not count.
    """

    id: UUID
    user_id: UUID | None
    name: str
    kind: AssetKind | UnknownWord
    file_path: str
    byte_size: int
    sha256: str
    created_at: datetime

    @property
    def is_shared(self) -> bool:
        """Whether everybody may use it."""
        return self.user_id is None


@attrs.frozen
class AssetAllowance:
    """How many assets an account may have, and how many bytes they may be in all."""

    number: int
    byte_size: int


def checked_asset_name(name: str, kind: AssetKind) -> str:
    """
    Return *name* if an asset of *kind* may have it.

    Raises:
        InvalidParameter: Pipelines could not refer to it.
    """
    if not is_asset_name(name) or name != name.strip():
        raise InvalidParameter(
            "must be letters, digits, dots, hyphens, underscores and spaces, at most 100, such as "
            '"logo.png"',
            pointer="/name",
        )
    if is_font_name(name) is not (kind is AssetKind.FONT):
        raise InvalidParameter(
            'must end in .ttf or .otf, as in "brand.ttf"'
            if kind is AssetKind.FONT
            else "must not end as the names of fonts do: the file is a picture",
            pointer="/name",
        )
    return name


def check_font_size(byte_size: int) -> None:
    """Refuse a font of more bytes than any that letters are drawn with here."""
    if byte_size > MAX_FONT_BYTES:
        raise ContentTooLarge(f"a font may have at most {MAX_FONT_BYTES} bytes")
