"""Images: upload one, look through them, follow one, get a link to what became of it."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import cattrs
import falcon

from application.actor import Actor
from application.images.download_image import DownloadImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.list_images import ImagesPage, ListImagesRequest
from application.images.list_variants import ListVariantsRequest, OfferedResult
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.images.view_analysis import ViewAnalysisRequest
from application.presets.find_preset import FindPresetRequest
from domain.images.analysis import Analysis
from domain.images.image import Image
from domain.images.pipeline import MAIN
from domain.images.preset import Preset
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import link_to_next, page_asked_for
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.multipart_form import read_form
from entrypoints.http.payloads import id_in_path, timestamp, write_json
from entrypoints.http.resources.tasks import result_document
from entrypoints.http.upload_form import UploadFormReader


@attrs.frozen
class Upload:
    """`/api/images/upload`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    forms: UploadFormReader
    upload_image: Callable[[UploadImageRequest], UploadedImage]
    find_preset: Callable[[FindPresetRequest], Preset]
    max_file_bytes: int

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take in a picture; what is answered is a promise that it will be processed."""
        actor = self.authentication(req)
        self.admit_upload(actor)
        parts = read_form(req, self.max_file_bytes)
        with self.forms.read(
            parts, lambda reference: self.find_preset(FindPresetRequest(actor, reference))
        ) as form:
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
                    preset=form.options.preset,
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
class Images:
    """`/api/images`."""

    authentication: Authentication
    list_images: Callable[[ListImagesRequest], ImagesPage]

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the caller's images; `Link` leads to the next (RFC 8288)."""
        actor = self.authentication(req)
        request = ListImagesRequest(actor, **page_asked_for(req))
        page = self.list_images(request)
        link_to_next(req, resp, request.limit, page.next_after)
        write_json(resp, {"images": [_image(image) for image in page.images]})

    on_head = on_get


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
        """Give a link that opens a result for a while: `?variant=thumb`, else the main one."""
        actor = self.authentication(req)
        variant = req.get_param("variant") or MAIN
        url = self.download_image(DownloadImageRequest(actor, id_in_path(image_id), variant))
        write_json(resp, {"downloadUrl": url})

    on_head = on_get


@attrs.frozen
class Variants:
    """`/api/images/{imageId}/variants`."""

    authentication: Authentication
    list_variants: Callable[[ListVariantsRequest], Sequence[OfferedResult]]

    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Show every result, the main one first, with a link that opens it for a while."""
        actor = self.authentication(req)
        offered = self.list_variants(ListVariantsRequest(actor, id_in_path(image_id)))
        write_json(
            resp,
            {
                "variants": [
                    result_document(one.result) | {"downloadUrl": one.url} for one in offered
                ]
            },
        )

    on_head = on_get


@attrs.frozen
class ImageAnalysis:
    """`/api/images/{imageId}/analysis`."""

    authentication: Authentication
    view_analysis: Callable[[ViewAnalysisRequest], Analysis]
    converter: cattrs.Converter

    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Tell what was found out about the picture, each aspect by its name."""
        actor = self.authentication(req)
        analysis = self.view_analysis(ViewAnalysisRequest(actor, id_in_path(image_id)))
        write_json(resp, self.converter.unstructure(analysis))

    on_head = on_get


def _image(image: Image) -> dict[str, Any]:
    return {
        "imageId": str(image.id),
        "status": image.status.value,
        "label": image.label,
        "format": image.header.format.value,
        "width": image.header.width,
        "height": image.header.height,
        "frames": image.header.frames,
        "byteSize": image.byte_size,
        "sha256": image.sha256,
        "createdAt": timestamp(image.created_at),
    }
