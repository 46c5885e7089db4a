# ruff: noqa: PLC0415  # see the docstring
"""
The composition root: which adapter stands behind which port, and what each process is made of.

Factories import what they build, so that a process loads what it uses and nothing else: the API
never loads libvips or Apprise. Everything is built once a process, on first use.
"""

import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs
from dependency_injector import containers, providers

from application.accounts.authenticate import Authenticate
from application.accounts.log_in import LogIn
from application.accounts.log_out import LogOut
from application.accounts.register_user import RegisterUser
from application.accounts.update_profile import UpdateProfile
from application.accounts.view_profile import ViewProfile
from application.errors import PortFailure
from application.images.download_image import DownloadImage
from application.images.image_status import ImageStatus
from application.images.install_shared_assets import InstallSharedAssets
from application.images.open_result import OpenResult
from application.images.stage_file import StageFile
from application.images.upload_image import UploadImage
from application.notifications.announce_outcome import AnnounceOutcome
from application.notifications.make_notice import MakeNotice
from application.notifications.manage_webhooks import AddWebhook, ListWebhooks, RemoveWebhook
from application.notifications.send_delivery import SendDelivery
from application.outbox.relay_outbox import RelayOutbox
from application.outbox.sweep import Sweep
from application.ports.access_tokens import AccessTokens
from application.ports.clock import Clock
from application.ports.failpoints import Failpoints
from application.ports.ids import Ids
from application.ports.image_probe import ImageProbe
from application.ports.message_inbox import MessageInbox
from application.ports.notifier import Notifier
from application.ports.object_store import ObjectStore
from application.ports.outbox_bell import OutboxBell
from application.ports.password_hasher import PasswordHasher
from application.ports.signing_secrets import SigningSecrets
from application.tasks.process_task import ProcessTask, RetryPolicy
from application.tasks.return_expired_tasks import ReturnExpiredTasks
from application.tasks.view_task import ViewTask
from domain.images.upload_policy import UploadPolicy
from domain.notifications.channel import ChannelKind
from entrypoints.mistakes import OperatorMistake
from entrypoints.observed import observed
from entrypoints.settings import Settings, load_settings

if TYPE_CHECKING:
    import falcon

    from adapters.imaging.vips_editor import VipsEditor
    from adapters.messaging.kombu_publisher import KombuPublisher
    from adapters.persistence.sqlite import SqliteDatabase
    from adapters.storage.signed_links import SignedLinks
    from adapters.telemetry.health_server import HealthServer
    from adapters.telemetry.prometheus_metrics import PrometheusTelemetry
    from entrypoints.http.app import HTTPUseCases

_KEY_ID: Final = "1"
_SILENCE_SECONDS: Final = 30.0
"""A loop that has not turned for so long is taken for dead."""


# --- how adapters are built ---------------------------------------------------------------------


def _telemetry(settings: Settings) -> "PrometheusTelemetry":
    from adapters.telemetry.prometheus_metrics import PrometheusTelemetry

    return PrometheusTelemetry(settings.metrics.dir)


def _clock() -> Clock:
    from adapters.system.clock import SystemClock

    return SystemClock()


def _ids() -> Ids:
    from adapters.system.ids import RandomIds

    return RandomIds()


def _failpoints(settings: Settings) -> Failpoints:
    from adapters.system.failpoints import ArmedFailpoints

    return ArmedFailpoints(settings.failpoint)


def _bell(settings: Settings) -> OutboxBell:
    from adapters.messaging.unix_bell import UnixBell

    return UnixBell(settings.data_dir / "run" / "outbox.bells")


def _database(settings: Settings, bell: OutboxBell) -> "SqliteDatabase":
    from adapters.persistence.sqlite import SqliteDatabase

    return SqliteDatabase(settings.database_file, on_outbox=bell.ring)


def _object_store(settings: Settings) -> ObjectStore:
    from adapters.storage.disk import DiskObjectStore

    return DiskObjectStore(settings.storage_root)


def _links(settings: Settings, clock: Clock) -> "SignedLinks":
    from adapters.storage.signed_links import SignedLinks

    key = _key(settings, settings.links.key, "links")
    return SignedLinks(settings.base_url, {_KEY_ID: key}, _KEY_ID, clock)


def _shipped_assets() -> Mapping[str, bytes]:
    from adapters.storage.shipped_assets import shipped_assets

    return shipped_assets()


