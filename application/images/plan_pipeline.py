"""Tell beforehand what a pipeline will make, and at what cost."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import attrs

from application.actor import Actor
from application.errors import NotFound
from application.images.known_format import known_format
from application.ports.pipeline_texts import PipelineTexts
from application.ports.unit_of_work import Database
from application.presets.confinement import Confinement
from application.workers.tell_abilities import Seen
from domain.images.canonical import canonical
from domain.images.cost import memory_bytes
from domain.images.formats import ImageFormat
from domain.images.image import PictureHeader
from domain.images.operations import Operation, Resize
from domain.images.output import Auto, Output
from domain.images.pipeline import MAIN, Pipeline
from domain.images.prediction import Facts, Predicted, predict
from domain.images.preset import PresetOrigin

_MIRRORED: Final = 2
"""EXIF orientations beyond this have to be turned."""
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
    What a task will take at most.

    Attributes:
        pixels: Of all frames, to be decoded.
        memory_bytes: What a worker will set aside for it (`domain.images.cost`). What is not known
            of the picture is taken for the worst; watermarks that are pictures are not in it.
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
    abilities: Callable[[], Seen]
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
                *_impossible(request.pipeline, facts, self.abilities()),
                *(() if request.image_id is None else (_ORIENTATION_UNKNOWN,)),
            ),
            None
            if facts is None
            else _cost(request.pipeline, facts, is_upright_known=request.image_id is None),
            request.preset,
        )

    def _facts_of(self, request: PlanPipelineRequest) -> Facts:
        assert request.image_id is not None
        with self.database.reading() as work:
            image = work.images.get(request.image_id)
        if image is None or image.user_id != request.actor.user_id:
            raise NotFound
        header = image.header
        return Facts(known_format(image), header.width, header.height, header.frames or 1)


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


def _impossible(pipeline: Pipeline, facts: Facts | None, seen: Seen) -> Iterator[str]:
    """Warn of what none of the workers that run now can do; another may come."""
    if facts is not None and not seen.may_read(facts.format):
        yield f"no worker that runs now can read {facts.format.value}"
    for name, _, output in _results(pipeline):
        chosen = output.format or (facts.format if facts else None)
        if isinstance(chosen, ImageFormat) and not seen.may_write(chosen):
            yield f"{name}: no worker that runs now can write {chosen.value}"


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


def _cost(pipeline: Pipeline, facts: Facts, *, is_upright_known: bool) -> Cost:
    turned = facts.orientation > _MIRRORED if is_upright_known else None
    frames = facts.frames if _is_animated(pipeline, facts) else 1
    header = PictureHeader(
        facts.format,
        facts.width,
        facts.height,
        facts.frames,
        attrs.evolve(facts.coding, turned=turned),
    )
    return Cost(facts.width * facts.height * frames, memory_bytes(pipeline, header))


def _is_animated(pipeline: Pipeline, facts: Facts) -> bool:
    return facts.frames > 1 and any(
        output.format is None or isinstance(output.format, Auto) or output.format.may_be_animated
        for _, _, output in _results(pipeline)
    )
