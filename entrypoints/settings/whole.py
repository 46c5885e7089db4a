"""All of them."""

from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import attrs

from entrypoints.settings import forms as form
from entrypoints.settings.field import setting
from entrypoints.settings.gateway import (
    AssetsSettings,
    HTTPSettings,
    LimitsSettings,
    PipelinesSettings,
    ScannerSettings,
    UploadSettings,
)
from entrypoints.settings.notices import NotifierSettings, SMTPSettings, WebhookSettings
from entrypoints.settings.people import (
    AccountsSettings,
    OIDCSettings,
    SessionsSettings,
    TokensSettings,
)
from entrypoints.settings.places import (
    BrokerSettings,
    DatabaseSettings,
    DownloadsSettings,
    LinksSettings,
    RetentionSettings,
    StorageSettings,
)
from entrypoints.settings.telemetry import LogSettings, LogstashSettings, MetricsSettings
from entrypoints.settings.work import RelaySettings, RendererSettings, TasksSettings, WorkerSettings

_EVERY_INTERFACE: Final = ("0.0.0.0", "[::]")  # noqa: S104  # told apart, not listened at


@attrs.frozen
class Settings:
    """Every setting of every process."""

    data_dir: Path = setting(
        Path("var"),
        form.path(),
        "What the embedded profile keeps: database, pictures, keys, mail.",
    )
    database: DatabaseSettings = DatabaseSettings()
    broker: BrokerSettings = BrokerSettings()
    storage: StorageSettings = StorageSettings()
    http: HTTPSettings = HTTPSettings()
    upload: UploadSettings = UploadSettings()
    scanner: ScannerSettings = ScannerSettings()
    pipelines: PipelinesSettings = PipelinesSettings()
    limits: LimitsSettings = LimitsSettings()
    accounts: AccountsSettings = AccountsSettings()
    assets: AssetsSettings = AssetsSettings()
    renderer: RendererSettings = RendererSettings()
    worker: WorkerSettings = WorkerSettings()
    tasks: TasksSettings = TasksSettings()
    relay: RelaySettings = RelaySettings()
    retention: RetentionSettings = RetentionSettings()
    notifier: NotifierSettings = NotifierSettings()
    smtp: SMTPSettings = SMTPSettings()
    webhook: WebhookSettings = WebhookSettings()
    downloads: DownloadsSettings = DownloadsSettings()
    tokens: TokensSettings = TokensSettings()
    sessions: SessionsSettings = SessionsSettings()
    oidc: OIDCSettings = OIDCSettings()
    links: LinksSettings = LinksSettings()
    log: LogSettings = LogSettings()
    logstash: LogstashSettings = LogstashSettings()
    metrics: MetricsSettings = MetricsSettings()
    failpoint: str | None = setting(
        None, form.text(), "The moment at which a process kills itself, to see what is left."
    )

    @property
    def database_file(self) -> Path:
        """The SQLite file."""
        if self.database.url is None:
            return self.data_dir / "safelight.sqlite"
        return Path(unquote(urlsplit(self.database.url).path))

    @property
    def postgres_url(self) -> str | None:
        """The PostgreSQL database, or None if it is a SQLite file."""
        url = self.database.url
        return url if url is not None and url.startswith("postgresql:") else None

    @property
    def storage_root(self) -> Path:
        """The directory of originals and results."""
        return self.storage.root or self.data_dir / "storage"

    @property
    def base_url(self) -> str:
        """What customers reach the API by, without a slash at its end."""
        if self.http.base_url is not None:
            return self.http.base_url.rstrip("/")
        host, _, port = self.http.bind.rpartition(":")
        scheme = "http" if self.http.tls_certificate is None else "https"
        return f"{scheme}://{'localhost' if host in _EVERY_INTERFACE else host}:{port}"

    @property
    def broker_url(self) -> str:
        """The broker as Kombu knows it."""
        return self.broker.url or f"embedded://{quote(str(self.data_dir / 'queue.sqlite'))}"
