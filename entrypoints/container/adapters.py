"""Which adapter stands behind which port; `factories` says how each is built."""

from dependency_injector import containers, providers

from entrypoints import factories
from entrypoints.container.room import once
from entrypoints.settings import Settings


class Adapters(containers.DeclarativeContainer):
    """One technology behind each port."""

    settings = providers.Dependency(instance_of=Settings)

    telemetry = once(factories.telemetry, settings)
    clock = once(factories.clock)
    ids = once(factories.ids)
    errands = once(factories.errands)
    failpoints = once(factories.failpoints, settings)
    bell = once(factories.bell, settings)
    database = once(factories.database, settings, bell)
    migrations = once(factories.migrations, database)
    rate_limiter = once(factories.rate_limiter, database)
    request_rates = once(factories.request_rates, settings)
    object_store = once(factories.object_store, settings)
    link_verifier = once(factories.link_verifier, settings, clock)
    links = once(factories.links, settings, link_verifier)
    shipped_assets = once(factories.shipped_assets)
    password_hasher = once(factories.password_hasher, settings)
    password_screening = once(factories.password_screening, settings)
    guess_allowance = once(factories.guess_allowance, settings)
    access_tokens = once(factories.access_tokens, settings, clock)
    key_tokens = once(factories.key_tokens)
    opaque_tokens = once(factories.opaque_tokens, settings)
    cursor_key = once(factories.cursor_key, settings)
    session_tokens = once(factories.session_tokens, settings, access_tokens, opaque_tokens)
    identity_providers = once(factories.identity_providers, settings, clock)
    signing_secrets = once(factories.signing_secrets, settings)
    upload_policy = once(factories.upload_policy, settings)
    retention_policy = once(factories.retention, settings)
    high_water_marks = once(factories.high_water_marks, settings)
    quotas = once(factories.quotas, settings)
    confinement = once(factories.confinement, settings)
    image_probe = once(factories.image_probe)
    font_probe = once(factories.font_probe)
    asset_allowance = once(factories.asset_allowance, settings)
    pipeline_texts = once(factories.pipeline_texts)
    memory_budget = once(factories.memory_budget, settings)
    image_editor = once(factories.image_editor, settings, upload_policy)
    publisher = once(factories.publisher, settings)
    dead_letters = once(factories.dead_letters, settings)
    task_inbox = once(
        factories.inbox, settings, "image-processing", settings.provided.worker.concurrency
    )
    notice_inbox = once(
        factories.inbox, settings, "notifications", settings.provided.notifier.concurrency
    )
    email_notifier = once(factories.email_notifier, settings)
    webhook_notifier = once(factories.webhook_notifier, settings, signing_secrets, clock)
    webhook_guard = once(factories.webhook_guard, settings)
    notifiers = once(factories.by_channel, email_notifier, webhook_notifier)
