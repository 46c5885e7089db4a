"""Read them from variables, judge them all together, describe them to people."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs
import typed_settings
from typed_settings.cls_utils import deep_options
from typed_settings.dict_utils import set_path
from typed_settings.types import LoadedSettings, LoaderMeta, OptionInfo, OptionList, SettingsClass

from entrypoints.settings.complaints import PREFIX, Complaint, SettingsRefused, contradictions
from entrypoints.settings.field import FORM
from entrypoints.settings.forms import Form, Malformed
from entrypoints.settings.whole import Settings

_AREAS: Final = {"data_dir": "", "failpoint": "for tests"}


@attrs.frozen
class Variable:
    """
    One environment variable, for people.

    Attributes:
        default: As it would be written; empty if there is none.
    """

    name: str
    area: str
    expected: str
    default: str
    meaning: str
    secret: bool


def load_settings(environ: Mapping[str, str]) -> Settings:
    """
    Read the settings from *environ*.

    Raises:
        SettingsRefused: With everything that is wrong, values of secrets hidden.
    """
    loader = _Environ(environ)
    settings = typed_settings.load_settings(Settings, [loader])
    complaints = [*loader.complaints, *_unknown(environ, loader.names)]
    if not loader.complaints:  # a default in the place of a wrong value would be judged
        complaints += contradictions(settings)
    if complaints:
        raise SettingsRefused(complaints)
    return settings


def known_names() -> frozenset[str]:
    """Return the name of every variable."""
    return frozenset(_name(option) for option in deep_options(Settings))


def describe() -> Iterator[Variable]:
    """Describe every variable, area by area."""
    for option in deep_options(Settings):
        expected: Form = option.metadata[FORM]
        area, dot, _ = option.path.partition(".")
        yield Variable(
            _name(option),
            area if dot else _AREAS[area],
            expected.sentence,
            # The number of cores is this machine's own.
            "" if option.path == "worker.concurrency" else expected.written(option.default),
            option.metadata["help"],
            expected.secret,
        )


class _Environ:
    """Loads the values that have the right form, and says what is wrong with the others."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names: set[str] = set()
        self.complaints: list[Complaint] = []

    def __call__(self, settings_cls: SettingsClass, options: OptionList) -> LoadedSettings:  # noqa: ARG002
        values: dict[str, Any] = {}
        for option in options:
            name = _name(option)
            self.names.add(name)
            text = self._environ.get(name, "")
            if not text:  # a deployment's template leaves variables empty rather than out
                continue
            expected: Form = option.metadata[FORM]
            try:
                set_path(values, option.path, expected.parse(text))
            except Malformed as malformed:
                wanted = str(malformed) or expected.sentence
                given = "" if expected.secret else f", not {text!r}"
                self.complaints.append(Complaint(name, f"must be {wanted}{given}"))
        return LoadedSettings(values, LoaderMeta(self))


def _name(option: OptionInfo) -> str:
    return PREFIX + option.path.replace(".", "_").upper()


def _unknown(environ: Mapping[str, str], known: set[str]) -> Iterator[Complaint]:
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"; did you mean {near[0]}?" if near else "; `safelight settings` lists them"
            yield Complaint(name, f"is not a setting{advice}")
