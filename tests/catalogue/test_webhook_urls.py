"""
Row 66: URLs that no webhook may have, refused when they are given.

These are wrong in form, wherever they lead; what leads inside is tried in tests/outbound, in a network
of canaries.
"""

import json

import pytest

from tests.catalogue.installation import Installation, Person, refusal
from tests.http.house import image_part, options_part
from tests.pictures import small_jpeg

FORBIDDEN = (
    "", " ", "x", "example.com", "//example.com/", "/hook", "https://", "https:///hook", "https:example.com",
    "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://example.com/", "ftp://example.com/",
    "ldap://example.com/", "dict://example.com:11211/", "data:text/plain,x", "javascript:alert(1)",
    "mailto:ada@example.com", "ws://example.com/", "unix:///run/docker.sock", "json://example.com",
    "HTTPX://example.com/", "ht tp://example.com/", "https//example.com", "\nhttps://example.com/",
    "https://user@example.com/", "https://user:pw@example.com/", "https://@example.com/", "https://:pw@example.com/",
    "https://example.com@127.0.0.1/", "https://127.0.0.1\\@example.com/", "https://example.com\\.evil.example/",
    "https://example.com:0/", "https://example.com:65536/", "https://example.com:-1/", "https://example.com:http/",
    "https://example.com:４４３/", "https://example.com:99999999999/", "https://[::1", "https://[x]/", "https://]/",
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://exämple.com/", "https://example。com/", "https://ｅxample.com/",
    "https://例え.jp/", "https://exa\u00admple.com/", "https://exa\u200bmple.com/", "https://example.com/\u202e",
    "https://example.com/a b", "https://example.com/\n", "https://example.com/\r\nX: y", "https://example.com/\t",
    "https://exam\tple.com/", "https://example.com/\x01", "https://example.com/\x7f", "https://example.com/é",
    "https://example.com/" + "a" * 1_981, "https://" + "a" * 2_000 + ".com/", "https://example.com/?" + "q" * 20_000,
)  # fmt: skip


@pytest.mark.parametrize("url", FORBIDDEN, ids=lambda url: ascii(url)[:40])
def test_66_a_url_of_no_webhook_is_refused(api: Installation, ada: Person, url: str) -> None:
    answer = api.send_json("POST", "/api/webhooks", {"url": url}, ada)

    assert refusal(answer) == (422, "webhook-url-forbidden")
    assert answer.json["pointer"] == "/url"
    assert api.send("GET", "/api/webhooks", ada).json["webhooks"] == []


@pytest.mark.parametrize("url", FORBIDDEN[::4], ids=lambda url: ascii(url)[:40])
def test_66_nor_may_it_come_with_an_upload(api: Installation, ada: Person, url: str) -> None:

    options = json.dumps({"notify": {"webhook": url}})
    parts = [image_part(small_jpeg()), options_part(options)]
    answer = api.send_form("/api/images/upload", parts, ada)

    assert refusal(answer) == (422, "webhook-url-forbidden")
    assert answer.json["pointer"] == "/notify/webhook"
