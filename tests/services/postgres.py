"""A PostgreSQL server of the tests' own, or the one that they are given."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from adapters.persistence.migrations import Migrations
from adapters.persistence.postgres import PostgresDatabase
from tests.ports import free_port
from tests.services import packages

GIVEN = "SAFELIGHT_TEST_DATABASE_URL"
"""The address of a database whose user may create others."""

GUARDED = "guarded"
"""The one user whom a private server asks for a password; a test makes it."""

_SETTINGS = {
    # What is in it is worth nothing once the tests are over.
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "panic",
}
_NUMBERS = count(1)


class Postgres:
    """
    A server, and a template from which it makes databases with this version's tables.

    Attributes:
        url: The address of its first database.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._template = f"safelight_template_{os.getpid()}"
        self._run(f'CREATE DATABASE "{self._template}"')
        template = PostgresDatabase(self.url_of(self._template))
        Migrations(template).run()
        template.close()

    def url_of(self, database: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def create_database(self, *, empty: bool = False, locale: str = "C") -> str:
        """Make a database of its own for a test and return its address."""
        name = f"safelight_test_{os.getpid()}_{next(_NUMBERS)}"
        template = "template0" if empty else self._template
        of_locale = f" LOCALE '{locale}'" if empty else ""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{of_locale}')
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')

    def stop(self) -> None:
        self.drop_database(self.url_of(self._template))

    def _run(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(sql.encode())


class PrivatePostgres(Postgres):
    """
    A server that nobody else knows: a process of ours over a folder of its own.

    It refuses to be root's, so root starts it as the user whom the package brings.
    """

    def __init__(self) -> None:
        packages.ensure("postgresql")
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="safelight-postgres-"))
        self._port = free_port()
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [*_unprivileged(), self._programs / "initdb", "-D", self._folder / "data"]
            + ["-U", "safelight", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd=self._folder,
            check=True,
            capture_output=True,
            timeout=60,
        )
        self.url = f"postgresql://safelight@127.0.0.1:{self._port}/postgres"
        access = self._folder / "data" / "pg_hba.conf"
        access.write_text(f"host all {GUARDED} 127.0.0.1/32 scram-sha-256\n" + access.read_text())
        try:
            self.start()
            super().__init__(self.url)
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = _SETTINGS | {"unix_socket_directories": str(self._folder)}
        self._server = subprocess.Popen(
            [*_unprivileged(), self._programs / "postgres", "-D", self._folder / "data"]
            + ["-p", str(self._port)]
            + [part for name, value in settings.items() for part in ("-c", f"{name}={value}")],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop it
        )
        give_up_at = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                assert self._server.poll() is None, "PostgreSQL did not start"
                assert time.monotonic() < give_up_at, "PostgreSQL does not answer"
                time.sleep(0.02)
            else:
                return

    def halt(self) -> None:
        """Stop it as a crash would: nobody is told, nothing is tidied up."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)

    def freeze(self) -> None:
        """Let every one of its processes stand still, until `thaw`."""
        self._tell(signal.SIGSTOP)

    def thaw(self) -> None:
        self._tell(signal.SIGCONT)

    def _tell(self, word: signal.Signals) -> None:
        for pid in self.pids():
            with suppress(ProcessLookupError):  # those that serve one client come and go
                os.kill(pid, word)

    def stop(self) -> None:
        self.thaw()
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)

    def pids(self) -> list[int]:
        """Return the ids of its processes, the first of them first."""
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children")
        return [self._server.pid, *map(int, children.read_text().split())]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; each test makes a database of its own in it."""
    server = _started()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def mortal_postgres() -> Iterator[PrivatePostgres]:
    """A PostgreSQL server that may be stopped without harm to other tests."""
    server = PrivatePostgres()
    yield server
    server.stop()


def _started() -> Postgres:
    given = os.environ.get(GIVEN)
    return Postgres(given) if given else PrivatePostgres()


def _programs() -> Path:
    """Return the folder of the newest version; Debian keeps several side by side."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda program: float(program.parts[-3]),
    )
    if not found:
        packages.not_here("needs the programs of PostgreSQL in /usr/lib/postgresql")
    return found[-1].parent


def _unprivileged() -> list[str]:
    if os.geteuid() != 0:
        return []
    # Its process is the server's own; and should the tests be killed, it ends by itself.
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=QUIT"]
