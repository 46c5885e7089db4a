"""The pages for people."""

from typing import Final

import attrs
import falcon

from application.errors import NotFound
from entrypoints.http.openapi.operation import Bare, operation
from entrypoints.http.pages import POLICY, landing_page, problem_page, problems_page
from entrypoints.http.problems import PROBLEMS

_PAGE: Final = Bare(200, "A page for people.", {"text/html": {"type": "string"}})


@attrs.frozen
class Landing:
    """`/`."""

    base_url: str

    @operation(_PAGE)
    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Say what this is."""
        _show(resp, landing_page(self.base_url))

    on_head = on_get


@attrs.frozen
class ProblemPages:
    """`/problems` and `/problems/{code}`."""

    @operation(_PAGE)
    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """List every problem."""
        _show(resp, problems_page())

    on_head = on_get

    @operation(_PAGE, refusals=(NotFound,))
    def on_get_one(self, _: falcon.Request, resp: falcon.Response, code: str) -> None:
        """Explain one."""
        if code not in PROBLEMS:
            raise NotFound
        _show(resp, problem_page(PROBLEMS[code]))

    on_head_one = on_get_one


def _show(resp: falcon.Response, page: str) -> None:
    _PAGE.write(resp)
    resp.text = page
    resp.content_type = falcon.MEDIA_HTML
    resp.set_header("Content-Security-Policy", POLICY)
    resp.set_header("Cache-Control", "public, max-age=300")
