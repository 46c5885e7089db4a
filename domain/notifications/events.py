"""What happened to a delivery, told in ids; whoever hears it reloads the rest."""

from uuid import UUID

import attrs


@attrs.frozen
class DeliveryDue:
    """The time of the delivery's next attempt has come."""

    delivery_id: UUID


@attrs.frozen
class LetterDue:
    """The time of the letter's next attempt has come."""

    letter_id: UUID