def _password_hasher() -> PasswordHasher:
    from adapters.security.argon2_hasher import Argon2PasswordHasher

    return Argon2PasswordHasher()


def _access_tokens(settings: Settings, clock: Clock) -> AccessTokens:
    from adapters.security.jwt_tokens import JWTAccessTokens

    key = _key(settings, settings.tokens.key, "tokens")
    return JWTAccessTokens(
        {_KEY_ID: key}, _KEY_ID, issuer="safelight", audience="safelight", clock=clock
    )


def _signing_secrets(settings: Settings) -> SigningSecrets:
    from adapters.security.signing_secrets import DerivedSigningSecrets

    return DerivedSigningSecrets(_key(settings, settings.webhook.key, "webhooks"))


def _key(settings: Settings, given: str | None, name: str) -> bytes:
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


def _upload_policy(settings: Settings) -> UploadPolicy:
    upload = settings.upload
    return UploadPolicy(
        max_bytes=upload.max_bytes,
        max_side_px=upload.max_side_px,
        max_frame_pixels=upload.max_frame_pixels,
        max_frames=upload.max_frames,
        max_total_pixels=upload.max_total_pixels,
    )


def _image_probe() -> ImageProbe:
    from adapters.imaging.header_probe import HeaderProbe

    return HeaderProbe()


def _image_editor(settings: Settings, policy: UploadPolicy) -> "VipsEditor":
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


def _publisher(settings: Settings) -> "KombuPublisher":
    from adapters.messaging.kombu_publisher import KombuPublisher

    return KombuPublisher(settings.broker_url)


def _inbox(settings: Settings, queue: str, prefetch: int) -> MessageInbox:
    from adapters.messaging.kombu_inbox import KombuInbox

    return KombuInbox(settings.broker_url, queue, prefetch=prefetch)


def _email_notifier(settings: Settings) -> Notifier:
    smtp = settings.smtp
    if smtp.host is None:
        from adapters.notification.mail_folder import MailFolderNotifier

        return MailFolderNotifier(
            settings.data_dir / "mail", from_address=smtp.sender, from_name=smtp.sender_name
        )
    from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer, MailTLS

    return AppriseEmailNotifier(
        MailServer(
            host=smtp.host,
            port=smtp.port,
            from_address=smtp.sender,
            from_name=smtp.sender_name,
            username=smtp.username,
            password=smtp.password,
            tls=MailTLS(smtp.tls),
        )
    )


def _webhook_notifier(settings: Settings, clock: Clock) -> Notifier:
    from adapters.notification.guarded_client import GuardedClient
    from adapters.notification.signed_webhook import SignedWebhook

    webhook = settings.webhook
    client = GuardedClient(
        allowed_networks=[ip_network(network) for network in webhook.allowed_networks],
        allow_plain_http=webhook.allow_plain_http,
        total_seconds=webhook.timeout_seconds,
    )
    return SignedWebhook(client, clock)


def _by_channel(email: Notifier, webhook: Notifier) -> Mapping[ChannelKind, Notifier]:
    return {ChannelKind.EMAIL: email, ChannelKind.WEBHOOK: webhook}


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


_once = providers.ThreadSafeSingleton


class Adapters(containers.DeclarativeContainer):
    """One technology behind each port."""

    settings = providers.Dependency(instance_of=Settings)

    telemetry = _once(_telemetry, settings)
    clock = _once(_clock)
    ids = _once(_ids)
    failpoints = _once(_failpoints, settings)
    bell = _once(_bell, settings)
    database = _once(_database, settings, bell)
    object_store = _once(_object_store, settings)
    links = _once(_links, settings, clock)
    shipped_assets = _once(_shipped_assets)
    password_hasher = _once(_password_hasher)
    access_tokens = _once(_access_tokens, settings, clock)
    signing_secrets = _once(_signing_secrets, settings)
    upload_policy = _once(_upload_policy, settings)
    image_probe = _once(_image_probe)
    image_editor = _once(_image_editor, settings, upload_policy)
    publisher = _once(_publisher, settings)
    task_inbox = _once(_inbox, settings, "image-processing", settings.provided.worker.concurrency)
    notice_inbox = _once(_inbox, settings, "notifications", settings.provided.notifier.concurrency)
    email_notifier = _once(_email_notifier, settings)
    webhook_notifier = _once(_webhook_notifier, settings, clock)
    notifiers = _once(_by_channel, email_notifier, webhook_notifier)


