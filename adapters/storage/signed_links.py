"""Download links that we sign, and check when they come back."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from application.ports.clock import Clock
from application.ports.download_links import (
    DownloadLinks,
    LinkedFile,
    LinkExpired,
    LinkForged,
    LinkVerifier,
)
from domain.tasks.task import Result

MIN_KEY_BYTES = 32
_EXPIRES = re.compile(r"[0-9]{1,12}", re.ASCII)


class SignedLinks(DownloadLinks, LinkVerifier):
    """
    Links to our own `/files`, with an expiry and an HMAC-SHA256 over what they open.

        {base_url}/files/{task}/{variant}/{name}?exp=1773489600&kid=1&sig=…

    The name is there for people to read; it is not signed, and nobody should act upon it.

    Attributes:
        keys: By key id; old ones stay until the last link that they signed has expired.
        current_kid: Signs new links.
    """

    def __init__(
        self, base_url: str, keys: Mapping[str, bytes], current_kid: str, clock: Clock
    ) -> None:
        if any(len(key) < MIN_KEY_BYTES for key in keys.values()):
            raise ValueError(f"keys of download links need at least {MIN_KEY_BYTES} bytes")
        if current_kid not in keys:
            raise ValueError("the current key of download links is not among their keys")
        self._base_url = base_url.rstrip("/")
        self._keys = dict(keys)
        self._current_kid = current_kid
        self._clock = clock

    def issue(self, task_id: UUID, result: Result, download_name: str, lifetime: timedelta) -> str:
        """Sign; where the store keeps the bytes stays ours."""
        linked = LinkedFile(task_id, result.variant)
        expires = str(int((self._clock.now() + lifetime).timestamp()))
        kid = self._current_kid
        signature = _sign(self._keys[kid], linked, expires, kid)
        path = "/".join(
            quote(part, safe="") for part in (str(linked.task_id), linked.variant, download_name)
        )
        return (
            f"{self._base_url}/files/{path}?exp={expires}&kid={quote(kid, safe='')}&sig={signature}"
        )

    def verify(self, linked: LinkedFile, expires: str, key_id: str, signature: str) -> None:
        """Compare signatures in constant time, and only then look at the clock."""
        key = self._keys.get(key_id)
        if key is None or _EXPIRES.fullmatch(expires) is None:
            raise LinkForged("The link is not valid.")
        # Compared as text, so that each link has one valid spelling; as bytes, because
        # compare_digest refuses text outside ASCII.
        expected = _sign(key, linked, expires, key_id).encode()
        if not hmac.compare_digest(expected, signature.encode("utf-8", "replace")):
            raise LinkForged("The link is not valid.")
        if self._clock.now().timestamp() >= int(expires):
            raise LinkExpired("The link has expired; ask for a new one.")


def _sign(key: bytes, linked: LinkedFile, expires: str, kid: str) -> str:
    # Unambiguous: of the parts only the last may hold a line feed.
    message = f"download/v1\n{kid}\n{expires}\n{linked.task_id}\n{linked.variant}"
    digest = hmac.digest(key, message.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
