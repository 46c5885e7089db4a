"""What EXIF tells of how a picture was taken: a list of fields, so that nothing else gets out."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from adapters.imaging.vips_metadata import exif_text
from domain.errors import InvalidParameter
from domain.images.analysis import ExifSummary

# As libvips tells of a number: `1/250 (1/250 sec., Rational, 1 components, 8 bytes)`.
_RATIO: Final = re.compile(r"(\d{1,10})(?:/(\d{1,10}))? \(", re.ASCII)
_MOMENT: Final = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)", re.ASCII)
_ZONE: Final = re.compile(r"[+-]\d\d:\d\d", re.ASCII)
_LONGEST_NAME: Final = 64


def exif_summary(field: Callable[[str], str | None], orientation: int) -> ExifSummary:
    """
    Return the summary of what libvips tells of each *field*, by names such as `ifd0-Make`.

    Cameras and strangers write all kinds of things; what cannot be what it should be is left out.
    """
    known: dict[str, object] = {}
    for name, value in (
        ("make", _name(field("ifd0-Make"))),
        ("model", _name(field("ifd0-Model"))),
        ("taken_at", _moment(field("ifd2-DateTimeOriginal"), field("ifd2-OffsetTimeOriginal"))),
        ("exposure_seconds", _ratio(field("ifd2-ExposureTime"))),
        ("f_number", _ratio(field("ifd2-FNumber"))),
        ("iso", _whole(field("ifd2-PhotographicSensitivity") or field("ifd2-ISOSpeedRatings"))),
        ("focal_length_mm", _ratio(field("ifd2-FocalLength"))),
    ):
        with suppress(InvalidParameter):
            ExifSummary(**{name: value})  # type: ignore[arg-type]  # each is of its own type
            known[name] = value
    return ExifSummary(**known, orientation=orientation)  # type: ignore[arg-type]  # likewise


def _name(told: str | None) -> str | None:
    """Return a text on one line, without what cannot be seen; None if nothing is left."""
    kept = "".join(sign if sign.isprintable() else " " for sign in _text(told))
    return " ".join(kept.split())[:_LONGEST_NAME].strip() or None


def _text(told: str | None) -> str:
    return "" if told is None else exif_text(told).strip()


def _moment(told: str | None, told_zone: str | None) -> datetime | None:
    found = _MOMENT.fullmatch(_text(told))
    if found is None:
        return None
    zone = _text(told_zone)
    year, month, day, time = found.groups()
    try:
        return datetime.fromisoformat(
            f"{year}-{month}-{day}T{time}{zone if _ZONE.fullmatch(zone) else ''}"
        )
    except ValueError:
        return None


def _ratio(told: str | None) -> float | None:
    found = _RATIO.match(told or "")
    if found is None:
        return None
    above, below = int(found[1]), int(found[2] or 1)
    # Nothing of an exposure is 0: that is how cameras say that they do not know.
    return round(above / below, 6) or None if below else None


def _whole(told: str | None) -> int | None:
    value = _ratio(told)
    return None if value is None or value != int(value) else int(value)
