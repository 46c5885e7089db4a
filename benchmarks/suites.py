"""The lines of the table of goals, and how each is measured."""

import math
import random
import statistics
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import attrs

from adapters.imaging.header_probe import HeaderProbe
from adapters.system.host_memory import LockedMemoryBudget
from application.ports.memory_budget import MemoryBudget
from benchmarks.contest import Contestant, Measured, Row, measure
from benchmarks.contestants import Ours, PeerMissing, Peers, Spent
from benchmarks.ladder import MEGAPIXELS, Ladder
from domain.images.cost import memory_bytes
from domain.images.formats import ImageFormat
from domain.images.operations import AutoOrient, Blur, Crop, Fit, Resize, Watermark
from domain.images.output import Output
from domain.images.pipeline import Pipeline, Sampling, Variant
from tests.running import ROOT

SIZE: Final = (800, 600)
VARIANT_SIZES: Final = ((1600, 1200), (800, 600), (200, 150))
LOGO: Final = ROOT / "adapters" / "storage" / "shared_assets" / "logo.png"
FAST, QUALITY = Sampling.FAST, Sampling.QUALITY
_JPEG: Final = Output(ImageFormat.JPEG, 80)
_MIXED_TASKS: Final = 1_000
_PAUSE: Final = 0.005


@attrs.define
class Bench:
    """What the suites work with, and what they found beside their rows."""

    ours: Ours
    large: Ours
    peers: Peers
    ladder: Ladder
    folder: Path
    rounds: int
    contests: dict[str, Measured] = attrs.field(factory=dict)

    def unit(self, times: int) -> Spent:
        """Do U."""
        bare = self.peers.get("bare")
        assert bare is not None
        return bare.spend(
            times, "unit", source=str(self.ladder.photo()), width=800, height=600, target=""
        )

    def contest(self, name: str, contestants: Sequence[Contestant], **gates: Any) -> Measured:
        """Measure, and remember it for the second table."""
        able = [one for one in contestants if one is not None]
        self.contests[name] = found = measure(self.unit, able, self.rounds, **gates)
        return found

    def us(
        self, name: str, pipeline: Pipeline, source: Path, *, worth: str = "", marked: bool = False
    ) -> Contestant:
        """Return our editor as a contestant."""
        targets = [self.target(f"{name}-{one}", "out") for one in pipeline.result_names]
        assets = {"logo": LOGO} if pipeline.asset_names else {}
        return Contestant(
            name,
            lambda times: self.ours.spend(times, source, pipeline, targets, assets),
            targets[0],
            source,
            worth,
            marked,
        )

    def peer(
        self, name: str, peer: str, job: str, source: Path, written: Path, /, *, worth: str = "",
        marked: bool = False, **order: Any,
    ) -> Contestant:  # fmt: skip
        """Return a peer as a contestant; it may turn out to be missing."""

        def run(times: int) -> Spent:
            found = self.peers.get(peer)
            if found is None:
                raise PeerMissing(self.peers.missing[peer])
            return found.spend(times, job, source=str(source), **order)

        return Contestant(name, run, written, source, worth, marked)

    def resizer(
        self, name: str, peer: str, suffix: str = "jpg", *, worth: str = "", **order: Any
    ) -> Contestant:
        """Return a peer that makes the usual small picture of the usual large one."""
        target = self.target(name, suffix)
        return self.peer(
            name, peer, "resize", self.ladder.photo(), target,
            worth=worth, sizes=[SIZE], targets=[str(target)], **order,
        )  # fmt: skip

    def target(self, name: str, suffix: str) -> Path:
        """Return a place to write to."""
        return self.folder / f"{name.replace(' ', '-').replace('/', '-')}.{suffix}"


def resize(sampling: Sampling, output: Output = _JPEG, size: tuple[int, int] = SIZE) -> Pipeline:
    """Return the usual task."""
    return Pipeline((AutoOrient(), Resize(*size, fit=Fit.FILL)), output, sampling=sampling)


