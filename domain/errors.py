"""
Refusals that the business itself makes, whoever asks.

    DomainError
    ├── InvalidParameter          a value outside its range or form
    │   ├── OutputTooLarge        a well-formed size that nobody may ask for
    │   └── WebhookURLForbidden   a URL that is not called
    ├── UnknownMember             a key that the language does not have
    ├── UnknownOperation          an operation that the language does not have
    ├── TooManyOperations
    ├── PresetLocked              something beside a preset that stands for itself
    ├── ImageRefused
    │   ├── EmptyFile
    │   ├── ContentTooLarge       bytes
    │   ├── ImageTooLarge         pixels or sides
    │   ├── TooManyFrames
    │   ├── FontRefused
    │   ├── MalwareFound
    │   └── UnsupportedMedia
    │       └── UnsupportedCodec
    ├── GeometryOutsideImage      known only once the picture's size is known
    └── IllegalTransition         a task was asked for a step that its state does not allow

Each class has a stable `code`; the edges decide what a code means to a caller.
"""

from typing import ClassVar, Self


class DomainError(Exception):
    """
    Base of every refusal by the business.

    Attributes:
        code: Stable, kebab-case, part of the public API.
        detail: One sentence that a customer can act on.
        pointer: JSON pointer (RFC 6901) to the offending value, or None.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, detail: str, *, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer

    def under(self, prefix: str) -> Self:
        """Return the same refusal seen from further out: *prefix* goes in front of the pointer."""
        return type(self)(self.detail, pointer=prefix + (self.pointer or ""))


class InvalidParameter(DomainError):
    """A value lies outside its range or does not have the expected form."""

    code = "invalid-parameter"


class PasswordCompromised(InvalidParameter):
    """The password is one that everybody knows."""

    code = "password-compromised"


class OutputTooLarge(InvalidParameter):
    """The size asked for is well formed but larger than any result may be."""

    code = "output-too-large"


class WebhookURLForbidden(InvalidParameter):
    """The URL is none, or not one that is called."""

    code = "webhook-url-forbidden"


class UnknownMember(DomainError):
    """An object has a member that the language does not know."""

    code = "unknown-member"


class UnknownOperation(DomainError):
    """The pipeline names an operation that does not exist."""

    code = "unknown-operation"


class TooManyOperations(DomainError):
    """The pipeline is longer than `Pipeline.MAX_OPERATIONS`."""

    code = "too-many-operations"


class TooManyVariants(DomainError):
    """The pipeline has more results than `Pipeline.MAX_VARIANTS` and the main one."""

    code = "too-many-variants"


class PresetLocked(DomainError):
    """Something is asked for beside a preset to which nothing may be added."""

    code = "preset-locked"


class ImageRefused(DomainError):
    """The uploaded file breaks the upload policy."""

    code = "image-refused"


class EmptyFile(ImageRefused):
    """The file part holds no bytes."""

    code = "empty-file"


class ContentTooLarge(ImageRefused):
    """The file, or the request around it, has more bytes than the policy allows."""

    code = "content-too-large"


class ImageTooLarge(ImageRefused):
    """The header declares more pixels, or a longer side, than the policy allows."""

    code = "image-too-large"


class TooManyFrames(ImageRefused):
    """The animation or multi-page file has more frames than the policy allows."""

    code = "too-many-frames"


class FontRefused(ImageRefused):
    """The uploaded font is broken, or has nothing to draw letters with."""

    code = "font-refused"


class MalwareFound(ImageRefused):
    """The scanner knows what is in the file; by what name, operators alone are told."""

    code = "malware-found"


class UnsupportedMedia(ImageRefused):
    """The bytes are not one of the accepted formats, whatever their name says."""

    code = "unsupported-media-type"


class UnsupportedCodec(UnsupportedMedia):
    """The container is known, the compression inside it is not (HEVC in HEIC, for one)."""

    code = "unsupported-codec"


class GeometryOutsideImage(DomainError):
    """A region lies outside the picture as it is at this point of the pipeline."""

    code = "invalid-geometry"


class IllegalTransition(DomainError):
    """The task's state does not allow the step."""

    code = "illegal-transition"
