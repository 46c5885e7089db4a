"""
A network namespace in which every address is this machine's own, and nothing leads out.

A process in it calls 169.254.169.254, 10.0.0.1 or 64:ff9b::7f00:1 and meets a canary of ours: all
addresses are local to its loopback interface (`ip route add local 0.0.0.0/0 dev lo`). A mount namespace
gives it a resolver of its own.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.outbound.vectors import PUBLIC_V6
from tests.running import ROOT
from tests.services.packages import ensure, not_here

_FURNISH = f"""
set -e
mount --bind "$1/resolv.conf" /etc/resolv.conf
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
ip link set lo up
ip address add fe80::1/64 dev lo
ip address add {PUBLIC_V6}/128 dev lo
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo
shift
exec "$@"
"""
_FILES = {
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:5 attempts:2\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost\n",
    "nsswitch.conf": "hosts: files dns\n",
}


def require_rooms() -> None:
    """Skip a test where namespaces may not be made; in continuous integration fail it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        not_here("needs Linux and root, for a network namespace of its own")
    ensure("iproute2", "util-linux")
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "ip", "link", "set", "lo", "up"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if tried.returncode != 0:
        not_here(f"needs network and mount namespaces: {tried.stderr.strip()}")


def play(module: str, folder: Path, *arguments: str, seconds: float) -> dict[str, Any]:
    """Run *module* in a room of its own; return the JSON document that it prints."""
    for name, content in _FILES.items():
        (folder / name).write_text(content)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAFELIGHT_")}
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private"]
        + [shutil.which("sh") or "sh", "-c", _FURNISH, "room", str(folder)]
        + [sys.executable, "-m", module, str(folder), *arguments],
        env=kept | {"PYTHONPATH": str(ROOT), "SSL_CERT_FILE": str(folder / "certificate.pem")},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document
