"""Uploads, results, assets, plans."""

from application.images.add_asset import AddAsset
from application.images.admit_upload import AdmitUpload
from application.images.download_image import DownloadImage
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
from entrypoints.container.room import Room, adapters, duration, once, settings
from entrypoints.container.workers import WorkerUseCases


class ImageUseCases(Room):
    """Those of `application/images/`."""

    admit_upload = once(
        AdmitUpload,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        marks=adapters.high_water_marks,
        needs_verified_email=settings.provided.accounts.verified_email,
    )
    stage_file = once(StageFile, object_store=adapters.object_store, policy=adapters.upload_policy)
    scan_file = once(
        ScanFile,
        scanner=adapters.malware_scanner,
        database=adapters.database,
        clock=adapters.clock,
    )
    inspect_file = once(
        InspectFile,
        pictures=adapters.image_probe,
        fonts=adapters.font_probe,
        policy=adapters.upload_policy,
        scan=scan_file,
    )
    upload_image = once(
        UploadImage,
        database=adapters.database,
        object_store=adapters.object_store,
        inspect=inspect_file,
        clock=adapters.clock,
        ids=adapters.ids,
        failpoints=adapters.failpoints,
        webhook_guard=adapters.webhook_guard,
        confinement=adapters.confinement,
        quotas=adapters.quotas,
    )
    list_images = once(ListImages, database=adapters.database)
    image_status = once(ImageStatus, database=adapters.database)
    download_image = once(
        DownloadImage,
        database=adapters.database,
        links=adapters.links,
        link_lifetime=duration(settings.provided.downloads.link_seconds),
    )
    plan_pipeline = once(
        PlanPipeline,
        database=adapters.database,
        texts=adapters.pipeline_texts,
        abilities=WorkerUseCases.tell_abilities,
        confinement=adapters.confinement,
    )
    view_analysis = once(ViewAnalysis, database=adapters.database)
    list_variants = once(
        ListVariants,
        database=adapters.database,
        links=adapters.links,
        link_lifetime=duration(settings.provided.downloads.link_seconds),
    )
    open_result = once(
        OpenResult,
        database=adapters.database,
        object_store=adapters.object_store,
        verifier=adapters.link_verifier,
    )
    install_shared_assets = once(
        InstallSharedAssets,
        database=adapters.database,
        object_store=adapters.object_store,
        clock=adapters.clock,
        ids=adapters.ids,
        shipped=adapters.shipped_assets,
    )
    add_asset = once(
        AddAsset,
        database=adapters.database,
        object_store=adapters.object_store,
        inspect=inspect_file,
        allowance=adapters.asset_allowance,
        clock=adapters.clock,
        ids=adapters.ids,
    )
    list_assets = once(ListAssets, database=adapters.database)
    view_asset = once(ViewAsset, database=adapters.database)
    remove_asset = once(RemoveAsset, database=adapters.database, object_store=adapters.object_store)