def _duration(seconds: Any) -> providers.Provider[timedelta]:
    return providers.Factory(_seconds, seconds)


class UseCases(containers.DeclarativeContainer):
    """Every use case, made of adapters."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.DependenciesContainer()

    register_user = _once(
        RegisterUser,
        database=adapters.database,
        hasher=adapters.password_hasher,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    log_in = _once(
        LogIn,
        database=adapters.database,
        hasher=adapters.password_hasher,
        tokens=adapters.access_tokens,
        clock=adapters.clock,
        ids=adapters.ids,
        session_lifetime=_duration(settings.provided.tokens.lifetime_seconds),
    )
    log_out = _once(
        LogOut, database=adapters.database, tokens=adapters.access_tokens, clock=adapters.clock
    )
    authenticate = _once(
        Authenticate,
        database=adapters.database,
        tokens=adapters.access_tokens,
        clock=adapters.clock,
    )
    view_profile = _once(ViewProfile, database=adapters.database)
    update_profile = _once(UpdateProfile, database=adapters.database, clock=adapters.clock)

    stage_file = _once(StageFile, object_store=adapters.object_store, policy=adapters.upload_policy)
    upload_image = _once(
        UploadImage,
        database=adapters.database,
        object_store=adapters.object_store,
        probe=adapters.image_probe,
        policy=adapters.upload_policy,
        clock=adapters.clock,
        ids=adapters.ids,
        failpoints=adapters.failpoints,
    )
    image_status = _once(ImageStatus, database=adapters.database)
    download_image = _once(
        DownloadImage,
        database=adapters.database,
        links=adapters.links,
        link_lifetime=_duration(settings.provided.downloads.link_seconds),
    )
    open_result = _once(
        OpenResult,
        database=adapters.database,
        object_store=adapters.object_store,
        verifier=adapters.links,
    )
    install_shared_assets = _once(
        InstallSharedAssets,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        ids=adapters.ids,
        shipped=adapters.shipped_assets,
    )

    view_task = _once(ViewTask, database=adapters.database)
    process_task = _once(
        ProcessTask,
        database=adapters.database,
        object_store=adapters.object_store,
        editor=adapters.image_editor,
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        failpoints=adapters.failpoints,
        lease=_duration(settings.provided.tasks.lease_seconds),
        retries=providers.Factory(
            RetryPolicy, budget=_duration(settings.provided.tasks.retry_seconds)
        ),
    )
    return_expired_tasks = _once(
        ReturnExpiredTasks, database=adapters.database, clock=adapters.clock
    )

    add_webhook = _once(
        AddWebhook, database=adapters.database, clock=adapters.clock, ids=adapters.ids
    )
    list_webhooks = _once(
        ListWebhooks, database=adapters.database, signing_secrets=adapters.signing_secrets
    )
    remove_webhook = _once(RemoveWebhook, database=adapters.database)
    send_delivery = _once(
        SendDelivery,
        database=adapters.database,
        notifiers=adapters.notifiers,
        make_notice=providers.Factory(
            MakeNotice,
            links=adapters.links,
            signing_secrets=adapters.signing_secrets,
            clock=adapters.clock,
            link_lifetime=_duration(settings.provided.downloads.notice_link_seconds),
        ),
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        lease=_duration(settings.provided.notifier.lease_seconds),
    )
    announce_outcome = _once(
        AnnounceOutcome,
        database=adapters.database,
        send_delivery=send_delivery,
        clock=adapters.clock,
        ids=adapters.ids,
    )

    relay_outbox = _once(
        RelayOutbox,
        database=adapters.database,
        publisher=adapters.publisher,
        failpoints=adapters.failpoints,
    )
    sweep = _once(
        Sweep,
        database=adapters.database,
        telemetry=adapters.telemetry,
        patience=_duration(settings.provided.relay.patience_seconds),
        delivery_lease=_duration(settings.provided.notifier.lease_seconds),
    )


# --- what each process is made of ---------------------------------------------------------------


def _watched(use_case: Any, adapters: Any) -> providers.Provider[Any]:
    return providers.Factory(observed, use_case, adapters.telemetry)


def _http_use_cases(**parts: Any) -> "HTTPUseCases":
    from entrypoints.http.app import HTTPUseCases

    return HTTPUseCases(**parts)


def _http_app(settings: Settings, use_cases: "HTTPUseCases") -> "falcon.App[Any, Any]":
    from adapters.serialization.converter import make_converter
    from entrypoints.http.app import HTTPOptions, create_app

    return create_app(
        use_cases,
        HTTPOptions(make_converter(strict=True), settings.upload.max_bytes, settings.base_url),
    )


class Loop(Protocol):
    """What a process does until it is told to stop."""

    last_tick: float

    def run(self) -> None:
        """Work until a signal says stop."""


def _image_worker(
    settings: Settings,
    inbox: MessageInbox,
    process_task: Any,
    beat: Callable[[], None],
    release: Callable[[], None],
) -> Loop:
    from entrypoints.consumers.consumer import Patience
    from entrypoints.consumers.process_images import image_worker

    return image_worker(
        inbox,
        process_task,
        beat,
        release,
        concurrency=settings.worker.concurrency,
        beat_seconds=settings.tasks.beat_seconds,
        patience=Patience(drain_seconds=settings.worker.drain_seconds),
    )


def _notifier(
    settings: Settings, inbox: MessageInbox, announce_outcome: Any, send_delivery: Any
) -> Loop:
    from entrypoints.consumers.consumer import Patience
    from entrypoints.consumers.send_notifications import notifier

    return notifier(
        inbox,
        announce_outcome,
        send_delivery,
        concurrency=settings.notifier.concurrency,
        patience=Patience(drain_seconds=settings.worker.drain_seconds),
    )


def _relay(
    settings: Settings, bell: OutboxBell, relay_outbox: Any, return_expired: Any, sweep: Any
) -> Loop:
    from entrypoints.consumers.relay_outbox import Relay

    return Relay(
        bell,
        relay_outbox,
        return_expired,
        sweep,
        poll_seconds=settings.relay.poll_seconds,
        expiry_seconds=settings.relay.expired_seconds,
        sweep_seconds=settings.relay.sweep_seconds,
    )


class Platform(containers.DeclarativeContainer):
    """Everything: adapters, use cases, and the processes over them."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)

    http_use_cases = _once(
        _http_use_cases,
        register_user=_watched(use_cases.register_user, adapters),
        log_in=_watched(use_cases.log_in, adapters),
        log_out=_watched(use_cases.log_out, adapters),
        authenticate=_watched(use_cases.authenticate, adapters),
        view_profile=_watched(use_cases.view_profile, adapters),
        update_profile=_watched(use_cases.update_profile, adapters),
        stage_file=use_cases.stage_file,
        upload_image=_watched(use_cases.upload_image, adapters),
        image_status=_watched(use_cases.image_status, adapters),
        download_image=_watched(use_cases.download_image, adapters),
        open_result=_watched(use_cases.open_result, adapters),
        view_task=_watched(use_cases.view_task, adapters),
        add_webhook=_watched(use_cases.add_webhook, adapters),
        list_webhooks=_watched(use_cases.list_webhooks, adapters),
        remove_webhook=_watched(use_cases.remove_webhook, adapters),
        ready=adapters.database.provided.ping,
        metrics=adapters.telemetry.provided.exposition,
        observe_request=adapters.telemetry.provided.observe_request,
    )
    http_app = _once(_http_app, settings, http_use_cases)
    image_worker = _once(
        _image_worker,
        settings,
        adapters.task_inbox,
        _watched(use_cases.process_task, adapters),
        use_cases.process_task.provided.beat,
        use_cases.process_task.provided.release,
    )
    notifier = _once(
        _notifier,
        settings,
        adapters.notice_inbox,
        _watched(use_cases.announce_outcome, adapters),
        _watched(use_cases.send_delivery, adapters),
    )
    relay = _once(
        _relay,
        settings,
        adapters.bell,
        use_cases.relay_outbox,
        _watched(use_cases.return_expired_tasks, adapters),
        use_cases.sweep,
    )


