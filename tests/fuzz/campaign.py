"""
Damaged pictures, one after the other, through an editor; what must not happen is written down.

Every file is made of a seed and its number alone, so that one of them can be had again.
"""

import contextlib
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import attrs
import psutil
from PIL import Image

from adapters.imaging.header_probe import HeaderProbe
from adapters.imaging.limits import RendererLimits
from adapters.imaging.vips_editor import VipsEditor
from adapters.serialization.pipelines import pipeline_to_document
from application.ports.image_editor import EditFailed
from domain.errors import ImageRefused
from domain.images.operations import AutoOrient, Resize
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.tasks.task import FailureCode
from tests.bad_pictures import bit_flips
from tests.fuzz.mutations import damaged
from tests.fuzz.orders import MARK, any_pipeline, marked
from tests.fuzz.seeds import seeds

COMPLETED: Final = "completed"
MOST_PIXELS_READ: Final = 20_000_000
"""Of a result, by another library, in this process."""

MIB: Final = 1024 * 1024
MOST_RENDERER_BYTES: Final = 1536 * MIB
MOST_PARENT_GROWTH_BYTES: Final = 50 * MIB
PROBE_SECONDS: Final = 1.0
"""Of processor time, for one header; honest ones take a few milliseconds at most."""

# Codes that damage of the picture cannot lead to, and that would be our fault.
_OURS: Final = frozenset(
    {FailureCode.INTERNAL, FailureCode.ASSET_MISSING, FailureCode.SOURCE_MISSING,
     FailureCode.SOURCE_CORRUPT, FailureCode.STORAGE_UNAVAILABLE, FailureCode.CANCELLED,
     FailureCode.POISONED}
)  # fmt: skip
# What is worth a developer's look though it is answered as it should be.
_REMARKABLE: Final = frozenset({"decoder_crash", "limit_memory", "limit_cpu", "timeout"})


def fuzzing_limits() -> RendererLimits:
    """The limits that the product ships with; renderers stay, so that their memory can be read."""
    return RendererLimits(
        wall_seconds=30.0,
        cpu_seconds=20,
        memory_bytes=MOST_RENDERER_BYTES,
        output_bytes=64 * MIB,
        tasks_per_renderer=100,
        policy=UploadPolicy(),
        recycle_resident_bytes=MOST_RENDERER_BYTES,
    )


@attrs.frozen
class Sample:
    """
    One file and what is asked of it.

    Attributes:
        flavour: Format and flavour of the picture that was damaged.
        as_mark: Whether it is the watermark of a good picture, not the picture.
    """

    seed: int
    number: int
    flavour: str
    data: bytes = attrs.field(repr=False)
    pipeline: Pipeline
    as_mark: bool

    @property
    def format(self) -> str:
        """The format of the picture that was damaged, and whether it moves."""
        format, _, flavour = self.flavour.partition(" ")
        return f"{format} animation" if "moving" in flavour or flavour == "pages" else format


def sample(seed: int, number: int) -> Sample:
    """Return the file of that *number*, always the same one."""
    chance = random.Random(f"{seed} {number}")
    known = seeds()
    format = list(known)[number % len(known)]
    flavour = chance.choice(list(known[format]))
    others = known[format if chance.random() < 0.7 else chance.choice(list(known))]
    data = damaged(known[format][flavour], chance.choice(list(others.values())), chance)
    pipeline = any_pipeline(chance)
    as_mark = chance.random() < 0.08
    if as_mark:
        pipeline = marked(pipeline)
    return Sample(seed, number, f"{format} {flavour}", data, pipeline, as_mark)


