"""The pictures of watermarks, sized once and kept while they are small."""

import hashlib
import math
import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import pyvips

from adapters.imaging.asset_faults import AssetMissing, AssetUnusable
from adapters.imaging.vips_colors import SRGB, alpha_weighed, colored, in_srgb_values, with_alpha
from adapters.imaging.vips_loading import Opened, open_picture, resampled
from adapters.imaging.vips_texts import lettering
from adapters.imaging.vips_watermarks import Mark, finished, margin_of
from domain.errors import ImageRefused
from domain.images.operations import Watermark
from domain.images.units import in_pixels
from domain.images.upload_policy import UploadPolicy

_KEPT_PIXELS: Final = 1_000_000  # 4 MB at most for one mark
_KEPT_MARKS: Final = 8

_TRANSPARENT: Final = (0, 0, 0, 0)
_RIGHT_ANGLES: Final = {90.0: "d90", 180.0: "d180", 270.0: "d270"}

_Key = tuple[str, Watermark, int, int]


class MarkCache:
    """Marks ready to be laid over, by content and by all that shapes them; the oldest go first."""

    def __init__(self) -> None:
        self._marks: OrderedDict[_Key, Mark] = OrderedDict()

    def get(self, key: _Key) -> Mark | None:
        """Return the mark, or None."""
        if key in self._marks:
            self._marks.move_to_end(key)
        return self._marks.get(key)

    def put(self, key: _Key, mark: Mark) -> None:
        """Keep *mark* unless it is large."""
        if mark.image.width * mark.image.height <= _KEPT_PIXELS:
            self._marks[key] = mark
            if len(self._marks) > _KEPT_MARKS:
                self._marks.popitem(last=False)


class MarkMaker:
    """
    Makes marks out of texts and the assets of one task.

    *families* are those of the fonts among the assets, by their names.
    """

    def __init__(
        self,
        assets: Mapping[str, int],
        families: Mapping[str, str],
        policy: UploadPolicy,
        cache: MarkCache,
    ) -> None:
        self._assets = assets
        self._families = families
        self._policy = policy
        self._cache = cache

    def __call__(self, step: Watermark, width: int, height: int) -> Mark:
        """
        Return the mark of *step* for a frame of *width* × *height* pixels, as RGBA in memory.

        It is scaled to the size that *step* asks for, and down to the frame where it would be
        larger than that. Of a tiled mark it is one tile, without shadow.
        """
        key = (self._digest(step.image or step.own_font), step, width, height)
        mark = self._cache.get(key)
        if mark is None:
            mark = _complete(self._plain(step, width, height), step)
            self._cache.put(key, mark)
        return mark

    def _plain(self, step: Watermark, width: int, height: int) -> pyvips.Image:
        if step.image is None:
            return _written(step, self._families, width, height)
        try:
            opened = open_picture(self._assets[step.image], self._policy)
            sides = _sides(opened, step, width, height)
            mark = with_alpha(in_srgb_values(colored(opened.scaled(*sides, upright=True))))
            return _within(_turned(mark, step.angle), width, height)
        except (ImageRefused, pyvips.Error, UnicodeDecodeError) as error:
            raise AssetUnusable(step.image, error) from error

    def _digest(self, name: str | None) -> str:
        if name is None:
            return ""
        if name not in self._assets:
            raise AssetMissing(name)
        descriptor = self._assets[name]
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _sides(opened: Opened, step: Watermark, width: int, height: int) -> tuple[int, int]:
    own_width, own_height = opened.upright_size
    asked = Watermark.IMAGE_DEFAULT_WIDTH if step.width is None else step.width
    wanted = min(max(1, in_pixels(asked, width)), width) / own_width
    turned_width, turned_height = _bounds(own_width, own_height, step.angle)
    scale = min(wanted, width / turned_width, height / turned_height)
    return max(1, round(own_width * scale)), max(1, round(own_height * scale))


def _bounds(width: int, height: int, angle: float) -> tuple[float, float]:
    if angle == 0:
        return width, height
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    return width * cosine + height * sine, width * sine + height * cosine


def _written(step: Watermark, families: Mapping[str, str], width: int, height: int) -> pyvips.Image:
    ink = lettering(step, families, width, height)
    color = step.color
    alpha = ink if color.is_opaque else (ink * (color.alpha / 255)).rint().cast("uchar")
    mark = (
        ink.new_from_image([color.red, color.green, color.blue])
        .copy(interpretation=SRGB)
        .bandjoin(alpha)
    )
    return _within(_turned(mark, step.angle), width, height)


def _turned(mark: pyvips.Image, angle: float) -> pyvips.Image:
    angle %= 360
    if angle == 0:
        return mark
    mark = mark.copy_memory()
    if angle in _RIGHT_ANGLES:
        return mark.rot(_RIGHT_ANGLES[angle])
    bicubic = pyvips.Interpolate.new("bicubic")
    return alpha_weighed(
        mark, lambda image: image.rotate(angle, interpolate=bicubic, background=_TRANSPARENT)
    )


def _within(mark: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Return *mark*, scaled down where it is larger than a frame of *width* × *height*."""
    if mark.width <= width and mark.height <= height:
        return mark
    scale = min(width / mark.width, height / mark.height)
    sides = max(1, round(mark.width * scale)), max(1, round(mark.height * scale))
    return resampled(mark.copy_memory(), *sides)


def _complete(mark: pyvips.Image, step: Watermark) -> Mark:
    if step.shadow is None:
        return Mark(finished(mark, step).copy_memory())
    if step.tile:
        return Mark(mark.copy_memory())  # its neighbours' shadows fall on it, too
    margin = margin_of(step.shadow)
    ground = mark.embed(margin, margin, mark.width + 2 * margin, mark.height + 2 * margin)
    return Mark(finished(ground.copy_memory(), step).copy_memory(), margin)
