"""What links that we sign and check ourselves promise."""

from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import attrs
import pytest

from adapters.storage.signed_links import SignedLinks
from application.ports.download_links import LinkedFile, LinkExpired, LinkForged
from tests.builders import a_result
from tests.clocks import MovableClock

OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32
AN_HOUR = timedelta(hours=1)


@attrs.frozen
class Parts:
    """A link taken apart, as the edge takes it apart."""

    linked: LinkedFile
    expires: str
    key_id: str
    signature: str

    def verify(self, links: SignedLinks) -> None:
        links.verify(self.linked, self.expires, self.key_id, self.signature)


def parts_of(url: str, linked: LinkedFile) -> Parts:
    query = parse_qs(urlsplit(url).query)
    return Parts(linked, query["exp"][0], query["kid"][0], query["sig"][0])


def issue(links: SignedLinks, linked: LinkedFile, key: str, name: str, lifetime: timedelta) -> str:
    result = a_result(variant=linked.variant, file_path=key)
    return links.issue(linked.task_id, result, name, lifetime)


class TestSignedLinks:
    @pytest.fixture
    def clock(self) -> MovableClock:
        return MovableClock()

    @pytest.fixture
    def links(self, clock: MovableClock) -> SignedLinks:
        return SignedLinks("https://pics.example/", {"1": NEW_KEY}, "1", clock)

    @pytest.fixture
    def linked(self) -> LinkedFile:
        return LinkedFile(uuid4(), "main")

    @pytest.fixture
    def parts(self, links: SignedLinks, linked: LinkedFile) -> Parts:
        return parts_of(issue(links, linked, "ab/1", "holiday.webp", AN_HOUR), linked)

    def test_a_link_opens_what_it_was_made_for(self, links: SignedLinks, parts: Parts) -> None:
        parts.verify(links)

    def test_a_link_names_the_picture_for_people(
        self, links: SignedLinks, linked: LinkedFile
    ) -> None:
        name = 'summer "24"/é\r\n?&#.webp'

        url = urlsplit(issue(links, linked, "ab/1", name, AN_HOUR))

        assert url.path.startswith(f"/files/{linked.task_id}/main/")
        assert url.path.count("/") == 4
        assert unquote(url.path.rsplit("/", 1)[1]) == name
        assert (url.scheme, url.netloc) == ("https", "pics.example")

    def test_a_link_does_not_tell_where_the_bytes_are(
        self, links: SignedLinks, linked: LinkedFile
    ) -> None:
        assert "fade" not in issue(links, linked, "fade/1", "a.png", AN_HOUR).split("?")[0].replace(
            str(linked.task_id), ""
        )

    def test_a_link_expires(self, links: SignedLinks, parts: Parts, clock: MovableClock) -> None:
        clock.advance(AN_HOUR - timedelta(seconds=1))
        parts.verify(links)
        clock.advance(timedelta(seconds=1))

        with pytest.raises(LinkExpired):
            parts.verify(links)

    @pytest.mark.parametrize(
        "change",
        [
            {"linked": LinkedFile(UUID(int=1), "main")},
            {"expires": "9999999999"},
            {"expires": ""},
            {"expires": "-1"},
            {"expires": " 1773493200"},
            {"expires": "1773493200.0"},
            {"expires": "1e10"},
            {"expires": "٣" * 10},
            {"expires": "9" * 5_000},
            {"expires": "1773493200\n"},
            {"key_id": "2"},
            {"key_id": ""},
            {"key_id": "../../dev/null"},
            {"signature": ""},
            {"signature": "A" * 43},
            {"signature": "é" * 43},
            {"signature": "\udcff"},
            {"signature": "x" * 100_000},
        ],
        ids=str,
    )
    def test_a_link_that_was_altered_is_forged(
        self, links: SignedLinks, parts: Parts, change: dict[str, object]
    ) -> None:
        with pytest.raises(LinkForged):
            attrs.evolve(parts, **change).verify(links)

    def test_another_variant_is_another_link(self, links: SignedLinks, parts: Parts) -> None:
        for variant in ("thumb", "", "main\n", "main/", "MAIN", "\udcff"):
            other = LinkedFile(parts.linked.task_id, variant)
            with pytest.raises(LinkForged):
                attrs.evolve(parts, linked=other).verify(links)

    def test_a_signature_has_one_spelling(self, links: SignedLinks, parts: Parts) -> None:
        signature = parts.signature
        spellings = {signature + "=", signature.lower(), signature[:-1], signature + "\n"}
        # The last character carries unused bits: a decoder would take its neighbours as well.
        spellings |= {signature[:-1] + last for last in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"}

        for spelling in spellings - {signature}:
            with pytest.raises(LinkForged):
                attrs.evolve(parts, signature=spelling).verify(links)

    def test_an_expired_forgery_is_a_forgery(
        self, links: SignedLinks, parts: Parts, clock: MovableClock
    ) -> None:
        clock.advance(AN_HOUR * 2)

        with pytest.raises(LinkForged):
            attrs.evolve(parts, linked=LinkedFile(uuid4(), "main")).verify(links)

    def test_links_outlive_a_change_of_keys(self, linked: LinkedFile, clock: MovableClock) -> None:
        before = SignedLinks("http://a", {"1": OLD_KEY}, "1", clock)
        after = SignedLinks("http://a", {"1": OLD_KEY, "2": NEW_KEY}, "2", clock)
        later = SignedLinks("http://a", {"2": NEW_KEY}, "2", clock)
        old = parts_of(issue(before, linked, "a", "a.png", AN_HOUR), linked)
        new = parts_of(issue(after, linked, "a", "a.png", AN_HOUR), linked)

        old.verify(after)
        new.verify(later)
        with pytest.raises(LinkForged):
            old.verify(later)
        with pytest.raises(LinkForged):
            attrs.evolve(old, key_id="2").verify(after)

    def test_weak_or_missing_keys_are_refused(self, clock: MovableClock) -> None:
        with pytest.raises(ValueError):
            SignedLinks("http://a", {"1": b"short"}, "1", clock)
        with pytest.raises(ValueError):
            SignedLinks("http://a", {"1": OLD_KEY}, "2", clock)
