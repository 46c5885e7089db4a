"""Let one picture go, with everything that was made of it."""

from uuid import UUID

import attrs

from application.accounts.begin_erasure import begin_erasure
from application.actor import Actor
from application.audit import record_of
from application.errors import NotFound
from application.limits.quotas import DAY
from application.ports.clock import Clock
from application.ports.ids import Ids
from application.ports.unit_of_work import Database
from domain.users.audit import AuditAction
from domain.users.erasure import Erasure


@attrs.frozen
class EraseImageRequest:
    """Which picture, and who lets it go."""

    actor: Actor
    image_id: UUID


@attrs.frozen
class EraseImage:
    """
    Destroy a picture of the actor's own: its tasks, their results, what was to be told of them.

    The rows go at once, and in the same transaction their files are written down, which go a moment
    later in the background. A worker that has a task of it in hand learns of it within about a
    second; what it has made is thrown away.

    Raises:
        NotFound: There is none by that id, or no longer, or it is another's.
    """

    database: Database
    ids: Ids
    clock: Clock

    def __call__(self, request: EraseImageRequest) -> None:
        """Compare the owner, destroy the rows, have the files destroyed."""
        actor, now = request.actor, self.clock.now()
        with self.database.writing() as work:
            image = work.images.get(request.image_id)
            if image is None or image.user_id != actor.user_id:
                raise NotFound
            files = work.erasures.destroy_picture(image.id, now - DAY)
            if files is None:
                raise NotFound  # somebody else has just been faster
            if files:
                erasure = Erasure(self.ids.new(), actor.user_id, now, has_account=False)
                begin_erasure(work, erasure, files)
            work.audit.add(record_of(actor, AuditAction.ERASE_IMAGE, f"image:{image.id}"))
            work.commit()
