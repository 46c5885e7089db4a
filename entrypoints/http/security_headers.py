"""
The headers of every answer that protect whoever reads it; docs/api.md has the same table.

An answer may have set one of them for itself, more loosely: pages for people have a style sheet,
and may be kept for a while; results may be shown on other sites. None is left out anywhere.
"""

from collections.abc import Iterator
from typing import Final

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
STRICT_TRANSPORT: Final = ("Strict-Transport-Security", "max-age=31536000")
"""Where customers reach us over TLS, by ourselves or by the proxy in front of us."""


def security_headers(*, is_https: bool) -> Iterator[tuple[str, str]]:
    """Yield name and value of each."""
    yield from SECURITY_HEADERS
    if is_https:
        yield STRICT_TRANSPORT
