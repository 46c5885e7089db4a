"""Images: upload one, follow it, get a link to what became of it."""

from collections.abc import Callable

import attrs
import falcon

from application.actor import Actor
from application.images.download_image import DownloadImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.upload_image import UploadedImage, UploadImageRequest
from domain.images.image import Image
from entrypoints.http.authentication import Authentication
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.multipart_form import read_form
from entrypoints.http.payloads import id_in_path, write_json
from entrypoints.http.upload_form import UploadFormReader


@attrs.frozen
class Upload:
    """`/api/images/upload`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    forms: UploadFormReader
    upload_image: Callable[[UploadImageRequest], UploadedImage]
    max_file_bytes: int

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take in a picture; what is answered is a promise that it will be processed."""
        actor = self.authentication(req)
        self.admit_upload(actor)
        with self.forms.read(read_form(req, self.max_file_bytes)) as form:
            uploaded = self.upload_image(
                UploadImageRequest(
                    actor=actor,
                    picture=form.picture,
                    pipeline=form.options.pipeline,
                    correlation_id=req.context.request_id,
                    attachments=form.attachments,
                    notify=form.options.notify,
                    priority=form.options.priority,
                    idempotency=idempotency_key(
                        req, str(actor.user_id), form.options_text, *form.digests()
                    ),
                )
            )
        resp.set_header("Location", f"/api/images/{uploaded.image_id}/status")
        resp.set_header("X-Task-Id", str(uploaded.task_id))
        mark_replayed(resp, replayed=uploaded.replayed)
        write_json(
            resp,
            {"message": "Image uploaded successfully", "imageId": str(uploaded.image_id)},
            202,
        )


@attrs.frozen
class Status:
    """`/api/images/{imageId}/status`."""

    authentication: Authentication
    image_status: Callable[[ImageStatusRequest], Image]

    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Tell how far the image is; while it is on its way, also when to ask again."""
        actor = self.authentication(req)
        image = self.image_status(ImageStatusRequest(actor, id_in_path(image_id)))
        if not image.status.is_final:
            resp.set_header("Retry-After", "1")
        write_json(resp, {"status": image.status.value, "imageId": str(image.id)})

    on_head = on_get


@attrs.frozen
class Download:
    """`/api/images/{imageId}/download`."""

    authentication: Authentication
    download_image: Callable[[DownloadImageRequest], str]

    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Give a link that opens the result for a while."""
        actor = self.authentication(req)
        url = self.download_image(DownloadImageRequest(actor, id_in_path(image_id)))
        write_json(resp, {"downloadUrl": url})

    on_head = on_get
