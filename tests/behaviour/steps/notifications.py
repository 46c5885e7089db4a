"""Steps of being told."""

import json
import re

from pytest_bdd import given, parsers, then, when
from standardwebhooks import Webhook

from tests import pictures
from tests.behaviour.steps.images import broken_photo
from tests.behaviour.webhook_server import WebhookServer
from tests.behaviour.world import World, options_text


@given("Ada has a server that takes webhooks")
def _(world: World, webhook_server: WebhookServer) -> None:
    world.server = webhook_server


@given("Ada has a server that fails the first call")
def _(world: World, webhook_server: WebhookServer) -> None:
    webhook_server.fail_next(1)
    world.server = webhook_server


@given("she has added it to her account")
def _(world: World) -> None:
    world.ask("POST", "/api/webhooks", {"url": world.server.url}, token=world.actor.token)

    assert world.answer.status_code == 201, world.answer.text


@when("she uploads a 1600x1200 photo to be resized to 800x600")
def _(world: World) -> None:
    world.upload(pictures.photo(1600, 1200), options_text(resize="800x600"))


@when("she uploads a photo and asks for a call to that server")
def _(world: World) -> None:
    world.upload(pictures.photo(), options_text(notify={"webhook": world.server.url}))


@when("she uploads a broken photo and asks for a call to that server")
def _(world: World) -> None:
    world.upload(broken_photo(), options_text(notify={"webhook": world.server.url}))


@when("the time for the next attempt comes")
def _(world: World) -> None:
    world.rig.make_deliveries_due()
    world.rig.work()


@then("she soon receives an e-mail with a download link")
def _(world: World) -> None:
    [mail] = world.mails_to(world.actor.email)

    world.link = _link_in(mail)


@then(parsers.parse("the link in it opens an image of {width:d}x{height:d}"))
def _(world: World, width: int, height: int) -> None:
    opened = world.download()

    assert opened.status_code == 200
    assert pictures.size_of(opened.content) == (width, height)


@then(parsers.parse('the server is soon called with "{kind}"'))
def _(world: World, kind: str) -> None:
    [call] = world.server.calls

    body = json.loads(call.body)
    assert body["type"] == kind
    assert body["data"]["imageId"] == world.image_id


@then("the call is signed with Ada's secret")
def _(world: World) -> None:
    secret = world.ask("GET", "/api/webhooks", token=world.actor.token).json["signingSecret"]
    [call] = world.server.calls

    assert Webhook(secret).verify(call.body, call.headers)


@then("the link in it opens the result")
def _(world: World) -> None:
    [call] = world.server.calls
    opened = world.download(json.loads(call.body)["data"]["downloadUrl"])

    assert opened.status_code == 200
    assert opened.content == world.result_bytes()


@then("the call says why")
def _(world: World) -> None:
    [call] = world.server.calls

    assert json.loads(call.body)["data"]["failure"] == world.task()["failure"]


@then("she soon receives an e-mail that says why")
def _(world: World) -> None:
    [mail] = world.mails_to(world.actor.email)

    assert world.task()["failure"]["detail"].rstrip(".").lower() in _text_of(mail).lower()


@then("the server has been called twice with the same webhook id")
def _(world: World) -> None:
    first, second = world.server.calls

    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert second.answered == 204


def _text_of(mail) -> str:
    text = mail.get_body(("plain",)).get_content()
    return re.sub(r"\s+", " ", text)


def _link_in(mail) -> str:
    return re.search(r"https?://\S+/files/\S+", mail.get_body(("plain",)).get_content())[0]
