"""An editor whose pixels are drawn elsewhere: in sandboxed processes that may die without harm."""

import contextlib
import hashlib
import logging
import os
import queue
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

from adapters.imaging.font_copies import sealed_copy
from adapters.imaging.limits import RendererLimits
from adapters.imaging.messages import (
    Done,
    Fonts,
    MalformedMessage,
    Order,
    Refused,
    Reply,
    StorageFault,
    Written,
)
from adapters.imaging.renderer_process import (
    Renderer,
    RendererAbandoned,
    RendererDied,
    RendererHung,
    Zygote,
    ZygoteGone,
)
from adapters.imaging.storage_faults import OUT_OF_ROOM, reading_error
from application.errors import PortFailure
from application.ports.image_editor import (
    Drawn,
    EditAbandoned,
    Edited,
    EditFailed,
    EditorUnavailable,
    ImageEditor,
    Watch,
)
from application.ports.object_store import StorageFull, StorageUnavailable
from domain.images.abilities import Abilities
from domain.images.formats import ImageFormat
from domain.images.operations import Font
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode

LOWEST_LIBVIPS: Final = (8, 18, 3)
"""Older ones have known holes in their GIF and TIFF decoders (GHSA-f88m-g3jw-g9cj)."""

# How GLib and the C++ library announce that memory has run out, before they abort.
_OUT_OF_MEMORY: Final = ("failed to allocate", "bad_alloc", "out of memory", "memoryerror")

# After these a renderer's memory is in no state to be used again.
_WEARING: Final = (FailureCode.LIMIT_MEMORY, FailureCode.INTERNAL)

_logger = logging.getLogger(__name__)


class UnsafeRenderer(Exception):
    """The renderers on this machine do not refuse what they have to refuse."""


