# ruff: noqa: T201  # printing is what it is for
"""A receiver for trying out webhooks: verifies each as a customer should, and prints it."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from entrypoints.mistakes import OperatorMistake

_MAX_BODY_BYTES: Final = 64 * 1024
_MAX_AGE_SECONDS: Final = 300  # Standard Webhooks 1.0.0 leaves the tolerance to the receiver.
_REQUEST_SECONDS: Final = 10


def listen_for_webhooks(secret: str, port: int) -> None:
    """Listen on loopback until Ctrl-C."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise OperatorMistake("the secret must be whsec_ and base64") from None
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), receiver(key))
    except OSError as error:
        raise OperatorMistake(
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}; choose another with --port"
        ) from None
    print(f"Waiting for webhooks at http://127.0.0.1:{server.server_address[1]}/", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def receiver(key: bytes) -> type[BaseHTTPRequestHandler]:
    """Return a handler that accepts what is signed with *key*."""

    class Receiver(BaseHTTPRequestHandler):
        timeout = _REQUEST_SECONDS

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _MAX_BODY_BYTES:
                self.send_error(HTTPStatus.BAD_REQUEST)
                return
            body = self.rfile.read(int(length))
            if not is_genuine(key, self.headers, body):
                print("Refused: the signature does not fit.", flush=True)
                self.send_error(HTTPStatus.UNAUTHORIZED)
                return
            document = json.loads(body)
            print(f"\nSignature good: {document['type']}, {self.headers['webhook-id']}")
            print(json.dumps(document, indent=2, ensure_ascii=False), flush=True)
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Receiver


def is_genuine(key: bytes, headers: Message, body: bytes) -> bool:
    """Whether the call was signed with *key*, and lately (Standard Webhooks 1.0.0)."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > _MAX_AGE_SECONDS:
        return False
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(
        hmac.compare_digest(signature.encode(), f"v1,{expected}".encode())
        for signature in headers.get("webhook-signature", "").split()
    )