def prepare(settings: Settings) -> list[str]:
    """
    Make the data directory, its keys and the tables, install the shared pictures.

    Returns the names of the migrations that ran; done again, it changes nothing.

    Raises:
        OperatorMistake: Something on this machine stands in the way.
    """
    from adapters.persistence.migrations import migrate

    make_data_directory(settings)
    platform = Platform(settings=settings)
    adapters = platform.adapters()
    try:
        adapters.access_tokens(), adapters.links(), adapters.signing_secrets()
        applied = migrate(adapters.database())
        platform.use_cases().install_shared_assets()()
        adapters.database().close()
    except PortFailure as failure:
        raise OperatorMistake(f"{failure.code}: {failure}") from failure
    return applied


def make_data_directory(settings: Settings) -> None:
    """Make the data directory for our eyes only, or raise `OperatorMistake`."""
    for directory in (settings.data_dir, settings.database_file.parent):
        _make_private(directory)


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
    """Raise `OperatorMistake` unless the database has the tables of this version."""
    from adapters.persistence.migrations import pending

    if not settings.database_file.exists():
        raise OperatorMistake(
            f"there is no database {settings.database_file}; run `safelight migrate` first"
        )
    database = Platform(settings=settings).adapters().database()
    try:
        missing = pending(database)
    except PortFailure as failure:
        raise OperatorMistake(f"{failure.code}: {failure}") from failure
    finally:
        database.close()
    if missing:
        raise OperatorMistake(
            f"the database lacks {', '.join(missing)}; run `safelight migrate` first"
        )


