"""The pictures that ship with the product, for everybody's pipelines."""

from pathlib import Path

_DIRECTORY = Path(__file__).parent / "shared_assets"


def shipped_assets() -> dict[str, bytes]:
    """Return the bytes of each shipped picture by its name, such as `logo.png`."""
    return {path.name: path.read_bytes() for path in sorted(_DIRECTORY.glob("*.png"))}
