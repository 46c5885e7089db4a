"""
The language of processing options: what customers write, as a pipeline.

Three forms of one language, see docs/processing-options.md: the long form lists operations in the
order in which they run; the short form is a flat object whose keys always run in one order; the URL
form is text that stands for a long form. Every refusal points to the value in the form that the
customer chose, or in the long form that the URL form stands for.
"""

from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import Any, Final, TypeVar, get_args

import attrs
import cattrs

from domain.errors import (
    DomainError,
    InvalidParameter,
    PresetLocked,
    TooManyOperations,
    TooManyVariants,
    UnknownMember,
)
from domain.images.analysis import Aspect
from domain.images.operations import (
    OPERATION_NAMES,
    AutoOrient,
    Filter,
    Operation,
    Tone,
)
from domain.images.output import Kept, Output
from domain.images.pipeline import (
    USUAL_SAMPLING,
    Origin,
    Pipeline,
    Sampling,
    Variant,
    check_length,
)
from domain.images.preset import Preset, PresetOrigin, PresetReference
from domain.notifications.channel import NotificationRequest, Occasion
from domain.tasks.priority import Priority
from entrypoints.http.errors import MalformedJSON
from entrypoints.http.payloads import escaped, structure
from entrypoints.http.short_notations import NOTATIONS, filter_of
from entrypoints.http.strict_json import MAX_BYTES, parse
from entrypoints.http.url_form import read_url_form

T = TypeVar("T")

VERSION: Final = 1
LONG_FORM: Final = (
    "version", "preset", "pipeline", "output", "variants", "analyze", "source", "sampling",
    "notify", "priority",
)  # fmt: skip
SHORT_FORM: Final = (
    "crop", "resize", "rotate", "flip", "grayscale", "blur", "sharpen", "filters", "watermark",
    "format", "quality", "strip", "preset", "variants", "analyze", "source", "sampling", "notify",
    "priority",
)  # fmt: skip
BESIDE_A_LOCK: Final = ("version", "preset", "analyze", "notify", "priority")
"""What changes no pixel."""
NOT_IN_A_PRESET: Final = ("preset", "notify", "priority")
_OF_THE_WHOLE: Final = (*NOT_IN_A_PRESET, "variants", "analyze", "source", "sampling")
LONG_VARIANT: Final = ("from", "pipeline", "output")
SHORT_VARIANT: Final = (
    "from",
    *(name for name in SHORT_FORM if name not in _OF_THE_WHOLE),
)
FILTERS: Final = tuple(
    name for name, kind in OPERATION_NAMES.items() if kind in get_args(Tone | Filter)
)


@attrs.frozen
class ProcessingOptions:
    """
    What a customer asks for: the pixels, who is to be told, and how urgent it is.

    Attributes:
        preset: What the pipeline was made from, if from anything that has a name.
    """

    pipeline: Pipeline
    notify: NotificationRequest
    priority: Priority
    preset: PresetOrigin | None = None


FindPreset = Callable[[PresetReference], Preset]
"""Returns what the customer means by a name, with its pipeline, or refuses."""


def no_preset(_: PresetReference) -> Preset:
    """Refuse every preset, where none may be named."""
    raise InvalidParameter("there are no presets here", pointer="/preset")