class VipsEditor(ImageEditor):
    """
    Draws with libvips in child processes without secrets, network, files or privileges.

    A renderer is forked from a warm process and reused for a bounded number of tasks. While it
    is reused, a renderer that hostile bytes have taken over could meddle with the pictures drawn
    after; `tasks_per_renderer=1` rules that out at the price of a fork per task.

    *renderers* is how many may draw at once; calls beyond that wait for one.

    Attributes:
        libvips: Its version.
        hides_files: Whether this system has what it takes to draw with strangers' fonts.
        missing_walls: What the renderers should be shut in by, and this system does not allow.
        abilities: What they have proved at the start.
    """

    libvips: str
    hides_files: bool
    missing_walls: tuple[str, ...]
    abilities: Abilities

    def __init__(self, limits: RendererLimits, *, renderers: int = 1) -> None:
        """
        Start the renderers' process and have one renderer prove that it is safe.

        Raises:
            UnsafeRenderer: libvips is too old, or opens what it must refuse.
            EditorUnavailable: The process could not be started.
        """
        self._limits = limits
        self._zygote = Zygote(self._limits)
        self._closed = False
        # Last in, first out: the warmest renderer is taken, idle ones stay untouched.
        self._seats: queue.LifoQueue[Renderer | None] = queue.LifoQueue()
        self._renderers = renderers
        try:
            self._check_safety()
        except BaseException:
            self._zygote.close()
            raise
        for _ in range(renderers):
            self._seats.put(None)

    def edit(
        self,
        source: BinaryIO,
        pipeline: Pipeline,
        assets: Mapping[str, BinaryIO],
        targets: Mapping[str, BinaryIO],
        watch: Watch | None = None,
    ) -> Edited:
        if pipeline.font_names and not self.hides_files:
            raise EditFailed(_NO_OWN_FONTS)
        with contextlib.ExitStack() as copies:
            with _storage_errors():
                given = {
                    name: copies.enter_context(sealed_copy(asset))
                    if name in pipeline.font_names
                    else asset
                    for name, asset in assets.items()
                }
            return self._edit(source, pipeline, given, targets, watch)

    def _edit(
        self,
        source: BinaryIO,
        pipeline: Pipeline,
        assets: Mapping[str, BinaryIO],
        targets: Mapping[str, BinaryIO],
        watch: Watch | None,
    ) -> Edited:
        started = time.perf_counter()
        renderer = self._take_seat()
        waited = time.perf_counter() - started
        worn = True
        try:
            if renderer is not None and (
                not renderer.is_idle()  # it ended, or worse, between two tasks
                or not renderer.can_draw(pipeline)
            ):
                renderer.close()
                renderer = None
            names = tuple(name for name in pipeline.asset_names if name in assets)
            files = [targets[name] for name in pipeline.result_names]
            descriptors = [
                source.fileno(),
                *(target.fileno() for target in files),
                *(assets[name].fileno() for name in names),
            ]
            renderer, reply = self._draw(renderer, Order(pipeline, names), descriptors, watch)
            worn = isinstance(reply, Refused) and reply.failure.code in _WEARING
        except RendererAbandoned as error:
            raise EditAbandoned("nobody wants the result any longer") from error
        finally:
            self._leave_seat(renderer, worn=worn)
        if isinstance(reply, StorageFault):
            raise _storage_failure(reply.error_number)
        if isinstance(reply, Refused):
            if reply.trace:
                _logger.error("a renderer failed through a fault of its own:\n%s", reply.trace)
            raise EditFailed(reply.failure)
        if len(reply.written) != len(files) or not _answers(reply, pipeline):
            raise EditFailed(_CRASH)
        with _storage_errors():
            pictures = {
                name: _drawn(written, target)
                for name, written, target in zip(
                    pipeline.result_names, reply.written, files, strict=True
                )
            }
        stages = {"wait_for_renderer": waited, **reply.stage_seconds}
        return Edited(pictures, stages, reply.analysis)

    def close(self) -> None:
        """End every renderer; edits under way fail as unavailable."""
        self._closed = True
        self._zygote.close()

    def _take_seat(self) -> Renderer | None:
        # Everyone before us is bounded by the wall clock, and so is our wait.
        patience = 2 * self._limits.wall_seconds + 10
        try:
            return self._seats.get(timeout=patience)
        except queue.Empty:
            raise EditorUnavailable("no renderer came free in time") from None

    def _leave_seat(self, renderer: Renderer | None, *, worn: bool) -> None:
        kept = None
        try:
            if renderer is not None and (
                worn
                or self._closed
                or renderer.is_closed
                or renderer.fonts is Fonts.OWN
                or renderer.tasks >= self._limits.tasks_per_renderer
                or renderer.resident_bytes() > self._limits.recycle_resident_bytes
            ):
                renderer.close()
            else:
                kept = renderer
        finally:
            self._seats.put(kept)

    def _draw(
        self,
        renderer: Renderer | None,
        order: Order,
        descriptors: list[int],
        watch: Watch | None,
    ) -> tuple[Renderer, Reply]:
        """Draw, a second time when the renderer was killed from outside, and only then."""
        for is_last in (False, True):
            try:
                if renderer is None:
                    renderer = self._zygote.fork(Fonts.needed_for(order.pipeline))
                return renderer, renderer.draw(order, descriptors, self._limits.wall_seconds, watch)
            except ZygoteGone as error:
                if is_last or self._closed:
                    raise EditorUnavailable(str(error)) from error
            except RendererHung as error:
                raise EditFailed(
                    Failure(
                        FailureCode.TIMEOUT,
                        f"the picture took longer than {self._limits.wall_seconds:g} seconds",
                    )
                ) from error
            except MalformedMessage as error:
                raise EditFailed(_CRASH) from error
            except RendererDied as error:
                if error.signal_number != signal.SIGKILL or is_last:
                    _logger.warning("a renderer died: %s", error)
                    raise self._failed_by(error, order, descriptors) from error
            except OSError as error:
                raise EditorUnavailable(f"no renderer could be spoken to: {error}") from error
            renderer = None
            _empty(descriptors[1 : order.first_asset])
        raise AssertionError("unreachable: the last round returns or raises")

    def _failed_by(self, death: RendererDied, order: Order, descriptors: list[int]) -> PortFailure:
        if death.signal_number == signal.SIGBUS:
            # Some decoders map their file into memory, and are killed where it cannot be read.
            storage_error = reading_error([descriptors[0], *descriptors[order.first_asset :]])
            if storage_error is not None:
                return _storage_failure(storage_error)
        return EditFailed(self._failure_of(death))

    def _failure_of(self, death: RendererDied) -> Failure:
        if death.signal_number == signal.SIGXCPU:
            return Failure(
                FailureCode.LIMIT_CPU,
                f"the picture takes more than {self._limits.cpu_seconds} seconds of computing",
            )
        complaints = death.complaints.lower()
        if any(words in complaints for words in _OUT_OF_MEMORY):
            return Failure(
                FailureCode.LIMIT_MEMORY, "the picture takes more memory than a task may use"
            )
        return _CRASH

    def _proof(self) -> tuple[dict[str, Any], bool]:
        """Return what a renderer proves, and whether it has the fonts; without, if need be."""
        for fonts in (Fonts.SHIPPED, Fonts.NONE):
            try:
                renderer = self._zygote.fork(fonts)
                try:
                    return renderer.check(), fonts is Fonts.SHIPPED
                finally:
                    renderer.close()
            except (ZygoteGone, RendererDied) as error:
                if fonts is Fonts.NONE:
                    raise
                _logger.warning("no renderer with fonts could be started: %s", error)
        raise AssertionError("unreachable: the last round returns or raises")

    def _check_safety(self) -> None:
        try:
            proof, has_fonts = self._proof()
        except (ZygoteGone, RendererDied, RendererHung) as error:
            raise EditorUnavailable(f"no renderer could be started: {error}") from error
        version = tuple(proof["version"])
        self.libvips = ".".join(map(str, version))
        self.missing_walls = tuple(proof["missing"])
        self.hides_files = bool(proof["hides_files"])
        self.abilities = Abilities(
            self.libvips,
            reads=tuple(map(ImageFormat, proof["reads"])),
            writes=tuple(map(ImageFormat, proof["writes"])),
            fonts=tuple(map(Font, proof["fonts"])) if has_fonts else (),
            missing_walls=self.missing_walls,
        )
        if version < LOWEST_LIBVIPS:
            raise UnsafeRenderer(
                f"libvips {self.libvips} has known holes; "
                f"at least {'.'.join(map(str, LOWEST_LIBVIPS))} is needed"
            )
        if proof["opened"]:
            raise UnsafeRenderer(
                f"libvips opened {' and '.join(proof['opened'])} although it was told to refuse "
                "every loader but ours; check how libvips was installed"
            )
        if self.missing_walls:
            _logger.warning(
                "renderers run without these walls, which this system does not allow: %s",
                ", ".join(self.missing_walls),
            )
        if not self.hides_files:
            _logger.warning(
                "fonts that customers have uploaded are not drawn with: this system does not allow "
                "Landlock, without which reading them is not safe"
            )


