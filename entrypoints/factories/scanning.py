# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""What looks for malware."""

from typing import TYPE_CHECKING

from application.ports.malware_scanner import MalwareScanner, NoScanner
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.scanning.clamd import ClamdScanner


def scanner(settings: Settings) -> MalwareScanner:
    return clamd(settings) or NoScanner()


def clamd(settings: Settings) -> "ClamdScanner | None":
    """Return the scanner, or None if nothing is scanned."""
    scanner = settings.scanner
    if scanner.url is None:
        return None
    from adapters.scanning.clamd import ClamdScanner

    return ClamdScanner(
        scanner.url, total_seconds=scanner.timeout_seconds, in_line=settings.http.in_line
    )
