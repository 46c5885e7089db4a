# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""Where pictures are kept, and links to them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from application.ports.clock import Clock
from application.ports.download_links import DownloadLinks
from application.ports.object_store import ObjectStore
from entrypoints.factories.security import signing_key
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.storage.s3_bucket import S3Location
    from adapters.storage.signed_links import SignedLinks


_KEY_ID: Final = "1"


def object_store(settings: Settings) -> ObjectStore:
    location = bucket(settings)
    if location is None:
        from adapters.storage.disk import DiskObjectStore

        return DiskObjectStore(settings.storage_root)
    from adapters.storage.s3 import S3ObjectStore

    return S3ObjectStore(location, settings.data_dir / "staging")


def bucket(settings: Settings) -> "S3Location | None":
    """Return where the bucket is, or None if pictures are kept in a directory."""
    storage = settings.storage
    if storage.bucket is None:
        return None
    from adapters.storage.s3_bucket import S3Location

    return S3Location(
        storage.bucket,
        endpoint=storage.endpoint,
        region=storage.region,
        prefix=storage.prefix,
        path_style=storage.path_style,
        access_key=storage.access_key,
        secret_key=storage.secret_key,
    )


def link_verifier(settings: Settings, clock: Clock) -> "SignedLinks":
    from adapters.storage.signed_links import SignedLinks

    key = signing_key(settings, settings.links.key, "links")
    return SignedLinks(settings.base_url, {_KEY_ID: key}, _KEY_ID, clock)


def links(settings: Settings, own: "SignedLinks") -> DownloadLinks:
    storage, location = settings.storage, bucket(settings)
    if location is None or storage.links == "api":
        return own
    from adapters.storage.presigned_links import PresignedLinks

    return PresignedLinks(
        attrs.evolve(location, endpoint=storage.links_endpoint or storage.endpoint)
    )


def shipped_assets() -> Mapping[str, bytes]:
    from adapters.storage.shipped_assets import shipped_assets

    return shipped_assets()
