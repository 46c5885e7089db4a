# ruff: noqa: PLC0415  # see the docstring
"""
How adapters are built from settings; nothing else here imports adapters.

Factories import what they build, so that a process loads what it uses and nothing else: the API
never loads libvips or Apprise.
"""

import hmac
import os
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from application.accounts.known_providers import KnownProvider, Providers
from application.accounts.session_tokens import SessionTokens
from application.accounts.throttle_guesses import GuessAllowance
from application.administration.retain import RetentionPolicy
from application.images.admit_upload import HighWaterMarks
from application.limits.limit_requests import Rates, RouteGroup
from application.limits.quotas import Quotas
from application.ports.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.dead_letters import DeadLetters
from application.ports.download_links import DownloadLinks
from application.ports.errands import Errands
from application.ports.failpoints import Failpoints
from application.ports.font_probe import FontProbe
from application.ports.ids import Ids
from application.ports.image_probe import ImageProbe
from application.ports.key_tokens import KeyTokens
from application.ports.malware_scanner import MalwareScanner, NoScanner
from application.ports.memory_budget import MemoryBudget, MemoryBudgetUnavailable
from application.ports.message_inbox import MessageInbox
from application.ports.notifier import Notifier
from application.ports.object_store import ObjectStore
from application.ports.opaque_tokens import OpaqueTokens
from application.ports.outbox_bell import OutboxBell
from application.ports.password_hasher import PasswordHasher
from application.ports.password_screening import NoScreening, PasswordScreening
from application.ports.pipeline_texts import PipelineTexts
from application.ports.rate_limiter import RateLimiter
from application.ports.repositories.workers import Worker
from application.ports.signing_secrets import SigningSecrets
from application.ports.webhook_guard import WebhookGuard
from application.presets.confinement import Confinement
from domain.images.abilities import Abilities
from domain.images.asset import AssetAllowance
from domain.images.upload_policy import UploadPolicy
from domain.notifications.channel import ChannelKind
from domain.users.roles import Role
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.imaging.vips_editor import VipsEditor
    from adapters.messaging.kombu_publisher import KombuPublisher
    from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer
    from adapters.notification.mail_folder import MailFolderNotifier
    from adapters.outbound.guarded_client import GuardedClient
    from adapters.outbound.rules import OutboundRules
    from adapters.persistence.migrations import Migrations
    from adapters.persistence.postgres import PostgresDatabase
    from adapters.persistence.sqlite import SqliteDatabase
    from adapters.scanning.clamd import ClamdScanner
    from adapters.storage.s3_bucket import S3Location
    from adapters.storage.signed_links import SignedLinks
    from adapters.telemetry.health_server import HealthServer
    from adapters.telemetry.prometheus_metrics import PrometheusTelemetry

_KEY_ID: Final = "1"


def telemetry(settings: Settings) -> "PrometheusTelemetry":
    from adapters.telemetry.prometheus_metrics import PrometheusTelemetry

    return PrometheusTelemetry(settings.metrics.dir)


def clock() -> Clock:
    from adapters.system.clock import SystemClock

    return SystemClock()


def ids() -> Ids:
    from adapters.system.ids import RandomIds

    return RandomIds()


def errands() -> Errands:
    from adapters.system.errands import ThreadErrands

    return ThreadErrands()


def failpoints(settings: Settings) -> Failpoints:
    from adapters.system.failpoints import ArmedFailpoints

    return ArmedFailpoints(settings.failpoint)


def bell(settings: Settings) -> OutboxBell:
    from adapters.messaging.unix_bell import UnixBell

    return UnixBell(settings.data_dir / "run" / "outbox.bells")


def database(settings: Settings, bell: OutboxBell) -> "SqliteDatabase | PostgresDatabase":
    if settings.postgres_url is None:
        from adapters.persistence.sqlite import SqliteDatabase

        return SqliteDatabase(settings.database_file, on_outbox=bell.ring)
    from adapters.persistence.postgres import PostgresDatabase
    from adapters.persistence.postgres_pool import WrongDatabaseURL

    try:
        return PostgresDatabase(
            settings.postgres_url, on_outbox=bell.ring, pool_size=settings.database.pool_size
        )
    except WrongDatabaseURL as error:
        raise OperatorMistake(f"SAFELIGHT_DATABASE_URL: {error}") from error


