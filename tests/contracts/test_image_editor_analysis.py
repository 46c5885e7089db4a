"""What is asked about a picture: of the upload, whatever is made of it, from the same decode."""

import base64
import contextlib
import io
import tempfile
from collections.abc import Iterator
from datetime import datetime

import attrs
import blurhash
import fast_thumbhash
import imagehash
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from adapters.imaging.vips_editor import VipsEditor
from application.ports.image_editor import EditFailed, Edited, ImageEditor
from domain.images.analysis import Analysis, Aspect, Dimensions, DominantColor, ExifSummary
from domain.images.formats import ImageFormat
from domain.images.operations import (
    AutoOrient,
    ColorProfile,
    Crop,
    Fit,
    Flip,
    Gravity,
    Grayscale,
    Negate,
    Operation,
    Profile,
    Resize,
    Rotate,
    Trim,
)
from domain.images.output import Output
from domain.images.pipeline import MAIN, Origin, Pipeline, Variant
from domain.images.units import Color
from domain.tasks.task import FailureCode
from tests import pictures
from tests.limits import renderer_limits

PNG = Output(ImageFormat.PNG)
ALL = frozenset(Aspect)


@pytest.fixture(scope="module", params=[VipsEditor], ids=["vips"])
def editor(request: pytest.FixtureRequest) -> Iterator[ImageEditor]:
    editor = request.param(renderer_limits())
    yield editor
    editor.close()


def edit(editor: ImageEditor, source: bytes, pipeline: Pipeline) -> tuple[dict[str, bytes], Edited]:
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        file.write(source)
        file.seek(0)
        targets = {
            name: stack.enter_context(tempfile.TemporaryFile()) for name in pipeline.result_names
        }
        edited = editor.edit(file, pipeline, {}, targets)
        return {name: target.read() for name, target in targets.items()}, edited


def analysis_of(
    editor: ImageEditor,
    source: bytes,
    *operations: Operation,
    asked: frozenset[Aspect] = ALL,
    output: Output = PNG,
) -> Analysis:
    _, edited = edit(editor, source, Pipeline(operations, output, analyze=asked))
    assert edited.analysis is not None
    assert edited.analysis.aspects == asked
    assert edited.stage_seconds["analyze"] > 0
    return edited.analysis


