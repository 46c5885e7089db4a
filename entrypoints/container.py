"""
The composition root: which adapter stands behind which port, and what each process is made of.

Everything is built once a process, on first use: `factories` says how.
"""

from datetime import timedelta
from typing import Any

from dependency_injector import containers, providers

from application.accounts.authenticate import Authenticate
from application.accounts.begin_provider_sign_in import (
    BeginAttempt,
    BeginLink,
    BeginProviderSignIn,
)
from application.accounts.change_password import ChangePassword
from application.accounts.confirm_password import ConfirmPassword
from application.accounts.create_api_key import CreateAPIKey
from application.accounts.end_account import EndAccount
from application.accounts.end_sessions import EndSessions
from application.accounts.erase_account import EraseAccount
from application.accounts.export_account import ExportAccount
from application.accounts.finish_erasure import FinishErasure
from application.accounts.finish_provider_sign_in import FinishProviderSignIn
from application.accounts.link_identity import LinkIdentity
from application.accounts.list_api_keys import ListAPIKeys
from application.accounts.list_identities import ListIdentities
from application.accounts.list_sessions import ListSessions
from application.accounts.log_in import LogIn
from application.accounts.log_out import LogOut
from application.accounts.note_key_use import NoteKeyUse
from application.accounts.note_refused_sign_in import NoteRefusedSignIn
from application.accounts.open_session import OpenSession
from application.accounts.post_letter import PostLetter
from application.accounts.refresh_session import RefreshSession
from application.accounts.register_user import RegisterUser
from application.accounts.reset_password import ForgotPassword, ResetPassword
from application.accounts.revoke_api_key import RevokeAPIKey
from application.accounts.throttle_guesses import ThrottleGuesses
from application.accounts.unlink_identity import UnlinkIdentity
from application.accounts.update_profile import UpdateProfile
from application.accounts.verify_email import AskToVerifyEmail, VerifyEmail
from application.accounts.view_erasure import ViewErasure
from application.accounts.view_profile import ViewProfile
from application.administration.change_user import ChangeUser
from application.administration.check_files import CheckFiles
from application.administration.create_admin import CreateAdmin
from application.administration.drop_task import DropTask
from application.administration.erase_user import EraseUser
from application.administration.find_user import FindUser
from application.administration.inspect_task import InspectTask
from application.administration.list_tasks import ListTasks
from application.administration.list_users import ListUsers
from application.administration.look_through_tasks import LookThroughTasks
from application.administration.read_audit import ReadAudit
from application.administration.read_logs import ReadLogs
from application.administration.requeue_task import RequeueTask
from application.administration.retain import Retain
from application.administration.sweep_orphans import SweepOrphans
from application.administration.view_queues import ViewQueues
from application.administration.view_user import ViewUser
from application.images.add_asset import AddAsset
from application.images.admit_upload import AdmitUpload
from application.images.download_image import DownloadImage
from application.images.erase_image import EraseImage
from application.images.image_status import ImageStatus
from application.images.inspect_file import InspectFile
from application.images.install_shared_assets import InstallSharedAssets
from application.images.list_assets import ListAssets
from application.images.list_images import ListImages
from application.images.list_variants import ListVariants
from application.images.open_result import OpenResult
from application.images.plan_pipeline import PlanPipeline
from application.images.remove_asset import RemoveAsset
from application.images.stage_file import StageFile
from application.images.upload_image import UploadImage
from application.images.view_analysis import ViewAnalysis
from application.images.view_asset import ViewAsset
from application.limits.forget_rates import ForgetRates
from application.limits.limit_requests import LimitRequests
from application.limits.view_usage import ViewUsage
from application.notifications.add_webhook import AddWebhook
from application.notifications.announce_outcome import AnnounceOutcome
from application.notifications.list_webhooks import ListWebhooks
from application.notifications.make_notice import MakeNotice
from application.notifications.remove_webhook import RemoveWebhook
from application.notifications.send_delivery import SendDelivery
from application.notifications.send_letter import SendLetter
from application.outbox.forget_replies import ForgetReplies
from application.outbox.measure_queues import MeasureQueues
from application.outbox.relay_outbox import RelayOutbox
from application.outbox.sweep import Sweep
from application.presets.add_preset import AddPreset
from application.presets.change_preset import ChangePreset
from application.presets.find_preset import FindPreset
from application.presets.list_preset_versions import ListPresetVersions
from application.presets.list_presets import ListPresets
from application.presets.remove_preset import RemovePreset
from application.presets.view_preset import ViewPreset
from application.tasks.cancel_task import CancelTask
from application.tasks.list_own_tasks import ListOwnTasks
from application.tasks.process_task import ProcessTask, RetryPolicy
from application.tasks.retry_task import RetryTask
from application.tasks.return_expired_tasks import ReturnExpiredTasks
from application.tasks.view_task import ViewTask
from application.workers.report_worker import ReportWorker
from application.workers.tell_abilities import TellAbilities
from entrypoints import factories, process_factories
from entrypoints.observed import observed
from entrypoints.readiness import Readiness
from entrypoints.settings import Settings

