"""
Every vector at every moment, by the real use cases and the real client; runs in the room.

    python -m tests.outbound.trial FOLDER TRIES

The room (`room.py`) is a network namespace in which every address is this machine's own, so that
nothing can be called that the canaries do not see. What came of it is printed as one JSON document.
"""

import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import attrs
from aiosmtpd.controller import Controller
from falcon import testing

from application.actor import Actor
from application.notifications.add_webhook import AddWebhookRequest
from application.notifications.remove_webhook import RemoveWebhookRequest
from application.ports.notifier import DeliveryFailed
from application.ports.postman import LetterText
from domain.errors import DomainError
from domain.notifications.channel import ChannelKind
from domain.notifications.letter import LetterKind
from domain.tasks.task import TaskStatus
from domain.users.roles import Role
from entrypoints.container import Platform
from entrypoints.preparation import prepare
from entrypoints.processes import build_http_app
from entrypoints.settings import Settings, load_settings
from tests import pictures
from tests.builders import a_delivery, a_result, a_task, a_user, an_image
from tests.outbound.canaries import LISTENED, Canaries
from tests.outbound.receiver import Receiver
from tests.outbound.resolver import IllMeaningServer
from tests.outbound.vectors import PUBLIC, PUBLIC_V6, VECTORS, Vector
from tests.unit.adapters.notification.sinks import Certificate, MailSink

MAIL_HOUSE: Final = ("10.1.2.3", 2525)
"""The mail server of the operator, who may well have it inside."""

EXPECTED: Final = (
    (PUBLIC, 443),
    (PUBLIC_V6, 443),
    ("127.0.0.1", 53),
    MAIL_HOUSE,
)
CALLED_ON_PURPOSE: Final = (
    *("127.0.0.1", "127.1.2.3", "169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.0.1"),
    *("100.64.0.1", "168.63.129.16", "192.0.0.192", "198.18.0.1", "203.0.113.1", "8.8.8.8"),
    *("::1", "fd00::8", "fe80::1", "fec0::1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1"),
    *("2002:7f00:1::1", "2001:0:7f00:1::1", "2001:db8::1", "2606:4700::1111"),
)


@attrs.frozen
class Stage:
    """What a trial plays on."""

    settings: Settings
    platform: Platform
    names: IllMeaningServer
    receivers: tuple[Receiver, ...]
    canaries: Canaries
    task_id: UUID
    actor: Actor

    def received(self, first: str) -> int:
        """Return how often the public servers were called on paths under */first*."""
        return sum(receiver.calls[first] for receiver in self.receivers)

    def deliver(self, url: str, channel: ChannelKind = ChannelKind.WEBHOOK) -> tuple[str, str]:
        """Send the task's end to *url* as the notifier does; return how that went."""
        delivery = a_delivery(
            id=uuid4(),
            task_id=self.task_id,
            channel=channel,
            address=url,
            due_at=datetime.now(UTC) - timedelta(seconds=1),
        )
        database = self.platform.adapters().database()
        with database.writing(durable=False) as work:
            work.deliveries.add_new([delivery])
            work.commit()
        self.platform.use_cases().send_delivery()(delivery.id)
        with database.reading() as work:
            [sent] = [one for one in work.deliveries.of_task(self.task_id) if one.id == delivery.id]
        return sent.status.value, sent.last_error or ""


