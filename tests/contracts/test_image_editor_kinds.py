"""
Every operation on every kind of picture.

What an operation does to a picture of another kind (animated, on its side, with 16 bits, in inks,
grey) is what it does to the same picture as plain sRGB; and the smallest, longest and emptiest
pictures have the size that is foretold.
"""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageSequence

from application.ports.image_editor import ImageEditor
from domain.images.formats import ImageFormat
from domain.images.limits import MAX_SIDE_PX
from domain.images.operations import (
    OPERATION_NAMES,
    AspectRatio,
    AutoOrient,
    Blend,
    Blur,
    Border,
    ColorProfile,
    Contrast,
    Crop,
    Duotone,
    Extend,
    Fit,
    Flatten,
    Flip,
    Focus,
    Gamma,
    Gravity,
    Grayscale,
    Interest,
    Kernel,
    Modulate,
    Negate,
    Normalize,
    Operation,
    Outline,
    Pad,
    Pixelate,
    Profile,
    Redact,
    RedactMode,
    Region,
    Resize,
    Rotate,
    RoundCorners,
    Sepia,
    Shadow,
    Sharpen,
    Threshold,
    Tint,
    Trim,
    Watermark,
)
from domain.images.output import Output
from domain.images.pipeline import MAIN, Pipeline
from domain.images.prediction import Facts, predict
from domain.images.units import WHITE, Color, Percent
from tests import pictures
from tests.contracts.test_image_editor import (  # noqa: F401
    editor,
    result,
)
from tests.pictures import frames_of, opened, size_of

PNG = ImageFormat.PNG
NAVY, RED = Color(30, 50, 100), Color(255, 0, 0, 128)
ALL = Percent(100)
MIDDLE = Region(Percent(25), Percent(25), Percent(50), Percent(50), Outline.ELLIPSE)

OPERATIONS: list[Operation] = [
    AutoOrient(),
    Crop(Percent(10), Percent(20), Percent(50), Percent(40)),
    Crop(aspect_ratio=AspectRatio(3, 4), gravity=Gravity.SOUTHWEST),
    Crop(width=ALL, height=Percent(50), gravity=Interest.FOCUS, focus=Focus(0.2, 0.9)),
    Trim(),
    Resize(Percent(40)),
    Resize(50, 50, Fit.COVER, Gravity.NORTHEAST),
    Resize(50, 50, Fit.CONTAIN, Gravity.SOUTH, background=RED),
    Resize(40, 30, Fit.FILL, dpr=1.5, without_enlargement=False),
    Resize(Percent(60), kernel=Kernel.MITCHELL),
    Resize(Percent(60), linear=True),
    Rotate(90),
    Rotate(0.4, WHITE),
    Flip(horizontal=True),
    Flip(vertical=True),
    Grayscale(),
    Negate(),
    Normalize(2, 98),
    Gamma(1.8),
    Threshold(110),
    Modulate(brightness=0.9, saturation=0.8, hue=20, lightness=3),
    Contrast(1.3),
    Tint(NAVY),
    Sepia(0.8),
    Duotone(NAVY, WHITE, 0.7),
    Flatten(NAVY),
    ColorProfile(Profile.SRGB),
    Blur(2),
    Blur(4, (MIDDLE,)),
    Sharpen(1, m1=1),
    Pixelate(7),
    Redact((MIDDLE,)),
    Redact((MIDDLE,), RedactMode.PIXELATE, 30),
    Redact((MIDDLE,), RedactMode.FILL, color=NAVY),
    Pad(all=Percent(10), left=7, background=NAVY),
    Pad(all=6, extend_with=Extend.MIRROR),
    Pad(right=9, extend_with=Extend.BLUR),
    Border(Percent(10), NAVY),
    RoundCorners(Percent(20)),
    Watermark("m.png", Gravity.CENTER, width=Percent(50), angle=20, opacity=0.7),
    Watermark("m.png", width=Percent(20), tile=True, spacing=3, blend=Blend.MULTIPLY),
    Watermark(text="Aé", size=Percent(40), gravity=Gravity.NORTH, shadow=Shadow(2), opacity=1),
]
STEPS = pytest.mark.parametrize("step", OPERATIONS, ids=lambda step: type(step).__name__)


def test_no_operation_is_left_out() -> None:
    assert {type(step) for step in OPERATIONS} == set(OPERATION_NAMES.values())


def drawn(editor: ImageEditor, source: bytes, *steps: Operation) -> bytes:  # noqa: F811
    marks = {"m.png": pictures.logo(40, 20)} if any("m.png" in str(one) for one in steps) else {}
    return result(editor, source, *steps, format=PNG, assets=marks)


def array(picture: bytes | Image.Image) -> np.ndarray:
    picture = picture if isinstance(picture, Image.Image) else opened(picture)
    return np.asarray(picture.convert("RGBA"), dtype=float)


