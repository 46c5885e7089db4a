"""Every setting, written out for people."""

from itertools import groupby

from entrypoints import settings


def as_text() -> str:
    """Return one paragraph a setting."""
    lines = []
    for variable in settings.describe():
        default = f" [{variable.default}]" if variable.default else ""
        lines += [
            f"{variable.name}{default}",
            f"    {variable.meaning}",
            f"    Form: {variable.expected}.",
        ]
    return "\n".join(lines) + "\n"


def as_markdown() -> str:
    """Return the page `docs/settings.md`."""
    lines = [
        "# Settings",
        "",
        "Written by `safelight settings --markdown`. Every process reads the environment once, at",
        "its start; all wrong variables are reported together, unknown `SAFELIGHT_` names among",
        "them. An empty variable counts as absent. Secrets may be given as `file:///path`.",
    ]
    for area, variables in groupby(settings.describe(), key=lambda variable: variable.area):
        lines += [
            "",
            f"## {area.upper() if area in ('http', 'smtp') else area.capitalize() or 'General'}",
            "",
            "| variable | default | form | meaning |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{variable.name}` | {f'`{variable.default}`' if variable.default else ''} "
            f"| {variable.expected} | {variable.meaning} |"
            for variable in variables
        ]
    return "\n".join(lines) + "\n"
