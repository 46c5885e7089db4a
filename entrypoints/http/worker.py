"""gunicorn's worker, which answers in the API's own words what it refuses by itself."""

from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import structlog
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from entrypoints.http.errors import MEDIA_TYPE, problem_document
from entrypoints.http.problems import PROBLEMS
from entrypoints.http.security_headers import security_headers

# The first that fits; an answer of ours that breaks the rules of HTTP is no fault of the client's.
_CODES: Final = (
    (errors.LimitRequestLine, "uri-too-long"),
    (errors.LimitRequestHeaders, "header-fields-too-large"),
    (errors.UnsupportedTransferCoding, "unsupported-transfer-coding"),
    (errors.InvalidResponseHeader, "internal-error"),
    (errors.InvalidResponseHeaderName, "internal-error"),
    (errors.ConfigurationProblem, "internal-error"),
    (errors.ParseException, "bad-request"),
    (Exception, "internal-error"),
)

_NO_REQUEST: Final = "This cannot be read as a request of HTTP/1.1."

_log: Final = structlog.get_logger("safelight.http")


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """
    Threads that serve requests; what cannot be read as one gets a problem document, too.

    Attributes:
        is_https: Whether customers reach us over TLS.
    """

    is_https: bool = False

    def handle_error(self, _: Any, client: Any, __: Any, error: Exception) -> None:
        """Tell the log and the client; the connection is closed after it."""
        code = next(code for kind, code in _CODES if isinstance(error, kind))
        problem, request_id = PROBLEMS[code], uuid4().hex
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("request failed", request_id=request_id, exc_info=error)
        else:
            _log.info("request", status=problem.status, code=code, request_id=request_id)
        detail = _NO_REQUEST if code == "bad-request" else problem.remedy
        body = problem_document(problem, detail, request_id)
        headers = (
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            ("X-Request-Id", request_id),
            *security_headers(is_https=self.is_https),
            ("Connection", "close"),
        )
        status_line = f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"
        lines = [status_line, *(f"{name}: {value}" for name, value in headers), "", ""]
        try:
            util.write_nonblock(client, "\r\n".join(lines).encode("ascii") + body)
        except OSError:  # who asked has gone
            _log.debug("nobody waits for the refusal", request_id=request_id)
