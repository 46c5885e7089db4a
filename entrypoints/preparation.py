"""What has to stand before a process starts: the data directory, its keys, the tables."""

import os
from pathlib import Path

from application.errors import PortFailure
from application.ports.object_store import ObjectStore, StorageMisconfigured, StorageUnavailable
from application.ports.unit_of_work import DatabaseUnavailable
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


def check_prepared(settings: Settings) -> None:
    """Raise `OperatorMistake` unless the tables are this version's and the store lets us in."""
    if settings.postgres_url is None and not settings.database_file.exists():
        raise OperatorMistake(
            f"there is no database {settings.database_file}; run `safelight migrate` first"
        )
    adapters = Platform(settings=settings).adapters()
    try:
        missing = adapters.migrations().pending()
        _check_store(adapters.object_store())
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


def _mistake_of(failure: PortFailure) -> OperatorMistake:
    """Say in one line what stands in the way, and which setting leads there."""
    said = str(failure).strip().partition("\n")[0]
    advice = ""
    if isinstance(failure, DatabaseUnavailable):
        advice = "; is the server running, and SAFELIGHT_DATABASE_URL right?"
    return OperatorMistake(f"{failure.code}: {said}{advice}")
