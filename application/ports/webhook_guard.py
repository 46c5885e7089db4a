"""The judge of URLs that customers want to be called."""

from abc import abstractmethod
from typing import Protocol


class WebhookGuard(Protocol):
    """
    Judges a URL when it is given, so that whoever gives a bad one hears of it at once.

    A courtesy: what keeps calls from leading inside is judged again at each call, for a name may
    have other addresses by then.
    """

    @abstractmethod
    def check(self, url: str, *, pointer: str) -> None:
        """
        Refuse *url* if it would not be called now; its name is asked for.

        A name that does not resolve, or not in time, passes: it may be new.

        Raises:
            WebhookURLForbidden: At *pointer*; the detail says what a URL must be like.
        """

    @abstractmethod
    def check_unresolved(self, url: str, *, pointer: str) -> None:
        """
        Refuse *url* if it would not be called however its name resolves; nobody is asked.

        Raises:
            WebhookURLForbidden: As `check` does.
        """
