"""Who is on stage in a scenario, and what they have been told."""

import io
import json
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import attrs
from falcon.testing import Result
from PIL import Image

from tests.bad_pictures import BadPicture
from tests.behaviour.rig import Rig

PASSWORD = "password123"


@attrs.define
class Person:
    """Somebody with an account, or about to have one."""

    name: str
    email: str
    token: str | None = None
    has_account: bool = False


@attrs.define
class World:
    """One scenario's stage: the platform, the people, and the last answer."""

    rig: Rig
    people: dict[str, Person] = attrs.field(factory=dict)
    who: str = "Ada"
    answer: Result | None = None
    earlier: Result | None = None
    image_id: str | None = None
    task_id: str | None = None
    photo: bytes | None = None
    hidden: BadPicture | None = None
    link: str | None = None
    next_page: str | None = None
    api_key: Any = None
    devices: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    stolen: str = ""
    receipt: str = ""
    seen: list[Any] = attrs.field(factory=list)
    server: Any = None
    asked: list[str] | None = None
    stored_before: set[str] = attrs.field(factory=set)

    def person(self, name: str) -> Person:
        """Return somebody by name, bringing them on stage if need be."""
        if name not in self.people:
            self.people[name] = Person(name.lower(), f"{name.lower()}@example.com")
        return self.people[name]

    @property
    def actor(self) -> Person:
        """Return whoever "she" or "he" is at this moment."""
        return self.person(self.who)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        *,
        key: str | None = None,
    ) -> Result:
        """Send a request and remember the answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            self.answer = self.rig.client.simulate_request(method, path, json=body, headers=headers)
        else:
            self.answer = self.rig.client.simulate_request(method, path, headers=headers)
        return self.answer

    def register(self, name: str) -> Person:
        """Open an account for *name*, unless they have one."""
        person = self.person(name)
        if person.has_account:
            return person
        answer = self.ask(
            "POST",
            "/api/auth/register",
            {"username": person.name, "email": person.email, "password": PASSWORD},
        )
        assert answer.status_code == 201, answer.text
        person.has_account = True
        return person

    def sign_in(self, name: str) -> Person:
        """Sign *name* in and make them the one who acts."""
        person = self.person(name)
        answer = self.ask("POST", "/api/auth/login", {"email": person.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        person.token = answer.json["token"]
        self.who = name
        return person

    def upload(
        self,
        content: bytes,
        options: str | None = None,
        *,
        file_name: str = "holiday.jpg",
        attachments: dict[str, bytes] | None = None,
        key: str | None = None,
        token: str | None = None,
    ) -> Result:
        """Upload *content* as whoever acts, and let the workers work unless they are paused."""
        boundary = "safelight-scenario"
        parts = [_file_part(boundary, "image", file_name, content)]
        if options is not None:
            parts.append(
                f"--{boundary}\r\n"
                'Content-Disposition: form-data; name="processingOptions"\r\n\r\n'
                f"{options}\r\n".encode()
            )
        for name, data in (attachments or {}).items():
            parts.append(_file_part(boundary, name, name, data))
        body = b"".join(parts) + f"--{boundary}--\r\n".encode()
        self.photo = content
        self.answer = self.rig.client.simulate_post(
            "/api/images/upload",
            body=body,
            headers={
                "Authorization": f"Bearer {token or self.actor.token}",
                "Content-Type": f"multipart/form-data; boundary={boundary}",
            }
            | ({} if key is None else {"Idempotency-Key": key}),
        )
        if self.answer.status_code == 202:
            self.image_id = self.answer.json["imageId"]
            self.task_id = self.answer.headers["x-task-id"]
            self.rig.work()
        return self.answer

    def keep(self, content: bytes, name: str, *, shared: bool = False) -> Result:
        """Send *content* as an asset of whoever acts, or with *shared* as everybody's."""
        boundary = "safelight-scenario"
        texts = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'
            for field, text in (("name", name), ("shared", str(shared).lower()))
        )
        file = _file_part(boundary, "asset", "file.bin", content)
        self.answer = self.rig.client.simulate_post(
            "/api/assets",
            body=texts.encode() + file + f"--{boundary}--\r\n".encode(),
            headers={
                "Authorization": f"Bearer {self.actor.token}",
                "Content-Type": f"multipart/form-data; boundary={boundary}",
            },
        )
        return self.answer

    def status(self) -> str:
        """Return the status of the image of the scenario."""
        answer = self.ask("GET", f"/api/images/{self.image_id}/status", token=self.actor.token)
        assert answer.status_code == 200, answer.text
        assert answer.json["imageId"] == self.image_id
        return answer.json["status"]

    def task(self) -> dict[str, Any]:
        """Return the task of the scenario, as the API shows it."""
        answer = self.ask("GET", f"/api/tasks/{self.task_id}", token=self.actor.token)
        assert answer.status_code == 200, answer.text
        return answer.json

    def download(self, link: str | None = None, **headers: str) -> Result:
        """Follow a download link, without a token."""
        parts = urlsplit(link or self.link or "")
        return self.rig.client.simulate_get(parts.path, query_string=parts.query, headers=headers)

    def ask_for_link(self) -> Result:
        """Ask for the download link."""
        answer = self.ask("GET", f"/api/images/{self.image_id}/download", token=self.actor.token)
        if answer.status_code == 200:
            self.link = answer.json["downloadUrl"]
        return answer

    def result_bytes(self) -> bytes:
        """Return the result's bytes, through its link."""
        assert self.status() == "completed", self.task()
        assert self.ask_for_link().status_code == 200
        opened = self.download()
        assert opened.status_code == 200, opened.text
        return opened.content

    def result(self) -> Image.Image:
        """Return the result, decoded by somebody else than us."""
        return Image.open(io.BytesIO(self.result_bytes()))

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Return the mails that have reached *address*."""
        return [mail for mail in self.rig.mails() if mail["To"] and address in mail["To"]]


def options_text(**options: Any) -> str:
    """Return processing options as JSON text."""
    return json.dumps(options)


def _file_part(boundary: str, name: str, file_name: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"
