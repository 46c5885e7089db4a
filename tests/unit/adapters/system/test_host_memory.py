"""How much memory there is, by what the kernel says of machine and control groups."""

from pathlib import Path

import pytest

from adapters.system.host_memory import memory_of_this_host

GIB = 2**30
UNLIMITED_V1 = 2**63 - 4096


def kernel(folder: Path, cgroup: str, limits: dict[str, str]) -> dict[str, Path]:
    """Write what a kernel with 8 GiB would say, and the limits of some control groups."""
    proc, cgroups = folder / "proc", folder / "cgroup"
    (proc / "self").mkdir(parents=True)
    (proc / "meminfo").write_text("MemTotal:        8388608 kB\nMemFree:  1 kB\n")
    (proc / "self" / "cgroup").write_text(cgroup)
    for path, text in limits.items():
        (cgroups / path).parent.mkdir(parents=True, exist_ok=True)
        (cgroups / path).write_text(f"{text}\n")
    return {"proc": proc, "cgroups": cgroups}


@pytest.mark.parametrize(
    ("cgroup", "limits", "expected"),
    [
        pytest.param("0::/\n", {}, 8 * GIB, id="a machine without groups"),
        pytest.param("0::/a/b\n", {"a/b/memory.max": "max"}, 8 * GIB, id="no limit"),
        pytest.param("0::/a/b\n", {"a/b/memory.max": f"{GIB}"}, GIB, id="its own group"),
        pytest.param(
            "0::/a/b\n", {"a/b/memory.max": f"{2 * GIB}", "a/memory.max": f"{GIB}"}, GIB, id="above"
        ),
        pytest.param("0::/docker/x\n", {"memory.max": f"{GIB}"}, GIB, id="inside a container"),
        pytest.param(
            "5:cpu:/z\n4:memory,hugetlb:/a\n",
            {"memory/a/memory.limit_in_bytes": f"{GIB}"},
            GIB,
            id="version 1",
        ),
        pytest.param(
            "4:memory:/a\n",
            {"memory/a/memory.limit_in_bytes": f"{UNLIMITED_V1}"},
            8 * GIB,
            id="version 1 without limit",
        ),
    ],
)
def test_it_is_the_least_that_anybody_allows(tmp_path: Path, cgroup, limits, expected) -> None:
    assert memory_of_this_host(**kernel(tmp_path, cgroup, limits)) == expected


def test_this_machine_has_some() -> None:
    assert memory_of_this_host() > 64 * 2**20
