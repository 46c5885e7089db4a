"""One process each, as deployed."""

from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from entrypoints import container
from entrypoints.settings import Settings


def run_api(settings: Settings) -> None:
    """Serve until a signal says stop."""
    container.start_logging(settings, "api")
    container.check_prepared(settings)
    _Server(settings).run()


def run_image_worker(settings: Settings) -> None:
    """Process images until a signal says stop."""
    container.check_prepared(settings)
    container.build_image_worker(settings).run()


def run_notifier(settings: Settings) -> None:
    """Tell customers until a signal says stop."""
    container.check_prepared(settings)
    container.build_notifier(settings).run()


def run_relay(settings: Settings) -> None:
    """Relay until a signal says stop."""
    container.check_prepared(settings)
    container.build_relay(settings).run()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, set up by our own file and nothing else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        from entrypoints.http import gunicorn_conf  # noqa: PLC0415  # reads the environment

        for name in self.cfg.settings:
            if hasattr(gunicorn_conf, name):
                self.cfg.set(name, getattr(gunicorn_conf, name))
        self.cfg.set("logger_class", _OurLog)

    def load(self) -> Any:
        return container.build_http_app(self._settings)


class _OurLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines, in the log of the process."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.handlers.clear()
        self.error_log.propagate = True
