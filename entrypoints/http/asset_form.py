"""The form by which an asset comes: a file, its name, and whether it is for everybody."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import attrs

from application.errors import UnexpectedPart
from application.images.stage_file import StagedFile
from domain.errors import InvalidParameter
from domain.images.operations.marks import ASSET_NAME_PATTERN
from entrypoints.http.errors import DuplicatePart, MissingPart
from entrypoints.http.multipart_form import Part
from entrypoints.http.openapi.operation import Form
from entrypoints.http.upload_form import MEDIA_TYPES, StageFile

FILE: Final = "asset"
_TEXTS: Final = ("name", "shared")
ASSET_FORM: Final = Form(
    {
        "type": "object",
        "properties": {
            FILE: {
                "type": "string",
                "format": "binary",
                "description": "A picture or a font; its content decides what it is.",
            },
            "name": {
                "type": "string",
                "pattern": ASSET_NAME_PATTERN,
                "maxLength": 100,
                "description": "The file's own if absent.",
            },
            "shared": {"type": "boolean", "default": False},
        },
        "required": [FILE],
        "additionalProperties": False,
    },
    {FILE: f"{MEDIA_TYPES}, font/ttf, font/otf"},
)
_MAX_TEXT_BYTES: Final = 1024


@attrs.frozen
class AssetForm:
    """
    What the form holds; its file is there until the form is left.

    Attributes:
        name: None where the file's own name is meant.
    """

    file: StagedFile
    name: str | None
    shared: bool


@attrs.frozen
class AssetFormReader:
    """Reads forms of assets, whatever the order of their parts."""

    stage_file: StageFile

    @contextmanager
    def read(self, parts: Iterable[Part]) -> Iterator[AssetForm]:
        """
        Stage the file and read the rest.

        Raises:
            MissingPart, DuplicatePart, UnexpectedPart: The parts are not those of an asset.
            InvalidParameter: A text is not what it may be.
        """
        file: StagedFile | None = None
        texts: dict[str, str] = {}
        stray: Part | None = None
        with ExitStack() as staged:
            for part in parts:
                if part.name == FILE and part.is_file:
                    if file is not None:
                        raise DuplicatePart("Send one asset in each request.")
                    file = staged.enter_context(self.stage_file(part.chunks, part.file_name))
                elif part.name in _TEXTS and not part.is_file:
                    if part.name in texts:
                        raise DuplicatePart(f"Send {part.name} once.")
                    texts[part.name] = _text(part)
                else:
                    stray = stray or part
            if file is None:
                raise MissingPart("Send the picture or font as a file part named asset.")
            if stray is not None:
                raise UnexpectedPart(f"There is no use for the part {stray.name[:100]!r}.")
            yield AssetForm(
                file, texts.get("name"), is_true(texts.get("shared", "false"), pointer="/shared")
            )


def is_true(text: str, *, pointer: str) -> bool:
    """Return what *text* says, which is `true` or `false`."""
    if text not in ("true", "false"):
        raise InvalidParameter("must be true or false", pointer=pointer)
    return text == "true"


def _text(part: Part) -> str:
    data = part.text(_MAX_TEXT_BYTES)
    if data is None:
        raise InvalidParameter(
            f"must have at most {_MAX_TEXT_BYTES} bytes", pointer=f"/{part.name}"
        )
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidParameter("must be UTF-8 text", pointer=f"/{part.name}") from None
