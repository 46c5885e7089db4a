"""What has to stand before a process starts: the data directory, its keys, the tables."""

import os
from pathlib import Path

from application.errors import PortFailure
from application.ports.message_publisher import (
    BrokerRefused,
    BrokerUnavailable,
    MessagePublisher,
)
from application.ports.object_store import ObjectStore, StorageMisconfigured, StorageUnavailable
from application.ports.unit_of_work import DatabaseNotPermitted, DatabaseUnavailable
from entrypoints.container import Platform
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings


def prepare(settings: Settings) -> list[str]:
    """
    Make the data directory, its keys and the tables, install the shared pictures.

    Returns the names of the migrations that ran; done again, it changes nothing.

    Raises:
        OperatorMistake: Something on this machine stands in the way.
    """
    make_data_directory(settings)
    platform = Platform(settings=settings)
    adapters = platform.adapters()
    try:
        adapters.access_tokens(), adapters.links(), adapters.signing_secrets()
        applied = adapters.migrations().run()
        _check_store(adapters.object_store())
        platform.use_cases().install_shared_assets()()
        adapters.database().close()
    except PortFailure as failure:
        raise _mistake_of(failure) from failure
    return applied


def make_data_directory(settings: Settings) -> None:
    """Make the data directory for our eyes only, or raise `OperatorMistake`."""
    _make_private(settings.data_dir)
    if settings.postgres_url is None:
        _make_private(settings.database_file.parent)


def _make_private(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
            raise OperatorMistake(
                f"the data directory {directory} cannot be written to; "
                "change its owner, or set SAFELIGHT_DATA_DIR to another"
            )
    except OSError as error:
        raise OperatorMistake(
            f"the data directory {directory} cannot be made: {error.strerror}; "
            "set SAFELIGHT_DATA_DIR to another"
        ) from error


def check_prepared(settings: Settings, *, broker: bool = False) -> None:
    """
    Raise `OperatorMistake` for what waiting does not mend.

    A database has to answer, because nobody may work on tables that he has not seen. A store or a
    *broker* that is away may come back and is waited for; one that refuses us is not.
    """
    if settings.postgres_url is None and not settings.database_file.exists():
        raise OperatorMistake(
            f"there is no database {settings.database_file}; run `safelight migrate` first"
        )
    adapters = Platform(settings=settings).adapters()
    try:
        missing = adapters.migrations().pending()
        _check_store(adapters.object_store())
        if broker:
            check_broker(settings)
    except PortFailure as failure:
        raise _mistake_of(failure) from failure
    finally:
        adapters.database().close()
    if missing:
        raise OperatorMistake(
            f"the database lacks {', '.join(missing)}; run `safelight migrate` first"
        )


def _check_store(store: ObjectStore) -> None:
    """Raise `StorageMisconfigured`; a store that is away may come back, and is waited for."""
    try:
        store.check()
    except StorageMisconfigured:
        raise
    except StorageUnavailable:
        return


def check_broker(settings: Settings) -> None:
    """Raise `OperatorMistake` if the broker refuses us; one that is away is waited for."""
    publisher = Platform(settings=settings).adapters().publisher()
    try:
        reach(publisher)
    except BrokerRefused as refusal:
        raise _mistake_of(refusal) from refusal
    except BrokerUnavailable:
        return
    finally:
        publisher.close()


def reach(publisher: MessagePublisher) -> None:
    """Have *publisher* connect and declare its queues, or raise `BrokerUnavailable`."""
    publisher.publish([])


def remedy_of(failure: PortFailure) -> str:
    """Return which setting leads to what has failed; empty if none does."""
    match failure:
        case DatabaseNotPermitted():
            return "grant it to the role that SAFELIGHT_DATABASE_URL names"
        case DatabaseUnavailable() if "FATAL" in str(failure):  # the server's own word
            return "correct SAFELIGHT_DATABASE_URL, or make that role and database"
        case DatabaseUnavailable():
            return "is the server running, and SAFELIGHT_DATABASE_URL right?"
        case StorageUnavailable():
            return "SAFELIGHT_STORAGE_… say where pictures are kept, and who we are there"
        case BrokerUnavailable():
            return "SAFELIGHT_BROKER_… say where the broker is, and who we are there"
        case _:
            return ""


def _mistake_of(failure: PortFailure) -> OperatorMistake:
    """Say in one line what stands in the way, and which setting leads there."""
    said = str(failure).strip().partition("\n")[0].rstrip(".")
    remedy = remedy_of(failure)
    return OperatorMistake(f"{failure.code}: {said}{remedy and '; '}{remedy}")
