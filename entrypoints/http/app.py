"""The HTTP API as one WSGI application; it is handed its use cases and knows no adapter."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import attrs
import cattrs
import falcon

from application.accounts.change_password import ChangePasswordRequest
from application.accounts.create_api_key import CreateAPIKeyRequest, CreatedAPIKey
from application.accounts.end_sessions import EndSessionsRequest
from application.accounts.erase_account import EraseAccountRequest
from application.accounts.export_account import AccountExport
from application.accounts.log_in import LogInRequest
from application.accounts.register_user import Registered, RegisterUserRequest
from application.accounts.reset_password import ResetPasswordRequest
from application.accounts.revoke_api_key import RevokeAPIKeyRequest
from application.accounts.session_tokens import SignedIn
from application.accounts.update_profile import UpdateProfileRequest
from application.accounts.view_erasure import ErasureView, ViewErasureRequest
from application.accounts.view_profile import ViewProfileRequest
from application.actor import Actor
from application.images.download_image import DownloadImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.list_images import ImagesPage, ListImagesRequest
from application.images.list_variants import ListVariantsRequest, OfferedResult
from application.images.open_result import OpenedResult, OpenResultRequest
from application.images.plan_pipeline import Plan, PlanPipelineRequest
from application.images.stage_file import StagedFile
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.notifications.add_webhook import AddedWebhook, AddWebhookRequest
from application.notifications.list_webhooks import WebhooksView
from application.notifications.remove_webhook import RemoveWebhookRequest
from application.tasks.cancel_task import CancelTaskRequest
from application.tasks.list_own_tasks import ListOwnTasksRequest, TasksPage
from application.tasks.retry_task import RetriedTask, RetryTaskRequest
from application.tasks.view_task import TaskView, ViewTaskRequest
from domain.images.image import Image
from domain.images.upload_policy import UploadPolicy
from domain.users.api_key import APIKey
from domain.users.session import Session
from domain.users.user import User
from entrypoints.http import errors
from entrypoints.http.authentication import Authentication
from entrypoints.http.payloads import PayloadReader
from entrypoints.http.processing_options import ProcessingOptionsReader
from entrypoints.http.request_scope import RequestScope
from entrypoints.http.resources.accounts import Registration, SignIn, SignOut
from entrypoints.http.resources.api_keys import APIKeys, OneAPIKey
from entrypoints.http.resources.erasures import Export, OwnAccount, Receipt
from entrypoints.http.resources.files import ResultFile
from entrypoints.http.resources.images import Download, Images, Status, Upload, Variants
from entrypoints.http.resources.pages import Landing, ProblemPages
from entrypoints.http.resources.passwords import (
    EmailVerification,
    ForgottenPassword,
    PasswordChange,
    PasswordReset,
)
from entrypoints.http.resources.pipelines import Capabilities, Operations, PipelinePlan
from entrypoints.http.resources.probes import Liveness, Metrics, Readiness
from entrypoints.http.resources.profile import Profile
from entrypoints.http.resources.sessions import OneSession, Refreshing, Sessions
from entrypoints.http.resources.tasks import OwnTasks, TaskCancellation, TaskDetail, TaskRetry
from entrypoints.http.resources.webhooks import OneWebhook, Webhooks
from entrypoints.http.upload_form import UploadFormReader


@attrs.frozen
class HTTPUseCases:
    """
    What the API can do, each use case by its name.

    Attributes:
        ready: Returns if requests can be served, or raises the `PortFailure` that stands in the
            way.
        metrics: Returns the figures in Prometheus' text format.
        observe_request: Takes method, route template, status and seconds of each request.
    """

    register_user: Callable[[RegisterUserRequest], Registered]
    log_in: Callable[[LogInRequest], SignedIn]
    refresh_session: Callable[[str], SignedIn]
    list_sessions: Callable[[Actor], Sequence[Session]]
    end_sessions: Callable[[EndSessionsRequest], None]
    log_out: Callable[[str], None]
    authenticate: Callable[[str], Actor]
    view_profile: Callable[[ViewProfileRequest], User]
    update_profile: Callable[[UpdateProfileRequest], None]
    change_password: Callable[[ChangePasswordRequest], None]
    forgot_password: Callable[[str], None]
    reset_password: Callable[[ResetPasswordRequest], None]
    ask_to_verify_email: Callable[[Actor], None]
    verify_email: Callable[[str], None]
    erase_account: Callable[[EraseAccountRequest], UUID]
    export_account: Callable[[Actor], AccountExport]
    list_own_tasks: Callable[[ListOwnTasksRequest], TasksPage]
    view_erasure: Callable[[ViewErasureRequest], ErasureView]
    create_api_key: Callable[[CreateAPIKeyRequest], CreatedAPIKey]
    list_api_keys: Callable[[Actor], Sequence[APIKey]]
    revoke_api_key: Callable[[RevokeAPIKeyRequest], None]
    stage_file: Callable[
        [Iterable[bytes | bytearray | memoryview], str | None], AbstractContextManager[StagedFile]
    ]
    admit_upload: Callable[[Actor], None]
    upload_image: Callable[[UploadImageRequest], UploadedImage]
    list_images: Callable[[ListImagesRequest], ImagesPage]
    image_status: Callable[[ImageStatusRequest], Image]
    download_image: Callable[[DownloadImageRequest], str]
    plan_pipeline: Callable[[PlanPipelineRequest], Plan]
    list_variants: Callable[[ListVariantsRequest], Sequence[OfferedResult]]
    open_result: Callable[[OpenResultRequest], OpenedResult]
    view_task: Callable[[ViewTaskRequest], TaskView]
    cancel_task: Callable[[CancelTaskRequest], None]
    retry_task: Callable[[RetryTaskRequest], RetriedTask]
    add_webhook: Callable[[AddWebhookRequest], AddedWebhook]
    list_webhooks: Callable[[Actor], WebhooksView]
    remove_webhook: Callable[[RemoveWebhookRequest], None]
    ready: Callable[[], None]
    metrics: Callable[[], bytes]
    observe_request: Callable[[str, str, int, float], None]


@attrs.frozen
class HTTPOptions:
    """
    What the API has to know of its surroundings.

    Attributes:
        converter: The strict one of the pipeline language.
        policy: What may come in.
        base_url: What customers reach us by; https turns on Strict-Transport-Security.
    """

    converter: cattrs.Converter
    policy: UploadPolicy
    base_url: str


def create_app(use_cases: HTTPUseCases, options: HTTPOptions) -> falcon.App[Any, Any]:
    """Return the application, every route in place."""
    app = falcon.App(
        middleware=[
            RequestScope(use_cases.observe_request, options.base_url.startswith("https://"))
        ],
    )
    errors.install(app)
    authentication = Authentication(use_cases.authenticate)
    payloads = PayloadReader(options.converter)
    processing_options = ProcessingOptionsReader(options.converter)
    forms = UploadFormReader(use_cases.stage_file, processing_options)
    problems = ProblemPages()
    verification = EmailVerification(
        authentication, use_cases.verify_email, use_cases.ask_to_verify_email, payloads
    )

    for path, resource in (
        ("/api/auth/register", Registration(use_cases.register_user, payloads)),
        ("/api/auth/login", SignIn(use_cases.log_in, payloads)),
        ("/api/auth/logout", SignOut(use_cases.log_out, payloads)),
        ("/api/auth/refresh", Refreshing(use_cases.refresh_session, payloads)),
        (
            "/api/auth/sessions",
            Sessions(authentication, use_cases.list_sessions, use_cases.end_sessions),
        ),
        ("/api/auth/sessions/{session_id}", OneSession(authentication, use_cases.end_sessions)),
        (
            "/api/auth/password/change",
            PasswordChange(authentication, use_cases.change_password, payloads),
        ),
        ("/api/auth/password/forgot", ForgottenPassword(use_cases.forgot_password, payloads)),
        ("/api/auth/password/reset", PasswordReset(use_cases.reset_password, payloads)),
        ("/api/auth/verify-email", verification),
        (
            "/api/images/upload",
            Upload(
                authentication,
                use_cases.admit_upload,
                forms,
                use_cases.upload_image,
                options.policy.max_bytes,
            ),
        ),
        ("/api/images", Images(authentication, use_cases.list_images)),
        ("/api/images/{image_id}/status", Status(authentication, use_cases.image_status)),
        ("/api/images/{image_id}/download", Download(authentication, use_cases.download_image)),
        ("/api/images/{image_id}/variants", Variants(authentication, use_cases.list_variants)),
        (
            "/api/users/profile",
            Profile(authentication, use_cases.view_profile, use_cases.update_profile, payloads),
        ),
        ("/api/users/me", OwnAccount(authentication, use_cases.erase_account, payloads)),
        ("/api/users/me/export", Export(authentication, use_cases.export_account)),
        ("/api/users/me/tasks", OwnTasks(authentication, use_cases.list_own_tasks)),
        ("/api/erasures/{erasure_id}", Receipt(use_cases.view_erasure)),
        (
            "/api/api-keys",
            APIKeys(authentication, use_cases.create_api_key, use_cases.list_api_keys, payloads),
        ),
        ("/api/api-keys/{key_id}", OneAPIKey(authentication, use_cases.revoke_api_key)),
        (
            "/api/pipelines/plan",
            PipelinePlan(
                authentication,
                use_cases.plan_pipeline,
                payloads,
                processing_options,
                options.policy,
            ),
        ),
        ("/api/operations", Operations()),
        ("/api/capabilities", Capabilities(options.policy)),
        ("/api/tasks/{task_id}", TaskDetail(authentication, use_cases.view_task)),
        (
            "/api/tasks/{task_id}/cancel",
            TaskCancellation(authentication, use_cases.cancel_task, use_cases.view_task),
        ),
        (
            "/api/tasks/{task_id}/retry",
            TaskRetry(authentication, use_cases.admit_upload, use_cases.retry_task),
        ),
        (
            "/api/webhooks",
            Webhooks(authentication, use_cases.add_webhook, use_cases.list_webhooks, payloads),
        ),
        ("/api/webhooks/{webhook_id}", OneWebhook(authentication, use_cases.remove_webhook)),
        ("/files/{task_id}/{variant}/{name}", ResultFile(use_cases.open_result)),
        ("/healthz", Liveness()),
        ("/readyz", Readiness(use_cases.ready)),
        ("/metrics", Metrics(use_cases.metrics)),
        ("/problems", problems),
        ("/", Landing(options.base_url)),
    ):
        app.add_route(path, resource)
    app.add_route("/api/auth/verify-email/send", verification, suffix="letter")
    app.add_route("/problems/{code}", problems, suffix="one")
    return app
