"""Who is measured: our editor as a worker uses it, and peers in processes of their own."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import psutil

from adapters.imaging.vips_editor import VipsEditor
from domain.images.pipeline import Pipeline
from entrypoints import factories
from entrypoints.settings import load_settings

_HERE: Final = Path(__file__).parent
_PEERS: Final = _HERE / "peers"
_INSTALL_SECONDS: Final = 600
_WAIT_SECONDS: Final = 120
_UNBOUNDED: Final = {
    "SAFELIGHT_UPLOAD_MAX_FRAME_PIXELS": str(10**9),
    "SAFELIGHT_UPLOAD_MAX_TOTAL_PIXELS": str(10**9),
}


class PeerMissing(Exception):
    """A peer cannot be installed or started here."""


@attrs.frozen
class Spent:
    """CPU seconds of one task, user and system, and the most memory that was held."""

    cpu: float
    peak_bytes: int


class Ours:
    """
    The editor with the settings of production, drawing from file to file.

    Everything is counted that a worker does for the pixels: packing the order, the renderers and
    what forks them, the digest of the result.

    *large* lifts the limit on pixels, as an operator would for very large pictures.
    """

    def __init__(self, *, renderers: int = 1, large: bool = False) -> None:
        settings = load_settings(
            {"SAFELIGHT_WORKER_CONCURRENCY": str(renderers), **(_UNBOUNDED if large else {})}
        )
        before = {child.pid for child in psutil.Process().children()}
        self.editor: VipsEditor = factories.imaging.image_editor(
            settings, factories.policies.upload_policy(settings)
        )
        [self._zygote] = [child for child in psutil.Process().children() if child.pid not in before]
        self.versions = {"libvips": self.editor.libvips}

    def draw(
        self,
        source: Path,
        pipeline: Pipeline,
        targets: Sequence[Path],
        assets: Mapping[str, Path] | None = None,
    ) -> None:
        """Draw once."""
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(source.open("rb"))
            named = {
                name: stack.enter_context(path.open("rb")) for name, path in (assets or {}).items()
            }
            written = {
                name: stack.enter_context(path.open("w+b"))
                for name, path in zip(pipeline.result_names, targets, strict=True)
            }
            self.editor.edit(file, pipeline, named, written)

    def spend(self, times: int, *args: Any, **options: Any) -> Spent:
        """Draw *times* times."""
        before = self._children_cpu()
        own = time.process_time()
        for _ in range(times):
            self.draw(*args, **options)
        own = time.process_time() - own  # before looking around, which costs, too
        return Spent((self._children_cpu() - before + own) / times, self.peak_bytes())

    def peak_bytes(self) -> int:
        """Return the most memory that any renderer which is still there has had."""
        return max((_status(pid, "VmHWM") for pid in self.renderers()), default=0)

    def resident_bytes(self) -> int:
        """Return what the renderers hold now."""
        return sum(_status(pid, "VmRSS") for pid in self.renderers())

    def renderers(self) -> list[int]:
        """Return the process ids of the renderers that are there."""
        return [child.pid for child in self._zygote.children()]

    def renew(self) -> None:
        """End the renderers, so that the next task meets a new one."""
        for child in self._zygote.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        deadline = time.monotonic() + 5
        while any(_is_running(pid) for pid in self.renderers()) and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self) -> None:
        """End everything."""
        self.editor.close()

    def _children_cpu(self) -> float:
        # Renderers that were replaced in between are counted with the zygote that has reaped them.
        zygote = self._zygote.cpu_times()
        reaped = zygote.children_user + zygote.children_system
        alive = [_cpu_of(pid) for pid in (self._zygote.pid, *self.renderers())]
        return sum(alive) + reaped


class Peer:
    """Somebody else's engine in a process of its own."""

    def __init__(self, command: Sequence[str]) -> None:
        environment = {
            name: value for name, value in os.environ.items() if name != "PYTHONPATH"
        } | {"UV_THREADPOOL_SIZE": "4", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        try:
            self.versions: dict[str, str] = json.loads(self._line())
        except (ValueError, BrokenPipeError):
            raise PeerMissing(f"{command[0]} does not run {command[1]}") from None

    def spend(self, times: int, job: str, **order: Any) -> Spent:
        """Have *job* done *times* times."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"job": job, "times": times, **order}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._line())
        if "error" in answer:
            raise PeerMissing(answer["error"])
        return Spent(answer["cpu"], answer["peak_kib"] * 1024)

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(subprocess.TimeoutExpired, ValueError, BrokenPipeError):
            self._process.communicate(timeout=5)
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@attrs.define
class Peers:
    """
    Installs and starts peers; each is there once, those that cannot be are told of.

    Attributes:
        missing: Why, by the peer's name.
    """

    cache: Path
    missing: dict[str, str] = attrs.field(factory=dict)
    _running: dict[str, Peer] = attrs.field(factory=dict)

    def get(self, name: str) -> Peer | None:
        """Return a peer by its name, or None if it is not to be had here."""
        if name not in self._running and name not in self.missing:
            try:
                self._running[name] = self.fresh(name)
            except (PeerMissing, OSError, subprocess.SubprocessError) as error:
                self.missing[name] = str(error)
                print(f"NOT HERE: {name}: {error}", file=sys.stderr)
        return self._running.get(name)

    def fresh(self, name: str) -> Peer:
        """
        Start a process of the peer that nobody else uses.

        Raises:
            PeerMissing: It cannot be had here.
        """
        return Peer(self._command(name))

    def versions(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield who has been started, and what it is made of."""
        for name, peer in self._running.items():
            yield name, peer.versions

    def close(self) -> None:
        """End all of them."""
        for peer in self._running.values():
            peer.close()

    def _command(self, name: str) -> list[str]:
        match name:
            case "bare":
                return [sys.executable, str(_PEERS / "bare.py")]
            case "Pillow":
                return [sys.executable, str(_PEERS / "pillow.py")]
            case "Pillow-SIMD":
                return [self._python("pillow-simd.txt"), str(_PEERS / "pillow.py")]
            case "OpenCV":
                return [self._python("opencv.txt"), str(_PEERS / "opencv.py")]
            case "sharp":
                node = shutil.which("node")
                if node is None:
                    raise PeerMissing("there is no node on this machine")
                return [node, str(_PEERS / "sharp.js"), str(self._modules())]
            case _:
                raise PeerMissing("there is no such peer")

    def _python(self, lock: str) -> str:
        """Return the interpreter of an environment with exactly what *lock* says."""
        folder = self._place(_PEERS / lock)
        python = folder / "bin" / "python"
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder)])
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*pip, "--require-hashes", "-r", str(_PEERS / lock)])
            (folder / "whole").touch()
        return str(python)

    def _modules(self) -> Path:
        """Return the folder of modules that `package-lock.json` names."""
        folder = self._place(_PEERS / "package-lock.json")
        if not (folder / "whole").exists():
            npm = shutil.which("npm")
            if npm is None:
                raise PeerMissing("there is no npm on this machine")
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(_PEERS / name, folder)
            _run([npm, "ci", "--no-audit", "--no-fund", "--silent"], folder)
            (folder / "whole").touch()
        return folder / "node_modules"

    def _place(self, lock: Path) -> Path:
        digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
        return self.cache / f"{lock.stem}-{digest}"


def _run(command: list[str], folder: Path | None = None) -> None:
    print("installing:", *command, file=sys.stderr)
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(
            command, cwd=folder, stdout=log, stderr=log, timeout=_INSTALL_SECONDS, check=False
        )
        if done.returncode:
            log.seek(0)
            last = log.read().decode(errors="replace").strip().splitlines()[-1:]
            raise PeerMissing(f"cannot be installed: {' '.join(last)[:200]}")


def _cpu_of(pid: int) -> float:
    """Return CPU seconds of a process with all its threads, to the nanosecond."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)
    except OSError:
        return 0.0


def _status(pid: int, name: str) -> int:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
