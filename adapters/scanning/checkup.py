"""Looks whether a scanner finds what it should, and takes as much as it may be given."""

import tempfile
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from adapters.scanning.clamd import ClamdScanner
from application.checkup import Finding, doubtful, fine, wrong
from application.ports.malware_scanner import ScannerUnavailable

# In pieces that no compiler joins: scanners of others would take this file, or its byte code, away.
EICAR: Final = b"".join(
    (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}", b"$EICAR-STANDARD-ANTIVIRUS", b"-TEST-FILE!$H+H*")
)
"""What every scanner takes for malware, and is none (eicar.org)."""

_TOO_MUCH: Final = "Heuristics.Limits.Exceeded"
"""What clamd calls what it did not look through; without AlertExceedsMax it calls that clean."""


def check_scanner(scanner: ClamdScanner, max_bytes: int) -> Iterator[Finding]:
    """Ask who it is, and have it scan EICAR, alone and in a file as large as any may be."""
    try:
        yield fine(f"{scanner.url} answers: {scanner.version()}")
        found = scanner.scan(BytesIO(EICAR))
    except ScannerUnavailable as error:
        yield wrong(
            str(error), "let clamd run where SAFELIGHT_SCANNER_URL says; uploads wait for it"
        )
        return
    if found is None:
        yield wrong(
            "it does not find EICAR, by which scanners are tried out",
            "give it its signatures: freshclam fetches them",
        )
    else:
        yield fine("it finds EICAR, by which scanners are tried out")
    yield _largest(scanner, max_bytes)


def _largest(scanner: ClamdScanner, max_bytes: int) -> Finding:
    with tempfile.TemporaryFile() as file:
        file.write(EICAR[:max_bytes])
        file.truncate(max_bytes)
        try:
            found = scanner.scan(file)
        except ScannerUnavailable as error:
            return wrong(
                f"it does not scan {max_bytes} bytes, which a file may have: {error}",
                "raise StreamMaxLength in clamd.conf, or SAFELIGHT_SCANNER_TIMEOUT_SECONDS; or "
                "lower SAFELIGHT_UPLOAD_MAX_BYTES",
            )
    if found is None or found.startswith(_TOO_MUCH):
        return doubtful(
            f"it does not find EICAR at the head of {max_bytes} bytes, which a file may have",
            "raise MaxFileSize and MaxScanSize in clamd.conf, and look again",
        )
    return fine(f"it finds EICAR at the head of {max_bytes} bytes, which a file may have")
