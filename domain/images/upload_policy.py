"""What may come in, judged on the header alone."""

import attrs

from domain.errors import ContentTooLarge, EmptyFile, ImageTooLarge, TooManyFrames
from domain.images.image import PictureHeader
from domain.images.limits import MAX_SIDE_PX


@attrs.frozen
class UploadPolicy:
    """
    Ceilings for one file; every figure can be set.

    Attributes:
        max_side_px: Longest side of a frame.
        max_frame_pixels: Pixels of one frame.
        max_total_pixels: Pixels of all frames together.
    """

    max_bytes: int = 25 * 1024 * 1024
    max_side_px: int = MAX_SIDE_PX
    max_frame_pixels: int = 50_000_000
    max_frames: int = 500
    max_total_pixels: int = 100_000_000

    def check_size(self, byte_size: int) -> None:
        """Refuse a file with too many bytes, or none."""
        if byte_size == 0:
            raise EmptyFile("send the picture's bytes; none came")
        if byte_size > self.max_bytes:
            raise ContentTooLarge(
                f"the file has more than {self.max_bytes} bytes; send a smaller one"
            )

    def check_header(self, header: PictureHeader) -> None:
        """Refuse a picture that declares more than a decoder should be asked for."""
        longest = max(header.width, header.height)
        if longest > self.max_side_px:
            raise ImageTooLarge(f"a side of {longest} pixels is longer than {self.max_side_px}")
        pixels = header.width * header.height
        if pixels > self.max_frame_pixels:
            raise ImageTooLarge(f"{pixels} pixels are more than {self.max_frame_pixels}")
        frames = header.frames or 1
        if frames > self.max_frames:
            raise TooManyFrames(f"{frames} frames are more than {self.max_frames}")
        if frames * pixels > self.max_total_pixels:
            raise ImageTooLarge(
                f"{frames} frames of {pixels} pixels are more than {self.max_total_pixels} in all"
            )