def w1(bench: Bench) -> Iterator[Row]:
    """Make a small JPEG of a JPEG."""
    photo = bench.ladder.photo()
    found = bench.contest(
        "12 MP JPEG to 800x600 JPEG",
        [
            bench.us("ours, fast", resize(FAST), photo, worth="fast"),
            bench.us("ours, quality", resize(QUALITY), photo, worth="quality"),
            bench.resizer("sharp", "sharp", worth="fast"),
            bench.resizer("sharp, fastShrinkOnLoad off", "sharp", worth="quality", fast=False),
            # What no engine on libvips can be below: nothing but its calls.
            bench.resizer("bare libvips, fast", "bare", worth="fast", fast=True),
            bench.resizer("bare libvips", "bare", worth="quality"),
            bench.resizer("Pillow, gap 1", "Pillow", worth="fast"),
            bench.resizer("Pillow, gap 2", "Pillow", worth="quality", gap=2.0),
            bench.resizer("Pillow, naive", "Pillow", worth="quality", gap=None),
            bench.resizer("Pillow-SIMD, gap 1", "Pillow-SIMD", worth="fast"),
            bench.resizer("OpenCV, reduced 4", "OpenCV", worth="fast"),
        ],
    )
    yield _against(found, "W1", "fast, against sharp", "ours, fast", ["sharp"], 1.03, 1.10)
    yield _against(
        found, "W1", "quality, against sharp without fastShrinkOnLoad",
        "ours, quality", ["sharp, fastShrinkOnLoad off"], 1.10, 1.15,
    )  # fmt: skip
    yield _against(
        found, "W1", "fast, against the best of Pillow-SIMD and OpenCV",
        "ours, fast", ["Pillow-SIMD, gap 1", "OpenCV, reduced 4"], 0.95, 1.0,
    )  # fmt: skip


def w2(bench: Bench) -> Iterator[Row]:
    """Make a small WebP of a JPEG."""
    photo = bench.ladder.photo()
    webp = Output(ImageFormat.WEBP)
    same = attrs.evolve(webp, quality=80)
    found = bench.contest(
        "12 MP JPEG to 800x600 WebP",
        [
            bench.us("ours, Q80", resize(FAST, same), photo, worth="same"),
            bench.us("ours, default", resize(FAST, webp), photo, worth="default"),
            bench.resizer("sharp, Q80 effort 2", "sharp", "webp", worth="same", format="webp",
                          options={"quality": 80, "effort": 2}),
            bench.resizer("sharp, default", "sharp", "webp", worth="default", format="webp",
                          options={}),
            bench.resizer("bare libvips, Q80 effort 2", "bare", "webp", worth="same", fast=True,
                          format="webp", options={"Q": 80, "effort": 2}),
            bench.resizer("Pillow, Q80 method 2", "Pillow", "webp", worth="same",
                          options={"quality": 80, "method": 2}),
        ],
    )  # fmt: skip
    yield _against(
        found, "W2", "WebP, same effort", "ours, Q80", ["sharp, Q80 effort 2"], 1.0, 1.05
    )
    yield _against(
        found, "W2", "WebP, default against default", "ours, default", ["sharp, default"], 1.3, 1.4
    )


def w3(bench: Bench) -> Iterator[Row]:
    """Make a small AVIF of a JPEG."""
    photo = bench.ladder.photo()
    avif = Output(ImageFormat.AVIF)
    found = bench.contest(
        "12 MP JPEG to 800x600 AVIF",
        [
            bench.us("ours, default", resize(FAST, avif), photo),
            bench.resizer("sharp, as ours", "sharp", "avif", format="avif",
                          options={"quality": 53, "effort": 2, "chromaSubsampling": "4:4:4"}),
            bench.resizer("bare libvips, as ours", "bare", "avif", format="avif", fast=True,
                          options={"Q": 53, "effort": 2, "subsample_mode": "off",
                                   "compression": "av1", "bitdepth": 8}),
            bench.resizer("sharp, default", "sharp", "avif", format="avif", options={}),
            bench.resizer("Pillow, Q63 speed 8", "Pillow", "avif", worth="other",
                          options={"quality": 63, "speed": 8}),
        ],
        bytes_within=0.15,
    )  # fmt: skip
    yield _against(found, "W3", "AVIF, same effort", "ours, default", ["sharp, as ours"], 1.0, 1.03)
    yield _against(
        found, "W3", "AVIF, default against default", "ours, default", ["sharp, default"], 6, 10
    )


