"""What may be wrong with the files that a pipeline names, seen while it is drawn."""


class AssetMissing(Exception):
    """The pipeline names a picture, or a font, that did not come with it."""

    def __init__(self, name: str, kind: str = "picture") -> None:
        super().__init__(name)
        self.name = name
        self.kind = kind


class AssetUnusable(Exception):
    """A picture, or a font, that the pipeline names cannot be drawn."""

    def __init__(self, name: str, cause: Exception, kind: str = "picture") -> None:
        super().__init__(name)
        self.name = name
        self.cause = cause
        self.kind = kind
