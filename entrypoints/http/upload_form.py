"""The upload's form: one picture, its processing options, and the files that these refer to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final

import attrs

from application.errors import UnexpectedPart
from application.images.stage_file import StagedFile
from domain.images.formats import ImageFormat
from domain.images.pipeline import Pipeline
from entrypoints.http.errors import DuplicatePart, MalformedJSON, MissingPart
from entrypoints.http.multipart_form import Part
from entrypoints.http.openapi.operation import Form
from entrypoints.http.openapi.parts import LANGUAGE
from entrypoints.http.processing_options import (
    FindPreset,
    ProcessingOptions,
    ProcessingOptionsReader,
)
from entrypoints.http.strict_json import MAX_BYTES

StageFile = Callable[
    [Iterable[bytes | bytearray | memoryview], str | None], AbstractContextManager[StagedFile]
]

PICTURE: Final = "image"
PROCESSING_OPTIONS: Final = "processingOptions"
MEDIA_TYPES: Final = ", ".join(one.media_type for one in ImageFormat)
_FILE: Final = {"type": "string", "format": "binary"}
UPLOAD_FORM: Final = Form(
    {
        "type": "object",
        "properties": {
            PICTURE: _FILE | {"description": "The picture; its content decides what it is."},
            PROCESSING_OPTIONS: {"$ref": f"#/components/schemas/{LANGUAGE}"},
        },
        "required": [PICTURE],
        "additionalProperties": _FILE
        | {"description": "A file that the processing options name, by the name of its part."},
    },
    {PICTURE: MEDIA_TYPES, PROCESSING_OPTIONS: "application/json"},
)


@attrs.frozen
class UploadForm:
    """What an upload's form holds; its files are there until the form is left."""

    picture: StagedFile
    options: ProcessingOptions
    options_text: bytes
    attachments: Mapping[str, StagedFile]

    def digests(self) -> Iterator[str]:
        """Yield what tells the files of one form from those of another."""
        yield self.picture.sha256
        for name in sorted(self.attachments):
            yield name
            yield self.attachments[name].sha256


@attrs.frozen
class UploadFormReader:
    """Reads upload forms, whatever the order of their parts."""

    stage_file: StageFile
    options: ProcessingOptionsReader

    @contextmanager
    def read(self, parts: Iterable[Part], find_preset: FindPreset) -> Iterator[UploadForm]:
        """
        Stage the files and read the options.

        Raises:
            MissingPart, DuplicatePart, UnexpectedPart: The parts are not those of an upload.
            MalformedJSON, DomainError: The options cannot be understood.
            PresetNotFound, PresetsOnly, PortFailure: As *find_preset* raises them.
        """
        picture: StagedFile | None = None
        options: ProcessingOptions | None = None
        options_text = b""
        others: list[tuple[Part, StagedFile]] = []
        strays: list[Part] = []
        with ExitStack() as staged:
            for part in parts:
                if part.name == PICTURE and part.is_file:
                    if picture is not None:
                        raise DuplicatePart("Send one picture in each upload.")
                    picture = staged.enter_context(self.stage_file(part.chunks, part.file_name))
                elif part.name == PROCESSING_OPTIONS:
                    if options is not None:
                        raise DuplicatePart("Send processingOptions once.")
                    options_text = _text(part)
                    options = self.options.parse(options_text, find_preset)
                elif part.is_file and len(others) < Pipeline.MAX_OPERATIONS:
                    file = staged.enter_context(self.stage_file(part.chunks, part.file_name))
                    others.append((part, file))
                else:
                    strays.append(part)
            if picture is None:
                raise MissingPart("Send the picture as a file part named image.")
            if strays:
                raise UnexpectedPart(f"There is no use for the part {strays[0].name[:100]!r}.")
            options = options or self.options.parse(None)
            attachments = _by_name(others, options.pipeline.asset_names)
            yield UploadForm(picture, options, options_text, attachments)


def _text(part: Part) -> bytes:
    data = part.text(MAX_BYTES)
    if data is None:
        raise MalformedJSON(f"The processing options are longer than {MAX_BYTES} bytes.")
    return data


def _by_name(
    others: Iterable[tuple[Part, StagedFile]], wanted: Sequence[str]
) -> dict[str, StagedFile]:
    """Name each file as the pipeline does: by the part's name, else by the file's."""
    named: dict[str, StagedFile] = {}
    for part, file in others:
        name = part.file_name or part.name if part.name not in wanted else part.name
        if name in named:
            raise DuplicatePart(f"The file {name[:100]!r} came more than once.")
        named[name] = file
    return named
