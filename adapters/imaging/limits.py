"""What one edit may cost before its renderer is stopped."""

import attrs

from domain.images.upload_policy import UploadPolicy

MEBIBYTE = 1024 * 1024


@attrs.frozen
class RendererLimits:
    """
    Ceilings for a renderer and for each task it draws.

    Attributes:
        wall_seconds: After this a task's renderer is killed: `timeout`.
        cpu_seconds: Processor time of one task, whole seconds: `limit_cpu`.
        memory_bytes: Address space of a renderer: `limit_memory`.
        output_bytes: Size of a result: `output_too_large`.
        tasks_per_renderer: A renderer is replaced after so many; 1 isolates each task strictly.
        policy: What a picture, and an asset, may declare.
        recycle_resident_bytes: A renderer that still has more than this when its task is done is
            replaced: what it kept would be in nobody's budget.
    """

    wall_seconds: float
    cpu_seconds: int
    memory_bytes: int
    output_bytes: int
    tasks_per_renderer: int
    policy: UploadPolicy
    recycle_resident_bytes: int = 160 * MEBIBYTE
