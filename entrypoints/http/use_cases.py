"""What the API stands on."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

import attrs

from application.accounts.begin_provider_sign_in import BeginLinkRequest, BegunSignIn
from application.accounts.change_password import ChangePasswordRequest
from application.accounts.create_api_key import CreateAPIKeyRequest, CreatedAPIKey
from application.accounts.end_sessions import EndSessionsRequest
from application.accounts.erase_account import EraseAccountRequest
from application.accounts.export_account import AccountExport
from application.accounts.finish_provider_sign_in import FinishSignInRequest
from application.accounts.list_identities import IdentitiesView
from application.accounts.log_in import LogInRequest
from application.accounts.register_user import Registered, RegisterUserRequest
from application.accounts.reset_password import ForgotPasswordRequest, ResetPasswordRequest
from application.accounts.revoke_api_key import RevokeAPIKeyRequest
from application.accounts.session_tokens import SignedIn
from application.accounts.unlink_identity import UnlinkIdentityRequest
from application.accounts.update_profile import UpdateProfileRequest
from application.accounts.view_erasure import ErasureView, ViewErasureRequest
from application.accounts.view_profile import ViewProfileRequest
from application.actor import Actor
from application.administration.change_user import ChangeUserRequest
from application.administration.erase_user import EraseUserRequest
from application.administration.list_users import ListUsersRequest, UsersPage
from application.administration.look_through_tasks import LookThroughTasksRequest, TasksPage
from application.administration.read_audit import AuditPage, ReadAuditRequest
from application.administration.read_logs import LogsPage, ReadLogsRequest
from application.administration.view_queues import QueueLevels
from application.administration.view_user import ViewUserRequest
from application.images.add_asset import AddAssetRequest, AddedAsset
from application.images.download_image import DownloadImageRequest
from application.images.erase_image import EraseImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.list_assets import AssetsPage, ListAssetsRequest
from application.images.list_images import ImagesPage, ListImagesRequest
from application.images.list_variants import ListVariantsRequest, OfferedResult
from application.images.open_result import OpenedResult, OpenResultRequest
from application.images.plan_pipeline import Plan, PlanPipelineRequest
from application.images.remove_asset import RemoveAssetRequest
from application.images.stage_file import StagedFile
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.images.view_analysis import ViewAnalysisRequest
from application.images.view_asset import ViewAssetRequest
from application.limits.limit_requests import LimitRequest
from application.limits.view_usage import UsageView
from application.notifications.add_webhook import AddedWebhook, AddWebhookRequest
from application.notifications.list_webhooks import WebhooksView
from application.notifications.remove_webhook import RemoveWebhookRequest
from application.ports.rate_limiter import Standing
from application.presets.add_preset import AddedPreset, AddPresetRequest
from application.presets.change_preset import ChangePresetRequest
from application.presets.find_preset import FindPresetRequest
from application.presets.list_preset_versions import ListPresetVersionsRequest, PresetVersionsPage
from application.presets.list_presets import ListPresetsRequest, PresetsPage
from application.presets.preset_view import PresetView
from application.presets.remove_preset import RemovePresetRequest
from application.presets.view_preset import ViewPresetRequest
from application.tasks.cancel_task import CancelTaskRequest
from application.tasks.list_own_tasks import ListOwnTasksRequest, OwnTasksPage
from application.tasks.retry_task import RetriedTask, RetryTaskRequest
from application.tasks.view_task import TaskView, ViewTaskRequest
from application.workers.tell_abilities import Seen
from domain.images.analysis import Analysis
from domain.images.asset import Asset
from domain.images.image import Image
from domain.images.preset import Preset
from domain.users.api_key import APIKey
from domain.users.identity import Identity
from domain.users.session import Session
from domain.users.user import User


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
    refresh_session: Callable[[str, str | None], SignedIn]
    list_sessions: Callable[[Actor], Sequence[Session]]
    end_sessions: Callable[[EndSessionsRequest], None]
    log_out: Callable[[str, str | None], None]
    authenticate: Callable[[str], Actor]
    view_profile: Callable[[ViewProfileRequest], User]
    update_profile: Callable[[UpdateProfileRequest], None]
    change_password: Callable[[ChangePasswordRequest], None]
    forgot_password: Callable[[ForgotPasswordRequest], None]
    reset_password: Callable[[ResetPasswordRequest], None]
    begin_provider_sign_in: Callable[[str], BegunSignIn]
    finish_provider_sign_in: Callable[[FinishSignInRequest], SignedIn | Identity]
    begin_link: Callable[[BeginLinkRequest], BegunSignIn]
    list_identities: Callable[[Actor], IdentitiesView]
    unlink_identity: Callable[[UnlinkIdentityRequest], None]
    ask_to_verify_email: Callable[[Actor], None]
    verify_email: Callable[[str, str | None], None]
    erase_account: Callable[[EraseAccountRequest], UUID]
    export_account: Callable[[Actor], AccountExport]
    list_own_tasks: Callable[[ListOwnTasksRequest], OwnTasksPage]
    view_erasure: Callable[[ViewErasureRequest], ErasureView]
    create_api_key: Callable[[CreateAPIKeyRequest], CreatedAPIKey]
    list_api_keys: Callable[[Actor], Sequence[APIKey]]
    revoke_api_key: Callable[[RevokeAPIKeyRequest], None]
    view_usage: Callable[[Actor], UsageView]
    limit_requests: Callable[[LimitRequest], Sequence[Standing]]
    stage_file: Callable[
        [Iterable[bytes | bytearray | memoryview], str | None], AbstractContextManager[StagedFile]
    ]
    admit_upload: Callable[[Actor], None]
    upload_image: Callable[[UploadImageRequest], UploadedImage]
    list_images: Callable[[ListImagesRequest], ImagesPage]
    erase_image: Callable[[EraseImageRequest], None]
    image_status: Callable[[ImageStatusRequest], Image]
    download_image: Callable[[DownloadImageRequest], str]
    plan_pipeline: Callable[[PlanPipelineRequest], Plan]
    view_analysis: Callable[[ViewAnalysisRequest], Analysis]
    tell_abilities: Callable[[], Seen]
    list_variants: Callable[[ListVariantsRequest], Sequence[OfferedResult]]
    open_result: Callable[[OpenResultRequest], OpenedResult]
    view_task: Callable[[ViewTaskRequest], TaskView]
    cancel_task: Callable[[CancelTaskRequest], None]
    retry_task: Callable[[RetryTaskRequest], RetriedTask]
    find_preset: Callable[[FindPresetRequest], Preset]
    add_preset: Callable[[AddPresetRequest], AddedPreset]
    change_preset: Callable[[ChangePresetRequest], PresetView]
    remove_preset: Callable[[RemovePresetRequest], None]
    view_preset: Callable[[ViewPresetRequest], PresetView]
    list_presets: Callable[[ListPresetsRequest], PresetsPage]
    list_preset_versions: Callable[[ListPresetVersionsRequest], PresetVersionsPage]
    add_asset: Callable[[AddAssetRequest], AddedAsset]
    list_assets: Callable[[ListAssetsRequest], AssetsPage]
    view_asset: Callable[[ViewAssetRequest], Asset]
    remove_asset: Callable[[RemoveAssetRequest], None]
    add_webhook: Callable[[AddWebhookRequest], AddedWebhook]
    list_webhooks: Callable[[Actor], WebhooksView]
    remove_webhook: Callable[[RemoveWebhookRequest], None]
    list_users: Callable[[ListUsersRequest], UsersPage]
    view_user: Callable[[ViewUserRequest], User]
    change_user: Callable[[ChangeUserRequest], User]
    erase_user: Callable[[EraseUserRequest], UUID]
    read_audit: Callable[[ReadAuditRequest], AuditPage]
    look_through_tasks: Callable[[LookThroughTasksRequest], TasksPage]
    requeue_task: Callable[[UUID, Actor], None]
    drop_task: Callable[[UUID, Actor], None]
    view_queues: Callable[[Actor], QueueLevels]
    read_logs: Callable[[ReadLogsRequest], LogsPage]
    ready: Callable[[], None]
    metrics: Callable[[], bytes]
    observe_request: Callable[[str, str, int, float], None]
