"""What gunicorn serves in `test_server`: a house whose results are files, as in a real store."""

import os
import tempfile
from typing import Any
from uuid import uuid4

import attrs

from application.images.open_result import OpenedResult, OpenResultRequest
from application.images.upload_image import UploadedImage, UploadImageRequest
from entrypoints import factories
from entrypoints.http.server import Server
from entrypoints.settings import load_settings
from tests.http.house import House

RESULT = bytes(range(251)) * 12_000


class Served(House):
    def upload_image(self, request: UploadImageRequest) -> UploadedImage:
        """Accept it unread, so that the memory measured is the edge's."""
        self.policy.check_size(request.picture.byte_size)
        return UploadedImage(uuid4(), uuid4())

    def open_result(self, request: OpenResultRequest) -> OpenedResult:
        opened = super().open_result(request)
        file: Any = tempfile.TemporaryFile(buffering=0)
        file.write(RESULT)
        file.seek(0)
        return attrs.evolve(
            opened, result=attrs.evolve(opened.result, byte_size=len(RESULT)), open=lambda: file
        )


if __name__ == "__main__":
    settings = load_settings(os.environ)
    factories.telemetry.start_logging(settings, "api")
    house = {"max_upload_bytes": settings.upload.max_bytes, "base_url": settings.base_url}
    Server(lambda: Served(**house).app()).run()