@attrs.define
class Report:
    """
    What came of a run.

    Attributes:
        outcomes: How many by format and by what the task would end with.
        flaws: What must not happen, a line each.
        remarkable: Samples that took a renderer down or to its limits, with what they ended as.
    """

    outcomes: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    flaws: list[str] = attrs.field(factory=list)
    remarkable: list[tuple[Sample, str]] = attrs.field(factory=list)
    zygote_deaths: int = 0
    longest_seconds: float = 0.0
    longest_probe_seconds: float = 0.0
    renderer_peak_bytes: int = 0
    parent_growth_bytes: int = 0
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """How many files were tried."""
        return self.outcomes.total()

    def table(self) -> Iterator[str]:
        """Yield the counts, formats across and outcomes down, as a table of Markdown."""
        formats = sorted({format for format, _ in self.outcomes})
        totals: Counter[str] = Counter()
        for (_, outcome), count in self.outcomes.items():
            totals[outcome] += count
        yield f"| outcome | {' | '.join(formats)} | all |"
        yield f"|---|{'---:|' * (len(formats) + 1)}"
        for outcome, total in totals.most_common():
            counts = " | ".join(str(self.outcomes[format, outcome]) for format in formats)
            yield f"| {outcome} | {counts} | {total} |"


def flipped(per_format: int, seed: int) -> Iterator[Sample]:
    """Yield *per_format* pictures of each format with one bit flipped, to be made small."""
    pipeline = Pipeline((AutoOrient(), Resize(300, 300)))
    for number, bad in enumerate(bit_flips(per_format, seed=seed)):
        format = bad.name.split()[0]
        yield Sample(seed, number, f"{format} one bit", bad.data, pipeline, as_mark=False)


