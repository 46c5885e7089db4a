"""Images: upload one, look through them, follow one, get what became of it, let it go."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypedDict

import attrs
import cattrs
import falcon

from application.actor import Actor
from application.errors import (
    AssetNotFound,
    EmailNotVerified,
    FileGone,
    NotAllowed,
    NotAnalyzed,
    NotFound,
    NotReady,
    PresetNotFound,
    PresetsOnly,
    QuotaExceeded,
    TaskEndedWithoutResult,
    UnexpectedPart,
)
from application.images.admit_upload import QueueFull, TooManyQueuedTasks
from application.images.download_image import DownloadImageRequest
from application.images.erase_image import EraseImageRequest
from application.images.image_status import ImageStatusRequest
from application.images.list_images import ImagesPage, ListImagesRequest
from application.images.list_variants import ListVariantsRequest, OfferedResult
from application.images.upload_image import UploadedImage, UploadImageRequest
from application.images.view_analysis import ViewAnalysisRequest
from application.ports.malware_scanner import ScannerUnavailable
from application.ports.object_store import ObjectMissing, StorageFull, StorageUnavailable
from application.presets.find_preset import FindPresetRequest
from domain.errors import (
    ContentTooLarge,
    EmptyFile,
    FontRefused,
    ImageRefused,
    ImageTooLarge,
    InvalidParameter,
    MalwareFound,
    OutputTooLarge,
    PresetLocked,
    TooManyFrames,
    TooManyOperations,
    TooManyVariants,
    UnknownMember,
    UnknownOperation,
    UnsupportedCodec,
    UnsupportedMedia,
    WebhookURLForbidden,
)
from domain.images.analysis import Analysis
from domain.images.formats import ImageFormat
from domain.images.image import Image
from domain.images.pipeline import MAIN
from domain.images.preset import Preset
from domain.tasks.task import TaskStatus
from entrypoints.http.authentication import Authentication
from entrypoints.http.cursors import cursor_to
from entrypoints.http.errors import MalformedJSON
from entrypoints.http.idempotency import idempotency_key, mark_replayed
from entrypoints.http.multipart_form import read_form
from entrypoints.http.openapi.operation import Answer, Bare, Link, Parameter, operation
from entrypoints.http.openapi.parts import ASK_AGAIN, LOCATION, REPLAYED, TASK_ID
from entrypoints.http.openapi.schemas import SHA256, Id, Moment, Rule
from entrypoints.http.payloads import id_in_path, timestamp
from entrypoints.http.queries import (
    CURSOR,
    LIMIT,
    NEXT_PAGE,
    limit_of,
    link_to_next,
    refuse_other_parameters,
)
from entrypoints.http.resources.tasks import (
    AnalysisDocument,
    ResultDocument,
    result_document,
)
from entrypoints.http.upload_form import UPLOAD_FORM, UploadFormReader

OF_AN_UPLOAD: Final = (
    EmailNotVerified, QueueFull, TooManyQueuedTasks, ContentTooLarge, EmptyFile, ImageRefused,
    ImageTooLarge, TooManyFrames, FontRefused, UnsupportedMedia, UnsupportedCodec, MalwareFound,
    ScannerUnavailable,
)  # fmt: skip
"""How files are refused, and callers who send too many."""
OF_THE_LANGUAGE: Final = (
    InvalidParameter, OutputTooLarge, UnknownMember, UnknownOperation, TooManyOperations,
    TooManyVariants,
)  # fmt: skip
"""How processing options are refused."""
OF_PRESETS: Final = (PresetNotFound, PresetsOnly, PresetLocked)
"""How it is refused to use one."""
_WITHOUT_RESULT: Final = (NotFound, NotReady, TaskEndedWithoutResult, FileGone, ObjectMissing)


class UploadedDocument(TypedDict):
    """The promise that the picture will be processed."""

    message: str
    imageId: Id


class ImageDocument(TypedDict):
    """An uploaded picture."""

    imageId: Id
    status: Annotated[str, TaskStatus]
    label: str
    format: Annotated[str, ImageFormat]
    width: int
    height: int
    frames: int | None
    byteSize: int
    sha256: SHA256
    createdAt: Moment


class ImageList(TypedDict):
    """A page of images."""

    images: list[ImageDocument]


class StatusDocument(TypedDict):
    """How far an image is."""

    status: Annotated[str, TaskStatus]
    imageId: Id


class DownloadDocument(TypedDict):
    """A link that opens a result for a while."""

    downloadUrl: Annotated[str, Rule({"format": "uri"})]


class OfferedDocument(ResultDocument):
    """A result, and a link that opens it for a while."""

    downloadUrl: Annotated[str, Rule({"format": "uri"})]


class VariantList(TypedDict):
    """All results of an image, the main one first."""

    variants: list[OfferedDocument]


_PLACES: Final = ("status", "download", "variants", "analysis")
_ACCEPTED: Final = Answer(
    202,
    UploadedDocument,
    "It has been taken in and will be processed.",
    (LOCATION, TASK_ID, REPLAYED),
    (
        *(
            Link("GET", f"/api/images/{{image_id}}/{one}", {"image_id": "$response.body#/imageId"})
            for one in _PLACES
        ),
        Link("DELETE", "/api/images/{image_id}", {"image_id": "$response.body#/imageId"}),
        Link("GET", "/api/tasks/{task_id}", {"task_id": "$response.header.X-Task-Id"}),
        Link("POST", "/api/tasks/{task_id}/cancel", {"task_id": "$response.header.X-Task-Id"}),
    ),
)
_LISTED: Final = Answer(
    200,
    ImageList,
    "A page of images, newest first.",
    (NEXT_PAGE,),
    tuple(
        Link(
            "GET",
            f"/api/images/{{image_id}}/{one}",
            {"image_id": "$response.body#/images/0/imageId"},
        )
        for one in _PLACES
    ),
)
_STATUS: Final = Answer(200, StatusDocument, "How far it is.", (ASK_AGAIN,))
_LINK: Final = Answer(200, DownloadDocument, "The link.")
_VARIANTS: Final = Answer(200, VariantList, "The results.")
_ANALYSIS: Final = Answer(200, AnalysisDocument, "What was found out, each aspect by its name.")
_ERASED: Final = Bare(204, "It is gone, and so is everything that was made of it.")
_VARIANT: Final = Parameter(
    "variant", str, {"type": "string", "default": MAIN}, "The name of the result that is meant."
)


@attrs.frozen
class Upload:
    """`/api/images/upload`."""

    authentication: Authentication
    admit_upload: Callable[[Actor], None]
    forms: UploadFormReader
    upload_image: Callable[[UploadImageRequest], UploadedImage]
    find_preset: Callable[[FindPresetRequest], Preset]
    max_file_bytes: int

    @operation(
        _ACCEPTED,
        form=UPLOAD_FORM,
        refusals=(
            *OF_AN_UPLOAD, *OF_THE_LANGUAGE, *OF_PRESETS, NotAllowed, AssetNotFound, QuotaExceeded,
            UnexpectedPart, MalformedJSON, WebhookURLForbidden, StorageUnavailable, StorageFull,
        ),
        takes_key=True,
    )  # fmt: skip
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Take in a picture; what is answered is a promise that it will be processed."""
        actor = self.authentication(req)
        self.admit_upload(actor)
        parts = read_form(req, UPLOAD_FORM, self.max_file_bytes)
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
        _ACCEPTED.write(
            resp,
            {"message": "Image uploaded successfully", "imageId": str(uploaded.image_id)},
        )


