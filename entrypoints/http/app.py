"""The HTTP API as one WSGI application; it is handed its use cases and knows no adapter."""

import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import attrs
import cattrs
import falcon

from domain.images.upload_policy import UploadPolicy
from entrypoints.http import errors
from entrypoints.http.asset_form import AssetFormReader
from entrypoints.http.authentication import Authentication
from entrypoints.http.client_address import ClientAddresses
from entrypoints.http.cross_origin import CrossOrigin
from entrypoints.http.cursor_seal import CursorMarks
from entrypoints.http.openapi.document import Route
from entrypoints.http.payloads import PayloadReader
from entrypoints.http.processing_options import ProcessingOptionsReader
from entrypoints.http.rate_limits import RateLimits
from entrypoints.http.request_scope import RequestScope
from entrypoints.http.resources.accounts import Registration, SignIn, SignOut
from entrypoints.http.resources.administration import AllUsers, AuditTrail, OneUser
from entrypoints.http.resources.api_keys import APIKeys, OneAPIKey
from entrypoints.http.resources.assets import Assets, OneAsset
from entrypoints.http.resources.description import Description
from entrypoints.http.resources.erasures import Export, OwnAccount, Receipt
from entrypoints.http.resources.files import ResultFile
from entrypoints.http.resources.identities import (
    BrowserCookie,
    Identities,
    OneIdentity,
    SignInCallback,
    SignInStart,
)
from entrypoints.http.resources.images import (
    Download,
    ImageAnalysis,
    Images,
    OneImage,
    Status,
    Upload,
    Variants,
)
from entrypoints.http.resources.pages import Landing, ProblemPages
from entrypoints.http.resources.passwords import (
    EmailVerification,
    ForgottenPassword,
    PasswordChange,
    PasswordReset,
)
from entrypoints.http.resources.pipelines import Capabilities, Operations, PipelinePlan
from entrypoints.http.resources.presets import (
    OnePreset,
    OnePresetVersion,
    Presets,
    PresetVersions,
)
from entrypoints.http.resources.probes import Liveness, Metrics, Readiness
from entrypoints.http.resources.profile import Profile
from entrypoints.http.resources.sessions import OneSession, Refreshing, Sessions
from entrypoints.http.resources.tasks import OwnTasks, TaskCancellation, TaskDetail, TaskRetry
from entrypoints.http.resources.usage import OwnUsage
from entrypoints.http.resources.webhooks import OneWebhook, Webhooks
from entrypoints.http.resources.work import (
    AllTasks,
    Dropping,
    ProcessingLogs,
    Quarantine,
    Queues,
    Requeuing,
)
from entrypoints.http.upload_form import UploadFormReader
from entrypoints.http.use_cases import HTTPUseCases


@attrs.frozen
class HTTPOptions:
    """
    What the API has to know of its surroundings.

    Attributes:
        converter: The strict one of the pipeline language.
        policy: What may come in.
        base_url: What customers reach us by; https turns on Strict-Transport-Security.
        trusted_proxies: Whose X-Forwarded-For is believed.
        metrics_networks: Who is shown the figures.
        allowed_origins: Of pages whose scripts may read answers.
        cursor_key: Marks the cursors of lists; the same in all processes.
    """

    converter: cattrs.Converter
    policy: UploadPolicy
    base_url: str
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()
    metrics_networks: Sequence[IPv4Network | IPv6Network] = ()
    allowed_origins: frozenset[str] = frozenset()
    cursor_key: bytes = attrs.field(factory=lambda: secrets.token_bytes(32), repr=False)


