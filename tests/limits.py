"""What a renderer may cost, for tests."""

from typing import Any

from adapters.imaging.limits import RendererLimits
from domain.images.upload_policy import UploadPolicy


def renderer_limits(**overrides: Any) -> RendererLimits:
    """Limits that no usual picture reaches."""
    return RendererLimits(
        **{
            "wall_seconds": 30.0,
            "cpu_seconds": 20,
            "memory_bytes": 1536 * 1024 * 1024,
            "output_bytes": 64 * 1024 * 1024,
            "tasks_per_renderer": 100,
            "policy": UploadPolicy(),
        }
        | overrides
    )
