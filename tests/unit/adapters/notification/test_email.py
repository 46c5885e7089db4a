"""Mails as their readers, and their mail servers, see them."""

import io
import logging
import time
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.notification.apprise_notifier import AppriseEmailNotifier, MailServer, MailTLS
from adapters.notification.mail_folder import MailFolderNotifier
from adapters.notification.wording import wording_of
from application.ports.notifier import DeliveryFailed
from tests.unit.adapters.notification.notices import a_notice, a_notice_of_failure
from tests.unit.adapters.notification.sinks import MailSink, make_certificate, raw_server

BAD_ADDRESSES = [
    "ada@example.com\r\nBcc: eve@example.com",
    "ada@example.com\nSubject: x",
    "ada@example.com, eve@example.com",
    "ada@example.com eve@example.com",
    "Ada <ada@example.com>",
    "ada",
    "",
    "ada@[127.0.0.1]",
    "@example.com",
    "a" * 250 + "@example.com",
]


def a_server(port: int, **overrides: Any) -> MailServer:
    return MailServer(
        **{
            "host": "127.0.0.1",
            "port": port,
            "from_address": "safelight@example.com",
            "tls": MailTLS.NONE,
        }
        | overrides
    )


class TestWording:
    def test_what_users_named_is_escaped(self) -> None:
        notice = a_notice(username="<script>alert(1)</script>", label='"><img src=x>.jpg')

        html = wording_of(notice).html

        assert "<script" not in html
        assert "<img" not in html
        assert "&lt;script&gt;" in html

    @pytest.mark.parametrize(
        "label",
        ["a\r\nBcc: eve@example.com", "a\n\nb", "a\u2028b", "a\u202egpj.exe", "a\0b\x1b[1m"],
    )
    def test_the_subject_stays_on_its_line(self, label: str) -> None:
        wording = wording_of(a_notice(label=label))

        assert wording.subject.isprintable()
        assert "\u202e" not in wording.text + wording.html

    def test_a_long_label_is_cut_in_the_subject(self) -> None:
        assert len(wording_of(a_notice(label="x" * 255)).subject) < 100

    def test_names_of_every_script_stay_whole(self) -> None:
        wording = wording_of(a_notice(label="été 東京 👩\u200d👩\u200d👧.jpg"))

        assert wording.subject == "été 東京 👩\u200d👩\u200d👧.jpg is ready"

    def test_the_link_is_in_both_bodies_and_says_how_long_it_lives(self) -> None:
        wording = wording_of(a_notice(download_url="https://a.example/f?x=1&y=2"))

        assert "\nhttps://a.example/f?x=1&y=2\n" in wording.text
        assert 'href="https://a.example/f?x=1&amp;y=2"' in wording.html
        assert "until 17 March 2026, 12:00 UTC" in wording.text

    def test_a_failure_offers_no_link(self) -> None:
        wording = wording_of(a_notice_of_failure())

        assert "http" not in wording.text
        assert "<a " not in wording.html