def main() -> None:
    """Play every trial and print what came of them."""
    folder, tries = Path(sys.argv[1]), int(sys.argv[2])
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    canaries = Canaries(*EXPECTED)
    names = IllMeaningServer({"good.example": (PUBLIC,), "servfail.example": (PUBLIC,)})
    targets = [vector.url for vector in VECTORS]
    server = certificate.for_server()
    with (
        names.running(),
        Receiver(PUBLIC, 443, server, targets).running() as receiver,
        Receiver(PUBLIC_V6, 443, server, targets).running() as receiver6,
        canaries.listening(),
    ):
        stage = a_stage(folder, names, (receiver, receiver6), canaries)
        report = {
            "canary": canary_sings(canaries),
            "registered": registered(stage),
            "uploaded": uploaded(stage),
            "delivered": delivered(stage),
            "redirected": redirected(stage),
            "changed": changed_since_registration(stage),
            "rebound": rebound(stage, tries),
            "resolvers": resolvers_that_fail(stage),
            "mailed": mailed(stage),
            "opened": opened(stage, folder),
        }
    print(json.dumps(report))


def settings_of(folder: Path, **more: str) -> Settings:
    """Return the settings that an operator has who changes none but the mail server."""
    return load_settings(
        {
            "SAFELIGHT_DATA_DIR": str(folder),
            "SAFELIGHT_SMTP_HOST": MAIL_HOUSE[0],
            "SAFELIGHT_SMTP_PORT": str(MAIL_HOUSE[1]),
            "SAFELIGHT_SMTP_TLS": "none",
            "SAFELIGHT_LIMITS_FREE_BYTES": "0",
            **more,
        }
    )


def a_stage(
    folder: Path,
    names: IllMeaningServer,
    receivers: tuple[Receiver, ...],
    canaries: Canaries,
    **more: str,
) -> Stage:
    settings = settings_of(folder / "data", **more)
    prepare(settings)
    platform = Platform(settings=settings)
    user = a_user(username=f"ada-{uuid4().hex[:8]}", email=f"{uuid4().hex[:8]}@example.com")
    image = an_image(user_id=user.id)
    task = a_task(
        image, status=TaskStatus.COMPLETED, results=(a_result(),), finished_at=datetime.now(UTC)
    )
    with platform.adapters().database().writing() as work:
        work.users.add(user)
        work.images.add(image, task)
        work.commit()
    actor = Actor(user.id, frozenset({Role.USER}))
    return Stage(settings, platform, names, receivers, canaries, task.id, actor)


def canary_sings(canaries: Canaries) -> dict[str, Any]:
    """Call every kind of address on purpose: an ear that hears nothing proves nothing."""
    scope = socket.if_nametoindex("lo")
    for address in CALLED_ON_PURPOSE:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as caller:
            caller.settimeout(5)
            caller.connect(
                (address, 8080, 0, scope if address.startswith("fe80") else 0)
                if ":" in address
                else (address, 8080)
            )
    for port in LISTENED:
        socket.create_connection(("10.0.0.2", port), 5).close()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        caller.settimeout(5)
        unheard = caller.connect_ex(("10.0.0.3", 5999))  # nobody listens: the attempt counts
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"x", ("10.0.0.4", 514))
    patience = time.monotonic() + 5  # who listens is a thread, and may come a moment later
    while canaries.accepted < len(CALLED_ON_PURPOSE) + len(LISTENED) and (
        time.monotonic() < patience
    ):
        time.sleep(0.01)
    return {"refused": unheard != 0, "calls": canaries.calls(), "accepted": canaries.accepted}


def registered(stage: Stage) -> dict[str, Any]:
    """Add each as a webhook, over HTTP."""
    client = testing.TestClient(build_http_app(stage.settings))
    bearer = signed_up(client)
    good = "https://good.example/hook"
    client.simulate_post("/api/webhooks", json={"url": good}, headers=bearer)
    answers = {}
    for vector in VECTORS:
        answer = client.simulate_post("/api/webhooks", json={"url": vector.url}, headers=bearer)
        answers[str(vector)] = seen(answer)
    kept = client.simulate_get("/api/webhooks", headers=bearer).json["webhooks"]
    return {"answers": answers, "kept": [one["url"] for one in kept], **counted(stage)}


