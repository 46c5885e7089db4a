# ruff: noqa: PLC0415, T201  # imports wait for their command, and a command line prints
"""`safelight check`: what is wrong with this configuration, and how to mend it."""

import json as json_format
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from application.checkup import Finding

_MARKS: Final = {"fine": "✓", "doubtful": "!", "wrong": "✗"}
_WRONG_SETTINGS: Final = 2
_LONGEST_NAME: Final = len("data directory")


def check(*, json: bool = False) -> int:
    """
    Try out this configuration against the services it names, and say what is wrong.

    Everything is looked at, whatever else is wrong, each thing for twenty seconds at most. What is
    put anywhere for a trial is taken away again; no mail is sent. Exits with 0 if nothing is wrong,
    with 1 if something is, with 2 if settings are.

    Parameters
    ----------
    json
        For scripts.
    """
    from entrypoints.settings import SettingsRefused, load_settings

    found: list[tuple[str, Finding]] = []

    def tell(name: str, finding: "Finding") -> None:
        found.append((name, finding))
        if not json:
            print(_line(name, finding), flush=True)

    try:
        settings = load_settings(os.environ)
    except SettingsRefused as refusal:
        from application.checkup import wrong

        for complaint in refusal.complaints:
            tell("settings", wrong(str(complaint), "`safelight settings` tells every form"))
        code = _WRONG_SETTINGS
    else:
        from application.checkup import Verdict, fine
        from entrypoints.cli.checking import findings

        tell("settings", fine("all have a good form"))
        for name, finding in findings(settings):
            tell(name, finding)
        code = int(any(finding.verdict is Verdict.WRONG for _, finding in found))
    if json:
        print(json_format.dumps(_document(found), ensure_ascii=False))
    return code


def _line(name: str, finding: "Finding") -> str:
    remedy = f" → {finding.remedy}" if finding.remedy else ""
    return f"{_MARKS[finding.verdict.value]} {name:{_LONGEST_NAME}}  {finding.said}{remedy}"


def _document(found: "list[tuple[str, Finding]]") -> list[dict[str, str]]:
    return [
        {
            "check": name,
            "verdict": finding.verdict.value,
            "said": finding.said,
            "remedy": finding.remedy,
        }
        for name, finding in found
    ]
