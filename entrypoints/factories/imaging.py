# ruff: noqa: PLC0415  # so that a process loads what it uses and nothing else
"""What reads and draws pictures."""

import os
import socket
from typing import TYPE_CHECKING

from application.ports.font_probe import FontProbe
from application.ports.ids import Ids
from application.ports.image_probe import ImageProbe
from application.ports.memory_budget import MemoryBudget, MemoryBudgetUnavailable
from application.ports.pipeline_texts import PipelineTexts
from application.ports.repositories.workers import Worker
from domain.images.abilities import Abilities
from domain.images.upload_policy import UploadPolicy
from entrypoints.mistakes import OperatorMistake
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from adapters.imaging.vips_editor import VipsEditor


def pipeline_texts() -> PipelineTexts:
    from adapters.serialization.canonical_texts import CanonicalTexts

    return CanonicalTexts()


def image_probe() -> ImageProbe:
    from adapters.imaging.header_probe import HeaderProbe

    return HeaderProbe()


def font_probe() -> FontProbe:
    from adapters.imaging.font_probe import SfntProbe

    return SfntProbe()


def memory_budget(settings: Settings) -> MemoryBudget:
    from adapters.system.host_memory import LockedMemoryBudget, memory_of_this_host

    worker = settings.worker
    budget = LockedMemoryBudget(
        worker.memory_file or settings.data_dir / "run" / "memory.tokens",
        worker.memory_budget or memory_of_this_host() // 2,
    )
    try:
        budget.check()
    except MemoryBudgetUnavailable as error:
        raise OperatorMistake(f"SAFELIGHT_WORKER_MEMORY_FILE cannot be used: {error}") from error
    return budget


def image_editor(settings: Settings, policy: UploadPolicy) -> "VipsEditor":
    from adapters.imaging.limits import RendererLimits
    from adapters.imaging.vips_editor import UnsafeRenderer, VipsEditor

    renderer = settings.renderer
    limits = RendererLimits(
        wall_seconds=renderer.wall_seconds,
        cpu_seconds=renderer.cpu_seconds,
        memory_bytes=renderer.memory_bytes,
        output_bytes=renderer.output_bytes,
        tasks_per_renderer=renderer.tasks_per_child,
        policy=policy,
    )
    try:
        return VipsEditor(limits, renderers=settings.worker.concurrency)
    except UnsafeRenderer as danger:
        raise OperatorMistake(str(danger)) from danger


def this_worker(ids: Ids, abilities: Abilities) -> Worker:
    return Worker(ids.new(), socket.gethostname(), os.getpid(), abilities)
