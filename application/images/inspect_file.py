"""Judge a file that has arrived, by what it holds."""

import attrs

from application.actor import Actor
from application.images.scan_file import ScanFile
from application.images.stage_file import StagedFile
from application.ports.font_probe import FontProbe
from application.ports.image_probe import ImageProbe
from domain.images.asset import AssetKind, check_font_size
from domain.images.image import PictureHeader
from domain.images.upload_policy import UploadPolicy


@attrs.frozen
class InspectFile:
    """
    Look at a staged picture or font; no pixel is decoded, and no letter drawn.

    Nothing of what somebody sent comes into the store, or before a renderer, but through here.

    Raises:
        ImageRefused: It breaks the upload policy, is none, or holds malware.
        ScannerUnavailable: Nobody can say now whether it holds any.
    """

    pictures: ImageProbe
    fonts: FontProbe
    policy: UploadPolicy
    scan: ScanFile

    def picture(self, file: StagedFile, sender: Actor) -> PictureHeader:
        """Return the header of a picture that may be taken in."""
        self.policy.check_size(file.byte_size)
        file.staged.file.seek(0)
        header = self.pictures.inspect(file.staged.file)
        self.policy.check_header(header)
        self.scan(file, sender)
        return header

    def font(self, file: StagedFile, sender: Actor) -> None:
        """Return if *file* is a font that may be taken in."""
        self.policy.check_size(file.byte_size)
        check_font_size(file.byte_size)
        self.fonts.inspect(file.staged.file)
        self.scan(file, sender)

    def asset(self, file: StagedFile, sender: Actor) -> AssetKind:
        """Return what *file* is, if it may be taken in."""
        self.policy.check_size(file.byte_size)
        if self.fonts.recognizes(file.staged.file):
            self.font(file, sender)
            return AssetKind.FONT
        self.picture(file, sender)
        return AssetKind.PICTURE
