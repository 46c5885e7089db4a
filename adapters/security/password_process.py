"""
argon2id, asked for by packets of JSON: the process that computes when nobody else wants to.

Started by `Argon2PasswordHasher` as a program of its own, so that it shares neither priority nor
Python's lock with those who answer requests. Who comes second to a core waits here for long, and
whoever waited with that lock in hand would keep a whole server waiting.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from typing import Final, TypedDict

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
PACKET_BYTES: Final = 16 * 1024
"""The longest question: a password of 128 characters, each escaped, and a hash."""


class Question(TypedDict):
    """
    Asks whether a password fits, or for its hash.

    Attributes:
        password_hash: A PHC string; None if this is what is asked for.
        memory_kib: What a hash takes that is made, as are *passes* and *lanes*.
    """

    password: str
    password_hash: str | None
    memory_kib: int
    passes: int
    lanes: int


Answer = str | bool


def computed(question: Question) -> Answer:
    """
    Return a PHC string, or whether the password fits.

    Raises:
        InvalidHashError: The hash is none.
    """
    argon2 = PasswordHasher(
        time_cost=question["passes"],
        memory_cost=question["memory_kib"],
        parallelism=question["lanes"],
        hash_len=HASH_BYTES,
        salt_len=SALT_BYTES,
        type=Type.ID,
    )
    if question["password_hash"] is None:
        return argon2.hash(question["password"])
    try:
        return argon2.verify(question["password_hash"], question["password"])
    except VerifyMismatchError:
        return False


def serve(channel: socket.socket) -> None:
    """Answer one question after the other until the other end hangs up."""
    with contextlib.suppress(ConnectionError):  # who asked may go without waiting for the answer
        while packet := channel.recv(PACKET_BYTES):
            channel.send(json.dumps(computed(json.loads(packet))).encode())


def stand_back() -> None:
    """
    Run only while nobody else wants this core, and at once make way for whoever does.

    Niceness alone lets a time slice come to its end first (sched(7), SCHED_IDLE).
    """
    with contextlib.suppress(OSError):  # where that is not allowed, nothing but speed is lost
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for those who ask; we end with them
    stand_back()
    serve(socket.socket(fileno=int(sys.argv[1])))
