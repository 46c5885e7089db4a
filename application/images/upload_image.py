"""Accept a picture and promise to process it."""

from collections.abc import Mapping
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import AssetNotFound, QuotaExceeded, UnexpectedPart
from application.idempotency import IdempotencyKey, RequestInProgress
from application.images.inspect_file import InspectFile
from application.images.stage_file import StagedFile
from application.limits.quotas import Quotas
from application.ports.clock import Clock
from application.ports.failpoints import Failpoints
from application.ports.ids import Ids
from application.ports.object_store import ObjectStore
from application.ports.repositories.idempotency_keys import TwinRequest
from application.ports.unit_of_work import CommitUnknown, Database, DatabaseUnavailable
from application.ports.webhook_guard import WebhookGuard
from application.presets.confinement import Confinement
from domain.images.asset import AssetKind
from domain.images.image import Image, PictureHeader, safe_label
from domain.images.pipeline import Pipeline
from domain.images.preset import PresetOrigin
from domain.notifications.channel import NotificationRequest
from domain.tasks.priority import Priority
from domain.tasks.task import Task
from domain.users.roles import Permission


@attrs.frozen
class UploadImageRequest:
    """
    A picture and what is to become of it.

    Attributes:
        attachments: Other files of the request, by the names that the pipeline may use.
        preset: The version of a preset that the pipeline was made from, if any.
    """

    actor: Actor
    picture: StagedFile
    pipeline: Pipeline
    correlation_id: str
    attachments: Mapping[str, StagedFile] = attrs.field(factory=dict)
    notify: NotificationRequest = NotificationRequest()
    priority: Priority = Priority.INTERACTIVE
    idempotency: IdempotencyKey | None = None
    preset: PresetOrigin | None = None


@attrs.frozen
class UploadedImage:
    """
    The ids by which the customer can follow what happens.

    Attributes:
        replayed: Whether an earlier request of the same key was promised them.
    """

    image_id: UUID
    task_id: UUID
    replayed: bool = False


