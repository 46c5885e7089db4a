"""Links that the store serves itself, opened as a browser opens them."""

import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import attrs
import pytest
import requests

from adapters.storage.presigned_links import MAX_LIFETIME, PresignedLinks
from adapters.storage.s3 import S3ObjectStore
from adapters.storage.s3_bucket import S3Location
from domain.images.formats import ImageFormat
from domain.tasks.task import Result
from tests.builders import a_result
from tests.services.seaweedfs import S3Service, a_location

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def location(s3_service: S3Service) -> S3Location:
    return a_location(s3_service)


@pytest.fixture
def links(location: S3Location) -> PresignedLinks:
    return PresignedLinks(location)


@pytest.fixture
def result(location: S3Location, tmp_path: Path) -> Result:
    store = S3ObjectStore(location, tmp_path)
    key = f"{uuid4()}/1"
    with store.stage() as staged:
        staged.write(b"0123456789")
        store.put(key, staged)
    return a_result(file_path=key, format=ImageFormat.WEBP, byte_size=10)


def issue(links: PresignedLinks, result: Result, name: str = "a.webp") -> str:
    return links.issue(uuid4(), result, name, A_MINUTE)


class TestPresignedLinks:
    def test_a_link_opens_the_result_as_an_attachment(
        self, links: PresignedLinks, result: Result
    ) -> None:
        answer = requests.get(issue(links, result), timeout=5)

        assert answer.content == b"0123456789"
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="a.webp"')
        assert answer.headers["Cache-Control"] == "private, no-store"

    def test_a_part_may_be_asked_for(self, links: PresignedLinks, result: Result) -> None:
        url = issue(links, result)

        answer = requests.get(url, headers={"Range": "bytes=3-5"}, timeout=5)

        assert (answer.status_code, answer.content) == (206, b"345")

    def test_any_name_is_offered_and_none_adds_a_header(
        self, links: PresignedLinks, result: Result
    ) -> None:
        url = issue(links, result, 'Sömmer "24"\r\nSet-Cookie: a=b/%41\udcff.webp')

        answer = requests.get(url, timeout=5)

        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Content-Disposition"] == (
            'attachment; filename="S_mmer _24___Set-Cookie: a=b__41_.webp"; '
            "filename*=UTF-8''S%C3%B6mmer%20%2224%22%0D%0ASet-Cookie%3A%20a%3Db%2F%2541%3F.webp"
        )

    def test_the_store_refuses_a_link_that_is_too_old(
        self, links: PresignedLinks, result: Result
    ) -> None:
        url = links.issue(uuid4(), result, "a.webp", timedelta(seconds=1))
        assert requests.get(url, timeout=5).status_code == 200

        time.sleep(2.1)

        assert requests.get(url, timeout=5).status_code == 403

    def test_the_store_refuses_a_link_that_was_altered(
        self, links: PresignedLinks, result: Result
    ) -> None:
        url = issue(links, result)

        for altered in (
            url.replace("Expires=60", "Expires=600"),
            url.replace("webp", "html"),
            url.replace("attachment", "inline"),
            url.replace(result.file_path, f"{uuid4()}/1"),
        ):
            assert altered != url
            assert requests.get(altered, timeout=5).status_code == 403

    def test_a_link_opens_nothing_but_reading(self, links: PresignedLinks, result: Result) -> None:
        url = issue(links, result)

        assert requests.put(url, b"other", timeout=5).status_code == 403
        assert requests.delete(url, timeout=5).status_code == 403

    def test_signing_asks_nobody(self, location: S3Location, result: Result) -> None:
        away = attrs.evolve(location, endpoint="http://127.0.0.1:1")

        assert urlsplit(issue(PresignedLinks(away), result)).netloc == "127.0.0.1:1"

    def test_the_bucket_may_be_part_of_the_host(self, location: S3Location, result: Result) -> None:
        public = attrs.evolve(location, endpoint="https://s3.example", path_style=False)

        url = urlsplit(issue(PresignedLinks(public), result))

        assert urlunsplit(url[:3] + ("", "")) == (
            f"https://{location.bucket}.s3.example/{location.prefix}/{result.file_path}"
        )

    def test_a_life_beyond_a_week_is_refused(self, links: PresignedLinks, result: Result) -> None:
        for lifetime in (timedelta(0), MAX_LIFETIME + timedelta(seconds=1)):
            with pytest.raises(ValueError):
                links.issue(uuid4(), result, "a.webp", lifetime)
        links.issue(uuid4(), result, "a.webp", MAX_LIFETIME)