@attrs.frozen
class Images:
    """`/api/images`."""

    authentication: Authentication
    list_images: Callable[[ListImagesRequest], ImagesPage]

    @operation(_LISTED, query=(LIMIT, CURSOR))
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Show a page of the caller's images; `Link` leads to the next (RFC 8288)."""
        actor = self.authentication(req)
        refuse_other_parameters(req)
        request = ListImagesRequest(actor, CURSOR.of(req), **limit_of(req))
        page = self.list_images(request)
        link_to_next(req, resp, request.limit, page.next_after and cursor_to(page.next_after))
        _LISTED.write(resp, {"images": [_image(image) for image in page.images]})

    on_head = on_get


@attrs.frozen
class OneImage:
    """`/api/images/{imageId}`."""

    authentication: Authentication
    erase_image: Callable[[EraseImageRequest], None]

    @operation(_ERASED, refusals=(NotFound,))
    def on_delete(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Let the image go, with its tasks and their results, whatever they are at."""
        actor = self.authentication(req)
        self.erase_image(EraseImageRequest(actor, id_in_path(image_id)))
        _ERASED.write(resp)


@attrs.frozen
class Status:
    """`/api/images/{imageId}/status`."""

    authentication: Authentication
    image_status: Callable[[ImageStatusRequest], Image]

    @operation(_STATUS, refusals=(NotFound,))
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Tell how far the image is; while it is on its way, also when to ask again."""
        actor = self.authentication(req)
        image = self.image_status(ImageStatusRequest(actor, id_in_path(image_id)))
        if not image.status.is_final:
            resp.set_header("Retry-After", "1")
        _STATUS.write(resp, {"status": image.status.value, "imageId": str(image.id)})

    on_head = on_get


@attrs.frozen
class Download:
    """`/api/images/{imageId}/download`."""

    authentication: Authentication
    download_image: Callable[[DownloadImageRequest], str]

    @operation(_LINK, query=(_VARIANT,), refusals=_WITHOUT_RESULT)
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Give a link that opens a result for a while: `?variant=thumb`, else the main one."""
        actor = self.authentication(req)
        variant = _VARIANT.of(req) or MAIN
        url = self.download_image(DownloadImageRequest(actor, id_in_path(image_id), variant))
        _LINK.write(resp, {"downloadUrl": url})

    on_head = on_get


@attrs.frozen
class Variants:
    """`/api/images/{imageId}/variants`."""

    authentication: Authentication
    list_variants: Callable[[ListVariantsRequest], Sequence[OfferedResult]]

    @operation(_VARIANTS, refusals=_WITHOUT_RESULT)
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Show every result, the main one first, with a link that opens it for a while."""
        actor = self.authentication(req)
        offered = self.list_variants(ListVariantsRequest(actor, id_in_path(image_id)))
        _VARIANTS.write(
            resp,
            {
                "variants": [
                    {**result_document(one.result), "downloadUrl": one.url} for one in offered
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

    @operation(
        _ANALYSIS, refusals=(NotFound, NotReady, TaskEndedWithoutResult, FileGone, NotAnalyzed)
    )
    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Tell what was found out about the picture, each aspect by its name."""
        actor = self.authentication(req)
        analysis = self.view_analysis(ViewAnalysisRequest(actor, id_in_path(image_id)))
        _ANALYSIS.write(resp, self.converter.unstructure(analysis))

    on_head = on_get


def _image(image: Image) -> ImageDocument:
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
