"""Structured logs on the standard output, one event a line, the libraries' own among them."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, Final

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

# Chatty, or repeating what we say better ourselves.
_QUIETER: Final = {
    "amqp": logging.WARNING,
    "apprise": logging.WARNING,
    "gunicorn.access": logging.WARNING,
    "kombu": logging.WARNING,
    "urllib3": logging.WARNING,
}


def configure_logging(
    process: str,
    *,
    level: str = "info",
    style: str = "json",
    copy_to: logging.Handler | None = None,
) -> None:
    """
    Send every log record of this process to the standard output.

    Args:
        process: What the process is called, such as `image-worker`; stands in each line.
        style: `json` or `console`.
        copy_to: Gets every record too; see `logstash_logging`.
    """
    context = _in_every_line({"process": process})
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        context,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    console = logging.StreamHandler(sys.stdout)
    console.setFormatter(
        _console_formatter(shared) if style == "console" else json_formatter(shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [console]
    if copy_to is not None:
        copy_to.setFormatter(json_formatter(shared))
        root.addHandler(copy_to)
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name, least in _QUIETER.items():
        logging.getLogger(name).setLevel(max(least, root.level))


def json_formatter(shared: list[structlog.typing.Processor]) -> logging.Formatter:
    """Return a formatter that makes one JSON object of a record, traceback included."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_serialize),
        ],
    )


def _console_formatter(shared: list[structlog.typing.Processor]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _harmless,
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(),
                timestamp_key="ts",
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
    )


def _harmless(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape what would steer a terminal or begin a line: customers choose parts of the texts."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable() and name != "exception":
            event[name] = "".join(
                each if each.isprintable() else each.encode("unicode_escape").decode()
                for each in value
            )
    return event


def _in_every_line(fields: Mapping[str, str]) -> structlog.typing.Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.update(fields)
        return event

    return add


def _serialize(event: dict[str, Any], **_: object) -> str:
    return orjson.dumps(event, default=repr, option=orjson.OPT_NON_STR_KEYS).decode()
