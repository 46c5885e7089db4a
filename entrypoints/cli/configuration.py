# ruff: noqa: PLC0415  # imports wait for their command, so that `--help` is quick
"""What a command has before it begins: its settings, and a platform over them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from entrypoints.mistakes import OperatorMistake

if TYPE_CHECKING:
    from entrypoints.container import Platform
    from entrypoints.settings import Settings


def configured() -> "Settings":
    """Read the settings from the environment, or raise `OperatorMistake` with all that is wrong."""
    from entrypoints.settings import SettingsRefused, load_settings

    try:
        return load_settings(os.environ)
    except SettingsRefused as refusal:
        complaints = "".join(f"\n  {complaint}" for complaint in refusal.complaints)
        number = len(refusal.complaints)
        what = "a setting is wrong" if number == 1 else f"{number} settings are wrong"
        raise OperatorMistake(f"{what}:{complaints}", exit_code=2) from None


@contextmanager
def prepared_platform(settings: "Settings | None" = None) -> Iterator["Platform"]:
    """
    Lend a platform whose tables are this version's; its failures become `OperatorMistake`.

    Args:
        settings: Those of the environment if absent.
    """
    from application.errors import PortFailure
    from entrypoints.container import Platform
    from entrypoints.preparation import check_prepared

    settings = settings or configured()
    check_prepared(settings)
    platform: Platform = Platform(settings=settings)
    try:
        yield platform
    except PortFailure as failure:
        raise OperatorMistake(f"{failure.code}: {failure}") from failure
    finally:
        platform.adapters().database().close()
