"""Whether a caller has already what would be sent (RFC 9110 §13.1.2)."""

import falcon


def is_known(req: falcon.Request, etag: str) -> bool:
    """Return whether `If-None-Match` names *etag*, or anything."""
    header = req.get_header("If-None-Match")
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or tags == ["*"]
