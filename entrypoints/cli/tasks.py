# ruff: noqa: PLC0415, T201  # imports wait for their command; a command line prints
"""`safelight tasks`: look at tasks, put failed ones back, give some up."""

import json as json_text
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from cyclopts import App, Parameter

from entrypoints.cli.configuration import prepared_platform
from entrypoints.cli.presentation import age_from, moment_of, print_columns, progress_of
from entrypoints.mistakes import OperatorMistake

if TYPE_CHECKING:
    from application.ports.repositories.tasks import TaskFilter
    from domain.tasks.task import Task
    from entrypoints.container import Platform

_Status = Literal["failed", "queued", "in-progress", "completed", "cancelled"]
_All = Annotated[bool, Parameter(name="--all", negative=())]
_Yes = Annotated[bool, Parameter(name="--yes", negative=())]

app = App(
    name="tasks",
    help="""Tasks, whoever they belong to: look at them, put failed ones back, give some up.

A task whose worker died three times is set aside as `failed` with the code `poisoned`:
`safelight tasks list --code poisoned` shows them.""",
)


@app.command(name="list")
def list_tasks(
    *,
    status: _Status = "failed",
    code: str | None = None,
    older_than: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
    json: bool = False,
) -> None:
    """
    Show tasks, newest first, a page at a time.

    Parameters
    ----------
    status
        Those that are so now.
    code
        Those that failed so, such as poisoned or storage_unavailable.
    older_than
        Those that were asked for so long ago, such as 12h or 7d.
    after
        Go on behind this task: the last one of the page before.
    limit
        How many at most, up to 1000.
    json
        For scripts.
    """
    if not 1 <= limit <= 1000:
        raise OperatorMistake("--limit is from 1 to 1000", exit_code=2)
    wanted = _filter(status, code, older_than)
    with prepared_platform() as platform:
        from application.errors import NotFound

        try:
            found = platform.use_cases().list_tasks()(wanted, after, limit)
        except NotFound:
            raise OperatorMistake(f"there is no task {after} to go on behind") from None
    if json:
        print(json_text.dumps([_document(task) for task in found]))
        return
    if not found:
        print(f"No task is {wanted.status.value} and as you say.")
        return
    print_columns(
        ("task", "created", "lane", "attempts", "deaths", "code", "why"), [_row(t) for t in found]
    )
    if len(found) == limit:
        print(f"\nThe next ones:  --after {found[-1].id}")
    if wanted.status.value == "failed":
        print("\nLook at one:  safelight tasks show ID")
        print("Put back:     safelight tasks requeue ID … (or --all --code CODE)")
        print("Give up:      safelight tasks drop --yes ID …")


@app.command
def show(task_id: UUID, /, *, json: bool = False) -> None:
    """
    Show a task: what became of each attempt, and who has been told.

    Parameters
    ----------
    task_id
        As `list` shows it.
    json
        For scripts.
    """
    from application.errors import NotFound

    with prepared_platform() as platform:
        try:
            view = platform.use_cases().inspect_task()(task_id)
        except NotFound:
            raise OperatorMistake(f"there is no task {task_id}") from None
    document = _document(view.task) | {
        "log": [
            {
                "attempt": entry.attempt,
                "endedAt": entry.ended_at.isoformat(),
                "outcome": entry.outcome,
                "error": entry.error,
            }
            for entry in view.log
        ],
        "deliveries": [
            {
                "channel": delivery.channel.value,
                "status": delivery.status.value,
                "attempts": delivery.attempts,
                "lastError": delivery.last_error,
            }
            for delivery in view.deliveries
        ],
    }
    if json:
        print(json_text.dumps(document))
        return
    for name, value in document.items():
        if not isinstance(value, list):
            print(f"{name:14} {'' if value is None else _one_line(value)}")
    for name in ("log", "deliveries"):
        print(f"\n{name}:" + ("" if document[name] else " none"))
        for entry in document[name]:
            said = (
                f"{key}={_one_line(value)}" for key, value in entry.items() if value is not None
            )
            print("  " + "  ".join(said))


@app.command
def requeue(
    *ids: UUID, every: _All = False, code: str | None = None, older_than: str | None = None
) -> int:
    """
    Put failed tasks back into the queue, with all their attempts before them.

    Whoever asked for them is told of their new end, as of the first.

    Parameters
    ----------
    ids
        Which, as `list` shows them.
    every
        All that failed, or all of one code or age.
    code
        With --all: those that failed so, such as storage_unavailable.
    older_than
        With --all: those that were asked for so long ago, such as 12h or 7d.
    """
    from application.audit import Operator

    with prepared_platform() as platform:
        chosen = _chosen(platform, ids, "failed", code, older_than, every=every)
        use_case, by = platform.use_cases().requeue_task(), Operator("tasks requeue")
        return _each(chosen, lambda task_id: use_case(task_id, by), "Put back")