def start_logging(settings: Settings, process: str, *, platform: Platform | None = None) -> None:
    """Send this process's log to the standard output, and to Logstash if there is one."""
    from adapters.telemetry.structured_logging import configure_logging

    forwarder = None
    if platform is not None and settings.logstash.host is not None:
        from adapters.telemetry.logstash_logging import LogstashForwarder

        forwarder = LogstashForwarder(
            settings.logstash.host,
            settings.logstash.port,
            on_drop=platform.adapters().telemetry().count_dropped_log_record,
        )
    configure_logging(
        process, level=settings.log.level, style=settings.log.format, copy_to=forwarder
    )


def forget_figures(settings: Settings) -> None:
    """Empty the metrics directory; only while no process of ours runs."""
    from adapters.telemetry import prometheus_metrics

    if settings.metrics.dir is not None:
        prometheus_metrics.forget_figures(settings.metrics.dir)


def build_http_app(settings: Settings | None = None) -> "falcon.App[Any, Any]":
    """Build the API for a server process; the environment says how unless *settings* do."""
    settings = settings or load_settings(os.environ)
    platform = Platform(settings=settings)
    start_logging(settings, "api", platform=platform)
    app: falcon.App[Any, Any] = platform.http_app()
    return app


@attrs.frozen
class Process:
    """A process without an API: its loop, and the server that answers for it."""

    loop: Loop
    health: "HealthServer | None"
    close: Callable[[], None]

    def run(self) -> None:
        """Work until a signal says stop."""
        if self.health is not None:
            self.health.start()
        try:
            self.loop.run()
        finally:
            if self.health is not None:
                self.health.stop()
            self.close()


def build_image_worker(settings: Settings) -> Process:
    """Build the image worker and start its renderers."""
    platform = Platform(settings=settings)
    start_logging(settings, "image-worker", platform=platform)
    try:
        editor = platform.adapters().image_editor()
    except PortFailure as failure:
        raise OperatorMistake(f"{failure.code}: {failure}") from failure
    return _process(settings, platform, platform.image_worker(), editor.close)


def build_notifier(settings: Settings) -> Process:
    """Build the notifier."""
    platform = Platform(settings=settings)
    start_logging(settings, "notifier", platform=platform)
    return _process(settings, platform, platform.notifier())


def build_relay(settings: Settings) -> Process:
    """Build the relay."""
    platform = Platform(settings=settings)
    start_logging(settings, "relay", platform=platform)
    return _process(settings, platform, platform.relay(), platform.adapters().publisher().close)


def _process(
    settings: Settings,
    platform: Platform,
    loop: Loop,
    close: Callable[[], None] = lambda: None,
) -> Process:
    from adapters.telemetry.health_server import HealthServer

    adapters = platform.adapters()
    health = None
    if settings.metrics.bind is not None:

        def is_ready() -> bool:
            try:
                adapters.database().ping()
            except PortFailure:
                return False
            return True

        try:
            health = HealthServer(
                settings.metrics.bind,
                metrics=adapters.telemetry().exposition,
                is_alive=lambda: time.monotonic() - loop.last_tick < _SILENCE_SECONDS,
                is_ready=is_ready,
            )
        except OSError as error:
            raise OperatorMistake(
                f"cannot listen on {settings.metrics.bind}: {error.strerror}; "
                "change SAFELIGHT_METRICS_BIND"
            ) from error
    return Process(loop, health, close)
