"""Short spellings of members, which the language's URL form knows."""

from typing import Final

ABBREVIATIONS: Final = {
    "w": "width",
    "h": "height",
    "ar": "aspectRatio",
    "g": "gravity",
    "bg": "background",
    "q": "quality",
}
"""They stand for a member wherever there is none of just that name."""
