"""Every setting: read once from SAFELIGHT_… variables, judged all together, never read again."""

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import attrs
import typed_settings
from typed_settings.cls_utils import deep_options
from typed_settings.constants import METADATA_KEY
from typed_settings.dict_utils import set_path
from typed_settings.types import LoadedSettings, LoaderMeta, OptionInfo, OptionList, SettingsClass

from domain.images.limits import MAX_SIDE_PX
from domain.users.roles import PERMISSIONS, Permission
from entrypoints import setting_forms as form
from entrypoints.identity_providers import ProviderSettings, providers_file
from entrypoints.setting_forms import Form, Malformed

PREFIX: Final = "SAFELIGHT_"
_FORM: Final = "form"
_AREAS: Final = {"data_dir": "", "failpoint": "for tests"}
_MIB = 1024 * 1024
_LONGEST_PRESIGNED_SECONDS: Final = 7 * 86_400  # Signature Version 4 allows no more
# Whoever looks after the presets that others are confined to must not be.
_CONFINABLE_ROLES: Final = tuple(
    role.value
    for role, permissions in PERMISSIONS.items()
    if Permission.MANAGE_SHARED_PRESETS not in permissions
)
_HOUSE_NETWORKS: Final = (
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
)  # fmt: skip
_EVERY_INTERFACE: Final = ("0.0.0.0", "[::]")  # noqa: S104  # told apart, not listened at


def _setting(default: Any, expected: Form, meaning: str) -> Any:
    return attrs.field(
        default=default,
        repr=not expected.secret,
        metadata={METADATA_KEY: {_FORM: expected, "help": meaning}},
    )


@attrs.frozen
class DatabaseSettings:
    """Where everything is remembered."""

    url: str | None = _setting(
        None,
        form.url("sqlite", "postgresql", secret=True),
        "The database; a SQLite file in the data directory if absent.",
    )
    pool_size: int = _setting(
        8, form.whole(1, 256), "PostgreSQL connections of each process at most."
    )


@attrs.frozen
class BrokerSettings:
    """Who carries messages between processes."""

    url: str | None = _setting(
        None,
        form.url("embedded", "amqp", "amqps", "sqs", secret=True),
        "The message broker; an embedded queue in the data directory if absent. SQS is sqs:// for "
        "Amazon's with the machine's role, or sqs://key:secret@host:port.",
    )
    sqs_queues: str | None = _setting(
        None,
        form.url("http", "https"),
        "What the URL of every SQS queue begins with, such as "
        "https://sqs.eu-central-1.amazonaws.com/123456789012/safelight-.",
    )
    sqs_region: str | None = _setting(
        None, form.text(), "Region of the SQS queues; the one in their URL if absent."
    )
    lease_seconds: int = _setting(
        60,
        form.whole(4, 43_200),
        "How long a message in hand is hidden from others, on the embedded queue and SQS; whoever "
        "has it renews that after each quarter.",
    )


@attrs.frozen
class StorageSettings:
    """Where pictures are kept."""

    root: Path | None = _setting(
        None, form.path(), "Directory of originals and results; in the data directory if absent."
    )
    bucket: str | None = _setting(
        None, form.text(), "S3 bucket of originals and results, in place of a directory."
    )
    endpoint: str | None = _setting(
        None, form.url("http", "https"), "Base URL of an S3-compatible store; AWS if absent."
    )
    region: str | None = _setting(
        None, form.text(), "Region of the bucket; what the AWS environment says if absent."
    )
    prefix: str = _setting(
        "", form.text(), "Put before every key, so that several installations share a bucket."
    )
    path_style: bool = _setting(
        False, form.flag(), "Ask for endpoint/bucket/key instead of bucket.endpoint/key."
    )
    access_key: str | None = _setting(
        None,
        form.secret(1),
        "Access key id; what the AWS environment offers if absent, the machine's role for one.",
    )
    secret_key: str | None = _setting(None, form.secret(1), "Secret that belongs to it.")
    links: str = _setting(
        "api",
        form.choice("api", "bucket"),
        "Who serves download links: the API, or the bucket by presigned URLs.",
    )
    links_endpoint: str | None = _setting(
        None, form.url("http", "https"), "The store as customers reach it, if they do otherwise."
    )