def run(
    samples: Iterable[Sample],
    *,
    seconds: float,
    told: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Try *samples* for at most *seconds*; *told* is called after each."""
    started = time.monotonic()
    report = Report()
    with contextlib.closing(VipsEditor(fuzzing_limits())) as editor:
        zygote = zygote_of_this_process()
        me = psutil.Process()
        _try(editor, sample(0, 0), Report())  # what is loaded once is loaded now
        before = me.memory_info().rss
        for one in samples:
            if time.monotonic() - started > seconds:
                break
            outcome = _try(editor, one, report)
            report.outcomes[one.format, outcome] += 1
            if outcome in _REMARKABLE:
                report.remarkable.append((one, outcome))
            peak = _peak_bytes(zygote)
            report.renderer_peak_bytes = max(report.renderer_peak_bytes, peak)
            if not zygote.is_running() or zygote.status() == psutil.STATUS_ZOMBIE:
                report.zygote_deaths += 1
                report.flaws.append(f"{_name(one)}: the renderers' process died")
                zygote = zygote_of_this_process()
            told(report)
        report.parent_growth_bytes = max(0, me.memory_info().rss - before)
    if report.parent_growth_bytes > MOST_PARENT_GROWTH_BYTES:
        report.flaws.append(f"this process grew by {report.parent_growth_bytes} bytes")
    if report.renderer_peak_bytes > MOST_RENDERER_BYTES:
        report.flaws.append(f"a renderer took {report.renderer_peak_bytes} bytes")
    report.seconds = time.monotonic() - started
    return report


def _try(editor: VipsEditor, one: Sample, report: Report) -> str:
    """Draw *one* and return what its task would end as; write down what is not right."""
    _probe(one, report)
    started = time.monotonic()
    outcome, complaints = drawn(editor, one)
    took = time.monotonic() - started
    report.longest_seconds = max(report.longest_seconds, took)
    if outcome == FailureCode.TIMEOUT.value or took > fuzzing_limits().wall_seconds:
        complaints.append(f"hung for {took:.1f} seconds")
    report.flaws.extend(f"{_name(one)}: {complaint}" for complaint in complaints)
    return outcome


def drawn(editor: VipsEditor, one: Sample) -> tuple[str, list[str]]:
    """Draw *one*; return its outcome and what is not right about that."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_file_of(one.data))
        good = stack.enter_context(_file_of(_good()))
        source, mark = (good, file) if one.as_mark else (file, good)
        targets = {
            name: stack.enter_context(tempfile.TemporaryFile())
            for name in one.pipeline.result_names
        }
        try:
            edited = editor.edit(source, one.pipeline, {MARK: mark}, targets)
        except EditFailed as failed:
            code = failed.failure.code
            return code.value, ["is our fault"] if code in _OURS else []
        except Exception as error:  # whatever it is, it is what is looked for
            return type(error).__name__, [f"raised {error!r}"]
        return COMPLETED, [
            f"result {name}: {flaw}"
            for name, drawn in edited.pictures.items()
            for flaw in _flaws_of(targets[name], drawn.format.value, (drawn.width, drawn.height))
        ]


def _flaws_of(file: BinaryIO, format: str, size: tuple[int, int]) -> Iterator[str]:
    """Yield what is wrong with a result, as another library sees it."""
    try:
        with Image.open(file) as picture:
            found = str(picture.format).lower(), picture.size
            if picture.width * picture.height <= MOST_PIXELS_READ:
                picture.load()
    except Exception as error:
        yield f"cannot be read: {error!r}"
        return
    sides = {size, size[::-1]} if format == "tiff" else {size}  # Pillow turns TIFFs upright
    if found[0] != format or found[1] not in sides:
        yield f"is {found}, not {(format, size)}"


def _probe(one: Sample, report: Report) -> None:
    started = time.process_time()
    try:
        with _file_of(one.data) as file:  # on a disk, which refuses what memory does not
            header = HeaderProbe().inspect(file)
        if header.width < 1 or header.height < 1 or header.frames == 0:
            report.flaws.append(f"{_name(one)}: a header of {header}")
    except ImageRefused:
        pass
    except Exception as error:
        report.flaws.append(f"{_name(one)}: the probe raised {error!r}")
    took = time.process_time() - started
    report.longest_probe_seconds = max(report.longest_probe_seconds, took)
    if took > PROBE_SECONDS:
        report.flaws.append(f"{_name(one)}: its header took {took:.2f} seconds")


def zygote_of_this_process() -> psutil.Process:
    """Return the process that this one's renderers are forked from."""
    (found,) = [
        child
        for child in psutil.Process().children()
        if "adapters.imaging.renderer" in child.cmdline()
    ]
    return found


def _peak_bytes(zygote: psutil.Process) -> int:
    """Return the most memory that a living renderer has ever had."""
    peaks = [0]
    with contextlib.suppress(psutil.NoSuchProcess, OSError):
        for renderer in zygote.children():
            status = Path(f"/proc/{renderer.pid}/status").read_text()
            peaks += [
                int(line.split()[1]) * 1024
                for line in status.splitlines()
                if line.startswith("VmHWM:")
            ]
    return max(peaks)


def smaller(one: Sample, is_alike: Callable[[Sample], bool], *, tries: int = 120) -> Sample:
    """Return *one* with as many bytes cut out as may be while *is_alike* says so."""
    data, step = one.data, max(1, len(one.data) // 2)
    while step and tries:
        at = 0
        while at < len(data) and tries:
            tries -= 1
            candidate = attrs.evolve(one, data=data[:at] + data[at + step :])
            if candidate.data and is_alike(candidate):
                data = candidate.data
            else:
                at += step
        step //= 2
    return attrs.evolve(one, data=data)


def keep(one: Sample, outcome: str, folder: Path) -> Path:
    """Write *one* and what was asked of it into *folder*, for whoever looks into it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{outcome}-{one.seed}-{one.number}.bin"
    path.write_bytes(one.data)
    told: dict[str, Any] = {
        "again": f"make fuzz ARGS='--seed {one.seed} --only {one.number}'",
        "from": one.flavour,
        "as_mark": one.as_mark,
        "outcome": outcome,
        "pipeline": pipeline_to_document(one.pipeline),
    }
    path.with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n")
    return path


def _name(one: Sample) -> str:
    return f"--seed {one.seed} --only {one.number} ({one.flavour})"


def _good() -> bytes:
    return seeds()["png"]["alpha"]


def _file_of(content: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile()
    file.write(content)
    file.flush()
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return file
