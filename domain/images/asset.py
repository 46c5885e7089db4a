"""Pictures that pipelines may name."""

from datetime import datetime
from uuid import UUID

import attrs


@attrs.frozen
class Asset:
    """
    A picture that pipelines may name.

    Attributes:
        user_id: Its owner, or None for one that everybody may use.
        file_path: Key in the object store.
    """

    id: UUID
    user_id: UUID | None
    name: str
    file_path: str
    sha256: str
    created_at: datetime