def copy_database(database: "SqliteDatabase | PostgresDatabase", path: Path) -> None:
    """Write a copy of an SQLite database to *path*."""
    from adapters.persistence.sqlite import SqliteDatabase

    assert isinstance(database, SqliteDatabase)  # the command has told others to use pg_dump
    database.copy_to(path)


def rate_limiter(database: "SqliteDatabase | PostgresDatabase") -> RateLimiter:
    from adapters.persistence.rate_limiter import DatabaseRateLimiter

    return DatabaseRateLimiter(database)


def request_rates(settings: Settings) -> Mapping[RouteGroup, Rates]:
    limits = settings.limits
    return {
        RouteGroup.SIGN_IN: Rates(limits.sign_ins_per_address),
        RouteGroup.UPLOADS: Rates(
            limits.uploads_per_address, limits.uploads_per_user, limits.uploads_per_key
        ),
        RouteGroup.OTHERS: Rates(
            limits.requests_per_address, limits.requests_per_user, limits.requests_per_key
        ),
    }


def object_store(settings: Settings) -> ObjectStore:
    location = bucket(settings)
    if location is None:
        from adapters.storage.disk import DiskObjectStore

        return DiskObjectStore(settings.storage_root)
    from adapters.storage.s3 import S3ObjectStore

    return S3ObjectStore(location, settings.data_dir / "staging")


def bucket(settings: Settings) -> "S3Location | None":
    """Return where the bucket is, or None if pictures are kept in a directory."""
    storage = settings.storage
    if storage.bucket is None:
        return None
    from adapters.storage.s3_bucket import S3Location

    return S3Location(
        storage.bucket,
        endpoint=storage.endpoint,
        region=storage.region,
        prefix=storage.prefix,
        path_style=storage.path_style,
        access_key=storage.access_key,
        secret_key=storage.secret_key,
    )


def link_verifier(settings: Settings, clock: Clock) -> "SignedLinks":
    from adapters.storage.signed_links import SignedLinks

    key = signing_key(settings, settings.links.key, "links")
    return SignedLinks(settings.base_url, {_KEY_ID: key}, _KEY_ID, clock)


def links(settings: Settings, own: "SignedLinks") -> DownloadLinks:
    storage, location = settings.storage, bucket(settings)
    if location is None or storage.links == "api":
        return own
    from adapters.storage.presigned_links import PresignedLinks

    return PresignedLinks(
        attrs.evolve(location, endpoint=storage.links_endpoint or storage.endpoint)
    )


def shipped_assets() -> Mapping[str, bytes]:
    from adapters.storage.shipped_assets import shipped_assets

    return shipped_assets()


def password_hasher(settings: Settings) -> PasswordHasher:
    from adapters.security.argon2_hasher import Argon2PasswordHasher

    return Argon2PasswordHasher(in_line=_in_line(settings), turns=settings.data_dir / "run")


