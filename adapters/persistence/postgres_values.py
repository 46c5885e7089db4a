"""How values travel to PostgreSQL and back: documents as JSONB, whole numbers as one type."""

import re
from datetime import datetime
from typing import Any, Final

import orjson
import psycopg
from psycopg.adapt import AdaptersMap, Dumper, PyFormat
from psycopg.types.datetime import DatetimeBinaryDumper
from psycopg.types.json import set_json_loads
from psycopg.types.numeric import Int8BinaryDumper

from adapters.persistence.connection import Document

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_ESCAPED_NUL: Final = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def without_nul(text: str) -> str:
    """
    Return *text* with U+FFFD for NUL characters, which no text in PostgreSQL can hold.

    What customers send has been refused at the edge by then; what is left are the last words of
    other programs, which must not keep a task's end from being written down.
    """
    return text.replace("\0", _REPLACEMENT) if "\0" in text else text


class _DocumentDumper(Dumper):
    oid = psycopg.adapters.types["jsonb"].oid

    def dump(self, obj: Document) -> bytes:
        data = orjson.dumps(obj)
        if b"\\u0000" in data:
            data = _ESCAPED_NUL.sub(rb"\1" + _REPLACEMENT.encode(), data)
        return data


class _ZonedDatetimeDumper(DatetimeBinaryDumper):
    def upgrade(self, obj: datetime, format: PyFormat) -> Dumper:
        if obj.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return super().upgrade(obj, format)


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(Document, _DocumentDumper)
    adapters.register_dumper(datetime, _ZonedDatetimeDumper)
    # By default the type follows the size of the number, and each mixture of types would be
    # another statement to prepare.
    adapters.register_dumper(int, Int8BinaryDumper)
    return adapters


ADAPTERS: Final = _adapters()
"""What our connections know beyond psycopg's own types."""


def loads(data: Any) -> Any:
    """Read a JSON document."""
    return orjson.loads(data)


set_json_loads(loads, ADAPTERS)
