"""Every blend mode over many pairs of colours, by the formulas written again in NumPy."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from application.ports.image_editor import ImageEditor
from domain.images.formats import ImageFormat
from domain.images.operations import Blend, Gravity, Watermark
from tests import pictures
from tests.contracts.test_image_editor import (  # noqa: F401
    editor,
    result,
)
from tests.pictures import opened

SIDE = 24
Array = np.ndarray

# Porter and Duff: what counts of the mark and of what is below, by their alphas.
PORTER_DUFF: dict[Blend, Callable[[Array, Array], tuple[Array, Array]]] = {
    Blend.CLEAR: lambda a, b: (0 * a, 0 * b),
    Blend.SOURCE: lambda a, b: (1 + 0 * a, 0 * b),
    Blend.OVER: lambda a, b: (1 + 0 * a, 1 - a),
    Blend.IN: lambda a, b: (b, 0 * b),
    Blend.OUT: lambda a, b: (1 - b, 0 * b),
    Blend.ATOP: lambda a, b: (b, 1 - a),
    Blend.DEST: lambda a, b: (0 * a, 1 + 0 * b),
    Blend.DEST_OVER: lambda a, b: (1 - b, 1 + 0 * b),
    Blend.DEST_IN: lambda a, b: (0 * a, a),
    Blend.DEST_OUT: lambda a, b: (0 * a, 1 - a),
    Blend.DEST_ATOP: lambda a, b: (1 - b, a),
    Blend.XOR: lambda a, b: (1 - b, 1 - a),
    Blend.ADD: lambda a, b: (1 + 0 * a, 1 + 0 * b),
    # As much of the mark as there is room for beside what is below.
    Blend.SATURATE: lambda a, b: (np.minimum(a, 1 - b) / np.maximum(a, 1e-9), 1 + 0 * b),
}


def _dodge(b: Array, s: Array) -> Array:
    return np.where(s >= 1, 1, np.minimum(1, b / np.maximum(1 - s, 1e-9)))


def _burn(b: Array, s: Array) -> Array:
    return np.where(s <= 0, 0, 1 - np.minimum(1, (1 - b) / np.maximum(s, 1e-9)))


def _hard_light(b: Array, s: Array) -> Array:
    return np.where(s <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


def _soft_light(b: Array, s: Array) -> Array:
    root = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (root - b))


# ISO 32000-1 §11.3.5: b is what is below, s the mark.
MIXED: dict[Blend, Callable[[Array, Array], Array]] = {
    Blend.MULTIPLY: lambda b, s: b * s,
    Blend.SCREEN: lambda b, s: b + s - b * s,
    Blend.OVERLAY: lambda b, s: _hard_light(s, b),
    Blend.DARKEN: np.minimum,
    Blend.LIGHTEN: np.maximum,
    Blend.COLOUR_DODGE: _dodge,
    Blend.COLOUR_BURN: _burn,
    Blend.HARD_LIGHT: _hard_light,
    Blend.SOFT_LIGHT: _soft_light,
    Blend.DIFFERENCE: lambda b, s: np.abs(b - s),
    Blend.EXCLUSION: lambda b, s: b + s - 2 * b * s,
}


def blended(below: Array, mark: Array, blend: Blend) -> Array:
    """Return RGBA from 0 to 1, not premultiplied."""
    b, s = below[..., :3], mark[..., :3]
    below_alpha, alpha = below[..., 3:], mark[..., 3:]
    if blend in MIXED:
        both = alpha * below_alpha
        out = alpha + below_alpha - both
        color = (1 - below_alpha) * alpha * s + (1 - alpha) * below_alpha * b
        color = color + both * MIXED[blend](b, s)
    else:
        of_mark, of_below = PORTER_DUFF[blend](alpha, below_alpha)
        out = np.minimum(1, alpha * of_mark + below_alpha * of_below)
        color = np.minimum(alpha * of_mark * s + below_alpha * of_below * b, out)
    return np.concatenate([np.where(out > 0, color / np.maximum(out, 1e-9), 0), out], axis=-1)


def noise(seed: int, mode: str, alpha: str) -> Image.Image:
    """Colours of all kinds, the purest among them; alpha as told: `opaque`, `any` or `some`."""
    numbers = np.random.default_rng(seed)
    values = numbers.integers(0, 256, (SIDE, SIDE, 4), np.uint8)
    values[: SIDE // 4] = numbers.choice([0, 255], (SIDE // 4, SIDE, 4))
    if alpha == "some":  # in 8 bits hardly seen colours are not told apart
        values[..., 3] = np.maximum(values[..., 3], 96)
    if alpha == "opaque":
        values[..., 3] = 255
    return Image.fromarray(values).convert(mode)


def array(picture: Image.Image | bytes) -> Array:
    picture = picture if isinstance(picture, Image.Image) else opened(picture)
    return np.asarray(picture.convert("RGBA"), dtype=float) / 255


def test_every_mode_has_its_formula() -> None:
    assert {*PORTER_DUFF, *MIXED} == set(Blend)
    assert len(PORTER_DUFF) + len(MIXED) == 25


@pytest.mark.parametrize("marks", ["opaque", "some", "any"])
@pytest.mark.parametrize("below", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("blend", Blend, ids=lambda blend: blend.value)
def test_each_pair_joins_by_the_formula(
    editor: ImageEditor,  # noqa: F811
    blend: Blend,
    below: str,
    marks: str,
) -> None:
    ground = noise(1, below, marks if below == "RGBA" else "opaque")
    mark = noise(2, "RGBA", marks)
    step = Watermark("m.png", Gravity.NORTHWEST, 0, 0, width=SIDE, opacity=1, blend=blend)

    made = array(
        result(
            editor,
            pictures.encoded(ground, "PNG"),
            step,
            assets={"m.png": pictures.encoded(mark, "PNG")},
            format=ImageFormat.PNG,
        )
    )

    wanted = blended(array(ground), array(mark), blend)
    assert np.abs(made[..., 3] - wanted[..., 3]).max() < 2.5 / 255
    # What shines through nearly wholly is rounded to few colours.
    seen = wanted[..., 3] > 0.25
    off = np.abs(made[..., :3] - wanted[..., :3])[seen]
    if len(off):
        assert np.percentile(off, 99) < 5 / 255
        assert off.mean() < 1.5 / 255
