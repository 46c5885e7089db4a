"""One transaction's view, put together from the repositories."""

from collections.abc import Callable

from adapters.persistence.api_keys import SqlAPIKeys
from adapters.persistence.assets import SqlAssets
from adapters.persistence.audit_trail import SqlAuditTrail
from adapters.persistence.connection import Connection
from adapters.persistence.erasures import SqlErasures
from adapters.persistence.files import SqlFiles
from adapters.persistence.history import SqlHistory
from adapters.persistence.idempotency_keys import SqlIdempotencyKeys
from adapters.persistence.identities import SqlIdentities, SqlSignInAttempts
from adapters.persistence.images import SqlImages
from adapters.persistence.letters import SqlLetters
from adapters.persistence.notifications import SqlDeliveries, SqlWebhooks
from adapters.persistence.outbox import SqlOutbox
from adapters.persistence.presets import SqlPresets
from adapters.persistence.processing_log import SqlProcessingLog
from adapters.persistence.sessions import SqlSessions
from adapters.persistence.tasks import SqlTasks
from adapters.persistence.users import SqlUsers
from adapters.persistence.workers import SqlWorkers
from application.ports.unit_of_work import UnitOfWork


class SqlUnitOfWork(UnitOfWork):
    """The repositories over one open transaction."""

    def __init__(
        self, connection: Connection, commit: Callable[[], None], on_outbox: Callable[[], None]
    ) -> None:
        self._commit = commit
        self._on_outbox = on_outbox
        self._outbox = SqlOutbox(connection)
        tasks = SqlTasks(connection, self._outbox)
        self.users = SqlUsers(connection)
        self.sessions = SqlSessions(connection)
        self.api_keys = SqlAPIKeys(connection)
        self.identities = SqlIdentities(connection)
        self.sign_in_attempts = SqlSignInAttempts(connection)
        self.images = SqlImages(connection, tasks)
        self.assets = SqlAssets(connection)
        self.presets = SqlPresets(connection)
        self.tasks = tasks
        self.outbox = self._outbox
        self.deliveries = SqlDeliveries(connection)
        self.letters = SqlLetters(connection)
        self.webhooks = SqlWebhooks(connection)
        self.processing_log = SqlProcessingLog(connection)
        self.idempotency_keys = SqlIdempotencyKeys(connection)
        self.files = SqlFiles(connection)
        self.erasures = SqlErasures(connection)
        self.history = SqlHistory(connection)
        self.workers = SqlWorkers(connection)
        self.audit = SqlAuditTrail(connection)

    def commit(self) -> None:
        self._commit()
        if self._outbox.has_new_due:
            self._on_outbox()
