"""G4 and F26: whatever URL somebody gives us, at whatever moment, nothing inside is called."""

from collections import Counter
from typing import Any

import pytest

from tests.outbound.room import play, require_rooms
from tests.outbound.trial import CALLED_ON_PURPOSE
from tests.outbound.vectors import VECTORS, Trick
from tests.running import ROOT
from tests.unit.adapters.notification.sinks import make_certificate

TRIES = 1_000
NAMES = ["good.example", *(f"*.{one}.example" for one in "rebind rebind6 mixed chain dice".split())]
BY_NAME = {str(vector): vector for vector in VECTORS}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    require_rooms()
    folder = tmp_path_factory.mktemp("outbound")
    make_certificate(folder, ",".join(f"DNS:{name}" for name in NAMES))
    return play("tests.outbound.trial", folder, str(TRIES), seconds=240)


def test_there_are_vectors_of_every_kind() -> None:
    assert len(VECTORS) >= 90
    assert len(BY_NAME) == len({vector.url for vector in VECTORS}) == len(VECTORS)
    assert {vector.trick for vector in VECTORS} == set(Trick)


@pytest.mark.slow
def test_the_canaries_hear_whoever_calls(report: dict[str, Any]) -> None:
    """Addresses of every block, every port, a port where nobody listens, and a UDP packet."""
    heard = report["canary"]["calls"]

    assert report["canary"]["refused"]
    for address in CALLED_ON_PURPOSE:
        assert heard[f"{address} 8080"] == 1, address
    assert sum(count for end, count in heard.items() if end.startswith("10.0.0.2 ")) == 9
    assert heard["10.0.0.3 5999"] == heard["10.0.0.4 514"] == 1
    assert report["canary"]["accepted"] >= len(CALLED_ON_PURPOSE) + 9


@pytest.mark.slow
def test_the_canaries_are_called_when_the_guard_is_open(report: dict[str, Any]) -> None:
    """The vectors are no straw men: but for the guard, most would have got through."""
    opened = report["opened"]

    assert opened["tried"] > 100
    assert sum(opened["calls"].values()) > 80
    assert {"127.0.0.1 443", "169.254.169.254 80", "169.254.169.254 443"} <= opened["calls"].keys()
    assert {"::1 443", "64:ff9b::7f00:1 443", "fd00:ec2::254 443"} <= opened["calls"].keys()


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["registered", "uploaded", "delivered", "redirected", "changed", "rebound"]
    + ["resolvers", "mailed"]
)  # fmt: skip
def test_nothing_inside_is_called(report: dict[str, Any], moment: str) -> None:
    assert report[moment]["calls"] == {}


@pytest.mark.slow
def test_66_a_forbidden_url_cannot_be_registered(report: dict[str, Any]) -> None:
    answers = report["registered"]["answers"]

    assert answers.keys() == BY_NAME.keys()
    for name, answer in answers.items():
        assert (answer["status"], answer["code"]) == (422, "webhook-url-forbidden"), name
        assert answer["pointer"] == "/url"
        assert answer["detail"].startswith("/url: must "), name
        assert "127" not in answer["detail"]
    assert report["registered"]["kept"] == ["https://good.example/hook"]


@pytest.mark.slow
def test_66_a_forbidden_url_cannot_come_with_an_upload(report: dict[str, Any]) -> None:
    """But for one whose name has to be asked for: no upload waits for that; see its delivery."""
    answers = report["uploaded"]["answers"]

    assert answers.keys() == BY_NAME.keys()
    for name, answer in answers.items():
        if BY_NAME[name].needs_the_answer:
            assert answer["status"] == 202, name
        else:
            assert (answer["status"], answer["code"]) == (422, "webhook-url-forbidden"), name
            assert answer["pointer"] == "/notify/webhook"


@pytest.mark.slow
def test_what_is_public_is_called(report: dict[str, Any]) -> None:
    assert report["delivered"]["good"] == ["delivered", ""]


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["delivered", "changed"])
def test_what_leads_inside_is_not_sent_and_not_tried_again(
    report: dict[str, Any], moment: str
) -> None:
    outcomes = report[moment]["outcomes"]

    wanted = {
        name for name, one in BY_NAME.items() if moment == "delivered" or one.needs_the_answer
    }
    assert outcomes.keys() == wanted
    for name, (status, error) in outcomes.items():
        assert status == "failed", name
        assert error.startswith("Not sent: "), name
        assert "127" not in error


@pytest.mark.slow
def test_f24_no_redirect_is_followed(report: dict[str, Any]) -> None:
    redirected = report["redirected"]

    assert redirected["outcomes"].keys() == BY_NAME.keys()
    assert redirected["asked"] == len(VECTORS)
    told = Counter(error for _, error in redirected["outcomes"].values())
    assert {error.split(";")[0] for error in told} == {
        f"The receiver answered {status}" for status in (301, 302, 303, 307, 308)
    }
    assert all(error.endswith("redirects are not followed.") for error in told)
    assert {status for status, _ in redirected["outcomes"].values()} == {"pending"}


@pytest.mark.slow
def test_f26_a_name_that_leads_elsewhere_each_time_leads_nowhere_inside(
    report: dict[str, Any],
) -> None:
    rebound = report["rebound"]

    assert rebound["tries"] == sum(rebound["outcomes"].values()) == TRIES
    delivered = sum(
        count for outcome, count in rebound["outcomes"].items() if ": delivered" in outcome
    )
    assert delivered == rebound["reached"]
    for family in ("rebind", "rebind6", "mixed", "chain"):
        # Public when it is first asked for, and asked for once a call.
        assert rebound["outcomes"][f"{family}, called at once: delivered, "] == TRIES // 10
        assert (
            rebound["outcomes"][
                f"{family}, registered first: failed, "
                "Not sent: the host is not on the public internet."
            ]
            == TRIES // 10
        )


@pytest.mark.slow
def test_a_resolver_that_fails_costs_a_call_five_seconds_and_a_customer_two(
    report: dict[str, Any],
) -> None:
    outcomes = report["resolvers"]["outcomes"]

    for url, (status, error, seconds) in outcomes.items():
        assert seconds < 6, url
        if "slow" in url:
            assert (status, error) == (
                "failed",
                "Not sent: the host is not on the public internet.",
            )
        elif "silent" in url:
            assert (status, error) == (
                "pending", "Not delivered: the host name did not resolve in time."
            )  # fmt: skip
        else:
            assert (status, error) == ("pending", "Not delivered: the host name does not resolve.")
    assert report["resolvers"]["waited"] < 3


@pytest.mark.slow
def test_mails_go_to_mail_addresses_by_the_house_s_own_server(report: dict[str, Any]) -> None:
    """No URL, of Apprise's kind or any other, is an address; in a name or a label it is text."""
    mailed = report["mailed"]

    assert set(mailed["addressed"].values()) == {"refused"}
    assert mailed["named"] == {"sent": len(VECTORS[::4])}
    assert {status for status, _ in mailed["noticed"].values()} == {"failed"}
    assert mailed["received"] == ["ada@example.com"]


def test_the_page_tells_of_every_trick() -> None:
    page = (ROOT / "docs" / "outbound.md").read_text()

    for trick in Trick:
        count = sum(vector.trick is trick for vector in VECTORS)
        assert f"| {trick.value} | {count} |" in page
    assert f"{len(VECTORS)} URLs" in page