def w4(bench: Bench) -> Iterator[Row]:
    """Make three sizes of one picture."""
    photo = bench.ladder.photo()
    sides = "x".join("/".join(str(size[0]) for size in VARIANT_SIZES).split())
    targets = {
        name: [bench.target(f"{name}-{width}", "jpg") for width, _ in VARIANT_SIZES]
        for name in ("sharp, three clones", "pyvips, three thumbnails", "Pillow, three gap 1")
    }

    def peer(name: str, engine: str, worth: str, **order: Any) -> Contestant:
        return bench.peer(
            name, engine, "resize", photo, targets[name][0], worth=worth,
            sizes=[list(size) for size in VARIANT_SIZES],
            targets=[str(target) for target in targets[name]], **order,
        )  # fmt: skip

    found = bench.contest(
        f"12 MP JPEG to {sides} JPEG",
        [
            bench.us("ours, fast", variants(VARIANT_SIZES, FAST), photo, worth="fast"),
            bench.us("ours, quality", variants(VARIANT_SIZES, QUALITY), photo, worth="quality"),
            peer("sharp, three clones", "sharp", "fast"),
            peer("pyvips, three thumbnails", "bare", "quality"),
            peer("Pillow, three gap 1", "Pillow", "fast"),
        ],
        bytes_within=0.10,
    )
    yield _against(
        found, "W4", "three variants from one decode", "ours, fast", ["sharp, three clones"],
        1.5, 1.8,
    )  # fmt: skip


def variants(sizes: Sequence[tuple[int, int]], sampling: Sampling) -> Pipeline:
    """Return a task that makes all *sizes*, of which the first is the largest."""
    (first, *others) = (Resize(*size, fit=Fit.FILL) for size in sizes)
    return Pipeline(
        (AutoOrient(), first),
        _JPEG,
        tuple(Variant(f"v{place}", (step,), _JPEG) for place, step in enumerate(others)),
        sampling,
    )


def w5(bench: Bench) -> Iterator[Row]:
    """Draw a watermark on top."""
    photo = bench.ladder.photo()
    plain = resize(FAST)
    marked = attrs.evolve(plain, operations=(*plain.operations, Watermark("logo")))
    target = bench.target("sharp, marked", "jpg")
    found = bench.contest(
        "a watermark on the small JPEG",
        [
            bench.us("ours", plain, photo, worth="plain"),
            bench.us("ours, marked", marked, photo, worth="marked", marked=True),
            bench.resizer("sharp", "sharp", worth="plain"),
            bench.peer(
                "sharp, marked", "sharp", "watermark", photo, target, worth="marked", marked=True,
                width=800, height=600, logo=str(LOGO), target=str(target),
            ),
        ],
        bytes_within=None,
    )  # fmt: skip
    yield Row(
        "W5", "a watermark, over the same task without it", 1.08, 1.04,
        found.over("ours, marked", "ours"), more=False, void=found.is_void,
        why_not=found.unequal.get("ours, marked", ""),
    )  # fmt: skip


