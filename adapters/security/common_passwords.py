"""The passwords that people choose most often, as zxcvbn lists them."""

import unicodedata

from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

from application.ports.password_screening import PasswordScreening


class CommonPasswords(PasswordScreening):
    """The 30,000 commonest of leaked passwords, by the list of zxcvbn (MIT)."""

    def __init__(self) -> None:
        self._known = frozenset(map(_folded, FREQUENCY_LISTS["passwords"]))

    def is_known(self, password: str) -> bool:
        return _folded(password) in self._known


def _folded(password: str) -> str:
    # As the hasher has it, so that none of them comes by in another form.
    return unicodedata.normalize("NFKC", password).casefold()
