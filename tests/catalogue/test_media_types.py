"""Row 58: bodies of other media types, and callers that take none of ours."""

from uuid import uuid4

import pytest

from tests.catalogue.bodies import FORMS, JSON_BODIES
from tests.catalogue.installation import Installation, Person, Route, refusal

NOT_JSON = (
    "text/xml", "application/xml", "text/plain", "text/html", "text/json", "application/jsonp",
    "application/x-www-form-urlencoded", "application/octet-stream", "application/yaml",
    "application/json; charset=utf-16", "application/json; charset=latin-1", "application/json, x",
    "application/json-patch+json", "application/merge-patch+json", "multipart/form-data",
    "multipart/form-data; boundary=4711", "json", "*/*", "/", ";", "x" * 8_000, "é",
)  # fmt: skip
NO_FORM = (
    "application/json", "text/xml", "text/plain", "application/x-www-form-urlencoded",
    "multipart/mixed; boundary=4711", "multipart/form-data2; boundary=4711", "image/jpeg",
    "application/octet-stream", "", "*/*", "/", ";", "multipart", "é",
)  # fmt: skip
NO_JSON_WANTED = (
    "text/xml", "application/xml", "text/html", "image/*", "text/*;q=1", "application/xhtml+xml",
    "application/json;q=0", "application/json;q=0.0, text/xml", "application/*;q=0", "nonsense",
    "application/", "/json", "application/vnd.api+json",
)  # fmt: skip
JSON_WANTED = ("*/*", "application/json", "application/*", "text/xml, */*;q=0.1", "")


def everything(api: Installation) -> list[Route]:
    return [one for one in api.routes() if one.path.startswith("/api/")]


@pytest.mark.parametrize("route", JSON_BODIES, ids=str)
def test_58_a_body_of_another_type_is_refused(
    api: Installation, root: Person, route: Route
) -> None:
    for media_type in NOT_JSON:
        headers = {"Content-Type": media_type.encode().decode("latin-1")}
        answer = api.send_json(
            route.method, route.at(user_id=str(uuid4())), JSON_BODIES[route], root, headers=headers
        )

        assert refusal(answer) == (415, "unsupported-media-type"), media_type


@pytest.mark.parametrize("route", sorted(FORMS, key=str), ids=str)
def test_58_a_body_that_is_no_form_is_refused(api: Installation, ada: Person, route: Route) -> None:
    for media_type in NO_FORM:
        headers = {"Content-Type": media_type.encode().decode("latin-1")}
        answer = api.send_json(route.method, route.path, {"image": "x"}, ada, headers=headers)

        assert refusal(answer) == (415, "unsupported-media-type"), media_type


def test_58_who_takes_no_json_is_told_so_by_every_route(api: Installation, root: Person) -> None:
    for route in everything(api):
        for accept in NO_JSON_WANTED:
            for who in (root, None):
                answer = api.send(route.method, route.at(), who, headers={"Accept": accept})

                assert refusal(answer) == (406, "not-acceptable"), (route, accept)


def test_58_an_address_that_there_is_not_says_it_the_same_way(api: Installation) -> None:
    answer = api.send("GET", "/api/nowhere", headers={"Accept": "text/xml"})

    assert refusal(answer) == (406, "not-acceptable")


@pytest.mark.parametrize("accept", JSON_WANTED)
def test_58_who_takes_json_among_others_is_answered(
    api: Installation, ada: Person, accept: str
) -> None:
    assert api.send("GET", "/api/images", ada, headers={"Accept": accept}).status_code == 200