@attrs.frozen
class UploadImage:
    """
    Store a picture and queue the task over it.

    Bytes first, rows second: a crash in between leaves a stray object, never a task without a
    picture. Image, task and outbox rows are written in one transaction, so what this returns is
    a promise that no later crash breaks.

    Raises:
        NotAllowed: The actor may not process images.
        WebhookURLForbidden: The upload's own webhook is not called.
        PresetsOnly: The actor may use presets as they are, and the pipeline is none.
        ImageRefused: The picture, or an attachment, breaks the upload policy.
        MalwareFound: The scanner knows what is in one of them.
        AssetNotFound: The pipeline names a picture, or a font, that is nowhere.
        QuotaExceeded: The account has as much as it may have.
        UnexpectedPart: An attachment is not named by the pipeline.
        IdempotencyKeyReused: The key stands for another upload.
        RequestInProgress: The same request has come at the same time.
        ScannerUnavailable, StorageUnavailable, DatabaseUnavailable: Nothing was accepted.
    """

    database: Database
    object_store: ObjectStore
    inspect: InspectFile
    clock: Clock
    ids: Ids
    failpoints: Failpoints
    webhook_guard: WebhookGuard
    confinement: Confinement = Confinement()
    quotas: Quotas = Quotas()

    def __call__(self, request: UploadImageRequest) -> UploadedImage:
        """Judge the header, store the bytes, write the rows."""
        request.actor.require(Permission.PROCESS_IMAGES)
        if request.idempotency and (earlier := self._earlier(request.idempotency)):
            return earlier
        self._check_preset(request)
        if request.notify.webhook is not None:
            # No upload waits for a resolver: where a name leads is judged at the call.
            self.webhook_guard.check_unresolved(request.notify.webhook, pointer="/notify/webhook")
        header = self._inspect(request)
        assets = self._settle_assets(request)
        self._check_quotas(request)

        image_id, task_id = self.ids.new(), self.ids.new()
        key = f"{image_id}/0"
        self.object_store.put(key, request.picture.staged)
        for number, (name, attachment) in enumerate(request.attachments.items(), start=1):
            assets[name] = f"{image_id}/{number}"
            self.object_store.put(assets[name], attachment.staged)
        self.failpoints.reach("upload.after_put")

        now = self.clock.now()
        image = Image(
            id=image_id,
            user_id=request.actor.user_id,
            file_path=key,
            label=safe_label(request.picture.file_name),
            header=header,
            byte_size=request.picture.byte_size,
            sha256=request.picture.sha256,
            created_at=now,
            updated_at=now,
        )
        task = Task.queue(
            id=task_id,
            image_id=image_id,
            user_id=request.actor.user_id,
            pipeline=request.pipeline,
            assets=assets,
            notify=request.notify,
            created_at=now,
            correlation_id=request.correlation_id,
            priority=request.priority,
            preset=request.preset,
        )
        try:
            with self.database.writing() as work:
                if self.quotas.are_set:
                    work.users.hold(image.user_id)  # so that none are counted twice at once
                if request.idempotency:
                    request.idempotency.remember(work, image_id=str(image_id), task_id=str(task_id))
                self.quotas.check(work, image.user_id, now, image_bytes=image.byte_size)
                work.images.add(image, task)
                work.commit()
        except TwinRequest as twin:
            self._forget(image, task)
            raise RequestInProgress from twin
        except CommitUnknown:
            # It may have been promised; a stray object is the lesser evil, and is swept up.
            raise
        except (DatabaseUnavailable, QuotaExceeded):
            self._forget(image, task)
            raise
        self.failpoints.reach("upload.after_commit")
        return UploadedImage(image_id, task_id)

    def _check_preset(self, request: UploadImageRequest) -> None:
        if self.confinement.holds(request.actor):
            with self.database.reading() as work:
                self.confinement.check_use(work, request.actor, request.pipeline, request.preset)

    def _check_quotas(self, request: UploadImageRequest) -> None:
        """Spare the store what will hardly fit in; whether it does, the transaction decides."""
        if self.quotas.are_set:
            with self.database.reading() as work:
                self.quotas.check(
                    work,
                    request.actor.user_id,
                    self.clock.now(),
                    image_bytes=request.picture.byte_size,
                )

    def _inspect(self, request: UploadImageRequest) -> PictureHeader:
        """Judge every file of the request; return what the picture's header says."""
        header = self.inspect.picture(request.picture, request.actor)
        for name, attachment in request.attachments.items():
            if name in request.pipeline.font_names:
                self.inspect.font(attachment, request.actor)
            if name in request.pipeline.picture_names:
                self.inspect.picture(attachment, request.actor)
        return header

    def _forget(self, image: Image, task: Task) -> None:
        for key in (image.file_path, *task.assets.values()):
            if key.startswith(f"{image.id}/"):
                self.object_store.delete(key)

    def _earlier(self, idempotency: IdempotencyKey) -> UploadedImage | None:
        with self.database.reading() as work:
            reply = idempotency.reply(work)
        if reply is None:
            return None
        return UploadedImage(UUID(reply["image_id"]), UUID(reply["task_id"]), replayed=True)

    def _settle_assets(self, request: UploadImageRequest) -> dict[str, str]:
        """Return the keys of the assets that no attachment provides, by name."""
        names = request.pipeline.asset_names
        for name in request.attachments:
            if name not in names:
                raise UnexpectedPart(f"No operation refers to the file {name[:100]!r}.")
        wanted = [
            (name, kind)
            for kind, of_kind in (
                (AssetKind.PICTURE, request.pipeline.picture_names),
                (AssetKind.FONT, request.pipeline.font_names),
            )
            for name in of_kind
            if name not in request.attachments
        ]
        if not wanted:
            return {}
        keys = {}
        with self.database.reading() as work:
            for name, kind in wanted:
                asset = work.assets.find(request.actor.user_id, name, kind)
                if asset is None:
                    raise AssetNotFound(
                        f"There is no {kind.value} named {name!r}: send it as a file part of that "
                        "name, or keep it as an asset."
                    )
                keys[name] = asset.file_path
        return keys