def w6(bench: Bench) -> Iterator[Row]:
    """Make an animation smaller."""
    pan = bench.ladder.pan()
    found = {}
    for kind in (ImageFormat.GIF, ImageFormat.WEBP):
        written = kind.value
        theirs, pillows = (bench.target(f"{name}-pan", written) for name in ("sharp", "pillow"))
        task = resize(FAST, Output(kind), (240, 180))
        found[kind] = bench.contest(
            f"30 frames of a GIF to 240x180 {written.upper()}",
            [
                bench.us("ours, default", task, pan),
                bench.peer("sharp, default", "sharp", "animation", pan, theirs, width=240,
                           height=180, target=str(theirs), format=written),
                bench.peer("Pillow", "Pillow", "animation", pan, pillows, worth="Pillow", width=240,
                           height=180, target=str(pillows), options={}),
            ],
        )  # fmt: skip
    yield _against(
        found[ImageFormat.GIF], "W6", "GIF to GIF", "ours, default", ["sharp, default"], 2.5, 3
    )
    yield _against(
        found[ImageFormat.WEBP], "W6", "GIF to animated WebP", "ours, default", ["sharp, default"],
        1.1, 1.25,
    )  # fmt: skip


def m1(bench: Bench) -> Iterator[Row]:
    """Look at the memory of one very large picture."""
    largest = bench.ladder.photo(MEGAPIXELS[-1])
    own, bare, naive = [], [], []
    for _ in range(_few(bench)):
        own.append(_peak_of_ours(bench, largest))
        bare.append(_peak_of(bench, "bare", "resize", largest))
        naive.append(_peak_of(bench, "Pillow", "resize", largest, gap=None))
    yield Row(
        "M1", f"most memory of {MEGAPIXELS[-1]} MP, over bare pyvips", 2.0, 1.5,
        [a / b for a, b in zip(own, bare, strict=True)], more=False,
    )  # fmt: skip
    yield Row(
        "M1", "the same, over naive Pillow", 0.2, 0.10,
        [a / b for a, b in zip(own, naive, strict=True)], more=False,
    )  # fmt: skip


def m2(bench: Bench) -> Iterator[Row]:
    """Look at the memory of pictures that have to be decoded whole, let in as workers do."""
    hard = bench.ladder.photo(MEGAPIXELS[-1], progressive=True)
    values = []
    for _ in range(_few(bench)):
        alone = _peak_of(bench, "bare", "resize", hard)
        together = Ours(renderers=2, large=True)
        with tempfile.TemporaryDirectory() as folder:
            budget = LockedMemoryBudget(Path(folder) / "tokens", round(1.5 * alone))
            try:
                values.append(_peak_together(together, budget, hard, 4, bench) / alone)
            finally:
                together.close()
    yield Row(
        "M2", "four progressive 108 MP JPEGs, two renderers, the budget that workers share, over "
        "one such decode", 1.5, 1.2, values, more=False,
    )  # fmt: skip


def _peak_together(
    ours: Ours, budget: MemoryBudget, source: Path, tasks: int, bench: Bench
) -> float:
    with source.open("rb") as file:
        need = memory_bytes(resize(FAST), HeaderProbe().inspect(file))
    done = threading.Event()
    most = 0

    def watch() -> None:
        nonlocal most
        while not done.wait(_PAUSE):
            most = max(most, ours.resident_bytes())

    def draw(number: int) -> None:
        with budget.share(need, lambda: True):
            ours.draw(source, resize(FAST), [bench.target(f"together-{number}", "jpg")])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with ThreadPoolExecutor(tasks) as pool:
            for _ in pool.map(draw, range(tasks)):
                pass  # what was not drawn is raised here
    finally:
        done.set()
        watcher.join()
    return most


