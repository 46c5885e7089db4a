"""
The renderers' own process: `python -m adapters.imaging.renderer`, started by `VipsEditor`.

It is a zygote. It loads libvips once, while it has one thread and no secrets, uses none of it (a
fork after use hangs), and then forks a renderer whenever the editor asks for one. A renderer
shuts itself in and draws until the editor hangs up, or until hostile bytes take it down.

Its one argument is a JSON document: the descriptor of the socket to the editor, and the limits.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

import attrs
import cattrs
import pyvips

from adapters.imaging import sandbox
from adapters.imaging.glib_warnings import hear
from adapters.imaging.limits import RendererLimits
from adapters.imaging.messages import (
    CHECK,
    MAX_FILES,
    PACKET_BYTES,
    REAP,
    Fonts,
    Order,
    Refused,
    Reply,
    StorageFault,
    encode_progress,
    encode_reply,
)
from adapters.imaging.proof import proven
from adapters.imaging.vips_drawing import draw
from adapters.imaging.vips_failures import failure_of, storage_error_of
from adapters.imaging.vips_loading import LOADERS
from adapters.imaging.vips_marks import MarkCache
from adapters.imaging.vips_saving import SAVERS
from adapters.imaging.vips_texts import files_of_fonts, open_fonts, open_own_fonts
from domain.images.operations import AutoOrient, Resize
from domain.images.pipeline import Pipeline
from domain.tasks.task import Failure, FailureCode

_ALLOWED_LOADERS: Final = ("Jpeg", "Png", "Nsgif", "Webp", "Tiff", "Heif")
_FORKS: Final = tuple(fonts.value for fonts in Fonts)
_USUAL_OPERATIONS: Final = (
    "thumbnail_source", "thumbnail_image", "resize", "embed", "extract_area", "autorot", "copy",
    "text",
)  # fmt: skip
_REAP_SECONDS: Final = 5.0
_TELL_SECONDS: Final = 0.5
_SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
# How libvips says that a loader is blocked, or was not built in.
_REFUSALS: Final = ("operation is blocked", "no such operation")


def main() -> None:
    """Serve the editor until it hangs up or dies."""
    settings = json.loads(sys.argv[1])
    limits = cattrs.structure(settings["limits"], RendererLimits)
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, signal.SIG_IGN)  # meant for the worker, which tells us
    editor = socket.socket(fileno=settings["socket"])
    worker = os.pidfd_open(settings["worker_pid"])
    _prepare_libvips()
    missing = sandbox.enter_namespaces()
    sandbox.enter_vanished_directory()
    _warm_up()
    gc.collect()
    gc.freeze()  # what is shared stays shared: a collection would touch, and so copy, every page
    editor.send(b"ready")
    poller = select.poll()
    poller.register(editor, select.POLLIN)
    poller.register(worker, select.POLLIN)
    while not any(descriptor == worker for descriptor, _ in poller.poll()):
        packet, descriptors, _, _ = socket.recv_fds(editor, 64, 2)
        if packet in _FORKS and len(descriptors) == 2:
            pid = _fork(
                descriptors[0],
                descriptors[1],
                (editor.fileno(), worker),
                limits,
                missing,
                Fonts(packet),
            )
            editor.send(struct.pack("<q", pid))
        elif packet[:1] == REAP:
            editor.send(struct.pack("<q", _reap(*struct.unpack("<q", packet[1:]))))
        else:
            break
        for descriptor in descriptors:
            os.close(descriptor)


def _prepare_libvips() -> None:
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _ALLOWED_LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    # Every source differs, and one renderer draws one task: neither a cache nor threads help.
    pyvips.cache_set_max(0)
    pyvips.voperation.cache_set_max_mem(0)
    pyvips.voperation.cache_set_max_files(0)
    hear("VIPS")


def _warm_up() -> None:
    """Learn the operations' signatures here, once, instead of in every renderer."""
    for name in (*LOADERS.values(), *SAVERS, *_USUAL_OPERATIONS):
        pyvips.voperation.Introspect.get(name)
    Order.decode(Order(Pipeline((AutoOrient(), Resize(1))), ()).encode())