@attrs.frozen
class HTTPSettings:
    """The API server."""

    bind: str = _setting(
        "127.0.0.1:8000",
        form.bind_address(),
        "Where the API listens; port 0 lets the system choose.",
    )
    base_url: str | None = _setting(
        None,
        form.url("http", "https"),
        "What customers reach the API by, for links; made from the listening address if absent.",
    )
    workers: int = _setting(2, form.whole(1, 64), "Server processes.")
    threads: int = _setting(16, form.whole(1, 256), "Requests at once in each server process.")
    graceful_seconds: int = _setting(
        25, form.whole(1, 3600), "How long running requests may take to end at a stop."
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        form.origins(),
        "Origins of web pages whose scripts may use the API (CORS); none, so that none may.",
    )
    tls_certificate: Path | None = _setting(
        None,
        form.readable_file(),
        "Certificate chain, PEM: the API speaks TLS itself. Plain HTTP if absent.",
    )
    tls_key: Path | None = _setting(
        None, form.readable_file(), "The private key that belongs to it, PEM, without a password."
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        form.networks(),
        "Networks of proxies whose X-Forwarded-For is believed; none, so that an address counts "
        "only if it is the connection's.",
    )

    @property
    def in_line(self) -> int:
        """How many threads of a process may wait for one thing; a quarter is left to others."""
        return max(1, self.threads * 3 // 4)


@attrs.frozen
class UploadSettings:
    """What may come in."""

    max_bytes: int = _setting(
        25 * _MIB, form.byte_size(1, 2**40), "Largest file; greater ones are refused with 413."
    )
    max_side_px: int = _setting(
        MAX_SIDE_PX, form.whole(1, MAX_SIDE_PX), "Longest side of a picture, in pixels."
    )
    max_frame_pixels: int = _setting(50_000_000, form.whole(1, 10**10), "Pixels of one frame.")
    max_frames: int = _setting(500, form.whole(1, 100_000), "Frames of an animation.")
    max_total_pixels: int = _setting(
        100_000_000, form.whole(1, 10**11), "Pixels of all frames together."
    )


@attrs.frozen
class ScannerSettings:
    """What looks for malware in files that come in."""

    url: str | None = _setting(
        None,
        form.socket_url("clamd"),
        "The clamd of ClamAV that sees every file before it is kept; nothing is scanned if absent. "
        "See [security.md](security.md#scanning-for-malware).",
    )
    timeout_seconds: float = _setting(
        10.0, form.seconds(0.1, 60), "Time that one file may take in all; then 503."
    )


@attrs.frozen
class PipelinesSettings:
    """What may be asked for."""

    presets_only_roles: tuple[str, ...] = _setting(
        (),
        form.words(*_CONFINABLE_ROLES),
        "Roles confined to shared presets, as they are: whoever has no other may ask for nothing "
        "else. None, so that everybody may.",
    )


@attrs.frozen
class LimitsSettings:
    """High-water marks and rates: beyond them requests are refused before their bytes are read."""

    queued_tasks: int = _setting(
        100_000, form.whole(1, 10**9), "Tasks that may wait, of everybody; then 503."
    )
    queued_tasks_per_user: int = _setting(
        1_000, form.whole(1, 10**9), "Tasks that may wait, of one account; then 429."
    )
    free_bytes: int = _setting(
        10 * 1024 * _MIB,
        form.byte_size(0, 2**50),
        "What the disk must have free, or a tenth of it if that is less; then 503.",
    )
    images_per_user: int = _setting(
        0, form.whole(0, 10**9), "Images that one account may keep; then 429. 0 for any."
    )
    bytes_per_user: int = _setting(
        0,
        form.byte_size(0, 2**50),
        "Bytes that uploads and results of one account may have; then 429. 0 for any.",
    )
    tasks_per_day_per_user: int = _setting(
        0, form.whole(0, 10**9), "Tasks of one account within 24 hours; then 429. 0 for any."
    )
    sign_ins_per_address: int = _setting(
        600,
        form.whole(0, 10**9),
        "Sign-ins, registrations and what else is about passwords and refresh tokens, a minute "
        "from one address; then 429, as for the rates below. 0 for any.",
    )
    wrong_passwords_per_user: int = _setting(
        5,
        form.whole(0, 10**6),
        "Wrong passwords for one account from one address within a minute; twice as many within "
        "15 minutes, four times as many within six hours. 0 for any.",
    )
    wrong_passwords_per_address: int = _setting(
        50,
        form.whole(0, 10**6),
        "Wrong passwords from one address, for any account, within 15 minutes; 0 for any.",
    )
    uploads_per_address: int = _setting(
        60_000, form.whole(0, 10**9), "Uploads and retries a minute from one address; 0 for any."
    )
    uploads_per_user: int = _setting(
        60_000, form.whole(0, 10**9), "Uploads and retries a minute of one account; 0 for any."
    )
    uploads_per_key: int = _setting(
        0, form.whole(0, 10**9), "Uploads and retries a minute with one API key; 0 for any."
    )
    requests_per_address: int = _setting(
        0, form.whole(0, 10**9), "Other requests a minute from one address; 0 for any."
    )
    requests_per_user: int = _setting(
        0, form.whole(0, 10**9), "Other requests a minute of one account; 0 for any."
    )
    requests_per_key: int = _setting(
        0, form.whole(0, 10**9), "Other requests a minute with one API key; 0 for any."
    )


@attrs.frozen
class AccountsSettings:
    """What is asked of accounts."""

    screen_passwords: bool = _setting(
        False, form.flag(), "Whether the 30,000 passwords that people choose most are refused."
    )
    verified_email: bool = _setting(
        False,
        form.flag(),
        "Whether an e-mail address has to be verified before its account may upload; newcomers "
        "then get a letter.",
    )


@attrs.frozen
class AssetsSettings:
    """Pictures and fonts that an account keeps, for its processing options to name."""

    per_user: int = _setting(100, form.whole(1, 10**6), "How many one account may keep; then 422.")
    bytes_per_user: int = _setting(
        100 * _MIB,
        form.byte_size(1, 2**40),
        "Bytes that those of one account may have in all; then 422.",
    )


@attrs.frozen
class RendererSettings:
    """The sandboxed processes that draw pictures."""

    wall_seconds: float = _setting(30.0, form.seconds(0.1, 86_400), "Time one picture may take.")
    cpu_seconds: int = _setting(
        20, form.whole(1, 86_400), "Processor time one picture may take, all threads together."
    )
    memory_bytes: int = _setting(
        1536 * _MIB, form.byte_size(64 * _MIB, 2**40), "Address space of one renderer."
    )
    output_bytes: int = _setting(
        64 * _MIB, form.byte_size(1024, 2**40), "Largest result that may be written."
    )
    tasks_per_child: int = _setting(
        50, form.whole(1, 100_000), "Pictures after which a renderer is replaced; 1 isolates each."
    )


@attrs.frozen
class WorkerSettings:
    """The image worker."""

    concurrency: int = _setting(
        os.cpu_count() or 1, form.whole(1, 256), "Pictures at once; the number of cores if absent."
    )
    drain_seconds: float = _setting(
        25.0, form.seconds(0, 86_400), "How long running work may take to end at a stop."
    )
    memory_budget: int | None = _setting(
        None,
        form.byte_size(64 * _MIB, 2**50),
        "Memory that pictures under way may take together, in all workers of this host; half of "
        "what the machine, or the control group of the worker, has if absent.",
    )
    memory_file: Path | None = _setting(
        None,
        form.path(),
        "What workers that share memory share to keep to it, a file on a disk of their host; "
        "`run/memory.tokens` in the data directory if absent.",
    )


@attrs.frozen
class TasksSettings:
    """How tasks survive the death of a worker."""

    # A worker beats beside its work, so a lease need not outlast the longest task.
    lease_seconds: float = _setting(
        30.0,
        form.seconds(0.3, 86_400),
        "Silence after which a worker's tasks go to another; at least three of its beats.",
    )
    beat_seconds: float = _setting(
        10.0, form.seconds(0.1, 3600), "How often a worker renews its leases."
    )
    retry_seconds: float = _setting(
        86_400.0,
        form.seconds(0, 30 * 86_400),
        "Time since the upload for which trouble that can heal is waited out.",
    )


@attrs.frozen
class RelaySettings:
    """The relay from the database to the broker."""

    poll_seconds: float = _setting(
        0.5, form.seconds(0.01, 3600), "Longest sleep when no bell rings."
    )
    expired_seconds: float = _setting(
        5.0, form.seconds(0.1, 3600), "How often expired leases are looked for."
    )
    sweep_seconds: float = _setting(
        15.0, form.seconds(0.1, 3600), "How often forgotten work is looked for."
    )
    patience_seconds: float = _setting(
        60.0, form.seconds(1, 86_400), "Age at which a queued task is rung for again."
    )
    lease_seconds: float = _setting(
        60.0,
        form.seconds(1, 3600),
        "Silence after which what a relay has taken to publish goes to another; longer than the "
        "broker may take to confirm.",
    )


@attrs.frozen
class RetentionSettings:
    """How long things are kept; the relay removes them."""

    originals_days: int = _setting(
        0, form.whole(0, 36_500), "Uploaded pictures, from the upload on; 0 keeps them for ever."
    )
    results_days: int = _setting(
        0, form.whole(0, 36_500), "Results, from the task's end on; 0 keeps them for ever."
    )
    logs_days: int = _setting(
        90,
        form.whole(0, 36_500),
        "Logs of attempts, notices and sessions that are over; 0 keeps them for ever.",
    )
    audit_days: int = _setting(
        400, form.whole(0, 36_500), "The audit trail, who did what; 0 keeps it for ever."
    )


@attrs.frozen
class NotifierSettings:
    """The notifier."""

    concurrency: int = _setting(4, form.whole(1, 256), "Notices at once.")
    lease_seconds: float = _setting(
        120.0, form.seconds(1, 86_400), "Longer than the slowest attempt to send."
    )


@attrs.frozen
class SMTPSettings:
    """The mail server."""

    host: str | None = _setting(
        None,
        form.text(),
        "Mail server; if absent, mails are written as .eml files to `mail` in the data directory.",
    )
    port: int = _setting(587, form.whole(1, 65_535), "Its port.")
    username: str | None = _setting(None, form.text(), "User name, if it asks for one.")
    password: str | None = _setting(None, form.secret(1), "Password, if it asks for one.")
    tls: str = _setting(
        "starttls", form.choice("starttls", "ssl", "none"), "How the connection is protected."
    )
    sender: str = _setting(
        "safelight@localhost", form.mail_address(), "The address our mails come from."
    )
    sender_name: str = _setting("Safelight", form.text(), "The name beside it.")


@attrs.frozen
class WebhookSettings:
    """Calls to customers' URLs."""

    allowed_networks: tuple[str, ...] = _setting(
        (),
        form.networks(),
        "Private networks that webhooks may reach all the same; none, so that nobody looks inside.",
    )
    allow_plain_http: bool = _setting(
        False, form.flag(), "Whether http:// URLs are called, or https:// alone."
    )
    timeout_seconds: float = _setting(
        15.0, form.seconds(0.1, 60), "Time that one call may take in all."
    )
    key: str | None = _setting(
        None,
        form.secret(32),
        "Customers' signing secrets derive from it; `keys/webhooks.key` if absent.",
    )


@attrs.frozen
class DownloadsSettings:
    """Download links."""

    link_seconds: int = _setting(
        600, form.whole(1, 30 * 86_400), "How long a link that was asked for opens its result."
    )
    notice_link_seconds: int = _setting(
        7 * 86_400, form.whole(1, 30 * 86_400), "How long a link in a mail or webhook does."
    )


@attrs.frozen
class TokensSettings:
    """Access tokens."""

    lifetime_seconds: int = _setting(
        900,
        form.whole(10, 30 * 86_400),
        "How long an access token is good; a refresh token gets the next one.",
    )
    key: str | None = _setting(
        None, form.secret(32), "Signs access tokens; `keys/tokens.key` if absent."
    )


@attrs.frozen
class SessionsSettings:
    """Signings-in."""

    lifetime_days: int = _setting(
        30, form.whole(1, 366), "When one has to sign in again, however much a session is used."
    )
    idle_days: int = _setting(
        14, form.whole(1, 366), "After how long without use a session ends before that."
    )


@attrs.frozen
class OIDCSettings:
    """Signing in through identity providers."""

    providers: tuple[ProviderSettings, ...] = _setting(
        (),
        providers_file(),
        "The identity providers that people may sign in through; none if absent. See "
        "[oidc.md](oidc.md).",
    )
    allowed_networks: tuple[str, ...] = _setting(
        (),
        form.networks(),
        "Private networks in which providers may lie, and be called without TLS; none, so that "
        "they have to be on the public internet.",
    )
    timeout_seconds: float = _setting(
        5.0, form.seconds(0.1, 30), "Time that one call of a provider may take in all."
    )


@attrs.frozen
class LinksSettings:
    """Signatures of download links."""

    key: str | None = _setting(
        None, form.secret(32), "Signs download links; `keys/links.key` if absent."
    )


@attrs.frozen
class LogSettings:
    """What the processes say."""

    level: str = _setting(
        "info", form.choice("debug", "info", "warning", "error"), "Least weight of a line."
    )
    format: str = _setting(
        "json", form.choice("json", "console"), "One JSON object a line, or a text for people."
    )


@attrs.frozen
class LogstashSettings:
    """A Logstash server that gets a copy of the log."""

    host: str | None = _setting(None, form.text(), "Logstash server; none if absent.")
    port: int = _setting(5959, form.whole(1, 65_535), "Its TCP input, with the codec json_lines.")


@attrs.frozen
class MetricsSettings:
    """Figures for Prometheus."""

    dir: Path | None = _setting(
        None,
        form.path(),
        "Directory in which the processes of one machine gather their figures.",
    )
    bind: str | None = _setting(
        None,
        form.bind_address(),
        "Where processes other than the API answer /metrics, /healthz and /readyz; "
        "not at all if absent.",
    )
    networks: tuple[str, ...] = _setting(
        _HOUSE_NETWORKS,
        form.networks(),
        "Networks that the API shows /metrics to; by default this host's and private ones. For "
        "others it is not there.",
    )


@attrs.frozen
class Settings:
    """Every setting of every process."""

    data_dir: Path = _setting(
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
    failpoint: str | None = _setting(
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


@attrs.frozen
class Complaint:
    """One thing that is wrong, for the person who set it."""

    name: str
    predicate: str

    def __str__(self) -> str:
        return f"{self.name} {self.predicate}"


class SettingsRefused(Exception):
    """Some variables are wrong; `complaints` lists every one of them."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


@attrs.frozen
class Variable:
    """
    One environment variable, for people.

    Attributes:
        default: As it would be written; empty if there is none.
    """

    name: str
    area: str
    expected: str
    default: str
    meaning: str
    secret: bool


def load_settings(environ: Mapping[str, str]) -> Settings:
    """
    Read the settings from *environ*.

    Raises:
        SettingsRefused: With everything that is wrong, values of secrets hidden.
    """
    loader = _Environ(environ)
    settings = typed_settings.load_settings(Settings, [loader])
    complaints = [*loader.complaints, *_unknown(environ, loader.names)]
    if not loader.complaints:  # a default in the place of a wrong value would be judged
        complaints += _contradictions(settings)
    if complaints:
        raise SettingsRefused(complaints)
    return settings


def known_names() -> frozenset[str]:
    """Return the name of every variable."""
    return frozenset(_name(option) for option in deep_options(Settings))


def describe() -> Iterator[Variable]:
    """Describe every variable, area by area."""
    for option in deep_options(Settings):
        expected: Form = option.metadata[_FORM]
        area, dot, _ = option.path.partition(".")
        yield Variable(
            _name(option),
            area if dot else _AREAS[area],
            expected.sentence,
            # The number of cores is this machine's own.
            "" if option.path == "worker.concurrency" else expected.written(option.default),
            option.metadata["help"],
            expected.secret,
        )


class _Environ:
    """Loads the values that have the right form, and says what is wrong with the others."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()
        self.complaints: list[Complaint] = []

    def __call__(self, settings_cls: SettingsClass, options: OptionList) -> LoadedSettings:  # noqa: ARG002
        values: dict[str, Any] = {}
        for option in options:
            name = _name(option)
            self.names.add(name)
            text = self._environ.get(name, "")
            if not text:  # a deployment's template leaves variables empty rather than out
                continue
            expected: Form = option.metadata[_FORM]
            try:
                set_path(values, option.path, expected.parse(text))
            except Malformed as malformed:
                wanted = str(malformed) or expected.sentence
                given = "" if expected.secret else f", not {text!r}"
                self.complaints.append(Complaint(name, f"must be {wanted}{given}"))
        return LoadedSettings(values, LoaderMeta(self))


def _name(option: OptionInfo) -> str:
    return PREFIX + option.path.replace(".", "_").upper()


def _unknown(environ: Mapping[str, str], known: set[str]) -> Iterator[Complaint]:
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"; did you mean {near[0]}?" if near else "; `safelight settings` lists them"
            yield Complaint(name, f"is not a setting{advice}")


def _contradictions(settings: Settings) -> Iterator[Complaint]:
    if settings.http.bind.startswith(("fd://", "unix:")) and settings.http.base_url is None:
        yield Complaint(
            f"{PREFIX}HTTP_BASE_URL", f"must be set if {PREFIX}HTTP_BIND is {settings.http.bind}"
        )
    if (settings.broker_url.startswith("sqs:")) != (settings.broker.sqs_queues is not None):
        yield Complaint(
            f"{PREFIX}BROKER_SQS_QUEUES", f"must be set if, and only if, {PREFIX}BROKER_URL is SQS"
        )
    http = settings.http
    if (http.tls_certificate is None) != (http.tls_key is None):
        given, missing = ("CERTIFICATE", "KEY") if http.tls_key is None else ("KEY", "CERTIFICATE")
        yield Complaint(
            f"{PREFIX}HTTP_TLS_{missing}", f"must be set if {PREFIX}HTTP_TLS_{given} is"
        )
    yield from _storage_contradictions(settings)
    tasks = settings.tasks
    if tasks.beat_seconds * 3 > tasks.lease_seconds:
        yield Complaint(
            f"{PREFIX}TASKS_BEAT_SECONDS",
            f"must be at most a third of {PREFIX}TASKS_LEASE_SECONDS ({tasks.lease_seconds:g}), "
            f"not {tasks.beat_seconds:g}",
        )
    webhook, notifier = settings.webhook, settings.notifier
    if notifier.lease_seconds <= webhook.timeout_seconds:
        yield Complaint(
            f"{PREFIX}NOTIFIER_LEASE_SECONDS",
            f"must be greater than {PREFIX}WEBHOOK_TIMEOUT_SECONDS "
            f"({webhook.timeout_seconds:g}), not {notifier.lease_seconds:g}",
        )


def _storage_contradictions(settings: Settings) -> Iterator[Complaint]:
    storage = settings.storage
    if storage.bucket is None:
        if storage.links == "bucket":
            yield Complaint(f"{PREFIX}STORAGE_LINKS", f"needs {PREFIX}STORAGE_BUCKET")
        return
    if storage.root is not None:
        yield Complaint(
            f"{PREFIX}STORAGE_ROOT", f"must be absent if {PREFIX}STORAGE_BUCKET is there"
        )
    if (storage.access_key is None) != (storage.secret_key is None):
        there = storage.secret_key is None
        given, missing = ("ACCESS", "SECRET") if there else ("SECRET", "ACCESS")
        yield Complaint(
            f"{PREFIX}STORAGE_{missing}_KEY", f"must be set if {PREFIX}STORAGE_{given}_KEY is"
        )
    if storage.links == "bucket":
        for name in ("link_seconds", "notice_link_seconds"):
            lifetime = getattr(settings.downloads, name)
            if lifetime > _LONGEST_PRESIGNED_SECONDS:
                yield Complaint(
                    f"{PREFIX}DOWNLOADS_{name.upper()}",
                    f"must be at most {_LONGEST_PRESIGNED_SECONDS} while the bucket serves links, "
                    f"not {lifetime:g}",
                )
