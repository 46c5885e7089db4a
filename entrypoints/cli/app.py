# ruff: noqa: PLC0415, T201  # imports wait for their command, and a command line prints
"""The commands; each imports what it needs when it runs, so that `--help` is quick."""

import os
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Group, Parameter

from entrypoints.cli import admin, backups, check, tasks, upkeep
from entrypoints.cli.configuration import configured as _settings
from entrypoints.mistakes import OperatorMistake

_HIGHEST_PORT = 65_535
_MACHINE = Group("On one machine", sort_key=1)
_PROCESSES = Group("One process each, as deployed", sort_key=2)
_UPKEEP = Group("Looking after it", sort_key=3)
_TOOLS = Group("Tools", sort_key=4)


def _version() -> str:
    try:
        return metadata.version("safelight")
    except metadata.PackageNotFoundError:
        text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
        return text.partition('version = "')[2].partition('"')[0]


app = App(
    name="safelight",
    help="""Self-hosted, asynchronous image processing: upload a picture, say what is to be done,
be told when it is.

Start with `safelight up`: it runs the whole platform on this machine and prints a request to try.
Everything is set by SAFELIGHT_… variables; `safelight settings` lists them.""",
    version=_version,
    version_flags=["--version"],
    help_format="markdown",
    result_action="return_value",
)


@app.command(group=_MACHINE)
def up(*, log_format: Annotated[Literal["text", "json"], Parameter()] = "text") -> int:
    """
    Run the whole platform on this machine: API, image worker, notifier and relay.

    What it keeps lies in SAFELIGHT_DATA_DIR (./var): database, pictures, keys and, without a
    mail server, mails as .eml files. PORT or SAFELIGHT_HTTP_BIND choose where it listens.
    Ctrl-C stops everything cleanly; a second one at once.

    Parameters
    ----------
    log_format
        Lines for people, or each process's JSON as it is.
    """
    from entrypoints.cli.supervisor import supervise

    port = os.environ.get("PORT")
    if port and os.environ.get("SAFELIGHT_HTTP_BIND"):
        raise OperatorMistake("set PORT or SAFELIGHT_HTTP_BIND, not both", exit_code=2)
    if port:
        if not (port.isascii() and port.isdecimal() and int(port) <= _HIGHEST_PORT):
            raise OperatorMistake(f"PORT must be a port such as 8000, not {port!r}", exit_code=2)
        os.environ["SAFELIGHT_HTTP_BIND"] = f"127.0.0.1:{port}"
    return supervise(_settings(), os.environ, log_format)


@app.command(group=_PROCESSES)
def api() -> None:
    """Serve the REST API: take uploads, answer questions (SAFELIGHT_HTTP_…)."""
    from entrypoints.processes import run_api

    run_api(_settings())


@app.command(group=_PROCESSES)
def image_worker() -> None:
    """Process queued images in sandboxed renderers (SAFELIGHT_WORKER_…, …RENDERER_…)."""
    from entrypoints.preparation import check_prepared
    from entrypoints.processes import build_image_worker

    settings = _settings()
    check_prepared(settings, broker=True)
    build_image_worker(settings).run()


@app.command(group=_PROCESSES)
def notifier() -> None:
    """Tell customers by e-mail and webhook (SAFELIGHT_NOTIFIER_…, …SMTP_…, …WEBHOOK_…)."""
    from entrypoints.preparation import check_prepared
    from entrypoints.processes import build_notifier

    settings = _settings()
    check_prepared(settings, broker=True)
    build_notifier(settings).run()


@app.command(group=_PROCESSES)
def relay() -> None:
    """Carry messages to the broker, take tasks back from dead workers (SAFELIGHT_RELAY_…)."""
    from entrypoints.preparation import check_prepared
    from entrypoints.processes import build_relay

    settings = _settings()
    check_prepared(settings, broker=True)
    build_relay(settings).run()


@app.command(group=_TOOLS)
def migrate() -> None:
    """Bring the database to this version and install the shared pictures; harmless if repeated."""
    from entrypoints.preparation import prepare

    settings = _settings()
    applied = prepare(settings)
    print(f"Applied: {', '.join(applied)}." if applied else "The database is up to date.")


app.command(check.check, group=_TOOLS)


dead_letters = App(
    name="dead-letters",
    help="""Messages that nobody could deliver: look at them, put them back, forget them.

A message dies when its consumer says that trying again will not help, or after too many deliveries.
Nothing is lost by it: the database knows every task, and rings for it again.""",
    group=_UPKEEP,
)
app.command(dead_letters)
app.command(tasks.app)
tasks.app.group = _UPKEEP
app.command(admin.app)
admin.app.group = _UPKEEP
for _upkeep in (upkeep.sweep_orphans, upkeep.retain, backups.backup, backups.backup_check):
    app.command(_upkeep, group=_UPKEEP)
_Queue = Literal["image-processing", "notifications"]


@dead_letters.command(name="list")
def list_dead_letters(*, json: bool = False) -> None:
    """
    Show the dead letters of every queue.

    Parameters
    ----------
    json
        For scripts.
    """
    from entrypoints.cli.dead_letters import show

    show(_settings(), as_json=json)


@dead_letters.command(name="requeue")
def requeue_dead_letters(
    queue: _Queue, *ids: str, every: Annotated[bool, Parameter(name="--all", negative=())] = False
) -> None:
    """
    Put dead letters back where they came from, as if they were new.

    Parameters
    ----------
    queue
        Whose they are.
    ids
        Which, as `list` shows them.
    every
        All of them, a thousand at a time.
    """
    from entrypoints.cli.dead_letters import requeue

    requeue(_settings(), queue, ids, every=every)


@dead_letters.command(name="drop")
def drop_dead_letters(
    queue: _Queue, *ids: str, every: Annotated[bool, Parameter(name="--all", negative=())] = False
) -> None:
    """
    Forget dead letters; what they were about stays in the database.

    Parameters
    ----------
    queue
        Whose they are.
    ids
        Which, as `list` shows them.
    every
        All of them, a thousand at a time.
    """
    from entrypoints.cli.dead_letters import drop

    drop(_settings(), queue, ids, every=every)


@app.command(group=_TOOLS)
def settings(*, markdown: bool = False) -> None:
    """
    List every setting: name, default, meaning and form.

    Settings are environment variables; every process reads them once, at its start.

    Parameters
    ----------
    markdown
        As the page docs/settings.md.
    """
    from entrypoints.cli.settings_page import as_markdown, as_text

    print(as_markdown() if markdown else as_text(), end="")


@app.command(group=_TOOLS)
def listen(*, secret: str | None = None, port: int = 9000) -> None:
    """
    Receive webhooks on this machine, check their signatures and print them: for trying out.

    Start it, then have it called: POST `{"url": "http://127.0.0.1:9000/"}` to /api/webhooks, and
    upload a picture. `safelight up` lets webhooks reach this machine while it listens on loopback;
    a server does so only with SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS.

    Parameters
    ----------
    secret
        Your account's signing secret, `whsec_…`: the `signingSecret` that GET /api/webhooks shows.
    port
        Where to listen, on 127.0.0.1 alone.
    """
    from entrypoints.cli.webhook_listener import listen_for_webhooks

    if secret is None:
        raise OperatorMistake(
            "listen needs your account's signing secret: --secret whsec_…, the signingSecret that "
            'GET /api/webhooks shows (curl -H "Authorization: Bearer $TOKEN" $BASE/api/webhooks)',
            exit_code=2,
        )
    listen_for_webhooks(secret, port)