def distance(one: str, other: str) -> int:
    """Return how many bits of two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def colors_alike(one: Color, other: Color, by: int) -> bool:
    pairs = zip(attrs.astuple(one), attrs.astuple(other), strict=True)
    return all(abs(a - b) <= by for a, b in pairs)


def test_each_is_what_others_find(editor: ImageEditor) -> None:
    source = pictures.photo(1600, 1200)
    picture = pictures.opened(source).convert("RGB")

    found = analysis_of(editor, source, AutoOrient(), Resize(800, 600))

    assert found.dimensions == Dimensions(1600, 1200, 1, 1, ImageFormat.JPEG, has_alpha=False)
    assert found.exif == ExifSummary()
    assert distance(found.phash, str(imagehash.phash(picture))) <= 2
    mean = np.asarray(picture).reshape(-1, 3).mean(axis=0).round()
    assert colors_alike(found.average_color, Color(*map(int, mean)), 1)
    small = picture.resize((32, 24), Image.Resampling.LANCZOS)
    reference = blurhash.encode(np.asarray(small), 4, 3)
    assert blurhash.components(found.blurhash) == (4, 3)
    assert difference_of_blurs(found.blurhash, reference) < 3
    small = picture.resize((100, 75), Image.Resampling.LANCZOS).convert("RGBA")
    hash = bytes(fast_thumbhash.rgba_to_thumb_hash(100, 75, small.tobytes()))
    assert difference_of_thumbs(decoded(found.thumbhash), hash) < 3
    assert found.dominant_colors
    assert 0.9 < sum(one.share for one in found.dominant_colors) <= 1.001


def difference_of_blurs(one: str, other: str) -> float:
    shown = [np.asarray(blurhash.decode(text, 32, 24), dtype=float) for text in (one, other)]
    return float(np.abs(shown[0] - shown[1]).mean())


def difference_of_thumbs(one: bytes, other: bytes) -> float:
    shown = [np.asarray(fast_thumbhash.thumb_hash_to_rgba(hash)[2], float) for hash in (one, other)]
    return float(np.abs(shown[0] - shown[1]).mean())


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


@pytest.mark.parametrize(
    "operations",
    [
        (),
        (AutoOrient(),),
        (Resize(800, 600),),
        (AutoOrient(), Flip(horizontal=True), Resize(300)),
        (AutoOrient(), Resize(16, 16, Fit.COVER)),
        (AutoOrient(), Resize(900, 5, Fit.FILL)),
        (AutoOrient(), Crop(width=100, height=80, gravity=Gravity.NORTHWEST), Negate()),
        (Trim(threshold=60), Rotate(90), Grayscale()),
        (AutoOrient(), ColorProfile(Profile.P3)),
    ],
    ids=lambda operations: "-".join(type(one).__name__ for one in operations) or "none",
)
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_it_is_of_the_upload_whatever_is_made_of_it(
    editor: ImageEditor, orientation: int, operations: tuple[Operation, ...]
) -> None:
    photo = pictures.view(800, 600)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = {1: photo, 3: photo.rotate(180), 6: photo.rotate(90, expand=True)}[orientation]
    source = pictures.encoded(stored, "JPEG", quality=95, exif=exif)

    found = analysis_of(editor, source, *operations)
    plain = analysis_of(editor, pictures.encoded(photo, "PNG"), AutoOrient())

    assert found.dimensions == Dimensions(
        800, 600, 1, orientation, ImageFormat.JPEG, has_alpha=False
    )
    assert found.exif.orientation == orientation
    assert distance(found.phash, plain.phash) <= 4
    assert colors_alike(found.average_color, plain.average_color, 2)
    assert difference_of_blurs(found.blurhash, plain.blurhash) < 4
    assert difference_of_thumbs(decoded(found.thumbhash), decoded(plain.thumbhash)) < 4
    most, reference = found.dominant_colors[0], plain.dominant_colors[0]
    assert colors_alike(most.color, reference.color, 6)
    assert most.share == pytest.approx(reference.share, abs=0.05)


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "avif", "tiff"])
@pytest.mark.parametrize(
    "operations",
    [
        (AutoOrient(), Resize(300)),
        (AutoOrient(), Crop(width=300, height=200), Resize(150)),
        (AutoOrient(), Rotate(90)),
    ],
    ids=["resize", "crop", "rotate"],
)
def test_no_pixel_of_the_results_changes(
    editor: ImageEditor, format: str, operations: tuple[Operation, ...]
) -> None:
    source = pictures.all_formats()[format]
    variants = (
        Variant("half", (Resize(150),), PNG),
        Variant("fresh", (AutoOrient(), Resize(200)), PNG, Origin.UPLOAD),
    )
    for made in (Pipeline(operations, PNG), Pipeline(operations, PNG, variants)):
        without, _ = edit(editor, source, made)
        results, edited = edit(editor, source, attrs.evolve(made, analyze=ALL))

        assert edited.analysis is not None
        for name, data in results.items():
            assert np.array_equal(pixels(data), pixels(without[name])), name


def test_a_result_smaller_than_what_is_looked_at_stays_alike(editor: ImageEditor) -> None:
    source, made = pictures.photo(1600, 1200), Pipeline((AutoOrient(), Resize(40)), PNG)

    without, _ = edit(editor, source, made)
    results, _ = edit(editor, source, attrs.evolve(made, analyze=ALL))

    after, before = (pixels(data[MAIN]).astype(float) for data in (results, without))
    assert np.abs(after - before).mean() < 2


def test_with_variants(editor: ImageEditor) -> None:
    source = pictures.photo(1600, 1200)
    pipeline = Pipeline(
        (AutoOrient(), Resize(20)),
        PNG,
        (Variant("square", (Crop(width=10, height=10),), PNG, Origin.UPLOAD),),
        ALL,
    )

    results, edited = edit(editor, source, pipeline)

    assert list(results) == [MAIN, "square"]
    alone = analysis_of(editor, source)
    assert distance(edited.analysis.phash, alone.phash) <= 2
    assert edited.analysis.dimensions == alone.dimensions


def test_an_animation_is_told_by_its_first_frame(editor: ImageEditor) -> None:
    source = pictures.animated_gif(8, (240, 180))
    first = pictures.opened(source).convert("RGB")

    for output in (Output(), PNG):  # all frames are drawn, or one
        found = analysis_of(editor, source, AutoOrient(), Resize(60), output=output)

        assert found.dimensions.frames == 8
        assert found.dimensions.format is ImageFormat.GIF
        assert (found.dimensions.width, found.dimensions.height) == (240, 180)
        assert distance(found.phash, str(imagehash.phash(first))) <= 4


def test_what_is_transparent_counts_as_little_as_it_shows(editor: ImageEditor) -> None:
    picture = Image.new("RGBA", (400, 300), (0, 255, 0, 0))
    picture.paste((200, 0, 0, 255), (0, 0, 200, 300))

    found = analysis_of(editor, pictures.encoded(picture, "PNG"))

    assert found.dimensions.has_alpha
    assert found.dominant_colors == (DominantColor(Color(200, 0, 0), 1.0),)
    assert colors_alike(found.average_color, Color(200, 0, 0, 128), 2)
    assert fast_thumbhash.thumb_hash_to_average_rgba(decoded(found.thumbhash))[3] < 0.6
    shown = np.asarray(blurhash.decode(found.blurhash, 32, 24))
    assert shown[:, -4:].min() > 200, "what shines through is white"


def test_nothing_but_transparency(editor: ImageEditor) -> None:
    found = analysis_of(editor, pictures.transparent())

    assert (found.dominant_colors, found.average_color) == ((), Color(0, 0, 0, 0))


def test_colours_are_told_in_srgb(editor: ImageEditor) -> None:
    found = analysis_of(editor, pictures.icc_jpeg(), Resize(200))
    converted = pixels(
        edit(editor, pictures.icc_jpeg(), Pipeline((Resize(200), ColorProfile(Profile.SRGB)), PNG))[
            0
        ][MAIN]
    )

    mean = converted[..., :3].reshape(-1, 3).mean(axis=0).round()
    assert colors_alike(found.average_color, Color(*map(int, mean)), 3)


@pytest.mark.parametrize(
    "source",
    [
        pictures.one_pixel(),
        pictures.line(1, 5000),
        pictures.line(5000, 1),
        pictures.cmyk_jpeg(),
        pictures.grey_jpeg(),
        pictures.grey_png16(),
        pictures.grey_alpha_png(),
        pictures.palette_png(),
        pictures.bilevel_png(),
        pictures.float_tiff(),
        pictures.multipage_tiff(),
        pictures.single_colour(),
        pictures.broken_icc_jpeg(),
        pictures.garbage_exif_jpeg(),
        pictures.scripted_jpeg(),
    ],
    ids=[
        *("pixel", "high", "wide", "cmyk", "grey", "grey16", "grey-alpha", "palette", "bilevel"),
        *("float", "pages", "flat", "broken-icc", "garbage-exif", "scripted"),
    ],
)
def test_odd_pictures_are_analysed_all_the_same(editor: ImageEditor, source: bytes) -> None:
    for operations in ((), (AutoOrient(), Resize(50))):
        found = analysis_of(editor, source, *operations)

        size = pictures.size_of(source)
        assert (found.dimensions.width, found.dimensions.height) == size
        mean = np.asarray(pictures.opened(source).convert("RGB")).mean()
        if pictures.opened(source).mode in ("RGB", "L", "P", "1"):
            color = found.average_color
            assert (color.red + color.green + color.blue) / 3 == pytest.approx(mean, abs=3)


class TestExif:
    def test_tells_how_it_was_taken(self, editor: ImageEditor) -> None:
        exif = Image.Exif()
        exif[0x010F], exif[0x0110], exif[0x0112] = "Acme", "Camera 1", 6
        details = exif.get_ifd(0x8769)
        details[0x829A], details[0x829D], details[0x920A] = (
            IFDRational(1, 250),
            IFDRational(28, 10),
            IFDRational(35, 1),
        )
        details[0x8827], details[0x9003], details[0x9011] = 400, "2023:05:04 12:33:44", "+02:00"
        source = pictures.encoded(pictures.view(60, 40), "JPEG", exif=exif)

        found = analysis_of(editor, source, asked=frozenset({Aspect.EXIF}))

        taken_at = datetime.fromisoformat("2023-05-04T12:33:44+02:00")
        assert found == Analysis(
            exif=ExifSummary("Acme", "Camera 1", taken_at, 0.004, 2.8, 400, 35.0, 6)
        )

    def test_never_tells_where_by_whom_or_with_which_camera(self, editor: ImageEditor) -> None:
        make, serial_number, owner = pictures.MADE_BY_CAMERA
        source = pictures.gps_jpeg()
        assert serial_number.encode() in source and owner.encode() in source

        found = analysis_of(editor, source)

        assert found.exif == ExifSummary(make=make)
        told = repr(found)
        for secret in (serial_number, owner, "GPS", "Greenwich"):
            assert secret not in told

    @pytest.mark.parametrize(
        "make",
        [b"\xff\xfe\xfd caf\xe9", b"\x1b[31mred\x07", b"Acme\0\0hidden", b"a (b, c, d, e)", b" "],
    )
    def test_whatever_strangers_write(self, editor: ImageEditor, make: bytes) -> None:
        exif = Image.Exif()
        exif[0x010F] = "@" * len(make)
        source = pictures.encoded(pictures.view(60, 40), "JPEG", exif=exif)
        source = source.replace(b"@" * len(make), make)

        found = analysis_of(editor, source, asked=frozenset({Aspect.EXIF}))

        told = found.exif.make
        assert told is None or (told.isprintable() and 0 < len(told) <= 64)

    def test_noise_for_exif_breaks_nothing(self, editor: ImageEditor) -> None:
        random = np.random.default_rng(11)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Acme", "Camera"
        exif.get_ifd(0x8769).update({0x829A: IFDRational(1, 250), 0x9003: "2023:05:04 12:33:44"})
        block = exif.tobytes()
        for _ in range(60):
            noisy = bytearray(block)
            for place in random.integers(6, len(noisy), 6):
                noisy[place] = random.integers(256)
            source = pictures.encoded(pictures.view(16, 12), "JPEG", exif=bytes(noisy))

            assert analysis_of(editor, source, asked=frozenset({Aspect.EXIF})).exif is not None


def test_what_is_not_asked_is_not_told(editor: ImageEditor) -> None:
    _, edited = edit(editor, pictures.photo(), Pipeline((), PNG))

    assert edited.analysis is None
    assert "analyze" not in edited.stage_seconds
    for aspect in Aspect:
        analysis_of(editor, pictures.photo(), asked=frozenset({aspect}))


def test_a_picture_that_is_cut_short_has_no_analysis(editor: ImageEditor) -> None:
    whole = pictures.photo()

    with pytest.raises(EditFailed) as failed:
        edit(editor, whole[: len(whole) // 2], Pipeline((Resize(300),), PNG, analyze=ALL))

    assert failed.value.failure.code in (FailureCode.TRUNCATED, FailureCode.DECODE_FAILED)
