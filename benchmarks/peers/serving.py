"""How a peer takes its orders: a JSON document a line, answered by one."""

import json
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any


def serve(jobs: Mapping[str, Callable[..., None]], versions: Mapping[str, str]) -> None:
    """
    Say which versions these are, then do what each line asks for, as often as it says.

    An answer has `cpu`, seconds of this process for one time, user and system, and `peak_kib`, the
    most memory that it has ever had.
    """
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        times = order.pop("times")
        job = jobs[order.pop("job")]
        try:
            before = _spent()
            for _ in range(times):
                job(**order)
            answer: dict[str, Any] = {"cpu": (_spent() - before) / times}
        except Exception as error:  # noqa: BLE001  # the benchmark says so in its table
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        answer["peak_kib"] = _most_memory()
        print(json.dumps(answer), flush=True)


def _most_memory() -> int:
    # What `getrusage` tells of memory begins with that of whoever started this process.
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