def _in_line(settings: Settings) -> int:
    """Return how many threads of a process may wait for one thing: a quarter stays for others."""
    return max(1, settings.http.threads * 3 // 4)


def password_screening(settings: Settings) -> PasswordScreening:
    if not settings.accounts.screen_passwords:
        return NoScreening()
    from adapters.security.common_passwords import CommonPasswords

    return CommonPasswords()


def guess_allowance(settings: Settings) -> GuessAllowance:
    limits = settings.limits
    return GuessAllowance(limits.wrong_passwords_per_user, limits.wrong_passwords_per_address)


def access_tokens(settings: Settings, clock: Clock) -> AccessTokens:
    from adapters.security.jwt_tokens import JWTAccessTokens

    key = signing_key(settings, settings.tokens.key, "tokens")
    return JWTAccessTokens(
        {_KEY_ID: key}, _KEY_ID, issuer="safelight", audience="safelight", clock=clock
    )


def key_tokens() -> KeyTokens:
    from adapters.security.sha256_key_tokens import Sha256KeyTokens

    return Sha256KeyTokens()


def opaque_tokens(settings: Settings) -> OpaqueTokens:
    from adapters.security.sha256_opaque_tokens import Sha256OpaqueTokens

    return Sha256OpaqueTokens(lambda: signing_key(settings, settings.tokens.key, "tokens"))


def cursor_key(settings: Settings) -> bytes:
    """Return the key that marks cursors: one of its own, out of the one that signs tokens."""
    key = signing_key(settings, settings.tokens.key, "tokens")
    return hmac.digest(key, b"safelight: cursors", "sha256")


def session_tokens(
    settings: Settings, access_tokens: AccessTokens, opaque_tokens: OpaqueTokens
) -> SessionTokens:
    return SessionTokens(
        access_tokens,
        opaque_tokens,
        token_lifetime=timedelta(seconds=settings.tokens.lifetime_seconds),
        session_lifetime=timedelta(days=settings.sessions.lifetime_days),
        idle=timedelta(days=settings.sessions.idle_days),
    )


def identity_providers(settings: Settings, clock: Clock) -> Providers:
    oidc = settings.oidc
    if not oidc.providers:
        return {}
    from adapters.identity.oidc_provider import OIDCProvider, Registration
    from adapters.outbound.guarded_client import GuardedClient
    from adapters.outbound.rules import OutboundRules

    client = GuardedClient(
        OutboundRules(allowed_networks=[ip_network(network) for network in oidc.allowed_networks]),
        connect_seconds=min(5.0, oidc.timeout_seconds),
        total_seconds=oidc.timeout_seconds,
        max_answer_bytes=256 * 1024,
    )
    return {
        one.name: KnownProvider(
            one.name,
            one.issuer,
            OIDCProvider(
                Registration(
                    one.issuer,
                    one.client_id,
                    one.client_secret,
                    f"{settings.base_url}/api/auth/oauth/{one.name}/callback",
                ),
                client,
                clock,
            ),
            frozenset(one.email_domains),
            opens_accounts=one.open_accounts,
        )
        for one in oidc.providers
    }


def signing_secrets(settings: Settings) -> SigningSecrets:
    from adapters.security.signing_secrets import DerivedSigningSecrets

    return DerivedSigningSecrets(signing_key(settings, settings.webhook.key, "webhooks"))


def migrations(database: "SqliteDatabase | PostgresDatabase") -> "Migrations":
    """Return what brings the tables to this version."""
    from adapters.persistence.migrations import Migrations

    return Migrations(database)


def signing_key(settings: Settings, given: str | None, name: str) -> bytes:
    """Return a key: the one that was *given*, or the file's of that *name*."""
    from adapters.security.key_files import KeyFileRefused, load_or_create_key

    if given is not None:
        return given.encode()
    path = settings.data_dir / "keys" / f"{name}.key"
    try:
        return load_or_create_key(path)
    except KeyFileRefused as refusal:
        raise OperatorMistake(str(refusal)) from refusal
    except OSError as error:
        raise OperatorMistake(f"the key {path} cannot be used: {error.strerror}") from error


def pipeline_texts() -> PipelineTexts:
    from adapters.serialization.canonical_texts import CanonicalTexts

    return CanonicalTexts()


def upload_policy(settings: Settings) -> UploadPolicy:
    upload = settings.upload
    return UploadPolicy(
        max_bytes=upload.max_bytes,
        max_side_px=upload.max_side_px,
        max_frame_pixels=upload.max_frame_pixels,
        max_frames=upload.max_frames,
        max_total_pixels=upload.max_total_pixels,
    )


def high_water_marks(settings: Settings) -> HighWaterMarks:
    limits = settings.limits
    return HighWaterMarks(
        queued_tasks=limits.queued_tasks,
        queued_tasks_per_user=limits.queued_tasks_per_user,
        free_bytes=limits.free_bytes,
    )


def quotas(settings: Settings) -> Quotas:
    limits = settings.limits
    return Quotas(limits.images_per_user, limits.bytes_per_user, limits.tasks_per_day_per_user)


def confinement(settings: Settings) -> Confinement:
    return Confinement(frozenset(map(Role, settings.pipelines.presets_only_roles)))


def image_probe() -> ImageProbe:
    from adapters.imaging.header_probe import HeaderProbe

    return HeaderProbe()


def font_probe() -> FontProbe:
    from adapters.imaging.font_probe import SfntProbe

    return SfntProbe()


def malware_scanner(settings: Settings) -> MalwareScanner:
    return NoScanner() if settings.scanner.url is None else clamd(settings, settings.scanner.url)


def clamd(settings: Settings, url: str) -> "ClamdScanner":
    from adapters.scanning.clamd import ClamdScanner

    return ClamdScanner(
        url, total_seconds=settings.scanner.timeout_seconds, in_line=_in_line(settings)
    )


def asset_allowance(settings: Settings) -> AssetAllowance:
    return AssetAllowance(settings.assets.per_user, settings.assets.bytes_per_user)


def memory_budget(settings: Settings) -> MemoryBudget:
    from adapters.system.host_memory import LockedMemoryBudget, memory_of_this_host

    worker = settings.worker
    budget = LockedMemoryBudget(
        worker.memory_file or settings.data_dir / "run" / "memory.tokens",
        worker.memory_budget or memory_of_this_host() // 2,
    )
    try:
        budget.check()
    except MemoryBudgetUnavailable as error:
        raise OperatorMistake(f"SAFELIGHT_WORKER_MEMORY_FILE cannot be used: {error}") from error
    return budget


def image_editor(settings: Settings, policy: UploadPolicy) -> "VipsEditor":
    from adapters.imaging.limits import RendererLimits
    from adapters.imaging.vips_editor import UnsafeRenderer, VipsEditor

    renderer = settings.renderer
    limits = RendererLimits(
        wall_seconds=renderer.wall_seconds,
        cpu_seconds=renderer.cpu_seconds,
        memory_bytes=renderer.memory_bytes,
        output_bytes=renderer.output_bytes,
        tasks_per_renderer=renderer.tasks_per_child,
        policy=policy,
    )
    try:
        return VipsEditor(limits, renderers=settings.worker.concurrency)
    except UnsafeRenderer as danger:
        raise OperatorMistake(str(danger)) from danger


def this_worker(ids: Ids, abilities: Abilities) -> Worker:
    return Worker(ids.new(), socket.gethostname(), os.getpid(), abilities)


def publisher(settings: Settings) -> "KombuPublisher":
    from adapters.messaging.kombu_publisher import KombuPublisher

    return KombuPublisher(settings.broker_url, _broker_options(settings))


def inbox(settings: Settings, queue: str, prefetch: int) -> MessageInbox:
    from adapters.messaging.kombu_inbox import KombuInbox

    return KombuInbox(
        settings.broker_url,
        queue,
        prefetch=prefetch,
        transport_options=_broker_options(settings),
        extend_seconds=settings.broker.lease_seconds / 4,
    )


def dead_letters(settings: Settings) -> DeadLetters:
    options = _broker_options(settings)
    match settings.broker_url.partition(":")[0]:
        case "amqp" | "amqps":
            from adapters.messaging.rabbitmq_dead_letters import RabbitMQDeadLetters

            return RabbitMQDeadLetters(settings.broker_url, options)
        case "sqs":
            from adapters.messaging.sqs_dead_letters import SqsDeadLetters

            return SqsDeadLetters(settings.broker_url, options)
        case _:
            from adapters.messaging.embedded_dead_letters import EmbeddedDeadLetters

            return EmbeddedDeadLetters(settings.broker_url, options)


def _broker_options(settings: Settings) -> Mapping[str, Any]:
    broker = settings.broker
    if settings.broker_url.startswith("embedded:"):
        return {"lease_seconds": broker.lease_seconds}
    if broker.sqs_queues is None:
        return {}
    from adapters.messaging import sqs_transport

    return sqs_transport.options(
        sqs_transport.urls_under(broker.sqs_queues),
        region=broker.sqs_region,
        is_secure=broker.sqs_queues.startswith("https:"),
        lease_seconds=broker.lease_seconds,
    )


def email_notifier(settings: Settings) -> "MailFolderNotifier | AppriseEmailNotifier":
    server, smtp = mail_server(settings), settings.smtp
    if server is None:
        from adapters.notification.mail_folder import MailFolderNotifier

        return MailFolderNotifier(
            settings.data_dir / "mail", from_address=smtp.sender, from_name=smtp.sender_name
        )
    from adapters.notification.apprise_notifier import AppriseEmailNotifier

    return AppriseEmailNotifier(server)


def mail_server(settings: Settings) -> "MailServer | None":
    """Return the mail server, or None if mails are written to files."""
    smtp = settings.smtp
    if smtp.host is None:
        return None
    from adapters.notification.apprise_notifier import MailServer, MailTLS

    return MailServer(
        host=smtp.host,
        port=smtp.port,
        from_address=smtp.sender,
        from_name=smtp.sender_name,
        username=smtp.username,
        password=smtp.password,
        tls=MailTLS(smtp.tls),
    )


def webhook_notifier(settings: Settings, secrets: SigningSecrets, clock: Clock) -> Notifier:
    from adapters.notification.signed_webhook import SignedWebhook

    return SignedWebhook(webhook_client(settings), secrets, clock)


def webhook_client(settings: Settings) -> "GuardedClient":
    """Return what calls customers' URLs."""
    from adapters.outbound.guarded_client import GuardedClient

    return GuardedClient(_outbound_rules(settings), total_seconds=settings.webhook.timeout_seconds)


def webhook_guard(settings: Settings) -> WebhookGuard:
    from adapters.notification.rule_webhook_guard import RuleWebhookGuard

    return RuleWebhookGuard(_outbound_rules(settings))


def _outbound_rules(settings: Settings) -> "OutboundRules":
    from adapters.outbound.rules import OutboundRules

    return OutboundRules(
        allowed_networks=[ip_network(one) for one in settings.webhook.allowed_networks],
        allow_plain_http=settings.webhook.allow_plain_http,
    )


def by_channel(email: Notifier, webhook: Notifier) -> Mapping[ChannelKind, Notifier]:
    return {ChannelKind.EMAIL: email, ChannelKind.WEBHOOK: webhook}


def retention(settings: Settings) -> RetentionPolicy:
    kept = settings.retention
    return RetentionPolicy(
        originals=_days(kept.originals_days),
        results=_days(kept.results_days),
        logs=_days(kept.logs_days),
        audit=_days(kept.audit_days),
    )


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def start_logging(
    settings: Settings, process: str, telemetry: "PrometheusTelemetry | None" = None
) -> None:
    """Send this process's log to the standard output, and with *telemetry* to Logstash if set."""
    from adapters.telemetry.structured_logging import configure_logging

    forwarder = None
    if telemetry is not None and settings.logstash.host is not None:
        from adapters.telemetry.logstash_logging import LogstashForwarder

        forwarder = LogstashForwarder(
            settings.logstash.host,
            settings.logstash.port,
            on_drop=telemetry.count_dropped_log_record,
        )
    configure_logging(
        process, level=settings.log.level, style=settings.log.format, copy_to=forwarder
    )


def forget_figures(settings: Settings) -> None:
    """Empty the metrics directory; only while no process of ours runs."""
    from adapters.telemetry import prometheus_metrics

    if settings.metrics.dir is not None:
        prometheus_metrics.forget_figures(settings.metrics.dir)


def health_server(
    settings: Settings,
    telemetry: "PrometheusTelemetry",
    *,
    is_alive: Callable[[], bool],
    missing: Callable[[], Mapping[str, str]],
) -> "HealthServer | None":
    """Return what answers for a process that has no API, listening already; None if not wanted."""
    from adapters.telemetry.health_server import HealthServer

    if settings.metrics.bind is None:
        return None
    try:
        return HealthServer(
            settings.metrics.bind,
            metrics=telemetry.exposition,
            is_alive=is_alive,
            missing=missing,
        )
    except OSError as error:
        raise OperatorMistake(
            f"cannot listen on {settings.metrics.bind}: {error.strerror}; "
            "change SAFELIGHT_METRICS_BIND"
        ) from error