def _empty(targets: Sequence[int]) -> None:
    with _storage_errors():
        for target in targets:
            os.ftruncate(target, 0)
            os.lseek(target, 0, os.SEEK_SET)


def _answers(done: Done, pipeline: Pipeline) -> bool:
    """Tell whether a renderer told what was asked, and no more."""
    told = frozenset() if done.analysis is None else done.analysis.aspects
    return told == pipeline.analyze


def _drawn(written: Written, target: BinaryIO) -> Drawn:
    target.seek(0)
    byte_size = os.fstat(target.fileno()).st_size
    sha256 = hashlib.file_digest(target, "sha256").hexdigest()  # type: ignore[arg-type]
    target.seek(0)
    return Drawn(written.format, written.width, written.height, byte_size, sha256)


@contextlib.contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _storage_failure(error.errno) from error


def _storage_failure(error_number: int | None) -> StorageUnavailable:
    if error_number in OUT_OF_ROOM:
        return StorageFull("The disk has no room left for the result.")
    reason = os.strerror(error_number) if error_number else "unknown error"
    return StorageUnavailable(f"The disk did not give or keep the picture: {reason}.")


_CRASH: Final = Failure(FailureCode.DECODER_CRASH, "the picture made the decoder stop working")
_NO_OWN_FONTS: Final = Failure(
    FailureCode.UNSUPPORTED_CODEC,
    "this server draws with the fonts that ship and with no others; ask its operator for Landlock",
)
