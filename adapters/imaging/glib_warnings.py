"""What GLib's libraries complain of, as records of pyvips' logger."""

from typing import Final

import pyvips

# GLib's G_LOG_LEVEL_ERROR, …_CRITICAL and …_WARNING, with both flags. What is below are remarks:
# several a picture, each through the interpreter's lock from whatever thread.
_WARNINGS: Final = 0x1F


def hear(domain: str) -> None:
    """
    Have the warnings of *domain* (`VIPS`, `Pango`) logged instead of printed.

    Remarks of less weight are dropped, also where pyvips would have logged them.
    """
    if domain == "VIPS":
        pyvips._remove_log_handler()  # noqa: SLF001  # pyvips' own, for every level
    pyvips.glib_lib.g_log_set_handler(
        domain.encode(),
        _WARNINGS,
        pyvips._log_handler_cb,  # noqa: SLF001  # GLib takes C functions, and this is the one
        pyvips.ffi.NULL,
    )
