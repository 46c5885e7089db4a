"""The addresses that mail goes to."""

from application.ports.notifier import DeliveryFailed
from domain.errors import InvalidParameter
from domain.users.user import checked_email


def checked_recipient(address: str) -> str:
    """Return *address*, or refuse one that could say more in a mail's head than who it is for."""
    try:
        return checked_email(address)
    except InvalidParameter as error:
        raise DeliveryFailed("The e-mail address is not valid.", transient=False) from error
