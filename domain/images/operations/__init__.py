"""
The operations of the pipeline language, as frozen values that cannot be built wrong.

`Operation` is their union. To add one: write its value in the room of its kind, add it to the
union, and mypy names every place that has to learn it (the steps end in `assert_never`).
Names, units and defaults follow the language reference, docs/processing-options.md.
"""

from typing import Final

from domain.images.operations.areas import Outline, Region
from domain.images.operations.checks import (
    camel_case,
)
from domain.images.operations.filters import Blur, Filter, Pixelate, Redact, RedactMode, Sharpen
from domain.images.operations.framing import (
    Border,
    Extend,
    Framing,
    Most,
    Pad,
    Radius,
    RoundCorners,
)
from domain.images.operations.marks import (
    Align,
    Blend,
    Font,
    FontChoice,
    Shadow,
    Variable,
    Watermark,
    is_asset_name,
    is_font_name,
)
from domain.images.operations.shapes import (
    AspectRatio,
    AutoOrient,
    Crop,
    CutGravity,
    Fit,
    Flip,
    Focus,
    Gravity,
    Interest,
    Kernel,
    Resize,
    Rotate,
    Shape,
    Trim,
)
from domain.images.operations.tones import (
    ColorProfile,
    Contrast,
    Duotone,
    Flatten,
    Gamma,
    Grayscale,
    Modulate,
    Negate,
    Normalize,
    Profile,
    Sepia,
    Threshold,
    Tint,
    Tone,
)

__all__ = [
    "OPERATION_NAMES",
    "Align",
    "AspectRatio",
    "AutoOrient",
    "Blend",
    "Blur",
    "Border",
    "ColorProfile",
    "Contrast",
    "Crop",
    "CutGravity",
    "Duotone",
    "Extend",
    "Filter",
    "Fit",
    "Flatten",
    "Flip",
    "Focus",
    "Font",
    "FontChoice",
    "Framing",
    "Gamma",
    "Gravity",
    "Grayscale",
    "Interest",
    "Kernel",
    "Modulate",
    "Most",
    "Negate",
    "Normalize",
    "Operation",
    "Outline",
    "Pad",
    "Pixelate",
    "Profile",
    "Radius",
    "Redact",
    "RedactMode",
    "Region",
    "Resize",
    "Rotate",
    "RoundCorners",
    "Sepia",
    "Shadow",
    "Shape",
    "Sharpen",
    "Threshold",
    "Tint",
    "Tone",
    "Trim",
    "Variable",
    "Watermark",
    "camel_case",
    "is_asset_name",
    "is_font_name",
]

Operation = Shape | Tone | Filter | Framing | Watermark

OPERATION_NAMES: Final[dict[str, type[Operation]]] = {
    "autoOrient": AutoOrient,
    "crop": Crop,
    "trim": Trim,
    "resize": Resize,
    "rotate": Rotate,
    "flip": Flip,
    "grayscale": Grayscale,
    "negate": Negate,
    "normalize": Normalize,
    "gamma": Gamma,
    "threshold": Threshold,
    "modulate": Modulate,
    "contrast": Contrast,
    "tint": Tint,
    "sepia": Sepia,
    "duotone": Duotone,
    "flatten": Flatten,
    "colorProfile": ColorProfile,
    "blur": Blur,
    "sharpen": Sharpen,
    "pixelate": Pixelate,
    "redact": Redact,
    "pad": Pad,
    "border": Border,
    "roundCorners": RoundCorners,
    "watermark": Watermark,
}
"""The name of each operation in the language, in the order in which the short form runs them."""
