"""
Use cases for the edge to call: small, in memory, remembering what they were asked.

The real ones have tests of their own; here only their signatures, answers and refusals matter.
"""

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from ipaddress import ip_network
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import attrs
import falcon
from falcon.testing import Result as Answer
from falcon.testing import TestClient

from adapters.imaging.header_probe import HeaderProbe
from adapters.serialization.converter import make_converter
from application.accounts.begin_provider_sign_in import BeginLinkRequest, BegunSignIn
from application.accounts.change_password import ChangePasswordRequest
from application.accounts.create_api_key import CreateAPIKeyRequest, CreatedAPIKey
from application.accounts.end_sessions import EndSessionsRequest
from application.accounts.erase_account import EraseAccountRequest
from application.accounts.export_account import AccountExport
from application.accounts.finish_provider_sign_in import FinishSignInRequest
from application.accounts.list_identities import IdentitiesView
from application.accounts.log_in import LogInRequest, WrongCredentials
from application.accounts.refresh_session import InvalidRefreshToken
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
from application.administration.read_audit import AuditPage, ReadAuditRequest
from application.administration.view_user import ViewUserRequest
from domain.users.audit import AuditAction, AuditEntry, AuditRecord
from domain.words import UnknownWord
from domain.users.roles import Permission
from application.administration.look_through_tasks import LookThroughTasksRequest, TasksPage
from application.administration.read_logs import LogsPage, ReadLogsRequest
from application.administration.view_queues import QueueLevels
from application.ports.repositories.processing_log import LogLine
from domain.tasks.log_entry import LogEntry
from application.images.add_asset import AddAssetRequest, AddedAsset
from application.errors import (
    InvalidMailedToken,
    InvalidSignInState,
    LastWayIn,
    NotAllowed,
    NotFound,
    NotReady,
    PresetNotFound,
    UnexpectedPart,
    WrongPassword,
)
from application.images.download_image import DownloadImageRequest
from application.images.erase_image import EraseImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.list_assets import AssetsPage, ListAssetsRequest
from application.images.list_images import ImagesPage, ListImagesRequest
from application.images.list_variants import ListVariantsRequest, OfferedResult
from application.images.open_result import OpenedResult, OpenResultRequest
from application.images.plan_pipeline import Plan, PlanPipelineRequest
from application.images.remove_asset import RemoveAssetRequest
from application.images.stage_file import StagedFile, StageFile
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.images.view_analysis import ViewAnalysisRequest
from application.images.view_asset import ViewAssetRequest
from application.limits.limit_requests import LimitRequest, refuse_if_over
from application.limits.quotas import Quotas
from application.limits.view_usage import UsageView
from application.notifications.add_webhook import AddedWebhook, AddWebhookRequest
from application.notifications.list_webhooks import WebhooksView
from application.notifications.remove_webhook import RemoveWebhookRequest
from application.ports.access_tokens import InvalidToken
from application.ports.download_links import LinkExpired, LinkForged
from application.ports.repositories.erasures import ErasedFile
from application.ports.rate_limiter import Standing
from application.ports.repositories.images import Usage
from application.presets.add_preset import AddedPreset, AddPresetRequest
from application.presets.change_preset import ChangePresetRequest
from application.presets.find_preset import FindPresetRequest
from application.presets.list_preset_versions import (
    ListPresetVersionsRequest,
    PresetVersionsPage,
)
from application.presets.list_presets import ListPresetsRequest, PresetsPage
from application.presets.owner import check_unchanged
from application.presets.preset_view import PresetView
from application.presets.remove_preset import RemovePresetRequest
from application.presets.view_preset import ViewPresetRequest
from application.tasks.cancel_task import CancelTaskRequest
from application.tasks.list_own_tasks import ListOwnTasksRequest, OwnTasksPage
from application.tasks.retry_task import RetriedTask, RetryTaskRequest
from application.tasks.view_task import TaskView, ViewTaskRequest
from domain.images.analysis import Analysis
from domain.images.asset import Asset, AssetKind, checked_asset_name
from application.workers.tell_abilities import Seen
from domain.images.image import Image
from domain.images.preset import Preset, PresetReference, checked_preset_name
from domain.images.upload_policy import UploadPolicy
from domain.notifications.channel import Webhook, checked_webhook_url
from domain.users.api_key import (
    APIKey,
    checked_key_name,
    checked_lifetime,
    checked_presets,
    checked_scopes,
)
from domain.users.erasure import Erasure
from domain.users.identity import Identity
from domain.users.session import Session
from domain.users.user import User, checked_email, checked_password, checked_username
from entrypoints.http.app import HTTPOptions, create_app
from entrypoints.http.use_cases import HTTPUseCases
from tests.http.conformance import Conformance
from tests.builders import (
    NOON,
    a_preset,
    a_result,
    a_session,
    a_task,
    a_user,
    a_webhook,
    an_analysis,
    an_api_key,
    an_image,
)

