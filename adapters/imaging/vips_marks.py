"""The pictures of watermarks, sized once and kept while they are small."""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import pyvips

from adapters.imaging.vips_colors import colored, in_srgb_values, with_alpha
from adapters.imaging.vips_loading import Opened, open_picture
from domain.errors import ImageRefused
from domain.images.operations import Watermark
from domain.images.units import Length, in_pixels
from domain.images.upload_policy import UploadPolicy

_KEPT_PIXELS: Final = 1_000_000  # 4 MB at most for one mark
_KEPT_MARKS: Final = 8

_Key = tuple[str, Length, float, int, int]


class AssetMissing(Exception):
    """The pipeline names a picture that did not come with it."""


class AssetUnusable(Exception):
    """A picture that the pipeline names cannot be drawn."""

    def __init__(self, name: str, cause: Exception) -> None:
        super().__init__(name)
        self.name = name
        self.cause = cause


class MarkCache:
    """Marks ready to be laid over, by content and by all that shapes them; the oldest go first."""

    def __init__(self) -> None:
        self._marks: OrderedDict[_Key, pyvips.Image] = OrderedDict()

    def get(self, key: _Key) -> pyvips.Image | None:
        """Return the mark, or None."""
        if key in self._marks:
            self._marks.move_to_end(key)
        return self._marks.get(key)

    def put(self, key: _Key, mark: pyvips.Image) -> None:
        """Keep *mark* unless it is large."""
        if mark.width * mark.height <= _KEPT_PIXELS:
            self._marks[key] = mark
            if len(self._marks) > _KEPT_MARKS:
                self._marks.popitem(last=False)


class MarkMaker:
    """Makes marks out of the assets of one task."""

    def __init__(self, assets: Mapping[str, int], policy: UploadPolicy, cache: MarkCache) -> None:
        self._assets = assets
        self._policy = policy
        self._cache = cache

    def __call__(self, step: Watermark, width: int, height: int) -> pyvips.Image:
        """
        Return the mark of *step* for a frame of *width* × *height* pixels, as RGBA in memory.

        It is scaled to the width that *step* asks for, and down to the frame where it would be
        larger than that.
        """
        key = (self._digest(step.image), step.width, step.opacity, width, height)
        mark = self._cache.get(key)
        if mark is None:
            try:
                opened = open_picture(self._assets[step.image], self._policy)
                mark = _drawn(opened, _sides(opened, step, width, height), step.opacity)
            except (ImageRefused, pyvips.Error) as error:
                raise AssetUnusable(step.image, error) from error
            self._cache.put(key, mark)
        return mark

    def _digest(self, name: str) -> str:
        if name not in self._assets:
            raise AssetMissing(name)
        descriptor = self._assets[name]
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _sides(opened: Opened, step: Watermark, width: int, height: int) -> tuple[int, int]:
    own_width, own_height = opened.upright_size
    wanted = min(max(1, in_pixels(step.width, width)), width)
    scale = min(wanted / own_width, height / own_height)
    return max(1, round(own_width * scale)), max(1, round(own_height * scale))


def _drawn(opened: Opened, sides: tuple[int, int], opacity: float) -> pyvips.Image:
    mark = with_alpha(in_srgb_values(colored(opened.scaled(*sides, upright=True))))
    if opacity < 1:
        alpha = (mark.extract_band(3) * opacity).rint().cast("uchar")
        mark = mark.extract_band(0, n=3).bandjoin(alpha)
    return mark.copy_memory()