def uploaded(stage: Stage) -> dict[str, Any]:
    """Name each in an upload, over HTTP."""
    client = testing.TestClient(build_http_app(stage.settings))
    bearer = signed_up(client)
    answers = {}
    for vector in VECTORS:
        body, kind = a_form({"notify": {"webhook": vector.url}})
        answer = client.simulate_post(
            "/api/images/upload", body=body, headers={**bearer, "Content-Type": kind}
        )
        answers[str(vector)] = seen(answer)
    return {"answers": answers, **counted(stage)}


def delivered(stage: Stage) -> dict[str, Any]:
    """Deliver to each, as if it had been registered before there was a check."""
    outcomes = {str(vector): stage.deliver(vector.url) for vector in VECTORS}
    good = stage.deliver("https://good.example/hook")
    return {"outcomes": outcomes, "good": good, **counted(stage)}


def redirected(stage: Stage) -> dict[str, Any]:
    """Deliver to a public server that redirects to each, with every status by turns."""
    before = stage.received("to")
    outcomes = {
        str(vector): stage.deliver(f"https://good.example/to/{number}")
        for number, vector in enumerate(VECTORS)
    }
    return {
        "outcomes": outcomes,
        "asked": stage.received("to") - before,
        **counted(stage),
    }


def changed_since_registration(stage: Stage) -> dict[str, Any]:
    """Register names while they are public, and deliver once they lead inside."""
    use_cases = stage.platform.use_cases()
    outcomes = {}
    for vector in answers_inside():
        host = vector.url.removeprefix("https://").partition("/")[0].partition(":")[0]
        name = host.lower().removesuffix(".")
        inside, stage.names.zone[name] = stage.names.zone[name], (PUBLIC,)
        added = use_cases.add_webhook()(AddWebhookRequest(stage.actor, vector.url))
        stage.names.zone[name] = inside
        outcomes[str(vector)] = stage.deliver(f"{vector.url}?changed")
        use_cases.remove_webhook()(RemoveWebhookRequest(stage.actor, added.webhook.id))
    return {"outcomes": outcomes, **counted(stage)}


def answers_inside() -> Iterable[Vector]:
    return (vector for vector in VECTORS if vector.needs_the_answer)


