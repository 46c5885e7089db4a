"""Drawing, and what is done behind it."""

import os
from pathlib import Path

import attrs

from entrypoints.settings import forms as form
from entrypoints.settings.field import setting
from entrypoints.settings.places import _MIB


@attrs.frozen
class RendererSettings:
    """The sandboxed processes that draw pictures."""

    wall_seconds: float = setting(30.0, form.seconds(0.1, 86_400), "Time one picture may take.")
    cpu_seconds: int = setting(
        20, form.whole(1, 86_400), "Processor time one picture may take, all threads together."
    )
    memory_bytes: int = setting(
        1536 * _MIB, form.byte_size(64 * _MIB, 2**40), "Address space of one renderer."
    )
    output_bytes: int = setting(
        64 * _MIB, form.byte_size(1024, 2**40), "Largest result that may be written."
    )
    tasks_per_child: int = setting(
        50, form.whole(1, 100_000), "Pictures after which a renderer is replaced; 1 isolates each."
    )


@attrs.frozen
class WorkerSettings:
    """The image worker."""

    concurrency: int = setting(
        os.cpu_count() or 1, form.whole(1, 256), "Pictures at once; the number of cores if absent."
    )
    drain_seconds: float = setting(
        25.0, form.seconds(0, 86_400), "How long running work may take to end at a stop."
    )
    memory_budget: int | None = setting(
        None,
        form.byte_size(64 * _MIB, 2**50),
        "Memory that pictures under way may take together, in all workers of this host; half of "
        "what the machine, or the control group of the worker, has if absent.",
    )
    memory_file: Path | None = setting(
        None,
        form.path(),
        "What workers that share memory share to keep to it, a file on a disk of their host; "
        "`run/memory.tokens` in the data directory if absent.",
    )


@attrs.frozen
class TasksSettings:
    """How tasks survive the death of a worker."""

    # A worker beats beside its work, so a lease need not outlast the longest task.
    lease_seconds: float = setting(
        30.0,
        form.seconds(0.3, 86_400),
        "Silence after which a worker's tasks go to another; at least three of its beats.",
    )
    beat_seconds: float = setting(
        10.0, form.seconds(0.1, 3600), "How often a worker renews its leases."
    )
    retry_seconds: float = setting(
        86_400.0,
        form.seconds(0, 30 * 86_400),
        "Time since the upload for which trouble that can heal is waited out.",
    )


@attrs.frozen
class RelaySettings:
    """The relay from the database to the broker."""

    poll_seconds: float = setting(
        0.5, form.seconds(0.01, 3600), "Longest sleep when no bell rings."
    )
    expired_seconds: float = setting(
        5.0, form.seconds(0.1, 3600), "How often expired leases are looked for."
    )
    sweep_seconds: float = setting(
        15.0, form.seconds(0.1, 3600), "How often forgotten work is looked for."
    )
    patience_seconds: float = setting(
        60.0, form.seconds(1, 86_400), "Age at which a queued task is rung for again."
    )
    lease_seconds: float = setting(
        60.0,
        form.seconds(1, 3600),
        "Silence after which what a relay has taken to publish goes to another; longer than the "
        "broker may take to confirm.",
    )