def m3(bench: Bench) -> Iterator[Row]:
    """Look at the memory of renderers that have been at work for long."""
    ours = Ours()
    sources = bench.ladder.mixed()
    chance = random.Random(3)
    held = []
    try:
        for _ in range(_MIXED_TASKS):
            width = chance.randrange(50, 400)
            output = Output(chance.choice((None, ImageFormat.WEBP, ImageFormat.PNG)))
            pipeline = Pipeline((AutoOrient(), Resize(width)), output, sampling=FAST)
            ours.draw(chance.choice(sources), pipeline, [bench.target("mixed", "out")])
            held.append(ours.resident_bytes())
    finally:
        ours.close()
    tenth = _MIXED_TASKS // 10
    early, late = (sorted(part)[-tenth // 10 :] for part in (held[:tenth], held[-tenth:]))
    yield Row(
        "M3", "memory after 1,000 mixed tasks, over that after 100", 1.25, 1.10,
        [a / b for a, b in zip(late, early, strict=True)], more=False,
    )  # fmt: skip


def g1(bench: Bench) -> Iterator[Row]:
    """Fit CPU on megapixels."""
    own, bare = [], []
    for _ in range(_several(bench)):
        mine, theirs = {}, {}
        for megapixels in random.sample(MEGAPIXELS, len(MEGAPIXELS)):
            source = bench.ladder.photo(megapixels)
            target = bench.target("g1", "jpg")
            times = 4 if megapixels < 20 else 1
            unit = bench.unit(4).cpu
            mine[megapixels] = (
                bench.large.spend(times, source, resize(QUALITY), [target]).cpu / unit
            )
            theirs[megapixels] = _resized(bench, "bare", source, target, times).cpu / unit
        own.append(mine)
        bare.append(theirs)
    floor = _exponent(bare)
    yield Row(
        "G1", f"exponent of CPU on megapixels, 3 to 108 (bare pyvips {floor[0]:.2f})",
        0.80, floor[0] + 0.03, [], more=False, figures=_exponent(own),
    )  # fmt: skip


def g2(bench: Bench) -> Iterator[Row]:
    """Fit memory on megapixels."""
    rounds = []
    for _ in range(_few(bench)):
        above = {}
        for megapixels in random.sample(MEGAPIXELS, len(MEGAPIXELS)):
            idle = _peak_of_ours(bench, bench.ladder.mixed()[3])  # a small picture
            above[megapixels] = max(
                2**18, _peak_of_ours(bench, bench.ladder.photo(megapixels)) - idle
            )
        rounds.append(above)
    yield Row(
        "G2", "exponent of memory above idle on megapixels", 0.45, 0.35, [], more=False,
        figures=_exponent(rounds),
    )  # fmt: skip


def g3(bench: Bench) -> Iterator[Row]:
    """Fit CPU on the number of variants."""
    photo = bench.ladder.photo()
    counts = (1, 2, 4, 8, 16)
    rounds: list[dict[int, float]] = []
    clones: list[dict[int, float]] = []
    area = dict.fromkeys(counts, 0)
    for _ in range(_several(bench)):
        spent, theirs = {}, {}
        for count in random.sample(counts, len(counts)):
            sizes = [(1600 * n // count, 1200 * n // count) for n in range(count, 0, -1)]
            area[count] = sum(width * height for width, height in sizes)
            targets = [bench.target(f"g3-{place}", "jpg") for place in range(count)]
            unit = bench.unit(4).cpu
            pipeline = variants(sizes, FAST)
            spent[count] = bench.ours.spend(2, photo, pipeline, targets).cpu / unit
            sharp = bench.peers.get("sharp")
            if sharp is not None:
                cpu = sharp.spend(
                    1, "resize", source=str(photo), sizes=sizes, targets=[str(t) for t in targets]
                ).cpu
                theirs[count] = cpu / unit
        rounds.append(spent)
        clones.append(theirs)
    contrast = f"sharp {_exponent(clones)[0]:.2f}" if all(clones) else "sharp not here"
    yield Row(
        "G3", f"exponent of CPU on the number of variants, 1 to 16 ({contrast})", 0.6, 0.6, [],
        more=False, figures=_exponent(rounds),
    )  # fmt: skip
    told = [
        statistics.correlation(
            [area[count] for count in counts], [spent[count] for count in counts]
        )
        ** 2
        for spent in rounds
    ]
    yield Row("G3", "R² of a + b · pixels written", 0.95, 0.95, told)


def g9(bench: Bench) -> Iterator[Row]:
    """Fit CPU of filters on radius, frames and place."""
    photo = bench.ladder.photo()
    target = bench.target("g9", "out")
    base = (AutoOrient(), Resize(1600, 1200))

    def blurred(sigma: int) -> Callable[[], Spent]:
        task = Pipeline((*base, Blur(sigma)), _JPEG, sampling=FAST)
        return lambda: bench.ours.spend(2, photo, task, [target])

    def moving(frames: int) -> Callable[[], Spent]:
        task = resize(FAST, Output(ImageFormat.GIF), (240, 180))
        return lambda: bench.ours.spend(2, bench.ladder.pan(frames), task, [target])

    def cut(rows: int) -> Callable[[], Spent]:
        task = Pipeline((Crop(left=0, top=rows - 500, width=500, height=500),), _JPEG)
        return lambda: bench.ours.spend(2, photo, task, [target])

    for what, points in (
        ("area of a blur, sigma 4 to 16", {s * s: blurred(s) for s in (4, 8, 16)}),
        ("frames, 10 to 40", {frames: moving(frames) for frames in (10, 20, 40)}),
        ("rows above a crop, 1000 to 3000", {rows: cut(rows) for rows in (1000, 2000, 3000)}),
    ):
        rounds = []
        for _ in range(_several(bench)):
            spent = {}
            for point in random.sample(list(points), len(points)):
                unit = bench.unit(4).cpu
                spent[point] = points[point]().cpu / unit
            rounds.append(spent)
        yield Row(
            "G9", f"exponent of CPU on {what}", 1.1, 1.1, [], more=False, figures=_exponent(rounds)
        )


SUITES: Final = {
    "W1": w1, "W2": w2, "W3": w3, "W4": w4, "W5": w5, "W6": w6, "M1": m1, "M2": m2, "M3": m3,
    "G1": g1, "G2": g2, "G3": g3, "G9": g9,
}  # fmt: skip


def _against(
    found: Measured,
    number: str,
    what: str,
    ours: str,
    rivals: Sequence[str],
    must: float,
    goal: float,
) -> Row:
    """Return a row of the CPU of the best rival, round by round, over ours."""
    counted = [one for one in rivals if one in found.ratios and one not in found.unequal]
    away = [f"{one}: {found.unequal.get(one, 'not here')}" for one in rivals if one not in counted]
    ratios = [found.over(one, ours) for one in counted]
    note = f" ({'; '.join(away)})" if away else ""
    return Row(
        number, what + note, must, goal,
        [min(one) for one in zip(*ratios, strict=True)] if ratios else [],
        void=found.is_void, why_not=found.unequal.get(ours, "") if ratios else "",
    )  # fmt: skip


def _exponent(rounds: Sequence[dict[int, float]]) -> tuple[float, float, float]:
    """Return the slope in logarithmic scales, and its bootstrapped 95 % interval."""
    chance = random.Random(1)
    drawn = sorted(_slope(chance.choices(rounds, k=len(rounds))) for _ in range(1_000))
    return _slope(rounds), drawn[25], drawn[-26]


def _slope(rounds: Sequence[dict[int, float]]) -> float:
    points = sorted(rounds[0])
    return statistics.linear_regression(
        [math.log(point) for point in points],
        [math.log(statistics.median(one[point] for one in rounds)) for point in points],
    ).slope


def _resized(
    bench: Bench, peer: str, source: Path, target: Path, times: int = 1, **order: Any
) -> Spent:
    found = bench.peers.get(peer)
    assert found is not None, bench.peers.missing[peer]
    return found.spend(
        times, "resize", source=str(source), sizes=[SIZE], targets=[str(target)], **order
    )


def _peak_of_ours(bench: Bench, source: Path) -> int:
    bench.large.renew()
    return bench.large.spend(1, source, resize(FAST), [bench.target("peak", "out")]).peak_bytes


def _peak_of(bench: Bench, peer: str, job: str, source: Path, **order: Any) -> int:
    fresh = bench.peers.fresh(peer)
    try:
        return fresh.spend(
            1,
            job,
            source=str(source),
            sizes=[SIZE],
            targets=[str(bench.target("p", "jpg"))],
            **order,
        ).peak_bytes
    finally:
        fresh.close()


def _several(bench: Bench) -> int:
    return max(3, min(5, bench.rounds))


def _few(bench: Bench) -> int:
    return max(2, min(3, bench.rounds))
