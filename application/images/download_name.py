"""The file name that a browser offers for a result."""

from pathlib import PurePosixPath

from domain.images.image import Image
from domain.images.pipeline import MAIN
from domain.tasks.task import Result


def download_name(image: Image, result: Result) -> str:
    """Return the customer's own name for the picture, with the variant's and the ending."""
    stem = PurePosixPath(image.label).stem or "image"
    variant = "" if result.variant == MAIN else f"-{result.variant}"
    return f"{stem}{variant}{result.format.extension}"
