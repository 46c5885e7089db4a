"""
Use cases for the edge to call: small, in memory, remembering what they were asked.

The real ones have tests of their own; here only their signatures, answers and refusals matter.
"""

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import attrs
import falcon
from falcon.testing import Result as Answer
from falcon.testing import TestClient

from adapters.imaging.header_probe import HeaderProbe
from adapters.serialization.converter import make_converter
from application.accounts.change_password import ChangePasswordRequest
from application.accounts.create_api_key import CreateAPIKeyRequest, CreatedAPIKey
from application.accounts.end_sessions import EndSessionsRequest
from application.accounts.erase_account import EraseAccountRequest
from application.accounts.export_account import AccountExport
from application.accounts.log_in import LogInRequest, WrongCredentials
from application.accounts.refresh_session import InvalidRefreshToken
from application.accounts.register_user import Registered, RegisterUserRequest
from application.accounts.reset_password import ResetPasswordRequest
from application.accounts.revoke_api_key import RevokeAPIKeyRequest
from application.accounts.session_tokens import SignedIn
from application.accounts.update_profile import UpdateProfileRequest
from application.accounts.view_erasure import ErasureView, ViewErasureRequest
from application.accounts.view_profile import ViewProfileRequest
from application.actor import Actor
from application.errors import (
    InvalidMailedToken,
    NotAllowed,
    NotFound,
    NotReady,
    UnexpectedPart,
    WrongPassword,
)
from application.images.download_image import DownloadImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.list_images import ImagesPage, ListImagesRequest
from application.images.list_variants import ListVariantsRequest, OfferedResult
from application.images.open_result import OpenedResult, OpenResultRequest
from application.images.plan_pipeline import Plan, PlanPipelineRequest
from application.images.stage_file import StagedFile, StageFile
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.notifications.add_webhook import AddedWebhook, AddWebhookRequest
from application.notifications.list_webhooks import WebhooksView
from application.notifications.remove_webhook import RemoveWebhookRequest
from application.ports.access_tokens import InvalidToken
from application.ports.download_links import LinkExpired, LinkForged
from application.ports.repositories.erasures import ErasedFile
from application.tasks.cancel_task import CancelTaskRequest
from application.tasks.list_own_tasks import ListOwnTasksRequest, TasksPage
from application.tasks.retry_task import RetriedTask, RetryTaskRequest
from application.tasks.view_task import TaskView, ViewTaskRequest
from domain.images.image import Image
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
from domain.users.session import Session
from domain.users.user import User, checked_email, checked_password, checked_username
from entrypoints.http.app import HTTPOptions, HTTPUseCases, create_app
from tests.builders import (
    NOON,
    a_result,
    a_session,
    a_task,
    a_user,
    a_webhook,
    an_api_key,
    an_image,
)

TOKEN = "ada.s.token"
REFRESH_TOKEN = "st_ada"
MAILED_TOKEN = "st_mailed"
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
        self.task_pages: list[ListOwnTasksRequest] = []
        self.erasures: dict[UUID, Erasure] = {}
        self.ended: list[str] = []
        self.uploads: list[Received] = []
        self.images: dict[UUID, Image] = {}
        self.pages: list[ListImagesRequest] = []
        self.plans: list[PlanPipelineRequest] = []
        self.views: dict[UUID, TaskView] = {}
        self.webhooks: list[Webhook] = []
        self.api_keys: dict[UUID, APIKey] = {}
        self.key_requests: list[CreateAPIKeyRequest] = []
        self.observed: list[tuple[str, str, int]] = []
        self.link_requests: list[OpenResultRequest] = []
        self.files_opened = 0
        self.result = a_result(byte_size=len(RESULT_BYTES))
        self.download_name = "holiday.webp"
        self.failures: dict[str, Exception] = {}
        self.replaying = False

    def app(self) -> falcon.App[Any, Any]:
        names = [field.name for field in attrs.fields(HTTPUseCases)]
        use_cases = HTTPUseCases(**{name: self._failing_as_told(name) for name in names})
        return create_app(
            use_cases,
            HTTPOptions(make_converter(), self.policy, self.base_url),
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

    def refresh_session(self, refresh_token: str) -> SignedIn:
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

    def log_out(self, token: str) -> None:
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

    def forgot_password(self, email: str) -> None:
        self.forgotten.append(checked_email(email))

    def reset_password(self, request: ResetPasswordRequest) -> None:
        if request.token != MAILED_TOKEN:
            raise InvalidMailedToken
        self.passwords.append(checked_password(request.new, pointer="/newPassword"))

    def ask_to_verify_email(self, _: Actor) -> None:
        return

    def verify_email(self, token: str) -> None:
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
        return AccountExport(self.user, self.sessions, list(self.api_keys.values()), self.webhooks)

    def list_own_tasks(self, request: ListOwnTasksRequest) -> TasksPage:
        self.task_pages.append(request)
        tasks = [view.task for view in self.views.values()]
        shown = tasks[: request.limit]
        follows = len(tasks) > request.limit
        return TasksPage(shown, (shown[-1].created_at, shown[-1].id) if follows else None)

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
        return Plan({"version": 1}, "ab" * 32, None, ("a warning",), None)

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


def _content(file: StagedFile) -> bytes:
    file.staged.file.seek(0)
    return bytes(file.staged.file.readall())


class Caller(TestClient):
    """A client of one house, signed in unless a test says otherwise."""

    def __init__(self, house: House) -> None:
        super().__init__(house.app())
        self.house = house

    def upload(self, *parts: bytes, **overrides: Any) -> Answer:
        return self.upload_body(form(*parts), **overrides)

    def upload_body(self, body: bytes, **overrides: Any) -> Answer:
        headers = {
            **BEARER,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(body)),
        } | overrides.pop("headers", {})
        return self.simulate_post("/api/images/upload", body=body, headers=headers, **overrides)


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