class TestAppriseEmailNotifier:
    def test_the_mail_has_a_text_and_an_html_body_and_says_who_wrote_it(self) -> None:
        sink, notice = MailSink(), a_notice(label="été.jpg")

        with sink.running() as port:
            AppriseEmailNotifier(a_server(port)).send("ada+pics@example.com", notice)

        (mail,) = sink.mails
        assert mail["Subject"] == "été.jpg is ready"
        assert mail["From"] == "Safelight <safelight@example.com>"
        assert mail["To"] == "ada+pics@example.com"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_type() == "multipart/alternative"
        text = mail.get_body(("plain",))
        assert text is not None
        assert notice.download_url in text.get_content()

    @pytest.mark.parametrize(
        "address", ["o'brien@example.com", "a'b.c+d@example.co.uk", "x=y{z}@example.com"]
    )
    def test_the_mail_goes_to_the_very_address_and_nobody_else(self, address: str) -> None:
        """Apprise reads o'brien@example.com as brien@example.com, a stranger."""
        sink = MailSink()

        with sink.running() as port:
            AppriseEmailNotifier(a_server(port)).send(address, a_notice())

        assert sink.recipients == [[address]]

    @pytest.mark.parametrize("address", BAD_ADDRESSES)
    def test_nothing_is_sent_to_what_is_no_address(self, address: str) -> None:
        with pytest.raises(DeliveryFailed) as failure:
            AppriseEmailNotifier(a_server(1)).send(address, a_notice())

        assert not failure.value.transient

    @pytest.mark.parametrize(
        ("to_recipient", "to_data", "transient", "code"),
        [
            ("550 no such user", "250 OK", False, "550"),
            ("553 bad name", "250 OK", False, "553"),
            ("450 mailbox busy", "250 OK", True, "450"),
            ("552 mailbox full", "250 OK", True, "552"),
            ("250 OK", "451 try later", True, "451"),
            ("250 OK", "554 not today", True, "554"),
        ],
    )
    def test_a_refused_mailbox_is_final_and_a_bad_day_is_not(
        self, to_recipient: str, to_data: str, transient: bool, code: str
    ) -> None:
        sink = MailSink()
        sink.answer_to_recipient, sink.answer_to_data = to_recipient, to_data

        with sink.running() as port, pytest.raises(DeliveryFailed, match=code) as failure:
            AppriseEmailNotifier(a_server(port)).send("ada@example.com", a_notice())

        assert failure.value.transient is transient
        assert "ada" not in str(failure.value)

    def test_a_silent_server_does_not_hold_us(self) -> None:
        with raw_server(lambda connection: time.sleep(3)) as port:
            notifier = AppriseEmailNotifier(a_server(port, socket_seconds=0.2, total_seconds=1))

            started = time.monotonic()
            with pytest.raises(DeliveryFailed) as failure:
                notifier.send("ada@example.com", a_notice())

        assert failure.value.transient
        assert time.monotonic() - started < 1.5

    def test_signs_in_over_starttls_and_trusts_only_known_authorities(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate = make_certificate(tmp_path, "IP:127.0.0.1")
        sink = MailSink()

        with sink.running(certificate.for_server()) as port:
            server = a_server(port, tls=MailTLS.STARTTLS, username="mailer", password="open sesame")
            with pytest.raises(DeliveryFailed):
                AppriseEmailNotifier(server).send("ada@example.com", a_notice())
            assert sink.logins == []

            monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
            AppriseEmailNotifier(server).send("ada@example.com", a_notice())
            with pytest.raises(DeliveryFailed, match="535") as failure:
                AppriseEmailNotifier(attrs.evolve(server, password="wrong")).send(
                    "ada@example.com", a_notice()
                )

        assert sink.logins[0] == ("mailer", "open sesame")
        assert len(sink.mails) == 1
        assert failure.value.transient
        assert "sesame" not in repr(server)

    def test_addresses_do_not_reach_the_logs(self) -> None:
        sink, log = MailSink(), io.StringIO()
        sink.answer_to_recipient = "550 no such user"
        handler = logging.StreamHandler(log)
        root = logging.getLogger()
        root.addHandler(handler)
        try:
            with sink.running() as port, pytest.raises(DeliveryFailed):
                AppriseEmailNotifier(a_server(port)).send("ada@example.com", a_notice())
        finally:
            root.removeHandler(handler)

        assert "Sending email" not in log.getvalue()


class TestMailFolderNotifier:
    def test_a_mail_is_a_file_named_by_time_and_delivery(self, tmp_path: Path) -> None:
        notice = a_notice(label="été\r\nBcc: eve@example.com.jpg")

        MailFolderNotifier(tmp_path / "mail").send("o'brien@example.com", notice)

        (path,) = (tmp_path / "mail").iterdir()
        assert path.name == f"20260314T120000Z-{notice.delivery_id}.eml"
        assert path.stat().st_mode & 0o777 == 0o600
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert mail["To"] == "o'brien@example.com"
        assert mail["Bcc"] is None
        assert mail["Subject"] == "été Bcc: eve@example.com.jpg is ready"
        assert str(notice.delivery_id) in mail["Message-ID"]

    @pytest.mark.parametrize("label", ["a.jpg", "été " * 60, "=?utf-8?q?Bcc?=", "x" * 2_000])
    def test_a_mail_is_as_the_standards_have_it(self, tmp_path: Path, label: str) -> None:
        notice = a_notice(label=label)
        notifier = MailFolderNotifier(tmp_path, from_address="a@b.example", from_name="Sáfe, light")

        notifier.send("ada@example.com", notice)

        (path,) = tmp_path.iterdir()
        content = path.read_bytes()
        mail = message_from_bytes(content, policy=policy.default)
        plain, html = mail.iter_parts()
        wording = wording_of(notice)
        assert mail.defects == plain.defects == html.defects == []
        assert max(map(len, content.splitlines())) <= 998
        assert mail.get_content_type() == "multipart/alternative"
        assert mail["From"].addresses[0].display_name == "Sáfe, light"
        assert mail["From"].addresses[0].addr_spec == "a@b.example"
        assert mail["Subject"] == wording.subject
        assert mail["Date"].datetime == notice.occurred_at
        assert mail["Message-ID"] == f"<{notice.delivery_id}@b.example>"
        assert (plain.get_content_type(), plain.get_content()) == ("text/plain", wording.text)
        assert (html.get_content_type(), html.get_content()) == ("text/html", wording.html)

    def test_a_second_attempt_leaves_one_file(self, tmp_path: Path) -> None:
        notice, notifier = a_notice(), MailFolderNotifier(tmp_path)

        notifier.send("ada@example.com", notice)
        notifier.send("ada@example.com", notice)

        assert len(list(tmp_path.iterdir())) == 1

    @pytest.mark.parametrize("address", BAD_ADDRESSES)
    def test_nothing_is_written_to_what_is_no_address(self, tmp_path: Path, address: str) -> None:
        with pytest.raises(DeliveryFailed) as failure:
            MailFolderNotifier(tmp_path).send(address, a_notice())

        assert not failure.value.transient
        assert list(tmp_path.iterdir()) == []