@app.command
def drop(
    *ids: UUID,
    every: _All = False,
    status: Literal["failed", "queued"] = "failed",
    code: str | None = None,
    older_than: str | None = None,
    yes: _Yes = False,
) -> int:
    """
    Give failed or queued tasks up: they become `cancelled`, and their pictures are removed.

    The rows stay, so that their owners see what became of them; the pictures do not come back.

    Parameters
    ----------
    ids
        Which, as `list` shows them.
    every
        All of one status, code or age.
    status
        With --all: those that are so now.
    code
        With --all: those that failed so, such as poisoned.
    older_than
        With --all: those that were asked for so long ago, such as 12h or 7d.
    yes
        You know that this cannot be undone.
    """
    if not yes:
        raise OperatorMistake(
            "dropping removes pictures for good; say --yes if that is what you want", exit_code=2
        )
    from application.audit import Operator

    with prepared_platform() as platform:
        chosen = _chosen(platform, ids, status, code, older_than, every=every)
        use_case, by = platform.use_cases().drop_task(), Operator("tasks drop")
        return _each(chosen, lambda task_id: use_case(task_id, by), "Dropped")


def _filter(status: str, code: str | None, older_than: str | None) -> "TaskFilter":
    from application.ports.repositories.tasks import TaskFilter
    from domain.tasks.task import FailureCode, TaskStatus

    codes = [each.value for each in FailureCode]
    if code is not None and code not in codes:
        raise OperatorMistake(f"--code is one of {', '.join(codes)}", exit_code=2)
    return TaskFilter(
        TaskStatus(status.replace("-", " ")),
        None if code is None else FailureCode(code),
        age_from(older_than),
    )


def _chosen(
    platform: "Platform",
    ids: tuple[UUID, ...],
    status: str,
    code: str | None,
    older_than: str | None,
    *,
    every: bool,
) -> Iterator[UUID]:
    if every == bool(ids):
        raise OperatorMistake("name some ids, or say --all", exit_code=2)
    if ids and (code or older_than):
        raise OperatorMistake("--code and --older-than go with --all", exit_code=2)
    if ids:
        return iter(ids)
    wanted = _filter(status, code, older_than)
    return (task.id for task in platform.use_cases().list_tasks().every(wanted))


def _each(ids: Iterator[UUID], act: Callable[[UUID], None], done: str) -> int:
    """Do one after the other; what cannot be done is told, and the others are done all the same."""
    from application.errors import ApplicationError
    from domain.errors import DomainError

    number = refused = 0
    with progress_of("Tasks", None) as advance:
        for task_id in ids:
            try:
                act(task_id)
                number += 1
            except (ApplicationError, DomainError) as refusal:
                refused += 1
                print(f"{task_id}: {refusal.detail}", file=sys.stderr)
            advance(1)
    print(f"{done}: {number}.")
    return 1 if refused else 0


def _row(task: "Task") -> tuple[str, ...]:
    failure = task.failure
    return (
        str(task.id),
        moment_of(task.created_at),
        task.priority.value,
        str(task.attempts),
        str(task.deaths),
        "" if failure is None else failure.code.value,
        "" if failure is None else _one_line(failure.detail),
    )


def _document(task: "Task") -> dict[str, Any]:
    failure = task.failure
    finished = task.finished_at
    return {
        "taskId": str(task.id),
        "imageId": str(task.image_id),
        "userId": str(task.user_id),
        "requestId": task.correlation_id,
        "status": task.status.value,
        "priority": task.priority.value,
        "preset": None if task.preset is None else str(task.preset),
        "attempts": task.attempts,
        "deaths": task.deaths,
        "code": None if failure is None else failure.code.value,
        "detail": None if failure is None else failure.detail,
        "createdAt": task.created_at.isoformat(),
        "finishedAt": None if finished is None else finished.isoformat(),
        "gone": None if task.gone is None else task.gone.value,
    }


def _one_line(value: object) -> str:
    """Return *value* as text that cannot steer a terminal: a customer may have had a word in it."""
    return "".join(sign if sign.isprintable() else " " for sign in str(value))
