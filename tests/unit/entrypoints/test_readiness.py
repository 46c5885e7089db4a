"""Whether a process can do its work: asked briefly, not too often, and it heals by itself."""

import threading
import time

import pytest

from application.ports.message_publisher import BrokerUnavailable
from application.ports.unit_of_work import DatabaseUnavailable
from entrypoints.readiness import NeedsMissing, Readiness


class Service:
    """Something that is needed."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.questions = 0

    def check(self) -> None:
        self.questions += 1
        self.free.wait(10)
        if self.trouble is not None:
            raise self.trouble


def test_what_is_missing_is_named_with_its_reason_and_comes_back_by_itself() -> None:
    database, broker = Service(), Service()
    readiness = Readiness({"database": database.check, "broker": broker.check}, fresh_seconds=0)
    assert readiness.missing() == {}

    database.trouble, broker.trouble = DatabaseUnavailable("refused\nmore"), BrokerUnavailable("x")

    assert readiness.missing() == {
        "database": "database-unavailable: refused",
        "broker": "broker-unavailable: x",
    }
    with pytest.raises(NeedsMissing, match="database: database-unavailable"):
        readiness.require()
    database.trouble = broker.trouble = None
    readiness.require()


def test_what_hangs_is_missing_is_not_asked_twice_and_keeps_nobody_waiting() -> None:
    slow, quick = Service(), Service()
    readiness = Readiness(
        {"slow": slow.check, "quick": quick.check}, answer_seconds=0.1, fresh_seconds=0
    )
    slow.free.clear()

    started = time.monotonic()
    assert [readiness.missing() for _ in range(3)] == [{"slow": "no answer within 0.1 s"}] * 3
    assert time.monotonic() - started < 2
    assert (slow.questions, quick.questions) == (1, 3)

    slow.free.set()
    time.sleep(0.05)
    assert readiness.missing() == {}


def test_many_who_ask_at_once_are_one_question() -> None:
    service = Service()
    readiness = Readiness({"database": service.check}, fresh_seconds=60)
    callers = [threading.Thread(target=readiness.missing) for _ in range(20)]

    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert service.questions == 1


def test_a_mistake_of_ours_is_no_readiness() -> None:
    service = Service()
    service.trouble = ZeroDivisionError()

    assert Readiness({"store": service.check}).missing() == {"store": "ZeroDivisionError"}
