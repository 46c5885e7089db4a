"""What our mails say."""

import unicodedata
from datetime import UTC, datetime
from html import escape

import attrs

from application.ports.notifier import Notice
from domain.tasks.task import Failure, Result

_MAX_SUBJECT_LABEL = 80
_ACCENT = "#b0391b"
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
# Joiners hold letters and emoji together; other invisible characters could only mislead.
_JOINERS = "\u200c\u200d"


@attrs.frozen
class Wording:
    """
    One mail's words.

    Attributes:
        subject: A single line.
        html: A whole document, without pictures or anything else to fetch.
    """

    subject: str
    text: str
    html: str


def wording_of(notice: Notice) -> Wording:
    """Put *notice* into words; whatever users named is escaped and kept to its line."""
    label = one_line(notice.label)
    short_label = _in_a_subject(label)
    if notice.failure is not None:
        subject = f"{short_label} could not be processed"
        headline = "Your picture could not be processed"
        paragraphs = [
            f"We could not finish {label}.",
            _reason(notice.failure),
            "You can upload it again once that is mended.",
        ]
    else:
        subject = f"{short_label} is ready"
        headline = "Your picture is ready"
        paragraphs = [f"{label} has been processed."]
        if notice.result is not None:
            paragraphs.append(_figures(notice.result))
        if notice.variants:
            names = ", ".join(one.variant for one, _ in notice.variants)
            paragraphs.append(f"There are variants as well: {names}.")
    hello = f"Hello {one_line(notice.username)},"
    expiry = (
        f"The link works until {moment_text(notice.download_expires_at)}, "
        "for everyone who has it: share it with care."
        if notice.download_url is not None and notice.download_expires_at is not None
        else None
    )
    reference = f"Image {notice.image_id}"
    lines = [headline, hello, *paragraphs]
    if notice.download_url is not None:
        lines.append(f"Download it here:\n{notice.download_url}")
    if expiry is not None:
        lines.append(expiry)
    lines.append(f"-- \nSafelight · {reference}")
    return Wording(
        subject=subject,
        text="\n\n".join(lines) + "\n",
        html=_html(headline, [hello, *paragraphs], notice.download_url, expiry, reference),
    )


def _in_a_subject(label: str) -> str:
    """Return *label* short enough, and none of its words in the form of an encoded one."""
    # A reader would decode =?utf-8?q?a=0D=0AX:_y?= (RFC 2047) into whatever its author wished.
    plain = label.replace("=?", "= ?")
    return plain if len(plain) <= _MAX_SUBJECT_LABEL else plain[: _MAX_SUBJECT_LABEL - 1] + "…"


def _html(
    headline: str, paragraphs: list[str], url: str | None, expiry: str | None, reference: str
) -> str:
    """Lay the words out in tables and inline styles, which is what mail programs understand."""
    rows = [
        html_heading(headline),
        *(html_paragraph(escape(paragraph)) for paragraph in paragraphs),
    ]
    if url is not None:
        link = escape(url)
        rows.append(
            f'<p style="margin:24px 0"><a href="{link}" style="display:inline-block;'
            f"padding:12px 28px;border-radius:6px;background:{_ACCENT};color:#ffffff;"
            f'font-size:16px;font-weight:600;text-decoration:none">Download the picture</a></p>'
        )
        rows.append(
            html_paragraph(
                f"Or open this address: "
                f'<a href="{link}" style="color:{_ACCENT};word-break:break-all">{link}</a>',
                size=13,
            )
        )
    if expiry is not None:
        rows.append(html_paragraph(escape(expiry), size=13))
    return html_page(rows, reference)


def html_page(rows: list[str], reference: str) -> str:
    """Return a whole mail of *rows*, which are HTML already."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"></head>'
        f'<body style="margin:0;background:#f5f3f0;{_FONT}">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        'style="background:#f5f3f0"><tr><td align="center" style="padding:32px 16px">'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
        'style="max-width:560px;background:#ffffff;border-radius:10px;overflow:hidden;'
        f'border-top:4px solid {_ACCENT}"><tr><td style="padding:32px;text-align:left">'
        f"{''.join(rows)}</td></tr></table>"
        f'<p style="margin:16px 0 0;font-size:12px;color:#78716c">Safelight · {escape(reference)}'
        "</p></td></tr></table></body></html>\n"
    )


def html_heading(text: str) -> str:
    """Return *text* as the mail's headline."""
    style = "margin:0 0 16px;font-size:22px;line-height:1.3;color:#1c1917"
    return f'<h1 style="{style}">{escape(text)}</h1>'


def html_paragraph(inner: str, *, size: int = 15) -> str:
    """Return *inner*, which is HTML already, as a paragraph."""
    colour = "#44403c" if size >= 15 else "#78716c"
    return (
        f'<p style="margin:0 0 12px;font-size:{size}px;line-height:1.55;color:{colour}">{inner}</p>'
    )


def _reason(failure: Failure) -> str:
    detail = one_line(failure.detail).rstrip(".")
    return f"{detail[:1].upper()}{detail[1:]}. (Code: {failure.code.value})"


def _figures(result: Result) -> str:
    return (
        f"{result.format.value.upper()}, {result.width} × {result.height} pixels, "
        f"{_size(result.byte_size)}"
    )


def _size(byte_size: int) -> str:
    if byte_size < 1_000_000:
        return f"{max(1, round(byte_size / 1_000))} kB"
    return f"{byte_size / 1_000_000:.1f} MB"


def moment_text(moment: datetime) -> str:
    """Return *moment* as people write it."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def one_line(text: str) -> str:
    """Drop what could break out of a header line or turn the text around."""
    kept = (
        character
        if character in _JOINERS or unicodedata.category(character)[0] not in "CZ"
        else " "
        for character in text
    )
    return " ".join("".join(kept).split())
