"""docs/api.md names every route that is served, and nothing else."""

import re
from pathlib import Path

from falcon import inspect

from tests.http.house import House

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_page_and_the_routes_agree() -> None:
    served = {
        (method.method, route.path)
        for route in inspect.inspect_app(House().app()).routes
        for method in route.methods
        if not method.internal and method.method != "HEAD"
    }

    named = set(re.findall(r"^\| `([A-Z]+) (\S+)`", PAGE.read_text(), re.MULTILINE))

    assert named == served
