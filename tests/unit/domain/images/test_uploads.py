"""What may come in, and what it is called once it is in."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ContentTooLarge, EmptyFile, ImageTooLarge, TooManyFrames
from domain.images.formats import ImageFormat
from domain.images.image import MAX_LABEL_CHARACTERS, PictureHeader, safe_label
from domain.images.upload_policy import UploadPolicy


def a_header(width: int, height: int, frames: int | None = None) -> PictureHeader:
    return PictureHeader(ImageFormat.PNG, width, height, frames)


class TestUploadPolicy:
    @pytest.mark.parametrize("byte_size", [1, 25 * 1024 * 1024])
    def test_takes_files_up_to_its_limit(self, byte_size):
        UploadPolicy().check_size(byte_size)

    @pytest.mark.parametrize(
        ("byte_size", "refusal"), [(0, EmptyFile), (25 * 1024 * 1024 + 1, ContentTooLarge)]
    )
    def test_refuses_files_without_bytes_or_with_too_many(self, byte_size, refusal):
        with pytest.raises(refusal):
            UploadPolicy().check_size(byte_size)

    @pytest.mark.parametrize(
        "header",
        [
            a_header(1, 1),
            a_header(16_384, 1),
            a_header(1, 16_384),
            a_header(10_000, 5_000),
            a_header(10_000, 5_000, 2),
            a_header(100, 100, 500),
            a_header(100, 100, None),
        ],
    )
    def test_takes_pictures_up_to_its_limits(self, header):
        UploadPolicy().check_header(header)

    @pytest.mark.parametrize(
        ("header", "refusal"),
        [
            (a_header(786_464, 32), ImageTooLarge),
            (a_header(16_385, 1), ImageTooLarge),
            (a_header(1, 16_385), ImageTooLarge),
            (a_header(10_000, 5_001), ImageTooLarge),
            (a_header(2**31 - 1, 2**31 - 1), ImageTooLarge),
            (a_header(10_000, 5_000, 3), ImageTooLarge),
            (a_header(1_000, 1_000, 101), ImageTooLarge),
            (a_header(1, 1, 501), TooManyFrames),
            (a_header(1_000, 1_000, 3_000), TooManyFrames),
        ],
    )
    def test_refuses_pictures_that_a_decoder_should_not_be_asked_for(self, header, refusal):
        with pytest.raises(refusal):
            UploadPolicy().check_header(header)

    def test_every_limit_can_be_set(self):
        strict = UploadPolicy(
            max_bytes=10, max_side_px=4, max_frame_pixels=12, max_frames=2, max_total_pixels=16
        )

        strict.check_size(10)
        strict.check_header(a_header(4, 2, 2))
        for refusal, header in (
            (ImageTooLarge, a_header(5, 1)),
            (ImageTooLarge, a_header(4, 4)),
            (ImageTooLarge, a_header(3, 3, 2)),
            (TooManyFrames, a_header(1, 1, 3)),
        ):
            with pytest.raises(refusal):
                strict.check_header(header)
        with pytest.raises(ContentTooLarge):
            strict.check_size(11)


class TestSafeLabel:
    @pytest.mark.parametrize(
        ("sent", "label"),
        [
            ("holiday.jpg", "holiday.jpg"),
            ("Ünïcödé 写真.jpg", "Ünïcödé 写真.jpg"),
            ("u\u0308ber.jpg", "über.jpg"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("C:\\Users\\ada\\x.png", "x.png"),
            ("C:\\x", "x"),
            ("..\\..\\x.png", "x.png"),
            ("a.php\0.jpg", "a.php"),
            ("€../", "image"),
            ("a\r\nSet-Cookie: x=1.jpg", "aSet-Cookie x=1.jpg"),
            ('a"; filename="evil.exe', "a filename=evil.exe"),
            ("photo\u202egpj.exe", "photogpj.exe"),
            ("a\u2028b\u2029c\x85.jpg", "abc.jpg"),
            ("\u3000\u00a0 a\u00a0b .jpg. ", "a b .jpg"),
            ("a\ud800b.jpg", "ab.jpg"),
            ("%00%2e%2e%2f", "002e2e2f"),
            ("x" * 10_000, "x" * 255),
            ("x" * 254 + " .jpg", "x" * 254),
            ("", "image"),
            (None, "image"),
            ("..", "image"),
            ("...", "image"),
            ("\0", "image"),
            ("folder/", "image"),
            ("\u3000", "image"),
        ],
    )
    def test_of(self, sent, label):
        assert safe_label(sent) == label

    @given(st.text(st.characters(codec=None), max_size=300))
    def test_is_safe_whatever_was_sent(self, sent):
        label = safe_label(sent)

        assert 1 <= len(label) <= MAX_LABEL_CHARACTERS
        assert not set(label) & set('/\\"<>|:*?;%\r\n\0')
        assert label.isprintable()
        assert not any(unicodedata.bidirectional(sign) in ("RLO", "LRO", "RLE") for sign in label)
        assert label == label.strip(" .")
        label.encode()

    @given(st.text(max_size=300))
    def test_of_a_label_is_the_label(self, sent):
        once = safe_label(sent)

        assert safe_label(once) == once