_once = providers.ThreadSafeSingleton


class Adapters(containers.DeclarativeContainer):
    """One technology behind each port."""

    settings = providers.Dependency(instance_of=Settings)

    telemetry = _once(factories.telemetry, settings)
    clock = _once(factories.clock)
    ids = _once(factories.ids)
    errands = _once(factories.errands)
    failpoints = _once(factories.failpoints, settings)
    bell = _once(factories.bell, settings)
    database = _once(factories.database, settings, bell)
    migrations = _once(factories.migrations, database)
    rate_limiter = _once(factories.rate_limiter, database)
    request_rates = _once(factories.request_rates, settings)
    object_store = _once(factories.object_store, settings)
    link_verifier = _once(factories.link_verifier, settings, clock)
    links = _once(factories.links, settings, link_verifier)
    shipped_assets = _once(factories.shipped_assets)
    password_hasher = _once(factories.password_hasher, settings)
    password_screening = _once(factories.password_screening, settings)
    guess_allowance = _once(factories.guess_allowance, settings)
    access_tokens = _once(factories.access_tokens, settings, clock)
    key_tokens = _once(factories.key_tokens)
    opaque_tokens = _once(factories.opaque_tokens, settings)
    cursor_key = _once(factories.cursor_key, settings)
    session_tokens = _once(factories.session_tokens, settings, access_tokens, opaque_tokens)
    identity_providers = _once(factories.identity_providers, settings, clock)
    signing_secrets = _once(factories.signing_secrets, settings)
    upload_policy = _once(factories.upload_policy, settings)
    retention_policy = _once(factories.retention, settings)
    high_water_marks = _once(factories.high_water_marks, settings)
    quotas = _once(factories.quotas, settings)
    confinement = _once(factories.confinement, settings)
    image_probe = _once(factories.image_probe)
    font_probe = _once(factories.font_probe)
    asset_allowance = _once(factories.asset_allowance, settings)
    pipeline_texts = _once(factories.pipeline_texts)
    memory_budget = _once(factories.memory_budget, settings)
    image_editor = _once(factories.image_editor, settings, upload_policy)
    publisher = _once(factories.publisher, settings)
    dead_letters = _once(factories.dead_letters, settings)
    task_inbox = _once(
        factories.inbox, settings, "image-processing", settings.provided.worker.concurrency
    )
    notice_inbox = _once(
        factories.inbox, settings, "notifications", settings.provided.notifier.concurrency
    )
    email_notifier = _once(factories.email_notifier, settings)
    webhook_notifier = _once(factories.webhook_notifier, settings, signing_secrets, clock)
    webhook_guard = _once(factories.webhook_guard, settings)
    notifiers = _once(factories.by_channel, email_notifier, webhook_notifier)


