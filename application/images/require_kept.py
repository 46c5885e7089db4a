"""Refuse what is no longer kept."""

from application.errors import FileGone
from application.ports.object_store import ObjectMissing
from domain.images.gone import Gone
from domain.tasks.task import Task


def require_results_kept(task: Task) -> None:
    """Raise `FileGone` if the task's results were removed, `ObjectMissing` if they are lost."""
    if task.gone is Gone.REMOVED:
        raise FileGone(
            "The result was kept for a while and is no longer. Upload the picture again."
        )
    if task.gone is Gone.MISSING:
        raise ObjectMissing(f"The results of task {task.id} are marked as missing.")
