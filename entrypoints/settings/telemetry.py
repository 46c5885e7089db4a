"""Logs and figures."""

from pathlib import Path

import attrs

from entrypoints.settings import forms as form
from entrypoints.settings.field import setting
from entrypoints.settings.gateway import _HOUSE_NETWORKS


@attrs.frozen
class LogSettings:
    """What the processes say."""

    level: str = setting(
        "info", form.choice("debug", "info", "warning", "error"), "Least weight of a line."
    )
    format: str = setting(
        "json", form.choice("json", "console"), "One JSON object a line, or a text for people."
    )


@attrs.frozen
class LogstashSettings:
    """A Logstash server that gets a copy of the log."""

    host: str | None = setting(None, form.text(), "Logstash server; none if absent.")
    port: int = setting(5959, form.whole(1, 65_535), "Its TCP input, with the codec json_lines.")


@attrs.frozen
class MetricsSettings:
    """Figures for Prometheus."""

    dir: Path | None = setting(
        None,
        form.path(),
        "Directory in which the processes of one machine gather their figures.",
    )
    bind: str | None = setting(
        None,
        form.bind_address(),
        "Where processes other than the API answer /metrics, /healthz and /readyz; "
        "not at all if absent.",
    )
    networks: tuple[str, ...] = setting(
        _HOUSE_NETWORKS,
        form.networks(),
        "Networks that the API shows /metrics to; by default this host's and private ones. For "
        "others it is not there.",
    )
