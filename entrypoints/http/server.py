"""gunicorn, as this platform runs it: set up by our own file, speaking through our log."""

import logging
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """
    Serves what *build_app* makes, by `gunicorn_conf` and nothing else.

    Every worker process calls *build_app* for itself.
    """

    def __init__(self, build_app: Callable[[], Any]) -> None:
        self._build_app = build_app
        super().__init__()

    def load_config(self) -> None:
        from entrypoints.http import gunicorn_conf  # noqa: PLC0415  # reads the environment

        for name in self.cfg.settings:
            if hasattr(gunicorn_conf, name):
                self.cfg.set(name, getattr(gunicorn_conf, name))
        self.cfg.set("logger_class", _OurLog)

    def load(self) -> Any:
        return self._build_app()


class _OurLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines, in the log of the process."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        # Which of its processes boots is no news; that requests are taken we say ourselves.
        self.error_log.setLevel(logging.WARNING)
