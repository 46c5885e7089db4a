"""The file name that a browser offers for a result."""

from pathlib import PurePosixPath

from domain.images.image import Image
from domain.tasks.task import Result


def download_name(image: Image, result: Result) -> str:
    """Return the customer's own name for the picture, with the result's ending."""
    return f"{PurePosixPath(image.label).stem or 'image'}{result.format.extension}"
