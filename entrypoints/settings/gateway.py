"""What is let in, and how much of it."""

from pathlib import Path
from typing import Final

import attrs

from domain.images.limits import MAX_SIDE_PX
from entrypoints.settings import forms as form
from entrypoints.settings.field import setting
from entrypoints.settings.people import _CONFINABLE_ROLES
from entrypoints.settings.places import _MIB

_HOUSE_NETWORKS: Final = (
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
)  # fmt: skip


@attrs.frozen
class HTTPSettings:
    """The API server."""

    bind: str = setting(
        "127.0.0.1:8000",
        form.bind_address(),
        "Where the API listens; port 0 lets the system choose.",
    )
    base_url: str | None = setting(
        None,
        form.url("http", "https"),
        "What customers reach the API by, for links; made from the listening address if absent.",
    )
    workers: int = setting(2, form.whole(1, 64), "Server processes.")
    threads: int = setting(16, form.whole(1, 256), "Requests at once in each server process.")
    graceful_seconds: int = setting(
        25, form.whole(1, 3600), "How long running requests may take to end at a stop."
    )
    allowed_origins: tuple[str, ...] = setting(
        (),
        form.origins(),
        "Origins of web pages whose scripts may use the API (CORS); none, so that none may.",
    )
    tls_certificate: Path | None = setting(
        None,
        form.readable_file(),
        "Certificate chain, PEM: the API speaks TLS itself. Plain HTTP if absent.",
    )
    tls_key: Path | None = setting(
        None, form.readable_file(), "The private key that belongs to it, PEM, without a password."
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        form.networks(),
        "Networks of proxies whose X-Forwarded-For is believed; none, so that an address counts "
        "only if it is the connection's.",
    )

    @property
    def in_line(self) -> int:
        """How many threads of a process may wait for one thing; a quarter is left to others."""
        return max(1, self.threads * 3 // 4)


@attrs.frozen
class UploadSettings:
    """What may come in."""

    max_bytes: int = setting(
        25 * _MIB, form.byte_size(1, 2**40), "Largest file; greater ones are refused with 413."
    )
    max_side_px: int = setting(
        MAX_SIDE_PX, form.whole(1, MAX_SIDE_PX), "Longest side of a picture, in pixels."
    )
    max_frame_pixels: int = setting(50_000_000, form.whole(1, 10**10), "Pixels of one frame.")
    max_frames: int = setting(500, form.whole(1, 100_000), "Frames of an animation.")
    max_total_pixels: int = setting(
        100_000_000, form.whole(1, 10**11), "Pixels of all frames together."
    )


@attrs.frozen
class ScannerSettings:
    """What looks for malware in files that come in."""

    url: str | None = setting(
        None,
        form.socket_url("clamd"),
        "The clamd of ClamAV that sees every file before it is kept; nothing is scanned if absent. "
        "See [security.md](security.md#scanning-for-malware).",
    )
    timeout_seconds: float = setting(
        10.0, form.seconds(0.1, 60), "Time that one file may take in all; then 503."
    )


@attrs.frozen
class PipelinesSettings:
    """What may be asked for."""

    presets_only_roles: tuple[str, ...] = setting(
        (),
        form.words(*_CONFINABLE_ROLES),
        "Roles confined to shared presets, as they are: whoever has no other may ask for nothing "
        "else. None, so that everybody may.",
    )


@attrs.frozen
class LimitsSettings:
    """High-water marks and rates: beyond them requests are refused before their bytes are read."""

    queued_tasks: int = setting(
        100_000, form.whole(1, 10**9), "Tasks that may wait, of everybody; then 503."
    )
    queued_tasks_per_user: int = setting(
        1_000, form.whole(1, 10**9), "Tasks that may wait, of one account; then 429."
    )
    free_bytes: int = setting(
        10 * 1024 * _MIB,
        form.byte_size(0, 2**50),
        "What the disk must have free, or a tenth of it if that is less; then 503.",
    )
    images_per_user: int = setting(
        0, form.whole(0, 10**9), "Images that one account may keep; then 429. 0 for any."
    )
    bytes_per_user: int = setting(
        0,
        form.byte_size(0, 2**50),
        "Bytes that uploads and results of one account may have; then 429. 0 for any.",
    )
    tasks_per_day_per_user: int = setting(
        0, form.whole(0, 10**9), "Tasks of one account within 24 hours; then 429. 0 for any."
    )
    sign_ins_per_address: int = setting(
        600,
        form.whole(0, 10**9),
        "Sign-ins, registrations and what else is about passwords and refresh tokens, a minute "
        "from one address; then 429, as for the rates below. 0 for any.",
    )
    wrong_passwords_per_user: int = setting(
        5,
        form.whole(0, 10**6),
        "Wrong passwords for one account from one address within a minute; twice as many within "
        "15 minutes, four times as many within six hours. 0 for any.",
    )
    wrong_passwords_per_address: int = setting(
        50,
        form.whole(0, 10**6),
        "Wrong passwords from one address, for any account, within 15 minutes; 0 for any.",
    )
    uploads_per_address: int = setting(
        60_000, form.whole(0, 10**9), "Uploads and retries a minute from one address; 0 for any."
    )
    uploads_per_user: int = setting(
        60_000, form.whole(0, 10**9), "Uploads and retries a minute of one account; 0 for any."
    )
    uploads_per_key: int = setting(
        0, form.whole(0, 10**9), "Uploads and retries a minute with one API key; 0 for any."
    )
    requests_per_address: int = setting(
        0, form.whole(0, 10**9), "Other requests a minute from one address; 0 for any."
    )
    requests_per_user: int = setting(
        0, form.whole(0, 10**9), "Other requests a minute of one account; 0 for any."
    )
    requests_per_key: int = setting(
        0, form.whole(0, 10**9), "Other requests a minute with one API key; 0 for any."
    )


@attrs.frozen
class AssetsSettings:
    """Pictures and fonts that an account keeps, for its processing options to name."""

    per_user: int = setting(100, form.whole(1, 10**6), "How many one account may keep; then 422.")
    bytes_per_user: int = setting(
        100 * _MIB,
        form.byte_size(1, 2**40),
        "Bytes that those of one account may have in all; then 422.",
    )
