"""The few pages for people: what this is, and what each problem means."""

import base64
import hashlib
from html import escape
from itertools import groupby
from string import Template
from typing import Final

from entrypoints.first_session import first_session
from entrypoints.http.problems import PROBLEMS, Problem

_STYLE: Final = """
:root{--paper:#faf6f1;--ink:#241b17;--faint:#75675d;--line:#e4d9cd;--light:#b3321b;--card:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#150e0d;--ink:#f1e4d8;--faint:#a8948a;
--line:#3a2724;--light:#ff6a3d;--card:#1e1413}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:52rem;margin:0 auto;padding:4rem 1.5rem 6rem}
.lamp{display:inline-block;width:.7em;height:.7em;border-radius:50%;background:var(--light);
box-shadow:0 0 1em var(--light);margin-right:.6em}
.brand{font-weight:600;letter-spacing:.02em;text-decoration:none;color:inherit}
h1{font-size:clamp(1.9rem,5vw,2.8rem);line-height:1.15;letter-spacing:-.02em;margin:2.5rem 0 1rem;
text-wrap:balance}
h2{font-size:1.15rem;margin:2.75rem 0 .75rem}
p{max-width:38rem}
.faint{color:var(--faint)}
a{color:var(--light)}
code,pre{font:.875rem/1.65 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{font-size:.8125rem;background:var(--card);
border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;overflow-x:auto;tab-size:2}
.status{color:var(--light);font:600 .95rem/1.6 ui-monospace,Menlo,Consolas,monospace}
.figure{color:var(--light);font:600 1rem/1 ui-monospace,Menlo,Consolas,monospace;margin:4rem 0 0}
.figure+h1{margin-top:.75rem}
.group{display:grid;grid-template-columns:4rem 1fr;border-top:1px solid var(--line);
padding:.8rem 0;align-items:baseline}
.group h2,.group ul{margin:0;padding:0;list-style:none}
.group li{display:grid;grid-template-columns:17rem 1fr;gap:0 1rem;padding:.15rem 0;
align-items:baseline}
@media(max-width:44rem){main{padding:2.5rem 1.25rem 4rem}.group{grid-template-columns:3rem 1fr}
.group li{grid-template-columns:1fr;padding:.3rem 0}pre{font-size:.8rem;padding:.9rem 1rem}}
"""

POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src "
    f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
"""The pages' Content-Security-Policy: one style sheet, nothing else."""

_PAGE: Final = Template(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    f"<title>$title · Safelight</title><style>{_STYLE}</style></head><body><main>"
    '<a class="brand" href="/"><span class="lamp"></span>Safelight</a>\n$body\n'
    "</main></body></html>\n"
)


def landing_page(base_url: str) -> str:
    """Say what this is, and show the session that tries it."""
    session = escape(first_session(base_url), quote=False)
    return _page(
        "Pictures in, pictures out",
        "<h1>Send a picture, say what is to be done, be told when it is.</h1>"
        "<p>Safelight takes uploads over a REST API, processes them in the background, and tells "
        "you by e-mail or webhook, with a link to the result. Once an upload has been answered, "
        "it is not lost.</p>"
        f"<h2>Try it</h2><pre>{session}</pre>"
        '<p class="faint">Whatever goes wrong is answered with a code; '
        '<a href="/problems">each has a page</a> that says what to do.</p>',
    )


def problems_page() -> str:
    """List every problem, by status."""
    by_status = groupby(
        sorted(PROBLEMS.values(), key=lambda one: (one.status, one.code)),
        key=lambda one: one.status,
    )
    groups = "".join(
        f'<section class="group"><h2 class="status">{status}</h2><ul>'
        + "".join(
            f'<li><a href="/problems/{problem.code}"><code>{problem.code}</code></a>'
            f"<span>{escape(problem.title)}</span></li>"
            for problem in problems
        )
        + "</ul></section>"
        for status, problems in by_status
    )
    return _page(
        "Problems",
        "<h1>Problems</h1><p>Errors are answered as <code>application/problem+json</code> "
        f"(RFC 9457); their <code>code</code> is one of these.</p>{groups}",
    )


def problem_page(problem: Problem) -> str:
    """Say what one problem means and what to do about it."""
    again = (
        f"<p>The answer's <code>Retry-After</code> says how many seconds to wait, "
        f"usually {problem.retry_after_seconds}.</p>"
        if problem.retry_after_seconds
        else ""
    )
    return _page(
        problem.title,
        f"<h1>{escape(problem.title)}</h1>"
        f'<p><span class="status">{problem.status}</span> · <code>{problem.code}</code></p>'
        f"<h2>What to do</h2><p>{escape(problem.remedy)}</p>{again}"
        '<p class="faint">The answer\'s <code>detail</code> is about your request, '
        "<code>pointer</code> shows the value that is meant, and <code>requestId</code> is what "
        'an operator needs to find it. <a href="/problems">All problems</a></p>',
    )


def refusal_page(problem: Problem, detail: str, request_id: str) -> str:
    """Tell a person in a browser what a program is told as JSON."""
    remedy = "" if detail == problem.remedy else f"<p>{escape(problem.remedy)}</p>"
    return _page(
        problem.title,
        f'<p class="figure">{problem.status}</p><h1>{escape(problem.title)}</h1>'
        f"<p>{escape(detail)}</p>{remedy}"
        f'<p class="faint">Request <code>{escape(request_id)}</code> · '
        f'<a href="/problems/{problem.code}">about this answer</a> · <a href="/">start</a></p>',
    )


def _page(title: str, body: str) -> str:
    return _PAGE.substitute(title=escape(title), body=body)
