"""Names of parametrized tests that are the same in every process."""


def plain(value: object) -> str | None:
    """Return *value* as text; of functions, whose text tells where they lie, the place in the row."""
    return None if callable(value) else str(value)
