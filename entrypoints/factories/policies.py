# so that a process loads what it uses and nothing else
"""What the operator has decided, as the application knows it."""

from collections.abc import Mapping
from datetime import timedelta

from application.accounts.throttle_guesses import GuessAllowance
from application.administration.retain import RetentionPolicy
from application.images.admit_upload import HighWaterMarks
from application.limits.limit_requests import Rates, RouteGroup
from application.limits.quotas import Quotas
from application.presets.confinement import Confinement
from domain.images.asset import AssetAllowance
from domain.images.upload_policy import UploadPolicy
from domain.users.roles import Role
from entrypoints.settings import Settings


def request_rates(settings: Settings) -> Mapping[RouteGroup, Rates]:
    limits = settings.limits
    return {
        RouteGroup.SIGN_IN: Rates(limits.sign_ins_per_address),
        RouteGroup.UPLOADS: Rates(
            limits.uploads_per_address, limits.uploads_per_user, limits.uploads_per_key
        ),
        RouteGroup.OTHERS: Rates(
            limits.requests_per_address, limits.requests_per_user, limits.requests_per_key
        ),
    }


def guess_allowance(settings: Settings) -> GuessAllowance:
    limits = settings.limits
    return GuessAllowance(limits.wrong_passwords_per_user, limits.wrong_passwords_per_address)


def upload_policy(settings: Settings) -> UploadPolicy:
    upload = settings.upload
    return UploadPolicy(
        max_bytes=upload.max_bytes,
        max_side_px=upload.max_side_px,
        max_frame_pixels=upload.max_frame_pixels,
        max_frames=upload.max_frames,
        max_total_pixels=upload.max_total_pixels,
    )


def high_water_marks(settings: Settings) -> HighWaterMarks:
    limits = settings.limits
    return HighWaterMarks(
        queued_tasks=limits.queued_tasks,
        queued_tasks_per_user=limits.queued_tasks_per_user,
        free_bytes=limits.free_bytes,
    )


def quotas(settings: Settings) -> Quotas:
    limits = settings.limits
    return Quotas(limits.images_per_user, limits.bytes_per_user, limits.tasks_per_day_per_user)


def confinement(settings: Settings) -> Confinement:
    return Confinement(frozenset(map(Role, settings.pipelines.presets_only_roles)))


def asset_allowance(settings: Settings) -> AssetAllowance:
    return AssetAllowance(settings.assets.per_user, settings.assets.bytes_per_user)


def retention(settings: Settings) -> RetentionPolicy:
    kept = settings.retention
    return RetentionPolicy(
        originals=_days(kept.originals_days),
        results=_days(kept.results_days),
        logs=_days(kept.logs_days),
        audit=_days(kept.audit_days),
    )


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None
