"""Download links that the S3 store serves itself."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from adapters.storage.keys import checked_key
from adapters.storage.s3_bucket import S3Location, make_client
from application.ports.download_links import DownloadLinks
from domain.tasks.task import Result

MAX_LIFETIME: Final = timedelta(days=7)
"""The longest that Signature Version 4 allows."""


class PresignedLinks(DownloadLinks):
    """
    Links to the bucket, signed without asking it: bytes do not pass through us.

    Whoever has a link gets the object as an attachment, under the name and of the type that we
    say, until the link is too old. The links show bucket, key and access key id, and they end
    early if the credentials are temporary ones.

    Args:
        location: As customers reach it: its endpoint is part of the signature.
    """

    def __init__(self, location: S3Location) -> None:
        self._location = location
        self._client = make_client(location)

    def issue(self, task_id: UUID, result: Result, download_name: str, lifetime: timedelta) -> str:
        """
        Sign.

        Raises:
            ValueError: *lifetime* is longer than `MAX_LIFETIME`.
        """
        del task_id
        if not timedelta(seconds=1) <= lifetime <= MAX_LIFETIME:
            raise ValueError("presigned links live between a second and seven days")
        url: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._location.bucket,
                "Key": self._location.name_of(checked_key(result.file_path)),
                "ResponseContentDisposition": _attachment(download_name),
                "ResponseContentType": result.format.media_type,
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=int(lifetime.total_seconds()),
        )
        return url


def _attachment(download_name: str) -> str:
    """Spell the header by RFC 6266, appendix D: for old programs in ASCII, for others in full."""
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '"\\%/' else "_"
        for letter in download_name
    )
    full = quote(download_name.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"
