"""Tell beforehand what a pipeline will make, and at what cost."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.ports.pipeline_texts import PipelineTexts
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from domain.images.canonical import canonical
from domain.images.formats import ImageFormat
from domain.images.operations import Flip, Interest, Normalize, Operation, Resize, Rotate, Trim
from domain.images.output import Auto, Output
from domain.images.pipeline import MAIN, Pipeline
from domain.images.prediction import Facts, Predicted, predict
from domain.images.preset import PresetOrigin

_BYTES_A_PIXEL: Final = 4
_STREAMED_BYTES_A_PIXEL: Final = 0.3
_WITHOUT_QUALITY: Final = (ImageFormat.PNG, ImageFormat.GIF, ImageFormat.TIFF)

_ORIENTATION_UNKNOWN: Final = (
    "the picture's EXIF orientation shows only when it is decoded; if it lies on its side, width "
    "and height change places"
)


@attrs.frozen
class PlanPipelineRequest:
    """
    A pipeline, and the picture that it is meant for: by facts, by its id, or none.

    Attributes:
        image_id: Of an image of the actor's own, instead of *facts*.
        preset: The version of a preset that the pipeline was made from, if any.
    """

    actor: Actor
    pipeline: Pipeline
    facts: Facts | None = None
    image_id: UUID | None = None
    preset: PresetOrigin | None = None


@attrs.frozen
class Cost:
    """
    What a task will take, roughly; the encoders' own needs are not in it.

    Attributes:
        pixels: Of all frames, to be decoded.
        memory_bytes: 4 a pixel where frames have to lie in memory: animations, pictures that are
            turned, trimmed, looked through or analysed, and those of several results; 0.3 a pixel
            where the picture is read from top to bottom. An estimate: nothing here has measured it.
    """

    pixels: int
    memory_bytes: int


@attrs.frozen
class Plan:
    """
    What a pipeline means.

    Attributes:
        document: Its one form, as the long form of the language.
        digest: SHA-256 of that, in hex; the same for all pipelines that mean the same.
        url_form: The same in the URL form; None if it has variants.
        predicted: Each result by its name; None without a picture.
        warnings: Sentences for whoever wrote it.
        cost: None without a picture.
        preset: The version of a preset that it was made from, if any.
    """

    document: Mapping[str, Any]
    digest: str
    url_form: str | None
    predicted: Mapping[str, Predicted] | None
    warnings: tuple[str, ...]
    cost: Cost | None
    preset: PresetOrigin | None = None


@attrs.frozen
class PlanPipeline:
    """
    Say what a pipeline will make; no pixel is touched and nothing is kept.

    Raises:
        PresetsOnly: The actor may use presets as they are, and the pipeline is none.
        NotFound: There is no image by that id, or it is another's.
        GeometryOutsideImage, OutputTooLarge: It cannot be drawn over that picture.
    """

    database: Database
    texts: PipelineTexts
    confinement: Confinement = Confinement()

    def __call__(self, request: PlanPipelineRequest) -> Plan:
        """Bring it into its one form, predict, warn."""
        if self.confinement.holds(request.actor):
            with self.database.reading() as work:
                self.confinement.check_use(work, request.actor, request.pipeline, request.preset)
        facts = request.facts if request.image_id is None else self._facts_of(request)
        found = canonical(request.pipeline)
        predicted = None if facts is None else predict(request.pipeline, facts)
        return Plan(
            self.texts.document(found.pipeline),
            self.texts.digest(found.pipeline),
            self.texts.url_form(found.pipeline),
            predicted,
            (
                *_warnings(request.pipeline, found.dropped, facts, predicted),
                *(() if request.image_id is None else (_ORIENTATION_UNKNOWN,)),
            ),
            None if facts is None else _cost(request.pipeline, facts),
            request.preset,
        )

    def _facts_of(self, request: PlanPipelineRequest) -> Facts:
        assert request.image_id is not None
        with self.database.reading() as work:
            image = work.images.get(request.image_id)
        if image is None or image.user_id != request.actor.user_id:
            raise NotFound
        header = image.header
        return Facts(header.format, header.width, header.height, header.frames or 1)


def _warnings(
    pipeline: Pipeline,
    dropped: Mapping[str, int],
    facts: Facts | None,
    predicted: Mapping[str, Predicted] | None,
) -> Iterator[str]:
    for name, operations, output in _results(pipeline):
        if dropped[name]:
            yield f"{name}: {dropped[name]} of the operations change nothing and are left out"
        if output.format in _WITHOUT_QUALITY and output.quality != Output().quality:
            yield f"{name}: its format has no quality"
        if facts is None or predicted is None:
            continue
        result = predicted[name]
        if result.width is None:
            yield f"{name}: its size shows only when it is drawn"
        elif _is_kept_small(operations, facts, result):
            yield f"{name}: it stays smaller than its box, since it is not to be enlarged"
        if facts.frames > 1 and result.frames == 1:
            yield f"{name}: only the first of {facts.frames} frames is written"


def _results(
    pipeline: Pipeline,
) -> Iterator[tuple[str, tuple[Operation, ...], Output]]:
    yield MAIN, pipeline.operations, pipeline.output
    for variant in pipeline.variants:
        yield variant.name, variant.operations, variant.output


def _is_kept_small(operations: tuple[Operation, ...], facts: Facts, result: Predicted) -> bool:
    resizes = [step for step in operations if isinstance(step, Resize)]
    if len(resizes) != 1 or not resizes[0].without_enlargement:
        return False
    sides = [side for side in (resizes[0].width, resizes[0].height) if isinstance(side, int)]
    longest = max(facts.width, facts.height)
    return bool(sides) and min(sides) > longest and result.width is not None


def _cost(pipeline: Pipeline, facts: Facts) -> Cost:
    pixels = facts.width * facts.height * facts.frames
    animated = facts.frames > 1 and any(
        output.format is None or isinstance(output.format, Auto) or output.format.may_be_animated
        for _, _, output in _results(pipeline)
    )
    if not animated:
        pixels = facts.width * facts.height
    in_memory = (
        animated
        or bool(pipeline.variants)
        or pipeline.is_looked_through
        or any(
            _has_to_lie_in_memory(step, facts)
            for _, operations, _ in _results(pipeline)
            for step in operations
        )
    )
    return Cost(pixels, round(pixels * (_BYTES_A_PIXEL if in_memory else _STREAMED_BYTES_A_PIXEL)))


def _has_to_lie_in_memory(step: Operation, facts: Facts) -> bool:
    looked_at = isinstance(step, Trim | Normalize)
    turned = (isinstance(step, Rotate) and step.angle % 360 != 0) or facts.orientation > 2
    flipped = isinstance(step, Flip) and step.vertical
    sought = getattr(step, "gravity", None) in (Interest.ATTENTION, Interest.ENTROPY)
    return looked_at or turned or flipped or sought
