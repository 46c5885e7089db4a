"""Opening pictures with libvips: by the format that their bytes show, within the limits."""

import os
from typing import Final

import attrs
import pyvips

from adapters.imaging.header_probe import HeaderProbe
from adapters.imaging.shrinking import grid, shrink_of
from adapters.imaging.vips_colors import normalized
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader
from domain.images.pipeline import Sampling
from domain.images.upload_policy import UploadPolicy

LOADERS: Final = {
    ImageFormat.JPEG: "jpegload_source",
    ImageFormat.PNG: "pngload_source",
    ImageFormat.GIF: "gifload_source",
    ImageFormat.WEBP: "webpload_source",
    ImageFormat.TIFF: "tiffload_source",
    ImageFormat.AVIF: "heifload_source",
}
"""Named one by one, so that the bytes cannot choose another."""

# Of these a thumbnail need not decode every pixel. Embedded previews and pyramids, which AVIF
# and TIFF would offer, are not the picture and stay unused.
_SHRINKS_ON_LOAD: Final = (ImageFormat.JPEG, ImageFormat.WEBP)
# EXIF orientations from here on lie on their side.
_TURNED_ORIENTATION: Final = 5
# Strict enough to refuse what is cut short, lenient enough for the small sins of cameras.
_FAIL_ON: Final = "truncated"
# PNG has checksums, which this makes libpng heed.
_FAIL_ON_FOR_PNG: Final = "error"


class LoaderMismatch(Exception):
    """libvips chose another loader than the one of the format that the bytes show."""


@attrs.frozen
class Opened:
    """
    A picture whose header has been read by its decoder and found within the limits.

    Attributes:
        width: Pixels as stored.
        height: Pixels of one frame likewise.
        orientation: EXIF orientation, 1 to 8; 1 where it is absent or invalid.
    """

    descriptor: int
    format: ImageFormat
    width: int
    height: int
    frames: int
    orientation: int
    _image: pyvips.Image

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height that a viewer sees."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    @property
    def has_alpha(self) -> bool:
        """Whether it can be transparent."""
        return bool(self._image.hasalpha())

    def exif_field(self, name: str) -> str | None:
        """Return what libvips tells of the EXIF field *name*, such as `ifd0-Make`."""
        field = f"exif-{name}"
        return str(self._image.get(field)) if self._image.get_typeof(field) else None

    def first_frame(self) -> pyvips.Image:
        """Return the picture, or its first frame or page, read from top to bottom on demand."""
        return normalized(self._image)

    def every_frame(self) -> list[pyvips.Image]:
        """Return all frames of an animation, in memory."""
        strip = _load(self.descriptor, self.format, n=-1)
        frame_height = strip.get("page-height")
        strip = normalized(strip.copy_memory())
        return [
            strip.extract_area(0, top, strip.width, frame_height)
            for top in range(0, strip.height, frame_height)
        ]

    def scaled(
        self, width: int, height: int, *, upright: bool, sampling: Sampling = Sampling.QUALITY
    ) -> pyvips.Image:
        """
        Return the first frame at exactly *width* × *height*, decoding no more than needed.

        With *upright*, these are the sides that a viewer sees, and the orientation is applied.
        """
        if self.format not in _SHRINKS_ON_LOAD:
            return resampled(self.first_frame(), width, height, upright=upright)
        if self.format is ImageFormat.JPEG:
            return self._shrunken(width, height, sampling, upright=upright)
        # `fail_on` is ignored as a keyword here and heeded as an option of the loader.
        image = pyvips.Image.thumbnail_source(
            _source(self.descriptor),
            width,
            height=height,
            size="force",
            no_rotate=not upright,
            option_string=f"fail_on={_FAIL_ON}",
        )
        if image.get("vips-loader") != LOADERS[self.format]:
            raise LoaderMismatch("the picture is not what its first bytes say")
        return normalized(image)

    def _shrunken(
        self, width: int, height: int, sampling: Sampling, *, upright: bool
    ) -> pyvips.Image:
        """Do the same with a JPEG, whose decoder shrinks by whole numbers."""
        turned = upright and self.orientation >= _TURNED_ORIENTATION
        stored = (height, width) if turned else (width, height)
        shrink = shrink_of((self.width, self.height), stored, sampling)
        image = self._image
        if shrink > 1:  # else its header need not be read again
            image = _load(self.descriptor, self.format, shrink=shrink)
        decoded = image.width, image.height
        across = grid(self.width, shrink, decoded[0], stored[0])
        down = grid(self.height, shrink, decoded[1], stored[1])
        image = normalized(image)
        if (across.padded, down.padded) != decoded:
            image = image.embed(0, 0, across.padded, down.padded, extend="copy")
        image = image.resize(across.scale, vscale=down.scale)
        if (image.width, image.height) != stored:
            image = image.embed(0, 0, *stored, extend="copy")
        if not upright or self.orientation == 1:
            return image
        # All but a mirrored picture are read out of order.
        return (image.copy_memory() if self.orientation > 2 else image).autorot()


def open_picture(descriptor: int, policy: UploadPolicy) -> Opened:
    """
    Open the picture behind *descriptor*, and refuse it by its bytes, then by its decoder's word.

    Raises:
        ImageRefused: It breaks *policy*, or is none of our formats.
    """
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
        told = HeaderProbe().inspect(file)
    policy.check_header(told)
    assert isinstance(told.format, ImageFormat)  # what this version has read itself
    image = _load(descriptor, told.format)
    frames = image.get("n-pages") if image.get_typeof("n-pages") else 1
    width, height = image.width, image.height
    policy.check_header(PictureHeader(told.format, width, height, frames))
    orientation = image.get("orientation") if image.get_typeof("orientation") else 1
    return Opened(
        descriptor,
        told.format,
        width,
        height,
        frames,
        orientation if 1 <= orientation <= 8 else 1,
        image,
    )


def resampled(
    image: pyvips.Image, width: int, height: int, *, upright: bool = False
) -> pyvips.Image:
    """Return *image* as exactly *width* × *height* pixels, alpha taken into account."""
    return image.thumbnail_image(width, height=height, size="force", no_rotate=not upright)


def _load(descriptor: int, format: ImageFormat, **options: int) -> pyvips.Image:
    fail_on = _FAIL_ON_FOR_PNG if format is ImageFormat.PNG else _FAIL_ON
    return pyvips.Operation.call(
        LOADERS[format], _source(descriptor), access="sequential", fail_on=fail_on, **options
    )


def _source(descriptor: int) -> pyvips.Source:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return pyvips.Source.new_from_descriptor(descriptor)