def _fork(
    channel: int,
    complaints: int,
    ours: tuple[int, ...],
    limits: RendererLimits,
    missing: list[str],
    fonts: Fonts,
) -> int:
    zygote = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(complaints, 2)
        for descriptor in (complaints, *ours):
            os.close(descriptor)
        missing = missing + _shut_in(fonts, limits, zygote)
        _serve(socket.socket(fileno=channel), limits, missing)
    except BaseException:  # noqa: BLE001  # nothing may return into the zygote's loop
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _shut_in(fonts: Fonts, limits: RendererLimits, zygote: int) -> list[str]:
    """
    Open the fonts that ship, if they are asked for, and build the walls.

    Strangers' fonts are read by the same libraries, and only behind walls. So these have to stand
    first, and leave a door for fonts, which is shut when they have been opened.
    """
    if fonts is Fonts.OWN:
        missing = sandbox.lock_down(limits, zygote, still_readable=files_of_fonts())
        open_fonts()
        return missing
    if fonts is Fonts.SHIPPED:
        open_fonts()
    return sandbox.lock_down(limits, zygote)


def _reap(pid: int) -> int:
    """Return the wait status of a renderer that has hung up, or -1 if it is not ours."""
    patience = time.monotonic() + _REAP_SECONDS
    try:
        while time.monotonic() < patience:
            reaped, status = os.waitpid(pid, os.WNOHANG)
            if reaped:
                return status
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]
    except (ChildProcessError, ProcessLookupError):
        return -1


def _serve(channel: socket.socket, limits: RendererLimits, missing: list[str]) -> None:
    """Draw what is ordered, one task after the other, until the editor hangs up."""
    cache = MarkCache()
    while True:
        packet, descriptors, _, _ = socket.recv_fds(channel, PACKET_BYTES, MAX_FILES)
        if not packet:
            return
        sandbox.allow_processor_seconds(limits.cpu_seconds)
        if packet == CHECK:
            reply = json.dumps(_prove_walls(missing)).encode()
        else:
            told = _Told(channel)
            reply = encode_reply(_draw(packet, descriptors, limits, cache, told))
        for descriptor in descriptors:
            os.close(descriptor)
        os.write(channel.fileno(), reply)


class _Told:
    """Tells the editor how far a task is, now and then and never backwards."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._next_at = time.monotonic() + _TELL_SECONDS
        self._percent = 0

    def __call__(self, percent: int) -> None:
        now = time.monotonic()
        if now >= self._next_at and percent > self._percent:
            self._next_at, self._percent = now + _TELL_SECONDS, percent
            os.write(self._channel.fileno(), encode_progress(percent))


def _draw(
    packet: bytes,
    descriptors: list[int],
    limits: RendererLimits,
    cache: MarkCache,
    tell: Callable[[int], None],
) -> Reply:
    source, *rest = descriptors
    targets = rest[:1]
    try:
        order = Order.decode(packet)
        targets, rest = rest[: order.first_asset - 1], rest[order.first_asset - 1 :]
        assets = dict(zip(order.asset_names, rest, strict=True))
        families: dict[str, str] = {}
        if order.pipeline.font_names:
            families = open_own_fonts(order.pipeline, assets)
            sandbox.shut_the_door()
        done = draw(order.pipeline, source, targets, assets, families, limits.policy, cache, tell)
        return attrs.evolve(done, peak_bytes=_peak_bytes())
    except Exception as error:  # noqa: BLE001  # whatever it is, the editor has to be told
        storage_error = storage_error_of(
            error, sources=[source, *rest], targets=targets, output_bytes=limits.output_bytes
        )
        if storage_error is not None:
            return StorageFault(storage_error, _peak_bytes())
        failure = failure_of(
            error, source=source, targets=targets, output_bytes=limits.output_bytes
        )
        trace = "" if failure else traceback.format_exc()
        return Refused(
            failure or Failure(FailureCode.INTERNAL, "something went wrong on our side"),
            trace,
            _peak_bytes(),
        )


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _prove_walls(missing: list[str]) -> dict[str, object]:
    forbidden = {
        "SVG": ("svgload_buffer", _SVG),
        "libvips' own .v": ("vipsload_source", pyvips.Source.new_from_memory(_SVG)),
    }
    return {
        "version": [pyvips.version(part) for part in range(3)],
        "opened": [
            name
            for name, (loader, content) in forbidden.items()
            if not _is_refused(loader, content)
        ],
        "missing": missing,
        "hides_files": sandbox.hides_files(),
        **proven(),
    }


def _is_refused(loader: str, content: object) -> bool:
    """Tell whether *loader* refuses to look at anything at all, which is more than disliking it."""
    try:
        pyvips.Operation.call(loader, content)
    except pyvips.Error as error:
        return any(words in str(error) for words in _REFUSALS)
    return False


if __name__ == "__main__":
    main()