def _duration(seconds: Any) -> providers.Provider[timedelta]:
    return providers.Factory(factories.seconds, seconds)


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
        screening=adapters.password_screening,
        ask_to_verify=settings.provided.accounts.verified_email,
    )
    throttle_guesses = _once(
        ThrottleGuesses, limiter=adapters.rate_limiter, allowance=adapters.guess_allowance
    )
    note_refused_sign_in = _once(
        NoteRefusedSignIn, database=adapters.database, errands=adapters.errands
    )
    log_in = _once(
        LogIn,
        database=adapters.database,
        hasher=adapters.password_hasher,
        session_tokens=adapters.session_tokens,
        clock=adapters.clock,
        ids=adapters.ids,
        guesses=throttle_guesses,
        note_refusal=note_refused_sign_in,
    )
    refresh_session = _once(
        RefreshSession,
        database=adapters.database,
        session_tokens=adapters.session_tokens,
        clock=adapters.clock,
    )
    list_sessions = _once(ListSessions, database=adapters.database, clock=adapters.clock)
    end_sessions = _once(EndSessions, database=adapters.database, clock=adapters.clock)
    log_out = _once(
        LogOut, database=adapters.database, tokens=adapters.access_tokens, clock=adapters.clock
    )
    note_key_use = _once(NoteKeyUse, database=adapters.database, errands=adapters.errands)
    authenticate = _once(
        Authenticate,
        database=adapters.database,
        tokens=adapters.access_tokens,
        key_tokens=adapters.key_tokens,
        note_key_use=note_key_use,
        clock=adapters.clock,
    )
    create_api_key = _once(
        CreateAPIKey,
        database=adapters.database,
        key_tokens=adapters.key_tokens,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    list_api_keys = _once(ListAPIKeys, database=adapters.database)
    revoke_api_key = _once(RevokeAPIKey, database=adapters.database, clock=adapters.clock)
    view_profile = _once(ViewProfile, database=adapters.database)
    post_letter = _once(PostLetter, ids=adapters.ids, clock=adapters.clock)
    update_profile = _once(
        UpdateProfile,
        database=adapters.database,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        clock=adapters.clock,
        guesses=throttle_guesses,
    )
    begin_attempt = _once(
        BeginAttempt,
        database=adapters.database,
        opaque_tokens=adapters.opaque_tokens,
        clock=adapters.clock,
    )
    begin_provider_sign_in = _once(
        BeginProviderSignIn, providers=adapters.identity_providers, begin=begin_attempt
    )
    begin_link = _once(
        BeginLink,
        database=adapters.database,
        providers=adapters.identity_providers,
        begin=begin_attempt,
        confirm_password=providers.Factory(
            ConfirmPassword, hasher=adapters.password_hasher, guesses=throttle_guesses
        ),
    )
    finish_provider_sign_in = _once(
        FinishProviderSignIn,
        database=adapters.database,
        providers=adapters.identity_providers,
        opaque_tokens=adapters.opaque_tokens,
        open_session=providers.Factory(
            OpenSession, session_tokens=adapters.session_tokens, ids=adapters.ids
        ),
        link_identity=providers.Factory(
            LinkIdentity,
            database=adapters.database,
            post_letter=post_letter,
            clock=adapters.clock,
            ids=adapters.ids,
        ),
        note_refusal=note_refused_sign_in,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    list_identities = _once(
        ListIdentities, database=adapters.database, providers=adapters.identity_providers
    )
    unlink_identity = _once(UnlinkIdentity, database=adapters.database)
    change_password = _once(
        ChangePassword,
        database=adapters.database,
        hasher=adapters.password_hasher,
        post_letter=post_letter,
        clock=adapters.clock,
        guesses=throttle_guesses,
        screening=adapters.password_screening,
    )
    forgot_password = _once(ForgotPassword, database=adapters.database, post_letter=post_letter)
    reset_password = _once(
        ResetPassword,
        database=adapters.database,
        hasher=adapters.password_hasher,
        opaque_tokens=adapters.opaque_tokens,
        post_letter=post_letter,
        clock=adapters.clock,
        screening=adapters.password_screening,
    )
    end_account = _once(EndAccount, ids=adapters.ids, clock=adapters.clock)
    erase_account = _once(
        EraseAccount,
        database=adapters.database,
        hasher=adapters.password_hasher,
        guesses=throttle_guesses,
        end_account=end_account,
    )
    finish_erasure = _once(
        FinishErasure,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        failpoints=adapters.failpoints,
    )
    export_account = _once(ExportAccount, database=adapters.database, clock=adapters.clock)
    view_erasure = _once(ViewErasure, database=adapters.database)
    ask_to_verify_email = _once(
        AskToVerifyEmail, database=adapters.database, post_letter=post_letter
    )
    verify_email = _once(
        VerifyEmail,
        database=adapters.database,
        opaque_tokens=adapters.opaque_tokens,
        clock=adapters.clock,
    )

    limit_requests = _once(
        LimitRequests, limiter=adapters.rate_limiter, rates=adapters.request_rates
    )
    view_usage = _once(
        ViewUsage, database=adapters.database, clock=adapters.clock, quotas=adapters.quotas
    )
    forget_rates = _once(ForgetRates, limiter=adapters.rate_limiter)

    admit_upload = _once(
        AdmitUpload,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        marks=adapters.high_water_marks,
        needs_verified_email=settings.provided.accounts.verified_email,
    )
    stage_file = _once(StageFile, object_store=adapters.object_store, policy=adapters.upload_policy)
    inspect_file = _once(
        InspectFile,
        pictures=adapters.image_probe,
        fonts=adapters.font_probe,
        policy=adapters.upload_policy,
    )
    upload_image = _once(
        UploadImage,
        database=adapters.database,
        object_store=adapters.object_store,
        inspect=inspect_file,
        clock=adapters.clock,
        ids=adapters.ids,
        failpoints=adapters.failpoints,
        webhook_guard=adapters.webhook_guard,
        confinement=adapters.confinement,
        quotas=adapters.quotas,
    )
    list_images = _once(ListImages, database=adapters.database)
    erase_image = _once(
        EraseImage, database=adapters.database, ids=adapters.ids, clock=adapters.clock
    )
    image_status = _once(ImageStatus, database=adapters.database)
    download_image = _once(
        DownloadImage,
        database=adapters.database,
        links=adapters.links,
        link_lifetime=_duration(settings.provided.downloads.link_seconds),
    )
    tell_abilities = _once(
        TellAbilities,
        database=adapters.database,
        silence=_duration(settings.provided.tasks.lease_seconds),
    )
    report_worker = _once(
        ReportWorker,
        database=adapters.database,
        worker=providers.Factory(
            factories.this_worker, adapters.ids, adapters.image_editor.provided.abilities
        ),
    )
    plan_pipeline = _once(
        PlanPipeline,
        database=adapters.database,
        texts=adapters.pipeline_texts,
        abilities=tell_abilities,
        confinement=adapters.confinement,
    )
    view_analysis = _once(ViewAnalysis, database=adapters.database)
    list_variants = _once(
        ListVariants,
        database=adapters.database,
        links=adapters.links,
        link_lifetime=_duration(settings.provided.downloads.link_seconds),
    )
    open_result = _once(
        OpenResult,
        database=adapters.database,
        object_store=adapters.object_store,
        verifier=adapters.link_verifier,
    )
    install_shared_assets = _once(
        InstallSharedAssets,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        ids=adapters.ids,
        shipped=adapters.shipped_assets,
    )

    add_asset = _once(
        AddAsset,
        database=adapters.database,
        object_store=adapters.object_store,
        inspect=inspect_file,
        allowance=adapters.asset_allowance,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    list_assets = _once(ListAssets, database=adapters.database)
    view_asset = _once(ViewAsset, database=adapters.database)
    remove_asset = _once(
        RemoveAsset, database=adapters.database, object_store=adapters.object_store
    )

    list_own_tasks = _once(ListOwnTasks, database=adapters.database)
    view_task = _once(ViewTask, database=adapters.database)
    cancel_task = _once(CancelTask, database=adapters.database, clock=adapters.clock)
    retry_task = _once(
        RetryTask,
        database=adapters.database,
        clock=adapters.clock,
        ids=adapters.ids,
        confinement=adapters.confinement,
        quotas=adapters.quotas,
    )
    process_task = _once(
        ProcessTask,
        database=adapters.database,
        object_store=adapters.object_store,
        probe=adapters.image_probe,
        memory=adapters.memory_budget,
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

    find_preset = _once(FindPreset, database=adapters.database, confinement=adapters.confinement)
    add_preset = _once(
        AddPreset,
        database=adapters.database,
        clock=adapters.clock,
        texts=adapters.pipeline_texts,
        confinement=adapters.confinement,
    )
    change_preset = _once(
        ChangePreset,
        database=adapters.database,
        clock=adapters.clock,
        texts=adapters.pipeline_texts,
        confinement=adapters.confinement,
    )
    remove_preset = _once(
        RemovePreset, database=adapters.database, confinement=adapters.confinement
    )
    view_preset = _once(
        ViewPreset,
        database=adapters.database,
        texts=adapters.pipeline_texts,
        confinement=adapters.confinement,
    )
    list_presets = _once(ListPresets, database=adapters.database, confinement=adapters.confinement)
    list_preset_versions = _once(
        ListPresetVersions, database=adapters.database, confinement=adapters.confinement
    )

    add_webhook = _once(
        AddWebhook,
        database=adapters.database,
        clock=adapters.clock,
        ids=adapters.ids,
        guard=adapters.webhook_guard,
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
            clock=adapters.clock,
            link_lifetime=_duration(settings.provided.downloads.notice_link_seconds),
        ),
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        post_letter=post_letter,
        lease=_duration(settings.provided.notifier.lease_seconds),
    )
    send_letter = _once(
        SendLetter,
        database=adapters.database,
        postman=adapters.email_notifier,
        opaque_tokens=adapters.opaque_tokens,
        clock=adapters.clock,
        telemetry=adapters.telemetry,
        base_url=settings.provided.base_url,
        lease=_duration(settings.provided.notifier.lease_seconds),
    )
    announce_outcome = _once(
        AnnounceOutcome,
        database=adapters.database,
        send_delivery=send_delivery,
        clock=adapters.clock,
    )

    relay_outbox = _once(
        RelayOutbox,
        database=adapters.database,
        publisher=adapters.publisher,
        failpoints=adapters.failpoints,
        lease=_duration(settings.provided.relay.lease_seconds),
    )
    sweep = _once(
        Sweep,
        database=adapters.database,
        clock=adapters.clock,
        patience=_duration(settings.provided.relay.patience_seconds),
        delivery_lease=_duration(settings.provided.notifier.lease_seconds),
    )
    forget_replies = _once(ForgetReplies, database=adapters.database)
    measure_queues = _once(MeasureQueues, database=adapters.database, telemetry=adapters.telemetry)

    create_admin = _once(
        CreateAdmin,
        database=adapters.database,
        hasher=adapters.password_hasher,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    find_user = _once(FindUser, database=adapters.database)
    list_users = _once(ListUsers, database=adapters.database)
    view_user = _once(ViewUser, database=adapters.database)
    change_user = _once(ChangeUser, database=adapters.database, clock=adapters.clock)
    erase_user = _once(EraseUser, database=adapters.database, end_account=end_account)
    read_audit = _once(ReadAudit, database=adapters.database)

    look_through_tasks = _once(LookThroughTasks, database=adapters.database)
    view_queues = _once(ViewQueues, database=adapters.database)
    read_logs = _once(ReadLogs, database=adapters.database)

    list_tasks = _once(ListTasks, database=adapters.database)
    inspect_task = _once(InspectTask, database=adapters.database)
    requeue_task = _once(RequeueTask, database=adapters.database)
    drop_task = _once(
        DropTask,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
    )
    retain = _once(
        Retain,
        database=adapters.database,
        object_store=adapters.object_store,
        policy=adapters.retention_policy,
    )
    sweep_orphans = _once(
        SweepOrphans,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
    )
    check_files = _once(CheckFiles, database=adapters.database, object_store=adapters.object_store)


def _watched(use_case: Any, adapters: Any) -> providers.Provider[Any]:
    return providers.Factory(observed, use_case, adapters.telemetry)


class Platform(containers.DeclarativeContainer):
    """Everything: adapters, use cases, and the processes over them."""

    settings = providers.Dependency(instance_of=Settings)
    adapters = providers.Container(Adapters, settings=settings)
    use_cases = providers.Container(UseCases, settings=settings, adapters=adapters)

    http_readiness = _once(
        Readiness,
        providers.Dict(
            database=adapters.database.provided.ping, store=adapters.object_store.provided.check
        ),
    )
    http_use_cases = _once(
        process_factories.http_use_cases,
        register_user=_watched(use_cases.register_user, adapters),
        log_in=_watched(use_cases.log_in, adapters),
        refresh_session=_watched(use_cases.refresh_session, adapters),
        list_sessions=_watched(use_cases.list_sessions, adapters),
        end_sessions=_watched(use_cases.end_sessions, adapters),
        log_out=_watched(use_cases.log_out, adapters),
        authenticate=_watched(use_cases.authenticate, adapters),
        create_api_key=_watched(use_cases.create_api_key, adapters),
        list_api_keys=_watched(use_cases.list_api_keys, adapters),
        revoke_api_key=_watched(use_cases.revoke_api_key, adapters),
        view_profile=_watched(use_cases.view_profile, adapters),
        update_profile=_watched(use_cases.update_profile, adapters),
        view_usage=_watched(use_cases.view_usage, adapters),
        change_password=_watched(use_cases.change_password, adapters),
        begin_provider_sign_in=_watched(use_cases.begin_provider_sign_in, adapters),
        finish_provider_sign_in=_watched(use_cases.finish_provider_sign_in, adapters),
        begin_link=_watched(use_cases.begin_link, adapters),
        list_identities=_watched(use_cases.list_identities, adapters),
        unlink_identity=_watched(use_cases.unlink_identity, adapters),
        forgot_password=_watched(use_cases.forgot_password, adapters),
        reset_password=_watched(use_cases.reset_password, adapters),
        ask_to_verify_email=_watched(use_cases.ask_to_verify_email, adapters),
        verify_email=_watched(use_cases.verify_email, adapters),
        erase_account=_watched(use_cases.erase_account, adapters),
        export_account=_watched(use_cases.export_account, adapters),
        list_own_tasks=_watched(use_cases.list_own_tasks, adapters),
        view_erasure=_watched(use_cases.view_erasure, adapters),
        admit_upload=_watched(use_cases.admit_upload, adapters),
        limit_requests=use_cases.limit_requests,
        stage_file=use_cases.stage_file,
        upload_image=_watched(use_cases.upload_image, adapters),
        list_images=_watched(use_cases.list_images, adapters),
        erase_image=_watched(use_cases.erase_image, adapters),
        image_status=_watched(use_cases.image_status, adapters),
        download_image=_watched(use_cases.download_image, adapters),
        plan_pipeline=_watched(use_cases.plan_pipeline, adapters),
        view_analysis=_watched(use_cases.view_analysis, adapters),
        tell_abilities=_watched(use_cases.tell_abilities, adapters),
        list_variants=_watched(use_cases.list_variants, adapters),
        open_result=_watched(use_cases.open_result, adapters),
        view_task=_watched(use_cases.view_task, adapters),
        cancel_task=_watched(use_cases.cancel_task, adapters),
        retry_task=_watched(use_cases.retry_task, adapters),
        find_preset=_watched(use_cases.find_preset, adapters),
        add_preset=_watched(use_cases.add_preset, adapters),
        change_preset=_watched(use_cases.change_preset, adapters),
        remove_preset=_watched(use_cases.remove_preset, adapters),
        view_preset=_watched(use_cases.view_preset, adapters),
        list_presets=_watched(use_cases.list_presets, adapters),
        list_preset_versions=_watched(use_cases.list_preset_versions, adapters),
        add_asset=_watched(use_cases.add_asset, adapters),
        list_assets=_watched(use_cases.list_assets, adapters),
        view_asset=_watched(use_cases.view_asset, adapters),
        remove_asset=_watched(use_cases.remove_asset, adapters),
        add_webhook=_watched(use_cases.add_webhook, adapters),
        list_webhooks=_watched(use_cases.list_webhooks, adapters),
        remove_webhook=_watched(use_cases.remove_webhook, adapters),
        list_users=_watched(use_cases.list_users, adapters),
        view_user=_watched(use_cases.view_user, adapters),
        change_user=_watched(use_cases.change_user, adapters),
        erase_user=_watched(use_cases.erase_user, adapters),
        read_audit=_watched(use_cases.read_audit, adapters),
        look_through_tasks=_watched(use_cases.look_through_tasks, adapters),
        requeue_task=_watched(use_cases.requeue_task, adapters),
        drop_task=_watched(use_cases.drop_task, adapters),
        view_queues=_watched(use_cases.view_queues, adapters),
        read_logs=_watched(use_cases.read_logs, adapters),
        ready=http_readiness.provided.require,
        metrics=adapters.telemetry.provided.exposition,
        observe_request=adapters.telemetry.provided.observe_request,
    )
    http_app = _once(
        process_factories.http_app,
        settings,
        adapters.upload_policy,
        adapters.cursor_key,
        http_use_cases,
    )
    image_worker = _once(
        process_factories.image_worker,
        settings,
        adapters.task_inbox,
        _watched(use_cases.process_task, adapters),
        providers.List(use_cases.process_task.provided.beat, use_cases.report_worker),
        use_cases.process_task.provided.stop_waiting,
        use_cases.process_task.provided.release,
    )
    notifier = _once(
        process_factories.notifier,
        settings,
        adapters.notice_inbox,
        _watched(use_cases.announce_outcome, adapters),
        _watched(use_cases.send_delivery, adapters),
        _watched(use_cases.send_letter, adapters),
        _watched(use_cases.finish_erasure, adapters),
    )
    relay = _once(
        process_factories.relay,
        settings,
        adapters.bell,
        use_cases.relay_outbox,
        _watched(use_cases.return_expired_tasks, adapters),
        use_cases.sweep,
        use_cases.measure_queues,
        use_cases.forget_replies,
        use_cases.forget_rates,
        use_cases.retain,
    )
