"""Uploads, results, assets, plans."""

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
from application.images.scan_file import ScanFile
from application.images.stage_file import StageFile
from application.images.upload_image import UploadImage
from application.images.view_analysis import ViewAnalysis
from application.images.view_asset import ViewAsset
from entrypoints.container.room import Room, adapters, duration, settings, use_case
from entrypoints.container.workers import WorkerUseCases


class ImageUseCases(Room):
    """Those of `application/images/`."""

    admit_upload = use_case(
        AdmitUpload,
        marks=adapters.high_water_marks,
        needs_verified_email=settings.provided.accounts.verified_email,
    )
    stage_file = use_case(StageFile, policy=adapters.upload_policy)
    scan_file = use_case(ScanFile)
    inspect_file = use_case(
        InspectFile,
        pictures=adapters.image_probe,
        fonts=adapters.font_probe,
        policy=adapters.upload_policy,
        scan=scan_file,
    )
    upload_image = use_case(UploadImage, inspect=inspect_file)
    list_images = use_case(ListImages)
    erase_image = use_case(EraseImage)
    image_status = use_case(ImageStatus)
    download_image = use_case(
        DownloadImage, link_lifetime=duration(settings.provided.downloads.link_seconds)
    )
    plan_pipeline = use_case(
        PlanPipeline, texts=adapters.pipeline_texts, abilities=WorkerUseCases.tell_abilities
    )
    view_analysis = use_case(ViewAnalysis)
    list_variants = use_case(
        ListVariants, link_lifetime=duration(settings.provided.downloads.link_seconds)
    )
    open_result = use_case(OpenResult, verifier=adapters.link_verifier)
    install_shared_assets = use_case(InstallSharedAssets, shipped=adapters.shipped_assets)
    add_asset = use_case(AddAsset, inspect=inspect_file, allowance=adapters.asset_allowance)
    list_assets = use_case(ListAssets)
    view_asset = use_case(ViewAsset)
    remove_asset = use_case(RemoveAsset)