@attrs.frozen
class ProcessingOptionsReader:
    """Reads processing options with the strict converter of the language."""

    converter: cattrs.Converter

    def parse(self, data: bytes | None, find_preset: FindPreset = no_preset) -> ProcessingOptions:
        """
        Return what the text in *data* asks for; None or blank asks for nothing special.

        What begins with a letter is in the URL form, which no object in JSON does.

        Raises:
            MalformedJSON: It is neither that nor JSON.
            DomainError: It is not in the language; the pointer says where.
            PresetNotFound, PresetsOnly, PortFailure: As *find_preset* raises them.
        """
        text = (data or b"").strip()
        if not text:
            return self.read({}, find_preset)
        document = _url_form(text) if text[:1].isalpha() else parse(data or b"")
        return self.read(document, find_preset)

    def read(self, document: object, find_preset: FindPreset = no_preset) -> ProcessingOptions:
        """Return what *document*, an object or text in the URL form, asks for, or refuse it."""
        members = _checked(document)
        if "preset" not in members:
            return self._asked(members, self._pipeline(members))
        preset = find_preset(_at("/preset", PresetReference.parse, members["preset"]))
        assert preset.pipeline is not None  # so it has been promised
        if preset.locked:
            _check_nothing_beside(preset, members)
        return self._asked(members, self._over(preset.pipeline, members), preset.origin)

    def read_preset(self, document: object) -> Pipeline:
        """Return what *document* asks for, which is to become a preset itself."""
        members = _checked(document)
        for name in NOT_IN_A_PRESET:
            if name in members:
                raise UnknownMember(
                    f"a preset says nothing of {', '.join(NOT_IN_A_PRESET)}", pointer=f"/{name}"
                )
        return self._pipeline(members)

    def _asked(
        self, document: dict[str, Any], pipeline: Pipeline, preset: PresetOrigin | None = None
    ) -> ProcessingOptions:
        return ProcessingOptions(
            pipeline,
            _at("/notify", _notification_request, document.get("notify", {})),
            _at("/priority", _priority, document.get("priority", Priority.INTERACTIVE.value)),
            preset,
        )

    def _over(self, base: Pipeline, document: dict[str, Any]) -> Pipeline:
        """
        Return *base* and then what *document* asks for.

        Operations run after those of *base*; what is said of the output goes before what *base*
        says, member by member; of two variants of one name the later counts.
        """
        run = self._run(document, base.output, is_added=True)
        upright = base.operations[:1] == (AutoOrient(),)
        if "source" in document:
            upright = _at("/source", _is_auto_oriented, document["source"])
            base = _at("/source", partial(_turned, upright=upright), base)
        run = attrs.evolve(run, operations=(*base.operations, *run.operations))
        _at(run.place, check_length, run.operations)
        own = self._variants(document, run.output, upright=upright)
        names = {variant.name: variant for variant in (*base.variants, *own)}
        _at("/variants", _check_count, names)
        analyze = base.analyze | _analyze(document)
        sampling = _sampling_in(document, base.sampling)
        return Pipeline(run.operations, run.output, tuple(names.values()), analyze, sampling)

    def _pipeline(self, document: dict[str, Any]) -> Pipeline:
        run = self._run(document, None)
        upright = _at("/source", _is_auto_oriented, document.get("source", {}))
        if upright:
            run = run.upright()
        variants = self._variants(document, run.output, upright=upright)
        return Pipeline(
            run.operations,
            run.output,
            variants,
            _analyze(document),
            _sampling_in(document, USUAL_SAMPLING),
        )

    def _variants(
        self, document: dict[str, Any], output: Output, *, upright: bool
    ) -> tuple[Variant, ...]:
        return tuple(
            _at(
                f"/variants/{escaped(name)}",
                partial(self._variant, name, output, upright=upright),
                asked,
            )
            for name, asked in _members("/variants", document.get("variants", {}))
        )

    def _run(
        self, document: dict[str, Any], output: Output | None, *, is_added: bool = False
    ) -> "_Run":
        """
        Return what *document* does, in either form; it may leave the *output* as it is.

        An output of the long form takes the place of that one, unless it *is_added* to it.
        """
        if any(name in document for name in ("version", "pipeline", "output")):
            operations, place = tuple(self._listed(document.get("pipeline", []))), "/pipeline"
            if "output" in document or output is None:
                usual = output if is_added else None
                output = _at(
                    "/output", partial(self._output_over, usual), document.get("output", {})
                )
        else:
            operations, place = tuple(self._flat(document)), ""
            output = self._flat_output(document, output or Output())
        _at(place, check_length, operations)
        return _Run(operations, output, place)

    def _variant(self, name: str, output: Output, document: object, *, upright: bool) -> Variant:
        """Return a variant, which is written as *output* says unless it says otherwise."""
        if not isinstance(document, dict):
            raise InvalidParameter('must be an object such as {"resize": "200x200"}')
        is_long = any(member in document for member in ("pipeline", "output"))
        _check_members(document, LONG_VARIANT if is_long else SHORT_VARIANT)
        origin = _at("/from", _origin, document.get("from", Origin.MAIN.value))
        run = self._run(document, output)
        if upright and origin is Origin.UPLOAD:
            run = run.upright()
        return Variant(name, run.operations, run.output, origin)

    def _listed(self, steps: object) -> Iterator[Operation]:
        if not isinstance(steps, list):
            raise InvalidParameter("must be a list of operations", pointer="/pipeline")
        if len(steps) > Pipeline.MAX_OPERATIONS:
            # Counted before a thousand of them are read for nothing.
            raise TooManyOperations(
                f"at most {Pipeline.MAX_OPERATIONS} operations", pointer="/pipeline"
            )
        for number, step in enumerate(steps):
            yield _at(f"/pipeline/{number}", self._operation, step)

    def _flat(self, document: dict[str, Any]) -> Iterator[Operation]:
        """Yield the operations of the short form, in the order of the language's own table."""
        for name in OPERATION_NAMES:
            if name == "watermark":
                yield from self._filters(document.get("filters", []))
                yield from self._watermarks(document.get("watermark", []))
            elif name in document:
                yield from self._short(name, document[name], f"/{name}")

    def _filters(self, filters: object) -> Iterator[Operation]:
        for place, value in _each("/filters", filters):
            if isinstance(value, dict):
                step = _at(place, self._operation, value)
                if not isinstance(step, tuple(OPERATION_NAMES[name] for name in FILTERS)):
                    raise InvalidParameter(f"must be one of {', '.join(FILTERS)}", pointer=place)
                yield step
            else:
                name, strength = _at(place, filter_of, value)
                yield from self._short(name, strength, place)

    def _watermarks(self, watermarks: object) -> Iterator[Operation]:
        for place, value in _each("/watermark", watermarks):
            yield from self._short("watermark", value, place)

    def _short(self, name: str, value: object, place: str) -> Iterator[Operation]:
        """Yield the operation that *value* stands for: its members, or a notation for them."""
        kind = OPERATION_NAMES[name]
        if isinstance(value, dict):
            yield _at(place, lambda members: structure(self.converter, members, kind), value)
            return
        members = _at(place, NOTATIONS[name], value)
        if members is None:
            return  # `"grayscale": false` asks for nothing
        try:
            yield structure(self.converter, members, kind)
        except DomainError as error:
            # The member stands inside a notation, where no pointer reaches.
            member = (error.pointer or "").strip("/")
            raise type(error)(f"{member} {error.detail}".strip(), pointer=place) from None

    def _flat_output(self, document: dict[str, Any], usual: Output) -> Output:
        """Return *usual* but for what the short form says of it."""
        asked: dict[str, Any] = {
            name: document[name] for name in ("format", "quality") if name in document
        }
        if "strip" in document:
            asked["metadata"] = _at("/strip", _stripped, document["strip"])
        return self._output_over(usual, asked) if asked else usual

    def _output_over(self, usual: Output | None, asked: object) -> Output:
        """Return what *asked* says, and where it says nothing, what *usual* does."""
        if usual is None or not isinstance(asked, dict):
            return self._output(asked)
        try:
            return self._output(self.converter.unstructure(usual) | asked)
        except DomainError as error:
            member = (error.pointer or "").removeprefix("/").partition("/")[0]
            if not member or member in asked:
                raise
            # It stands in what is built upon, where no pointer reaches.
            place = "format" if "format" in asked else next(iter(asked))
            raise type(error)(
                f"does not go with the {member} that is taken over, which {error.detail}",
                pointer=f"/{escaped(place)}",
            ) from None

    def _operation(self, document: object) -> Operation:
        step: Operation = structure(self.converter, document, Operation)
        return step

    def _output(self, document: object) -> Output:
        output: Output = structure(self.converter, document, Output)
        return output


