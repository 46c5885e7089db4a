"""
How gunicorn serves the API; `Server` reads this.

Threads, because requests wait more than they compute; and every wait on a client has an end.
"""

import logging
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any, Final

import structlog
from gunicorn.http.body import LengthReader  # type: ignore[import-untyped]

from entrypoints.http.body import FORM_OVERHEAD_BYTES
from entrypoints.http.draining import note_sigterm
from entrypoints.http.socket_body import SocketBody
from entrypoints.settings import load_settings

_log: Final = structlog.get_logger("safelight.http")
_settings: Final = load_settings(os.environ)
_MAX_BODY_BYTES: Final = _settings.upload.max_bytes + FORM_OVERHEAD_BYTES
_CLIENT_SECONDS: Final = 30
# Python's own is 5 ms: what a short request waits for each longer one that is being worked on.
_SWITCH_SECONDS: Final = 0.001

bind = _settings.http.bind
backlog = 1024

worker_class = "entrypoints.http.worker.Worker"
workers = _settings.http.workers
threads = _settings.http.threads
graceful_timeout = _settings.http.graceful_seconds
# Of the heartbeat between processes, which a slow request does not delay.
timeout = 60
keepalive = 15
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # memory, not disk

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

if _settings.http.tls_certificate is not None:
    certfile = str(_settings.http.tls_certificate)
    keyfile = str(_settings.http.tls_key)

# Its default is one file in the home directory, whoever and however many we are.
control_socket_disable = True

# Each request has its line in our own log.
accesslog = None
errorlog = "-"

if _settings.metrics.dir is not None:
    # Before anybody imports prometheus_client, in this process or in those it forks.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_settings.metrics.dir)


def when_ready(server: Any) -> None:
    """
    Bound the waits on blocking sockets: for a request's head, and for a large piece of its body.

    Sockets inherit this from the one that accepts them.
    """
    wait = struct.pack("@ll", _CLIENT_SECONDS, 0)
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
    _log.info("listening")


def post_worker_init(worker: Any) -> None:
    """Let the worker know when it is asked to stop, take short turns, speak through our log."""
    worker.is_https = _settings.base_url.startswith("https://")
    note_sigterm()
    sys.setswitchinterval(_SWITCH_SECONDS)
    spoken = logging.getLogger("gunicorn.error")
    spoken.handlers.clear()
    spoken.propagate = True
    spoken.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether it is more than a client who was too slow: nobody shall fill the log that way."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, BlockingIOError | TimeoutError)


def pre_request(worker: Any, req: Any) -> None:
    """
    Bound the waits for the body and for the answer to leave, and send hopeless bodies away.

    A body that is going to be refused is not invited by `100 Continue`, and its connection is
    closed behind the refusal, which then says so: what is still on its way must not be taken for
    the next request.
    """
    req.unreader.sock.settimeout(_CLIENT_SECONDS)
    reader = req.body.reader
    if isinstance(reader, LengthReader) and not worker.cfg.is_ssl:
        waits, req._expected_100_continue = req._expected_100_continue, False  # noqa: SLF001  # nameless
        req.body = SocketBody(
            req.unreader, reader.length, decline=req.force_close if waits else None
        )
    for name, value in req.headers:
        too_long = name == "CONTENT-LENGTH" and int(value) > _MAX_BODY_BYTES
        if too_long or name == "TRANSFER-ENCODING":
            req._expected_100_continue = False  # noqa: SLF001  # it has no public name
            req.force_close()


def child_exit(_: Any, worker: Any) -> None:
    """Forget the figures that only lived with the worker."""
    if _settings.metrics.dir is not None:
        from prometheus_client import multiprocess  # noqa: PLC0415  # see above

        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
