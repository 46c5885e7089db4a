"""OpenCV, one thread: its decoder leaves out three of four pixels a side, areas are averaged."""

import cv2
from serving import serve

cv2.setNumThreads(1)


def resize(source: str, sizes: list[list[int]], targets: list[str]) -> None:
    """Make every size by a decode of its own."""
    for (width, height), target in zip(sizes, targets, strict=True):
        picture = cv2.imread(source, cv2.IMREAD_REDUCED_COLOR_4)
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        cv2.imwrite(target, small, [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == "__main__":
    serve({"resize": resize}, {"opencv": cv2.__version__})
