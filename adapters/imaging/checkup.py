"""Looks whether pictures can be drawn here, and behind which walls."""

import tempfile
from collections.abc import Iterator

from adapters.imaging.vips_editor import VipsEditor
from application.checkup import Finding, doubtful, fine
from domain.images.operations import Resize
from domain.images.pipeline import MAIN, Pipeline

_SIDE_PX = 16


def check_editor(editor: VipsEditor, picture: bytes) -> Iterator[Finding]:
    """Draw *picture* small; that it was started proves which loaders it refuses."""
    with tempfile.TemporaryFile(buffering=0) as source, tempfile.TemporaryFile(buffering=0) as made:
        source.write(picture)
        source.seek(0)
        drawn = editor.edit(source, Pipeline((Resize(_SIDE_PX),)), {}, {MAIN: made}).main
    yield fine(
        f"libvips {editor.libvips} drew {drawn.width} by {drawn.height} pixels, and refuses the "
        "loaders that it does not trust"
    )
    if editor.missing_walls:
        yield doubtful(
            f"renderers lack these walls: {', '.join(editor.missing_walls)}",
            "allow them to the process (unprivileged user namespaces, seccomp), or accept it",
        )
    else:
        yield fine("renderers are shut in by every wall there is")
    if not editor.hides_files:
        yield doubtful(
            "fonts that customers bring are not drawn with, and such tasks fail",
            "allow Landlock to the process (Linux 5.13 or newer), or accept it",
        )