def assert_alike(one: np.ndarray, other: np.ndarray, tolerance: float) -> None:
    """Compare what is seen: colours by their alpha."""
    assert one.shape == other.shape
    one, other = (
        np.concatenate([each[..., :3] * each[..., 3:] / 255, each[..., 3:]], axis=-1)
        for each in (one, other)
    )
    off = np.abs(one - other)
    assert off.mean() <= tolerance
    assert np.percentile(off, 95) <= 4 * tolerance + 1


@STEPS
def test_on_its_side_it_is_as_upright(editor: ImageEditor, step: Operation) -> None:  # noqa: F811
    view = pictures.view(96, 64)
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = view.transpose(Image.Transpose.ROTATE_90)

    made = drawn(editor, pictures.encoded(lying, "PNG", exif=exif), AutoOrient(), step)

    assert_alike(
        array(made), array(drawn(editor, pictures.encoded(view, "PNG"), AutoOrient(), step)), 0.5
    )


@STEPS
def test_each_frame_is_drawn_as_a_still(editor: ImageEditor, step: Operation) -> None:  # noqa: F811
    frames = [pictures.view(96, 64, name) for name in ("coffee.png", "astronaut.png")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    marks = {"m.png": pictures.logo(40, 20)} if "m.png" in str(step) else {}

    animation = Image.open(
        io.BytesIO(result(editor, file.getvalue(), step, format=ImageFormat.GIF, assets=marks))
    )

    made = [frame.convert("RGBA") for frame in ImageSequence.Iterator(animation)]
    stills = [array(drawn(editor, pictures.encoded(frame, "PNG"), step)) for frame in frames]
    if isinstance(step, Normalize | Trim):  # by one measure, and not at all
        assert len(made) == 2 and made[0].size == frames[0].size
        return
    for one, still in zip(made, stills, strict=True):
        shown = np.asarray(one, dtype=float)
        assert shown.shape == still.shape
        # A GIF has 256 colours, and nothing is half transparent in it.
        seen = (still[..., 3] > 250) & (shown[..., 3] > 250)
        off = np.abs(shown - still)[seen]
        assert seen.mean() >= (still[..., 3] > 250).mean() - 0.02
        assert off.mean() < 10


@STEPS
@pytest.mark.parametrize("mode", ["L", "16-bit", "CMYK", "LA"])
def test_another_way_to_store_it_makes_no_other_picture(
    editor: ImageEditor,  # noqa: F811
    step: Operation,
    mode: str,
) -> None:
    if mode == "16-bit":
        grey = np.asarray(pictures.view(96, 64).convert("L"))
        source = pictures.encoded(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")
    elif mode == "CMYK":
        source = pictures.encoded(pictures.view(96, 64).convert("CMYK"), "TIFF")
    else:
        source = pictures.encoded(pictures.view(96, 64).convert(mode), "PNG")
    # What it looks like, in 8 bits a channel and in colour.
    plain = opened(result(editor, source, format=PNG))
    plain = plain.convert("RGBA" if mode == "LA" else "RGB")

    made = array(drawn(editor, source, step))

    assert_alike(made, array(drawn(editor, pictures.encoded(plain, "PNG"), step)), 1.5)


KINDS: dict[str, Callable[[], bytes]] = {
    "pixel": pictures.one_pixel,
    "tall": lambda: pictures.line(1, 16_384),
    "wide": lambda: pictures.line(16_384, 1),
    "transparent": lambda: pictures.transparent(64, 48),
    "grey": lambda: pictures.encoded(Image.new("L", (64, 48), 90), "PNG"),
    "16-bit": lambda: pictures.encoded(Image.new("I;16", (64, 48), 9000), "PNG"),
    "cmyk": lambda: pictures.encoded(Image.new("CMYK", (64, 48), (9, 90, 50, 0)), "JPEG"),
    "animated": lambda: pictures.animated_gif(3, (64, 48)),
}


@STEPS
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_the_size_that_is_foretold(
    editor: ImageEditor,  # noqa: F811
    step: Operation,
    kind: str,
) -> None:
    source = KINDS[kind]()
    width, height = size_of(source)
    if isinstance(step, Pad | Border) and max(width, height) == MAX_SIDE_PX:
        source = pictures.line(*(min(side, 10_000) for side in (width, height)))  # it grows
        width, height = size_of(source)

    made = drawn(editor, source, step)

    one = predict(Pipeline((step,), Output(PNG)), Facts(PNG, width, height))[MAIN]
    assert (one.width, one.height) in (size_of(made), (None, None))
    assert isinstance(step, Trim) or one.width is not None
    assert frames_of(made) == 1


@pytest.mark.parametrize(
    "step",
    [step for step in OPERATIONS if not isinstance(step, Flatten | Pad | Border | Resize | Rotate)],
    ids=lambda step: type(step).__name__,
)
def test_what_is_transparent_stays_so(editor: ImageEditor, step: Operation) -> None:  # noqa: F811
    adds = isinstance(step, Watermark) or (
        isinstance(step, Redact) and step.mode is RedactMode.FILL
    )

    made = array(drawn(editor, pictures.transparent(64, 48), step))

    assert bool(made[..., 3].max() > 0) is adds
