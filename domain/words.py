"""Words of closed lists, and those that are on the list of a newer version alone."""

import attrs


@attrs.frozen
class UnknownWord:
    """
    A word of a newer version beside this one, as it stands in what that has written.

    It is where a member of an `Enum` would be, has a `value` as they have, and equals none of them:
    it can be shown, and nothing is done because of it.
    """

    value: str