TOKEN = "ada.s.token"
REFRESH_TOKEN = "st_ada"
MAILED_TOKEN = "st_mailed"
BROWSER_TOKEN = "st_browser"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BOUNDARY = "4711"
RESULT_BYTES = bytes(range(256)) * 40


class Staging:
    """A store's staging place, for `StageFile`: temporary files, gone when they are left."""

    def __init__(self) -> None:
        self.open_now = 0

    @contextmanager
    def stage(self) -> Iterator["Staging.Staged"]:
        self.open_now += 1
        try:
            with tempfile.TemporaryFile(buffering=0) as file:
                yield Staging.Staged(file)
        finally:
            self.open_now -= 1

    @attrs.define
    class Staged:
        file: Any

        def write(self, chunk: bytes) -> None:
            self.file.write(chunk)


@attrs.frozen
class Received:
    """An upload as the use case got it, its files read while they were there."""

    request: UploadImageRequest
    picture: bytes
    attachments: Mapping[str, bytes]


class House:
    """The use cases behind one application, and what they were asked."""

    def __init__(self, **options: Any) -> None:
        self.policy = UploadPolicy(max_bytes=options.pop("max_upload_bytes", 25 * 1024 * 1024))
        self.base_url = options.pop("base_url", "http://127.0.0.1:8000")
        self.allowed_origins = frozenset(options.pop("allowed_origins", ()))
        self.trusted_proxies = options.pop("trusted_proxies", ())
        self.user: User = a_user(username="user1", email="user1@example.com")
        self.sessions: list[Session] = [a_session(self.user), a_session(self.user)]
        self.actor = Actor(self.user.id, self.user.roles, session_id=self.sessions[0].id)
        self.sign_ins: list[LogInRequest] = []
        self.staging = Staging()
        self.registered: list[RegisterUserRequest] = []
        self.changes: list[UpdateProfileRequest] = []
        self.passwords: list[str] = []
        self.forgotten: list[str] = []
        self.verified = 0
        self.finished: list[FinishSignInRequest] = []
        self.links: list[BeginLinkRequest] = []
        self.identities: list[Identity] = []
        self.linking = False
        self.task_pages: list[ListOwnTasksRequest] = []
        self.erasures: dict[UUID, Erasure] = {}
        self.ended: list[str] = []
        self.uploads: list[Received] = []
        self.images: dict[UUID, Image] = {}
        self.pages: list[ListImagesRequest] = []
        self.plans: list[PlanPipelineRequest] = []
        self.presets: list[Preset] = []
        self.preset_requests: list[Any] = []
        self.assets: list[Asset] = []
        self.asset_pages: list[ListAssetsRequest] = []
        self.seen = Seen()
        self.views: dict[UUID, TaskView] = {}
        self.webhooks: list[Webhook] = []
        self.api_keys: dict[UUID, APIKey] = {}
        self.key_requests: list[CreateAPIKeyRequest] = []
        self.counted: list[LimitRequest] = []
        self.standings: list[Standing] = []
        self.observed: list[tuple[str, str, int]] = []
        self.link_requests: list[OpenResultRequest] = []
        self.files_opened = 0
        self.result = a_result(byte_size=len(RESULT_BYTES))
        self.download_name = "holiday.webp"
        self.failures: dict[str, Exception] = {}
        self.audit_action: AuditAction | UnknownWord = AuditAction.SIGN_IN
        self.replaying = False
        self.more_follow = False
        self.last_name = "straße"
        self.admin_requests: list[Any] = []

    def app(self) -> falcon.App[Any, Any]:
        names = [field.name for field in attrs.fields(HTTPUseCases)]
        use_cases = HTTPUseCases(**{name: self._failing_as_told(name) for name in names})
        return create_app(
            use_cases,
            HTTPOptions(
                make_converter(),
                self.policy,
                self.base_url,
                trusted_proxies=self.trusted_proxies,
                metrics_networks=(ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8")),
                allowed_origins=self.allowed_origins,
            ),
        )

    def _failing_as_told(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            if name in self.failures:
                raise self.failures[name]
            return getattr(self, name)(*args)

        return call

    def register_user(self, request: RegisterUserRequest) -> Registered:
        checked_username(request.username)
        checked_email(request.email)
        checked_password(request.password)
        self.registered.append(request)
        return Registered(replayed=self.replaying)

    def log_in(self, request: LogInRequest) -> SignedIn:
        self.sign_ins.append(request)
        if (request.email, request.password) != (self.user.email, "password123"):
            raise WrongCredentials("No account has this address with this password; check both.")
        return SignedIn(TOKEN, REFRESH_TOKEN)

    def refresh_session(self, refresh_token: str, _: str | None) -> SignedIn:
        if refresh_token != REFRESH_TOKEN:
            raise InvalidRefreshToken
        return SignedIn(TOKEN, f"{REFRESH_TOKEN}_next")

    def list_sessions(self, _: Actor) -> list[Session]:
        return self.sessions

    def end_sessions(self, request: EndSessionsRequest) -> None:
        ids = [one.id for one in self.sessions]
        if request.session_id is None:
            self.sessions = [one for one in self.sessions if one.id == request.actor.session_id]
        elif request.session_id not in ids:
            raise NotFound
        else:
            self.sessions = [one for one in self.sessions if one.id != request.session_id]

    def log_out(self, token: str, _: str | None) -> None:
        if token != TOKEN:
            raise InvalidToken("Not one of ours.")
        self.ended.append(token)

    def authenticate(self, token: str) -> Actor:
        if token != TOKEN:
            raise InvalidToken("Not one of ours, for a reason that nobody outside may know.")
        return self.actor

    def view_profile(self, request: ViewProfileRequest) -> User:
        if request.user not in (None, self.user.username, str(self.user.id)):
            raise NotAllowed("None of your account's roles includes 'read any profile'.")
        return self.user

    def update_profile(self, request: UpdateProfileRequest) -> None:
        self.changes.append(request)

    def change_password(self, request: ChangePasswordRequest) -> None:
        if request.current != "password123":
            raise WrongPassword(pointer="/currentPassword")
        self.passwords.append(checked_password(request.new, pointer="/newPassword"))

    def forgot_password(self, request: ForgotPasswordRequest) -> None:
        self.forgotten.append(checked_email(request.email))

    def reset_password(self, request: ResetPasswordRequest) -> None:
        if request.token != MAILED_TOKEN:
            raise InvalidMailedToken
        self.passwords.append(checked_password(request.new, pointer="/newPassword"))

    def begin_provider_sign_in(self, provider: str) -> BegunSignIn:
        if provider != "company":
            raise NotFound
        return BegunSignIn("https://id.example.com/authorize?state=st_state", BROWSER_TOKEN)

    def finish_provider_sign_in(self, request: FinishSignInRequest) -> SignedIn | Identity:
        self.finished.append(request)
        if (request.state, request.browser_token) != ("st_state", BROWSER_TOKEN):
            raise InvalidSignInState
        return self.identities[0] if self.linking else SignedIn(TOKEN, REFRESH_TOKEN)

    def begin_link(self, request: BeginLinkRequest) -> BegunSignIn:
        self.links.append(request)
        return self.begin_provider_sign_in(request.provider)

    def list_identities(self, _: Actor) -> IdentitiesView:
        names = {"https://id.example.com": "company"}
        return IdentitiesView(True, self.identities, names)

    def unlink_identity(self, request: UnlinkIdentityRequest) -> None:
        if request.identity_id not in [one.id for one in self.identities]:
            raise NotFound
        if len(self.identities) == 1:
            raise LastWayIn("Nothing else opens this account.")
        self.identities = [one for one in self.identities if one.id != request.identity_id]

    def ask_to_verify_email(self, _: Actor) -> None:
        return

    def verify_email(self, token: str, _: str | None) -> None:
        if token != MAILED_TOKEN:
            raise InvalidMailedToken
        self.verified += 1

    def erase_account(self, request: EraseAccountRequest) -> UUID:
        if request.password != "password123":
            raise WrongPassword(pointer="/password")
        erasure = Erasure(id=uuid4(), user_id=self.user.id, requested_at=NOON, counts={"images": 3})
        self.erasures[erasure.id] = erasure
        return erasure.id

    def export_account(self, _: Actor) -> AccountExport:
        keys = list(self.api_keys.values())
        return AccountExport(self.user, self.sessions, keys, self.webhooks, self.identities)

    def list_own_tasks(self, request: ListOwnTasksRequest) -> OwnTasksPage:
        self.task_pages.append(request)
        tasks = [view.task for view in self.views.values()]
        shown = tasks[: request.limit]
        follows = len(tasks) > request.limit
        return OwnTasksPage(shown, (shown[-1].created_at, shown[-1].id) if follows else None)

    def view_erasure(self, request: ViewErasureRequest) -> ErasureView:
        if request.erasure_id not in self.erasures:
            raise NotFound
        files = [ErasedFile(at, f"key-{at}") for at in (1, 2, 3) if at > request.after][:2]
        follows = files[-1].position < 3
        return ErasureView(
            self.erasures[request.erasure_id], files, files[-1].position if follows else None
        )

    def create_api_key(self, request: CreateAPIKeyRequest) -> CreatedAPIKey:
        lifetime = checked_lifetime(request.lifetime_days)
        key = an_api_key(
            self.user,
            name=checked_key_name(request.name),
            scopes=checked_scopes(request.scopes),
            presets=checked_presets(request.presets),
            expires_at=None if lifetime is None else NOON + lifetime,
        )
        self.key_requests.append(request)
        self.api_keys[key.id] = key
        return CreatedAPIKey(key, None if self.replaying else "sl_shown_once")

    def list_api_keys(self, _: Actor) -> list[APIKey]:
        return list(self.api_keys.values())

    def revoke_api_key(self, request: RevokeAPIKeyRequest) -> None:
        if request.key_id not in self.api_keys:
            raise NotFound
        self.api_keys[request.key_id] = attrs.evolve(self.api_keys[request.key_id], revoked_at=NOON)

    def stage_file(self, chunks: Any, file_name: str | None) -> Any:
        return StageFile(self.staging, self.policy)(chunks, file_name)

    def admit_upload(self, _: Actor) -> None:
        return

    def view_usage(self, _: Actor) -> UsageView:
        return UsageView(Usage(3, 4711, 5), Quotas(bytes_stored=10_000))

    def limit_requests(self, request: LimitRequest) -> Sequence[Standing]:
        self.counted.append(request)
        refuse_if_over(self.standings)
        return self.standings

    def upload_image(self, request: UploadImageRequest) -> UploadedImage:
        for file in (request.picture, *request.attachments.values()):
            self.policy.check_size(file.byte_size)
            file.staged.file.seek(0)
            self.policy.check_header(HeaderProbe().inspect(file.staged.file))
        for name in request.attachments:
            if name not in request.pipeline.asset_names:
                raise UnexpectedPart(f"No operation refers to the file {name!r}.")
        self.uploads.append(
            Received(
                request,
                _content(request.picture),
                {name: _content(file) for name, file in request.attachments.items()},
            )
        )
        image = an_image(self.user)
        self.images[image.id] = image
        return UploadedImage(image.id, uuid4())

    def list_images(self, request: ListImagesRequest) -> ImagesPage:
        self.pages.append(request)
        images = sorted(self.images.values(), key=lambda one: (one.created_at, one.id))[::-1]
        if request.after:
            images = [one for one in images if (one.created_at, one.id) < request.after]
        shown = images[: request.limit]
        follows = len(images) > request.limit
        return ImagesPage(shown, (shown[-1].created_at, shown[-1].id) if follows else None)

    def erase_image(self, request: EraseImageRequest) -> None:
        if request.image_id not in self.images:
            raise NotFound
        del self.images[request.image_id]

    def image_status(self, request: ImageStatusRequest) -> Image:
        if request.image_id not in self.images:
            raise NotFound
        return self.images[request.image_id]

    def download_image(self, request: DownloadImageRequest) -> str:
        if not self.image_status(
            ImageStatusRequest(request.actor, request.image_id)
        ).status.is_final:
            raise NotReady("The image is queued; ask again soon.", retry_after_seconds=3)
        return "https://pictures.example.com/files/1"

    def plan_pipeline(self, request: PlanPipelineRequest) -> Plan:
        self.plans.append(request)
        if request.image_id is not None and request.image_id not in self.images:
            raise NotFound
        return Plan(
            {"version": 1}, "ab" * 32, "out:format=same", None, ("a warning",), None, request.preset
        )

    def find_preset(self, request: FindPresetRequest) -> Preset:
        for preset in reversed(self.presets):
            if preset.name == request.reference.name:
                return preset
        raise PresetNotFound("There is no such preset.", pointer="/preset")

    def add_preset(self, request: AddPresetRequest) -> AddedPreset:
        self.preset_requests.append(request)
        checked_preset_name(request.name)
        preset = a_preset(
            None if request.shared else self.user,
            name=request.name,
            pipeline=request.pipeline,
            locked=request.locked,
        )
        self.presets.append(preset)
        return AddedPreset(_view(preset), replayed=self.replaying)

    def change_preset(self, request: ChangePresetRequest) -> PresetView:
        self.preset_requests.append(request)
        before = self.find_preset(FindPresetRequest(request.actor, PresetReference(request.name)))
        check_unchanged(before, request.only_if)
        self.presets.append(attrs.evolve(before, version=before.version + 1))
        return _view(self.presets[-1])

    def remove_preset(self, request: RemovePresetRequest) -> None:
        self.preset_requests.append(request)
        preset = self.find_preset(FindPresetRequest(request.actor, PresetReference(request.name)))
        check_unchanged(preset, request.only_if)
        self.presets = [one for one in self.presets if one.name != request.name]

    def view_preset(self, request: ViewPresetRequest) -> PresetView:
        self.preset_requests.append(request)
        for preset in reversed(self.presets):
            if preset.name == request.name and request.version in (None, preset.version):
                return _view(preset)
        raise PresetNotFound("There is no such preset.")

    def list_presets(self, request: ListPresetsRequest) -> PresetsPage:
        self.preset_requests.append(request)
        shown = self.presets[: request.limit]
        follows = len(self.presets) > request.limit
        return PresetsPage(shown, (shown[-1].name, False) if follows else None)

    def list_preset_versions(self, request: ListPresetVersionsRequest) -> PresetVersionsPage:
        self.preset_requests.append(request)
        shown = self.presets[: request.limit]
        follows = len(self.presets) > request.limit
        return PresetVersionsPage(shown, shown[-1].version if follows else None)

    def view_analysis(self, request: ViewAnalysisRequest) -> Analysis:
        if request.image_id not in self.images:
            raise NotFound
        return an_analysis()

    def tell_abilities(self) -> Seen:
        return self.seen

    def list_variants(self, request: ListVariantsRequest) -> list[OfferedResult]:
        if request.image_id not in self.images:
            raise NotFound
        return [OfferedResult(self.result, "https://files.example.com/r")]

    def open_result(self, request: OpenResultRequest) -> OpenedResult:
        self.link_requests.append(request)
        if request.signature != "good":
            raise LinkForged("The link is not good.")
        if request.expires != "2000000000":
            raise LinkExpired("The link is too old.")
        return OpenedResult(self.result, self.download_name, self.open_file)

    def open_file(self) -> AbstractContextManager[BinaryIO]:
        self.files_opened += 1
        return nullcontext(io.BytesIO(RESULT_BYTES))

    def view_task(self, request: ViewTaskRequest) -> TaskView:
        if request.task_id not in self.views:
            raise NotFound
        return self.views[request.task_id]

    def cancel_task(self, request: CancelTaskRequest) -> None:
        if request.task_id not in self.views:
            raise NotFound
        self.views[request.task_id].task.cancel(NOON)

    def retry_task(self, request: RetryTaskRequest) -> RetriedTask:
        if request.task_id not in self.views:
            raise NotFound
        again = self.views[request.task_id].task.again(
            id=uuid4(), created_at=NOON, correlation_id=request.correlation_id
        )
        self.views[again.id] = TaskView(again, (), ())
        return RetriedTask(again.id, replayed=self.replaying)

    def add_asset(self, request: AddAssetRequest) -> AddedAsset:
        name = request.file.file_name if request.name is None else request.name
        asset = Asset(
            uuid4(),
            None if request.shared else request.actor.user_id,
            checked_asset_name(str(name), AssetKind.PICTURE),
            AssetKind.PICTURE,
            "1/0",
            request.file.byte_size,
            request.file.sha256,
            NOON,
        )
        self.assets.append(asset)
        return AddedAsset(asset, replayed=self.replaying)

    def list_assets(self, request: ListAssetsRequest) -> AssetsPage:
        self.asset_pages.append(request)
        shown = self.assets[: request.limit]
        follows = len(self.assets) > request.limit
        return AssetsPage(shown, (shown[-1].created_at, shown[-1].id) if follows else None)

    def view_asset(self, request: ViewAssetRequest) -> Asset:
        for asset in self.assets:
            if asset.name == request.name and asset.is_shared is request.shared:
                return asset
        raise NotFound

    def remove_asset(self, request: RemoveAssetRequest) -> None:
        self.assets.remove(
            self.view_asset(ViewAssetRequest(*attrs.astuple(request, recurse=False)))
        )

    def add_webhook(self, request: AddWebhookRequest) -> AddedWebhook:
        self.webhooks.append(
            a_webhook(self.user, url=checked_webhook_url(request.url, pointer="/url"))
        )
        return AddedWebhook(self.webhooks[-1], replayed=self.replaying)

    def list_webhooks(self, _: Actor) -> WebhooksView:
        return WebhooksView(self.webhooks, "whsec_c2VjcmV0")

    def remove_webhook(self, request: RemoveWebhookRequest) -> None:
        left = [webhook for webhook in self.webhooks if webhook.id != request.webhook_id]
        if len(left) == len(self.webhooks):
            raise NotFound
        self.webhooks = left

    def list_users(self, request: ListUsersRequest) -> UsersPage:
        request.actor.require(Permission.MANAGE_USERS)
        self.admin_requests.append(request)
        return UsersPage([self.user], self.last_name if self.more_follow else None)

    def view_user(self, request: ViewUserRequest) -> User:
        request.actor.require(Permission.MANAGE_USERS)
        if request.user_id != self.user.id:
            raise NotFound
        return self.user

    def change_user(self, request: ChangeUserRequest) -> User:
        user = self.view_user(ViewUserRequest(self.actor, request.user_id))
        self.admin_requests.append(request)
        roles = user.roles if request.roles is None else request.roles
        disabled_at = NOON if request.disabled else None
        self.user = attrs.evolve(user, roles=roles, disabled_at=disabled_at)
        return self.user

    def erase_user(self, request: EraseUserRequest) -> UUID:
        user = self.view_user(ViewUserRequest(self.actor, request.user_id))
        erasure = Erasure(id=uuid4(), user_id=user.id, requested_at=NOON)
        self.erasures[erasure.id] = erasure
        return erasure.id

    def read_audit(self, request: ReadAuditRequest) -> AuditPage:
        request.actor.require(Permission.READ_AUDIT)
        self.admin_requests.append(request)
        record = AuditRecord(self.audit_action, user_id=self.user.id, address="192.0.2.1")
        return AuditPage([AuditEntry(7, NOON, record)], (NOON, 7) if self.more_follow else None)

    def look_through_tasks(self, request: LookThroughTasksRequest) -> TasksPage:
        request.actor.require(Permission.MANAGE_WORK)
        self.admin_requests.append(request)
        task = a_task()
        return TasksPage([task], (NOON, task.id) if self.more_follow else None)

    def requeue_task(self, task_id: UUID, actor: Actor) -> None:
        actor.require(Permission.MANAGE_WORK)
        if task_id not in self.views:
            raise NotFound
        self.admin_requests.append(("requeue", task_id))

    def drop_task(self, task_id: UUID, actor: Actor) -> None:
        actor.require(Permission.MANAGE_WORK)
        if task_id not in self.views:
            raise NotFound
        self.admin_requests.append(("drop", task_id))

    def view_queues(self, actor: Actor) -> QueueLevels:
        actor.require(Permission.MANAGE_WORK)
        return QueueLevels({"queued": 2, "in progress": 1}, 3)

    def read_logs(self, request: ReadLogsRequest) -> LogsPage:
        request.actor.require(Permission.MANAGE_WORK)
        self.admin_requests.append(request)
        entry = LogEntry(uuid4(), 1, NOON, NOON, "failed", "no picture", {"decode": 0.5})
        return LogsPage([LogLine(9, self.user.id, entry)], 9 if self.more_follow else None)

    def ready(self) -> None:
        return

    def metrics(self) -> bytes:
        return b"# HELP safelight_up Up.\nsafelight_up 1\n"

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.observed.append((method, route, status))

    def a_queued_task(self) -> UUID:
        task = a_task()
        self.views[task.id] = TaskView(task, (), ())
        return task.id


def _view(preset: Preset) -> PresetView:
    return PresetView(preset, {"version": 1}, "ab" * 32)


def _content(file: StagedFile) -> bytes:
    file.staged.file.seek(0)
    return bytes(file.staged.file.readall())


class Caller(TestClient):
    """
    A client of one house, signed in unless a test says otherwise.

    Every answer is compared with what /api/openapi.json says of it.
    """

    def __init__(self, house: House) -> None:
        super().__init__(house.app())
        self.house = house

    def simulate_request(self, *args: Any, **kwargs: Any) -> Answer:
        answer = super().simulate_request(*args, **kwargs)
        method = args[0] if args else kwargs.get("method", "GET")
        path = args[1] if len(args) > 1 else kwargs.get("path", "/")
        _conformance().check(method, path.partition("?")[0], answer)
        return answer

    def upload(self, *parts: bytes, **overrides: Any) -> Answer:
        return self.upload_body(form(*parts), **overrides)

    def upload_body(
        self, body: bytes, path: str = "/api/images/upload", **overrides: Any
    ) -> Answer:
        headers = {
            **BEARER,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(body)),
        } | overrides.pop("headers", {})
        return self.simulate_post(path, body=body, headers=headers, **overrides)


@cache
def _conformance() -> Conformance:
    return Conformance(TestClient(House().app()).simulate_get("/api/openapi.json").json)


def part(
    name: str | None,
    content: bytes | str,
    file_name: str | None = None,
    media_type: str | None = None,
) -> bytes:
    """Return one part of a form as it goes over the wire."""
    disposition = "Content-Disposition: form-data"
    if name is not None:
        disposition += f'; name="{name}"'
    if file_name is not None:
        disposition += f'; filename="{file_name}"'
    head = disposition + (f"\r\nContent-Type: {media_type}" if media_type else "")
    data = content.encode() if isinstance(content, str) else content
    return head.encode() + b"\r\n\r\n" + data


def image_part(content: bytes, file_name: str = "photo.jpg") -> bytes:
    """Return the part that holds the picture."""
    return part("image", content, file_name, "image/jpeg")


def options_part(text: str | bytes) -> bytes:
    """Return the part that says what is to be done."""
    return part("processingOptions", text)


def form(*parts: bytes, end: bytes = f"\r\n--{BOUNDARY}--\r\n".encode()) -> bytes:
    """Return a multipart body."""
    delimiter = f"--{BOUNDARY}\r\n".encode()
    return b"\r\n".join(delimiter + one for one in parts) + end


def problem(answer: Answer) -> tuple[int, str]:
    """Return status and code of a refusal, having checked that it is a problem document."""
    document = answer.json
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert document["type"] == f"/problems/{document['code']}"
    assert document["status"] == answer.status_code
    assert document["title"] and document["detail"]
    assert document["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, document["code"]
