"""What happened to a delivery, told in ids; whoever hears it reloads the rest."""

from uuid import UUID

import attrs


@attrs.frozen
class DeliveryDue:
    """The time of the delivery's next attempt has come."""

    delivery_id: UUID
