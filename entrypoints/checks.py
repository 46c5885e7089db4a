# ruff: noqa: PLC0415  # so that a check loads what it looks at, and a missing part spoils no other
"""
What `safelight check` looks at: a check for each part that settings choose.

Nothing is made that was not there, but for probes that are taken away again: whoever checks may be
another user than the one that the processes run as.
"""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import attrs

from application.checkup import Finding, doubtful, fine, wrong
from application.ports.message_publisher import Message
from entrypoints import factories
from entrypoints.container import Platform
from entrypoints.preparation import reach
from entrypoints.settings import Settings

Check = Callable[[Settings], Iterator[Finding]]

_CONNECT_SECONDS: Final = 5.0
_MADE_LATER: Final = "nothing to do: it is made by `safelight migrate` or the first start"
_KEYS: Final = {"tokens": "TOKENS", "links": "LINKS", "webhooks": "WEBHOOK"}


def _data_directory(settings: Settings) -> Iterator[Finding]:
    directory = settings.data_dir
    if not directory.exists():
        yield doubtful(f"{directory} is not there yet", _MADE_LATER)
        return
    if not directory.is_dir() or not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        yield wrong(
            f"{directory} cannot be written to",
            "change its owner, or set SAFELIGHT_DATA_DIR to another",
        )
        return
    status = directory.stat()
    if status.st_uid != os.geteuid():
        yield doubtful(
            f"{directory} belongs to user {status.st_uid}, and this is user {os.geteuid()}",
            "check as the user that the processes run as",
        )
    if status.st_mode & 0o077:
        yield doubtful(f"other users may look into {directory}", f"chmod 700 {directory}")
    space = os.statvfs(directory)
    free, total = space.f_bavail * space.f_frsize, space.f_blocks * space.f_frsize
    least = min(settings.limits.free_bytes, total // 10)
    if settings.storage.bucket is None and settings.storage.root is None and free < least:
        yield wrong(
            f"{directory} has {free >> 20} MiB free, so that uploads are refused",
            "make room, or lower SAFELIGHT_LIMITS_FREE_BYTES",
        )
    else:
        yield fine(f"{directory}, {free >> 20} MiB free")


def _keys(settings: Settings) -> Iterator[Finding]:
    given = {"tokens": settings.tokens.key, "links": settings.links.key}
    given["webhooks"] = settings.webhook.key
    in_files = [name for name, key in given.items() if key is None]
    if in_files and _is_for_many_machines(settings):
        yield doubtful(
            f"the keys {', '.join(in_files)} are files of this machine alone",
            f"give every machine the same: SAFELIGHT_{_KEYS[in_files[0]]}_KEY and so on",
        )
    folder = settings.data_dir / "keys"
    to_make = [name for name in in_files if not (folder / f"{name}.key").exists()]
    if to_make:
        yield doubtful(f"{', '.join(to_make)}: not in {folder} yet", _MADE_LATER)
    for name in given.keys() - set(to_make):
        factories.security.signing_key(settings, given[name], name)
    good = [name for name in given if name not in to_make]
    if good:
        yield fine(f"{', '.join(good)}: good")


def _is_for_many_machines(settings: Settings) -> bool:
    return settings.postgres_url is not None and settings.storage.bucket is not None


def _database(settings: Settings) -> Iterator[Finding]:
    from adapters.persistence.checkup import check_postgres, check_sqlite
    from adapters.persistence.sqlite import SqliteDatabase

    if settings.postgres_url is None and not settings.database_file.exists():
        yield doubtful(f"{settings.database_file} is not there yet", _MADE_LATER)
        return
    database = Platform(settings=settings).adapters().database()
    try:
        if isinstance(database, SqliteDatabase):
            yield from check_sqlite(database)
        else:
            # The API's processes, and one each of the others.
            processes = settings.http.workers + 3
            yield from check_postgres(database, connections=processes * settings.database.pool_size)
    finally:
        database.close()


def _broker(settings: Settings) -> Iterator[Finding]:
    url = urlsplit(settings.broker_url)
    if url.scheme == "embedded" and not Path(unquote(url.netloc + url.path)).exists():
        yield doubtful("the embedded queue is not there yet", _MADE_LATER)
        return
    publisher = factories.messaging.publisher(settings)
    try:
        reach(publisher)
        place = f" at {url.hostname}" if url.hostname else ""
        yield fine(f"{url.scheme}{place}: every queue is there, and as this version declares it")
        # No queue takes such a message, so it goes there and back and nobody meets it.
        returned = publisher.publish([Message("Probe", uuid4(), "safelight check")])
        if list(returned) == [0]:
            yield fine("it confirms what it is given, and returns what no queue takes")
        else:
            yield wrong("it loses what no queue takes", "put no other exchange behind ours")
    finally:
        publisher.close()
    dead_letters = factories.messaging.dead_letters(settings)
    try:
        dead = sum(map(dead_letters.count, ("image-processing", "notifications")))
    finally:
        dead_letters.close()
    if dead:
        yield doubtful(f"it keeps {dead} dead letters", "look: `safelight dead-letters list`")


def _store(settings: Settings) -> Iterator[Finding]:
    from adapters.storage.checkup import check_bucket, check_links, check_store

    location = factories.storage.bucket(settings)
    if location is None:
        if not settings.storage_root.exists():
            yield doubtful(f"{settings.storage_root} is not there yet", _MADE_LATER)
        else:
            yield from check_store(factories.storage.object_store(settings))
        return
    with tempfile.TemporaryDirectory(prefix="safelight-") as staging:
        store = factories.storage.object_store(attrs.evolve(settings, data_dir=Path(staging)))
        yield from check_store(store)
    yield from check_bucket(location)
    if settings.storage.links == "bucket":
        endpoint = settings.storage.links_endpoint or settings.storage.endpoint
        yield from check_links(location, attrs.evolve(location, endpoint=endpoint))


def _scanner(settings: Settings) -> Iterator[Finding]:
    from adapters.scanning.checkup import check_scanner

    scanner = factories.scanning.clamd(settings)
    if scanner is None:
        yield fine("files that come in are not scanned for malware")
    else:
        yield from check_scanner(scanner, settings.upload.max_bytes)


def _mail(settings: Settings) -> Iterator[Finding]:
    from adapters.notification.checkup import check_mail

    server = factories.notification.mail_server(settings)
    if server is None:
        yield fine(f"mails are written to {settings.data_dir / 'mail'}, as .eml files")
    else:
        yield from check_mail(server)


def _webhooks(settings: Settings) -> Iterator[Finding]:
    from adapters.notification.checkup import check_webhooks

    webhook = settings.webhook
    yield from check_webhooks(
        factories.notification.webhook_client(settings),
        webhook.allowed_networks,
        allow_plain_http=webhook.allow_plain_http,
    )


def _renderer(settings: Settings) -> Iterator[Finding]:
    from adapters.imaging.checkup import check_editor

    editor = factories.imaging.image_editor(settings, factories.policies.upload_policy(settings))
    try:
        [logo, *_] = factories.storage.shipped_assets().values()
        yield from check_editor(editor, logo)
    finally:
        editor.close()


def _ports(settings: Settings) -> Iterator[Finding]:
    binds = {"HTTP_BIND": settings.http.bind, "METRICS_BIND": settings.metrics.bind}
    for name, bind in binds.items():
        if bind is not None:
            yield _port(f"SAFELIGHT_{name}", bind)


def _port(name: str, bind: str) -> Finding:
    if bind.startswith(("unix:", "fd://")):
        return fine(f"{bind}: not looked at")
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), int(port)))
        except OSError as error:
            return doubtful(
                f"nobody else may listen on {bind}: {error.strerror}",
                f"nothing, if that is Safelight, which runs; else set {name} to another",
            )
    return fine(f"{bind} is free")


def _logstash(settings: Settings) -> Iterator[Finding]:
    host, port = settings.logstash.host, settings.logstash.port
    if host is None:
        return
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        yield wrong(
            f"{host}:{port} does not answer: {error}",
            "correct SAFELIGHT_LOGSTASH_HOST and …_PORT; until then the log stays on this machine",
        )
    else:
        yield fine(f"{host}:{port} answers")


CHECKS: Final[Mapping[str, Check]] = {
    "data directory": _data_directory,
    "keys": _keys,
    "database": _database,
    "broker": _broker,
    "store": _store,
    "scanner": _scanner,
    "mail": _mail,
    "webhooks": _webhooks,
    "renderer": _renderer,
    "ports": _ports,
    "logstash": _logstash,
}
"""By the name that people see, in the order in which they are told."""
