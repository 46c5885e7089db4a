"""Which adapter stands behind which port; `factories` says how each is built."""

from typing import Final

from dependency_injector import containers, providers

from entrypoints import factories
from entrypoints.settings import Settings

once: Final = providers.ThreadSafeSingleton
"""Built once a process, on first use, whichever thread asks."""


class Adapters(containers.DeclarativeContainer):
    """One technology behind each port."""

    settings = providers.Dependency(instance_of=Settings)

    telemetry = once(factories.telemetry.telemetry, settings)
    clock = once(factories.system.clock)
    ids = once(factories.system.ids)
    errands = once(factories.system.errands)
    failpoints = once(factories.system.failpoints, settings)
    bell = once(factories.messaging.bell, settings)
    database = once(factories.persistence.database, settings, bell)
    migrations = once(factories.persistence.migrations, database)
    rate_limiter = once(factories.persistence.rate_limiter, database)
    request_rates = once(factories.policies.request_rates, settings)
    object_store = once(factories.storage.object_store, settings)
    link_verifier = once(factories.storage.link_verifier, settings, clock)
    links = once(factories.storage.links, settings, link_verifier)
    shipped_assets = once(factories.storage.shipped_assets)
    password_hasher = once(factories.security.password_hasher, settings)
    password_screening = once(factories.security.password_screening, settings)
    guess_allowance = once(factories.policies.guess_allowance, settings)
    access_tokens = once(factories.security.access_tokens, settings, clock)
    key_tokens = once(factories.security.key_tokens)
    opaque_tokens = once(factories.security.opaque_tokens, settings)
    cursor_key = once(factories.security.cursor_key, settings)
    session_tokens = once(factories.security.session_tokens, settings, access_tokens, opaque_tokens)
    identity_providers = once(factories.identity.identity_providers, settings, clock)
    signing_secrets = once(factories.security.signing_secrets, settings)
    upload_policy = once(factories.policies.upload_policy, settings)
    retention_policy = once(factories.policies.retention, settings)
    high_water_marks = once(factories.policies.high_water_marks, settings)
    quotas = once(factories.policies.quotas, settings)
    confinement = once(factories.policies.confinement, settings)
    image_probe = once(factories.imaging.image_probe)
    font_probe = once(factories.imaging.font_probe)
    scanner = once(factories.scanning.scanner, settings)
    asset_allowance = once(factories.policies.asset_allowance, settings)
    pipeline_texts = once(factories.imaging.pipeline_texts)
    memory_budget = once(factories.imaging.memory_budget, settings)
    image_editor = once(factories.imaging.image_editor, settings, upload_policy)
    publisher = once(factories.messaging.publisher, settings)
    dead_letters = once(factories.messaging.dead_letters, settings)
    task_inbox = once(
        factories.messaging.inbox,
        settings,
        "image-processing",
        settings.provided.worker.concurrency,
    )
    notice_inbox = once(
        factories.messaging.inbox, settings, "notifications", settings.provided.notifier.concurrency
    )
    email_notifier = once(factories.notification.email_notifier, settings)
    webhook_notifier = once(
        factories.notification.webhook_notifier, settings, signing_secrets, clock
    )
    webhook_guard = once(factories.notification.webhook_guard, settings)
    notifiers = once(factories.notification.by_channel, email_notifier, webhook_notifier)