@attrs.frozen
class _Run:
    """Operations and an output; *place* is where the operations stand."""

    operations: tuple[Operation, ...]
    output: Output
    place: str

    def upright(self) -> "_Run":
        """Return the same with the turning upright in front."""
        if self.operations and isinstance(self.operations[0], AutoOrient):
            return self
        operations = (AutoOrient(), *self.operations)
        _at(self.place, check_length, operations)
        return attrs.evolve(self, operations=operations)


def _url_form(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise MalformedJSON(f"The processing options are longer than {MAX_BYTES} bytes.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJSON("The processing options are not UTF-8.") from None


def _at(place: str, read: Callable[[Any], T], value: object) -> T:
    """Return what *read* makes of *value*, which stands at *place*; refusals point there."""
    try:
        return read(value)
    except DomainError as error:
        raise error.under(place) from None


def _each(place: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield the items of a list with their places, or the one thing that stands for a list."""
    if not isinstance(value, list):
        yield place, value
        return
    if len(value) > Pipeline.MAX_OPERATIONS:
        raise TooManyOperations(f"at most {Pipeline.MAX_OPERATIONS} operations", pointer=place)
    for number, item in enumerate(value):
        yield f"{place}/{number}", item


def _members(place: str, value: object) -> list[tuple[str, object]]:
    """Return the members of an object, which are named freely."""
    if not isinstance(value, dict):
        raise InvalidParameter(
            'must be an object such as {"thumb": {"resize": "200x200"}}', pointer=place
        )
    if len(value) > Pipeline.MAX_VARIANTS:
        raise TooManyVariants(f"at most {Pipeline.MAX_VARIANTS} variants", pointer=place)
    return list(value.items())


def _checked(document: object) -> dict[str, Any]:
    """Return *document*, an object of known members in one of the forms, or text that is one."""
    if isinstance(document, str):
        document = read_url_form(document)
    if not isinstance(document, dict):
        raise InvalidParameter('must be an object such as {"resize": "800x600"}', pointer="")
    is_long = any(name in document for name in ("version", "pipeline", "output"))
    _check_members(document, LONG_FORM if is_long else SHORT_FORM)
    _check_version(document.get("version", VERSION))
    return document


def _check_nothing_beside(preset: Preset, document: dict[str, Any]) -> None:
    for name in document:
        if name not in BESIDE_A_LOCK:
            raise PresetLocked(
                f"{preset.origin} is locked: only analyze, notify and priority may stand beside it",
                pointer=f"/{name}",
            )


def _turned(base: Pipeline, *, upright: bool) -> Pipeline:
    """Return *base*, turning what it makes of the upload upright first, or not."""

    def turned(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
        rest = operations[1:] if operations[:1] == (AutoOrient(),) else operations
        return (AutoOrient(), *rest) if upright else rest

    return attrs.evolve(
        base,
        operations=turned(base.operations),
        variants=tuple(
            attrs.evolve(variant, operations=turned(variant.operations))
            if variant.origin is Origin.UPLOAD
            else variant
            for variant in base.variants
        ),
    )


def _check_count(variants: Sized) -> None:
    if len(variants) > Pipeline.MAX_VARIANTS:
        raise TooManyVariants(f"at most {Pipeline.MAX_VARIANTS} variants, the preset's among them")


def _origin(value: object) -> Origin:
    for known in Origin:
        if known.value == value:
            return known
    raise InvalidParameter("must be one of " + ", ".join(known.value for known in Origin))


def _sampling_in(document: dict[str, Any], usual: Sampling) -> Sampling:
    return _at("/sampling", _sampling, document.get("sampling", usual.value))


def _sampling(value: object) -> Sampling:
    for known in Sampling:
        if known.value == value:
            return known
    raise InvalidParameter("must be one of " + ", ".join(known.value for known in Sampling))


def _check_members(document: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in document:
        if name not in known:
            raise UnknownMember(
                f"there is no such member here; there are {', '.join(known)}",
                pointer=f"/{escaped(name)}",
            )


def _check_version(version: object) -> None:
    if version != VERSION or isinstance(version, bool):
        raise InvalidParameter(f"must be {VERSION}", pointer="/version")


def _stripped(strip: object) -> dict[str, Any]:
    if not isinstance(strip, bool):
        raise InvalidParameter("must be true or false")
    return {"keep": [Kept.ICC.value if strip else Kept.ALL.value]}


def _is_auto_oriented(source: object) -> bool:
    if not isinstance(source, dict):
        raise InvalidParameter('must be an object such as {"autoOrient": false}')
    _check_members(source, ("autoOrient",))
    answer = source.get("autoOrient", True)
    if not isinstance(answer, bool):
        raise InvalidParameter("must be true or false", pointer="/autoOrient")
    return answer


def _notification_request(notify: object) -> NotificationRequest:
    if not isinstance(notify, dict):
        raise InvalidParameter('must be an object such as {"webhook": "https://example.com/"}')
    _check_members(notify, ("webhook", "events"))
    webhook = notify.get("webhook")
    if not isinstance(webhook, str | None):
        raise InvalidParameter("must be text", pointer="/webhook")
    events = notify.get("events")
    if events is None:
        return NotificationRequest(webhook)
    if not isinstance(events, list):
        raise InvalidParameter("must be a list of events", pointer="/events")
    return NotificationRequest(
        webhook,
        frozenset(_at(place, _occasion, event) for place, event in _each("/events", events)),
    )


def _priority(priority: object) -> Priority:
    for known in Priority:
        if known.value == priority:
            return known
    raise InvalidParameter("must be one of " + ", ".join(known.value for known in Priority))


def _analyze(document: dict[str, Any]) -> frozenset[Aspect]:
    return _at("/analyze", _aspects, document.get("analyze", []))


def _aspects(asked: object) -> frozenset[Aspect]:
    if not isinstance(asked, list):
        raise InvalidParameter('must be a list such as ["blurhash", "dominantColors"]')
    if len(asked) > len(Aspect):
        raise InvalidParameter(f"there are only {len(Aspect)} to ask for")
    return frozenset(_at(f"/{number}", _aspect, name) for number, name in enumerate(asked))


def _aspect(name: object) -> Aspect:
    for known in Aspect:
        if known.value == name:
            return known
    raise InvalidParameter("must be one of " + ", ".join(known.value for known in Aspect))


def _occasion(event: object) -> Occasion:
    for occasion in Occasion:
        if occasion.value == event:
            return occasion
    raise InvalidParameter("must be one of " + ", ".join(known.value for known in Occasion))
