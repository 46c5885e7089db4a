"""
A whole platform in one process, everything real but the passing of time.

The API is called as a WSGI application; image worker and notifier are the real consumers on the
real embedded queue, in threads of their own; pictures are drawn in the real sandbox. The relay is
the test's to turn, so that a scenario can hold the workers back.
"""

import email
import email.policy
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Self

from dependency_injector import providers

from application.ports.clock import Clock
from entrypoints.container import Platform
from entrypoints.preparation import prepare
from entrypoints.settings import load_settings
from tests.behaviour.overheard import Overheard, OverheardClient

SCENARIO_SECONDS = 30.0
_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
_KEPT_TABLES = ("assets", "schema_migrations", "sqlite_sequence", "workers")


class MovableClock(Clock):
    """The host's clock, set forward at will."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, duration: timedelta) -> None:
        """Let *duration* pass."""
        self.ahead += duration


class Rig:
    """
    One platform for all scenarios.

    Attributes:
        overheard: What is logged, and must not have any of what is said to the API in it.
    """

    def __init__(self, folder: Path) -> None:
        self.overheard = Overheard()
        self._environ = {
            "SAFELIGHT_DATA_DIR": str(folder),
            # Few, so that a scenario can fill the queue.
            "SAFELIGHT_LIMITS_QUEUED_TASKS": "6",
            "SAFELIGHT_LIMITS_QUEUED_TASKS_PER_USER": "3",
            "SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            # An hour may pass between signing in and looking at what is left of a link.
            "SAFELIGHT_TOKENS_LIFETIME_SECONDS": "86400",
        }
        settings = load_settings(self._environ)
        self.folder = folder
        prepare(settings)
        # Beside the platform, for what no user can do: forget everything, let time pass.
        self._beside = sqlite3.connect(settings.database_file, timeout=10, isolation_level=None)
        self._mail_folder = settings.data_dir / "mail"
        self.clock = MovableClock()
        self.paused = False
        platform = Platform(settings=settings)
        self._adapters = platform.adapters()
        self._adapters.clock.override(providers.Object(self.clock))
        self._use_cases = platform.use_cases()
        self._clients = [OverheardClient(platform.http_app(), self.overheard)]
        self._consumers = [platform.image_worker(), platform.notifier()]
        self._threads = [
            threading.Thread(target=consumer.run, daemon=True) for consumer in self._consumers
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for consumer in self._consumers:
            consumer.stop()
        for thread in self._threads:
            thread.join(timeout=30)
        self._adapters.image_editor().close()
        self._beside.close()

    @property
    def client(self) -> OverheardClient:
        """A way to the API as its operator has set it."""
        return self._clients[-1]

    def confine_users(self) -> None:
        """Have the API served to users who may use shared presets alone."""
        self.serve_with(SAFELIGHT_PIPELINES_PRESETS_ONLY_ROLES="user")

    def serve_with(self, **environ: str) -> None:
        """Have the API served with other settings, over the same database and queue."""
        other = Platform(settings=load_settings(self._environ | environ))
        other.adapters().clock.override(providers.Object(self.clock))
        self._clients.append(OverheardClient(other.http_app(), self.overheard))

    def reset(self) -> None:
        """Forget everybody and everything but what ships."""
        self.paused = False
        del self._clients[1:]
        self.work()
        self.clock.ahead = timedelta()
        tables = self._beside.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (table,) in tables.fetchall():
            if table not in _KEPT_TABLES:
                self._beside.execute(f"DELETE FROM {table}")
        self._beside.execute("DELETE FROM assets WHERE user_id IS NOT NULL OR name <> 'logo.png'")
        for mail in self._mail_folder.glob("*.eml"):
            mail.unlink()

    def ring(self) -> None:
        """Carry to the workers what waits for them, and do not wait for what they make of it."""
        while self._use_cases.relay_outbox()():
            pass

    def work(self) -> None:
        """Turn the relay until nothing is left to be done, unless the workers are paused."""
        deadline = time.monotonic() + SCENARIO_SECONDS
        while not self.paused:
            self._use_cases.sweep()()
            while self._use_cases.relay_outbox()():
                pass
            if not self._is_anything_open():
                return
            assert time.monotonic() < deadline, "the workers do not get done"
            time.sleep(0.01)

    def mails(self) -> list[EmailMessage]:
        """Every mail that was sent, oldest first."""
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self._mail_folder.glob("*.eml"))
        ]

    def make_admin(self, address: str) -> None:
        """Give an account the role `admin`, as an operator would in the database."""
        roles = '["admin","user"]'
        self._beside.execute("UPDATE users SET roles = ? WHERE email = ?", (roles, address))

    def user_id_of(self, address: str) -> str:
        """Return the id of an account, which only admins are told."""
        query = "SELECT id FROM users WHERE email = ?"
        [(user_id,)] = self._beside.execute(query, (address,)).fetchall()
        return str(user_id)

    def make_deliveries_due(self) -> None:
        """Let the wait for every next attempt be over."""
        self._beside.execute(
            f"UPDATE deliveries SET due_at = {_NOW}, lease_until = NULL WHERE status = 'pending'"
        )

    def make_keys_older(self, hours: int) -> None:
        """Let *hours* pass for every idempotency key."""
        self._beside.execute(
            "UPDATE idempotency_keys SET created_at ="
            f" strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{hours} hours')"
        )

    def stored(self) -> set[str]:
        """Return the keys of everything in the store."""
        return set(self._adapters.object_store().keys())

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        [(count,)] = self._beside.execute(f"SELECT count(*) FROM {table}")
        return int(count)

    def _is_anything_open(self) -> bool:
        """Whether a task, a message or a delivery whose time has come waits for somebody."""
        [(count,)] = self._beside.execute(
            f"""
            SELECT (SELECT count(*) FROM tasks WHERE status IN ('queued', 'in progress'))
                 + (SELECT count(*) FROM outbox WHERE due_at <= {_NOW})
                 + (SELECT count(*) FROM deliveries WHERE status = 'pending' AND due_at <= {_NOW})
                 + (SELECT count(*) FROM erasures WHERE destroyed_at IS NULL)
                 + (SELECT count(*) FROM letters WHERE status = 'pending' AND due_at <= {_NOW})
                 + (SELECT count(*) FROM tasks t WHERE t.status IN ('completed', 'failed')
                    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.task_id = t.id))
            """
        )
        return bool(count)