def rebound(stage: Stage, tries: int) -> dict[str, Any]:
    """Deliver to names that lead elsewhere when they are asked for again; half are registered first."""
    add, remove = (
        stage.platform.use_cases().add_webhook(),
        stage.platform.use_cases().remove_webhook(),
    )
    families = ("rebind", "rebind6", "mixed", "chain", "dice")
    outcomes = Counter[str]()
    started = time.monotonic()

    def one(number: int) -> str:
        family = families[number % len(families)]
        url = f"https://n{number}.{family}.example/rebound/{number}"
        first = "called at once"
        if (number // len(families)) % 2:
            first = "registered first"
            try:
                added = add(AddWebhookRequest(stage.actor, url))
                remove(RemoveWebhookRequest(stage.actor, added.webhook.id))
            except DomainError:
                first = "refused at registration"
        status, error = stage.deliver(url)
        return f"{family}, {first}: {status}, {error}"

    with ThreadPoolExecutor(4) as pool:
        for outcome in pool.map(one, range(tries)):
            outcomes[outcome] += 1
    return {
        "tries": tries,
        "outcomes": outcomes,
        "seconds": time.monotonic() - started,
        "reached": stage.received("rebound"),
        **counted(stage),
    }


def resolvers_that_fail(stage: Stage) -> dict[str, Any]:
    """Deliver to names whose server is slow, says that it failed, says nothing, or knows no such name."""
    urls = [f"https://{name}/" for name in ("servfail.example", "nowhere.bad.example")]
    urls += [f"https://n{number}.silent.example/" for number in range(3)]
    stage.names.zone["slow.example"] = ("127.0.0.1",)
    urls.append("https://slow.example/")

    def one(url: str) -> tuple[str, str, float]:
        started = time.monotonic()
        status, error = stage.deliver(url)
        return status, error, time.monotonic() - started

    with ThreadPoolExecutor(len(urls)) as pool:
        outcomes = dict(zip(urls, pool.map(one, urls), strict=True))
    started = time.monotonic()
    stage.platform.use_cases().add_webhook()(
        AddWebhookRequest(stage.actor, "https://new.silent.example/")
    )
    return {"outcomes": outcomes, "waited": time.monotonic() - started, **counted(stage)}


def mailed(stage: Stage) -> dict[str, Any]:
    """Put each where mails take something from users: the address, the name, the label."""
    sink = MailSink()
    controller = Controller(sink, hostname=MAIL_HOUSE[0], port=MAIL_HOUSE[1])
    controller.start()
    postman = stage.platform.adapters().email_notifier()
    try:
        addressed = {str(one): posted(postman.post, one.url, "Ada") for one in VECTORS}
        stage.canaries.calls()
        named = Counter(posted(postman.post, "ada@example.com", one.url) for one in VECTORS[::4])
        noticed = {str(one): stage.deliver(one.url, ChannelKind.EMAIL) for one in VECTORS[::4]}
        return {
            "addressed": addressed,
            "named": dict(named),
            "noticed": noticed,
            "received": sorted({to for mail in sink.recipients for to in mail}),
            **counted(stage),
        }
    finally:
        controller.stop()


def posted(post: Callable[[str, LetterText], None], address: str, name: str) -> str:
    letter = LetterText(
        letter_id=uuid4(),
        kind=LetterKind.PASSWORD_CHANGED,
        username=name,
        occurred_at=datetime.now(UTC),
        base_url="https://images.example.com",
    )
    try:
        post(address, letter)
    except DeliveryFailed as failure:
        return "tried again" if failure.transient else "refused"
    return "sent"


def opened(stage: Stage, folder: Path) -> dict[str, Any]:
    """Deliver with the guard thrown open, as a fault in it would: the canaries must be called."""
    broken = a_stage(
        folder / "open",
        stage.names,
        stage.receivers,
        stage.canaries,
        SAFELIGHT_WEBHOOK_ALLOWED_NETWORKS="0.0.0.0/0,::/0",
        SAFELIGHT_WEBHOOK_TIMEOUT_SECONDS="1",
    )
    stage.canaries.calls()
    some = [
        vector
        for vector in VECTORS
        if vector.trick.name in ("BLOCK", "WRAPPED", "METADATA", "ANSWER", "NOTATION")
    ]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(broken.deliver, (vector.url for vector in some)))
    return {"tried": len(some), **counted(stage)}


def counted(stage: Stage) -> dict[str, Any]:
    return {"calls": stage.canaries.calls()}


def signed_up(client: testing.TestClient) -> dict[str, str]:
    who = uuid4().hex[:8]
    account = {"username": f"u-{who}", "email": f"{who}@example.com", "password": "a long password"}
    made = client.simulate_post("/api/auth/register", json=account)
    assert made.status_code == 201, made.text
    del account["username"]
    token = client.simulate_post("/api/auth/login", json=account).json["token"]
    return {"Authorization": f"Bearer {token}"}


def a_form(options: dict[str, Any]) -> tuple[bytes, str]:
    boundary = "one-boundary"
    parts = [
        b'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + pictures.small_jpeg(),
        b'Content-Disposition: form-data; name="processingOptions"\r\n\r\n'
        + json.dumps(options).encode(),
    ]
    body = b"".join(b"--one-boundary\r\n" + part + b"\r\n" for part in parts)
    return body + b"--one-boundary--\r\n", f"multipart/form-data; boundary={boundary}"


def seen(answer: testing.Result) -> dict[str, Any]:
    document = answer.json if answer.status_code >= 400 else {}
    return {
        "status": answer.status_code,
        **{key: document.get(key) for key in ("code", "pointer", "detail")},
    }


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # listeners and questions that nobody answers are left behind
