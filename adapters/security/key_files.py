"""Keys in files, made on the first start."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

KEY_BYTES = 32
_MAX_BYTES = 4_096
_FEWEST_BYTES = 8
"""Different ones in a key; of 32 that are random there are 22 or more."""


class KeyFileRefused(Exception):
    """A key file cannot be trusted or used; the message says what to do."""


def load_or_create_key(path: Path) -> bytes:
    """
    Return the key in *path*; make one of 32 random bytes if there is no such file.

    Of several processes that start at once one makes the key, and all return it. A file that is
    there counts byte for byte, so a key may also be brought along.

    Raises:
        KeyFileRefused: The file is too short, or others may read it.
        OSError: The file cannot be read or made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _load(path)
    except FileNotFoundError:
        _create(path)
        return _load(path)


def _load(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileRefused(f"{path} is not a file; a key is kept in a file of its own.")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileRefused(
                f"{path} can be read or changed by other users; "
                f"run `chmod 600 {path}`, and make a new key if it may have been seen."
            )
        key = file.read(_MAX_BYTES + 1)
    if not KEY_BYTES <= len(key) <= _MAX_BYTES:
        raise KeyFileRefused(
            f"{path} holds {len(key)} bytes; a key has at least {KEY_BYTES} "
            f"and at most {_MAX_BYTES}. Move the file away to have a new key made."
        )
    if len(set(key)) < _FEWEST_BYTES:
        raise KeyFileRefused(
            f"{path} holds a few bytes over and over, which is no key. "
            "Move the file away to have one made."
        )
    return key


def _create(path: Path) -> None:
    # Written aside and linked into place: nobody ever reads half a key, and whoever comes second
    # leaves the first one's key alone.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink()
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
