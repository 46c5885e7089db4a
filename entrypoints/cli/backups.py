# ruff: noqa: PLC0415, T201  # imports wait for their command; a command line prints
"""`safelight backup` and `safelight backup-check`."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import Parameter

from entrypoints.cli.configuration import configured, prepared_platform
from entrypoints.cli.presentation import amount_of, progress_of, size_of
from entrypoints.mistakes import OperatorMistake

if TYPE_CHECKING:
    from entrypoints.settings import Settings

_SHOWN = 20


def backup(directory: Annotated[Path, Parameter()], /) -> int:
    """
    Copy database, files and keys into a directory, while the platform runs.

    The copy is a data directory: `SAFELIGHT_DATA_DIR=DIRECTORY safelight up` starts it. Repeated
    into the same directory, only new files are fetched. Of a PostgreSQL database make a dump
    instead, then copy the store: docs/backup.md. Keys that stand in settings are not copied.

    Parameters
    ----------
    directory
        A new or empty directory, or one with an earlier backup.
    """
    settings = configured()
    if settings.postgres_url is not None:
        raise OperatorMistake(
            "the database is PostgreSQL: make a dump with pg_dump first, then copy the store, as "
            "docs/backup.md shows",
            exit_code=2,
        )
    copy = _as_data_directory(settings, directory.absolute())
    if copy.database_file == settings.database_file.absolute():
        raise OperatorMistake("the backup would overwrite what it is a copy of", exit_code=2)
    from entrypoints import factories
    from entrypoints.preparation import make_data_directory

    if directory.exists() and any(directory.iterdir()) and not copy.database_file.exists():
        raise OperatorMistake(f"{directory} holds something else; choose an empty directory")
    make_data_directory(copy)
    with prepared_platform(settings) as live:
        # In this order: see CopyFiles.
        factories.persistence.copy_database(live.adapters().database(), copy.database_file)
        _copy_keys(settings.data_dir / "keys", copy.data_dir / "keys")
        with prepared_platform(copy) as copied:
            from application.administration.copy_files import CopyFiles
            from application.administration.stored_files import count_holders

            database = copied.adapters().database()
            copy_files = CopyFiles(
                live.adapters().database(),
                live.adapters().object_store(),
                database,
                copied.adapters().object_store(),
            )
            with progress_of("Copying files", count_holders(database)) as advance:
                outcome = copy_files(advance)
    print(
        f"Copied to {directory}: the database, the keys, "
        f"{amount_of(outcome.copied, 'file')} ({size_of(outcome.copied_bytes)}); "
        f"{outcome.there_already:,} were there already."
    )
    for holder in outcome.lost[:_SHOWN]:
        print(f"not in the store, or damaged: {holder.kind.value} of {holder.id}")
    if outcome.lost:
        print(f"{amount_of(len(outcome.lost), 'row')} lack their files: safelight sweep-orphans")
    return 1 if outcome.lost else 0


def backup_check(directory: Annotated[Path | None, Parameter()] = None, /) -> int:
    """
    Prove that every picture that the database promises is there, whole: its SHA-256 is compared.

    Reads everything and changes nothing. Ends with 1 if anything is missing or damaged.

    Parameters
    ----------
    directory
        A backup, or a restored data directory; if absent, what the settings say.
    """
    settings = configured()
    if directory is not None:
        settings = _as_data_directory(settings, directory.absolute())
    with prepared_platform(settings) as platform:
        from application.administration.stored_files import count_holders

        total = count_holders(platform.adapters().database())
        with progress_of("Reading files", total) as advance:
            checked = platform.use_cases().check_files()(advance)
    for each in checked.bad[:_SHOWN]:
        print(f"{each.fault}: {each.holder.kind.value} of {each.holder.id} ({each.key})")
    if len(checked.bad) > _SHOWN:
        print(f"… and {len(checked.bad) - _SHOWN:,} more")
    print(f"{amount_of(checked.files, 'file')} read ({size_of(checked.byte_size)}).")
    print(f"{len(checked.bad):,} missing or damaged." if checked.bad else "All are whole.")
    return 1 if checked.bad else 0


def _as_data_directory(settings: "Settings", directory: Path) -> "Settings":
    """Return settings under which *directory* is the whole platform, on the embedded engines."""
    from entrypoints.settings import DatabaseSettings, StorageSettings

    return attrs.evolve(
        settings, data_dir=directory, database=DatabaseSettings(), storage=StorageSettings()
    )


def _copy_keys(source: Path, target: Path) -> None:
    try:
        target.mkdir(mode=0o700, exist_ok=True)
        for key in source.glob("*.key"):
            copy = target / key.name
            copy.unlink(missing_ok=True)
            copy.touch(mode=0o600)
            shutil.copyfile(key, copy)
            descriptor = os.open(copy, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise OperatorMistake(f"the keys cannot be copied: {error}") from error