def create_app(use_cases: HTTPUseCases, options: HTTPOptions) -> falcon.App[Any, Any]:
    """Return the application, every route in place."""
    rate_limits = RateLimits(use_cases.limit_requests)
    is_https = options.base_url.startswith("https://")
    scope = RequestScope(
        use_cases.observe_request,
        is_https,
        ClientAddresses(options.trusted_proxies),
    )
    middleware: list[Any] = [
        scope,
        CrossOrigin(options.allowed_origins),
        rate_limits,
        CursorMarks(),
    ]
    app = falcon.App(middleware=middleware)
    errors.install(app, scope.protect)
    authentication = Authentication(use_cases.authenticate, rate_limits.count, options.cursor_key)
    payloads = PayloadReader(options.converter)
    processing_options = ProcessingOptionsReader(options.converter)
    forms = UploadFormReader(use_cases.stage_file, processing_options)
    cookie = BrowserCookie(is_https)
    problems = ProblemPages()
    description = Description()
    verification = EmailVerification(
        authentication, use_cases.verify_email, use_cases.ask_to_verify_email, payloads
    )

    routes: list[Route] = [
        Route("/api/auth/register", Registration(use_cases.register_user, payloads)),
        Route("/api/auth/login", SignIn(use_cases.log_in, payloads)),
        Route("/api/auth/logout", SignOut(use_cases.log_out, payloads)),
        Route("/api/auth/refresh", Refreshing(use_cases.refresh_session, payloads)),
        Route(
            "/api/auth/oauth/{provider}/start",
            SignInStart(use_cases.begin_provider_sign_in, cookie),
        ),
        Route(
            "/api/auth/oauth/{provider}/callback",
            SignInCallback(use_cases.finish_provider_sign_in, cookie),
        ),
        Route(
            "/api/auth/identities",
            Identities(
                authentication,
                use_cases.list_identities,
                use_cases.begin_link,
                payloads,
                cookie,
            ),
        ),
        Route(
            "/api/auth/identities/{identity_id}",
            OneIdentity(authentication, use_cases.unlink_identity),
        ),
        Route(
            "/api/auth/sessions",
            Sessions(authentication, use_cases.list_sessions, use_cases.end_sessions),
        ),
        Route(
            "/api/auth/sessions/{session_id}", OneSession(authentication, use_cases.end_sessions)
        ),
        Route(
            "/api/auth/password/change",
            PasswordChange(authentication, use_cases.change_password, payloads),
        ),
        Route("/api/auth/password/forgot", ForgottenPassword(use_cases.forgot_password, payloads)),
        Route("/api/auth/password/reset", PasswordReset(use_cases.reset_password, payloads)),
        Route("/api/auth/verify-email", verification),
        Route(
            "/api/images/upload",
            Upload(
                authentication,
                use_cases.admit_upload,
                forms,
                use_cases.upload_image,
                use_cases.find_preset,
                options.policy.max_bytes,
            ),
        ),
        Route("/api/images", Images(authentication, use_cases.list_images)),
        Route("/api/images/{image_id}", OneImage(authentication, use_cases.erase_image)),
        Route("/api/images/{image_id}/status", Status(authentication, use_cases.image_status)),
        Route(
            "/api/images/{image_id}/download", Download(authentication, use_cases.download_image)
        ),
        Route("/api/images/{image_id}/variants", Variants(authentication, use_cases.list_variants)),
        Route(
            "/api/images/{image_id}/analysis",
            ImageAnalysis(authentication, use_cases.view_analysis, options.converter),
        ),
        Route(
            "/api/users/profile",
            Profile(authentication, use_cases.view_profile, use_cases.update_profile, payloads),
        ),
        Route("/api/users/me/usage", OwnUsage(authentication, use_cases.view_usage)),
        Route("/api/users/me", OwnAccount(authentication, use_cases.erase_account, payloads)),
        Route("/api/users/me/export", Export(authentication, use_cases.export_account)),
        Route("/api/users/me/tasks", OwnTasks(authentication, use_cases.list_own_tasks)),
        Route("/api/erasures/{erasure_id}", Receipt(use_cases.view_erasure)),
        Route(
            "/api/api-keys",
            APIKeys(authentication, use_cases.create_api_key, use_cases.list_api_keys, payloads),
        ),
        Route("/api/api-keys/{key_id}", OneAPIKey(authentication, use_cases.revoke_api_key)),
        Route(
            "/api/pipelines/plan",
            PipelinePlan(
                authentication,
                use_cases.plan_pipeline,
                use_cases.find_preset,
                payloads,
                processing_options,
                options.policy,
            ),
        ),
        Route("/api/operations", Operations()),
        Route("/api/openapi.json", description),
        Route(
            "/api/tasks/{task_id}",
            TaskDetail(authentication, use_cases.view_task, options.converter),
        ),
        Route("/api/capabilities", Capabilities(use_cases.tell_abilities, options.policy)),
        Route(
            "/api/tasks/{task_id}/cancel",
            TaskCancellation(
                authentication, use_cases.cancel_task, use_cases.view_task, options.converter
            ),
        ),
        Route(
            "/api/tasks/{task_id}/retry",
            TaskRetry(authentication, use_cases.admit_upload, use_cases.retry_task),
        ),
        Route(
            "/api/presets",
            Presets(
                authentication,
                use_cases.add_preset,
                use_cases.list_presets,
                payloads,
                processing_options,
            ),
        ),
        Route(
            "/api/presets/{name}",
            OnePreset(
                authentication,
                use_cases.view_preset,
                use_cases.change_preset,
                use_cases.remove_preset,
                payloads,
                processing_options,
            ),
        ),
        Route(
            "/api/presets/{name}/versions",
            PresetVersions(authentication, use_cases.list_preset_versions),
        ),
        Route(
            "/api/presets/{name}/versions/{number}",
            OnePresetVersion(authentication, use_cases.view_preset),
        ),
        Route(
            "/api/assets",
            Assets(
                authentication,
                use_cases.admit_upload,
                AssetFormReader(use_cases.stage_file),
                use_cases.add_asset,
                use_cases.list_assets,
                options.policy.max_bytes,
            ),
        ),
        Route(
            "/api/assets/{name}",
            OneAsset(authentication, use_cases.view_asset, use_cases.remove_asset),
        ),
        Route(
            "/api/webhooks",
            Webhooks(authentication, use_cases.add_webhook, use_cases.list_webhooks, payloads),
        ),
        Route("/api/webhooks/{webhook_id}", OneWebhook(authentication, use_cases.remove_webhook)),
        Route("/api/admin/users", AllUsers(authentication, use_cases.list_users)),
        Route(
            "/api/admin/users/{user_id}",
            OneUser(
                authentication,
                use_cases.view_user,
                use_cases.change_user,
                use_cases.erase_user,
                payloads,
            ),
        ),
        Route("/api/admin/audit", AuditTrail(authentication, use_cases.read_audit)),
        Route("/api/admin/tasks", AllTasks(authentication, use_cases.look_through_tasks)),
        Route(
            "/api/admin/quarantine",
            Quarantine(authentication, use_cases.look_through_tasks),
        ),
        Route(
            "/api/admin/tasks/{task_id}/requeue",
            Requeuing(authentication, use_cases.requeue_task),
        ),
        Route("/api/admin/tasks/{task_id}/drop", Dropping(authentication, use_cases.drop_task)),
        Route("/api/admin/queues", Queues(authentication, use_cases.view_queues)),
        Route("/api/admin/logs", ProcessingLogs(authentication, use_cases.read_logs)),
        Route("/files/{task_id}/{variant}/{name}", ResultFile(use_cases.open_result)),
        Route("/healthz", Liveness()),
        Route("/readyz", Readiness(use_cases.ready)),
        Route("/metrics", Metrics(use_cases.metrics, options.metrics_networks)),
        Route("/api/auth/verify-email/send", verification, "letter"),
        Route("/problems", problems),
        Route("/problems/{code}", problems, "one"),
        Route("/", Landing(options.base_url)),
    ]
    for route in routes:
        app.add_route(route.path, route.resource, suffix=route.suffix)
    description.tell_of(routes)
    return app
