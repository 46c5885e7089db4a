"""
The use cases on a bench: a real database and a real store, plain stand-ins for what lies beyond.

Stand-ins are written for the four things that a use case cannot have here: pixels drawn, customers
told, a broker, and figures collected.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

import attrs

from adapters.imaging.font_probe import SfntProbe
from adapters.imaging.header_probe import HeaderProbe
from adapters.outbound.rules import OutboundRules
from adapters.notification.rule_webhook_guard import RuleWebhookGuard
from adapters.persistence.sqlite import SqliteDatabase
from adapters.security.jwt_tokens import JWTAccessTokens
from adapters.security.sha256_key_tokens import Sha256KeyTokens
from adapters.security.sha256_opaque_tokens import Sha256OpaqueTokens
from adapters.security.signing_secrets import DerivedSigningSecrets
from adapters.storage.disk import DiskObjectStore
from adapters.storage.signed_links import SignedLinks
from adapters.system.errands import ThreadErrands
from adapters.system.failpoints import ArmedFailpoints
from adapters.system.ids import RandomIds
from application.accounts.end_account import EndAccount
from application.accounts.post_letter import PostLetter
from application.accounts.session_tokens import SessionTokens
from application.actor import Actor
from application.back_off import BackOff
from application.idempotency import IdempotencyKey
from application.images.add_asset import AddAsset
from application.images.inspect_file import InspectFile
from application.images.scan_file import ScanFile
from application.images.stage_file import StageFile
from application.images.upload_image import UploadedImage, UploadImage, UploadImageRequest
from application.limits.quotas import Quotas
from application.notifications.announce_outcome import AnnounceOutcome
from application.notifications.make_notice import MakeNotice
from application.notifications.send_delivery import SendDelivery
from application.notifications.send_letter import SendLetter
from application.outbox.measure_queues import MeasureQueues
from application.outbox.sweep import Sweep
from application.ports.image_editor import Drawn, EditAbandoned, Edited, ImageEditor, Watch
from application.ports.malware_scanner import MalwareScanner, NoScanner
from application.ports.memory_budget import MemoryBudget, WaitAbandoned
from application.ports.message_publisher import Message, MessagePublisher
from application.ports.notifier import Notice, Notifier
from application.ports.postman import LetterText, Postman
from application.ports.telemetry import Telemetry
from application.ports.unit_of_work import UnitOfWork
from application.tasks.process_task import ProcessTask, RetryPolicy
from application.tasks.return_expired_tasks import ReturnExpiredTasks
from domain.images.analysis import Analysis
from domain.images.asset import AssetAllowance
from domain.images.formats import ImageFormat
from domain.images.image import Image
from domain.images.pipeline import Pipeline
from domain.images.upload_policy import UploadPolicy
from domain.notifications.channel import ChannelKind, NotificationRequest
from domain.notifications.delivery import Delivery
from domain.tasks.task import Task
from domain.users.user import User
from tests import pictures
from tests.builders import a_user
from tests.clocks import MovableClock

MINUTE = timedelta(minutes=1)
MIB = 1024 * 1024
AT_ONCE = timedelta()
RETRIES = RetryPolicy(timedelta(days=1), BackOff(timedelta(seconds=2), MINUTE, draw=lambda: 1.0))
KEY = b"k" * 32


class StampingEditor(ImageEditor):
    """
    "Draws" by writing a stamp in front of the source and the assets.

    Attributes:
        meanwhile: Called while each edit is under way; raises or does what a test wants.
        takes_long: Whether edits take so long that they are watched.
        analysis: What each edit finds out.
    """

    def __init__(self) -> None:
        self.meanwhile: Callable[[], Any] = lambda: None
        self.takes_long = False
        self.pipelines: list[Pipeline] = []
        self.analysis: Analysis | None = None

    def edit(
        self,
        source: BinaryIO,
        pipeline: Pipeline,
        assets: Mapping[str, BinaryIO],
        targets: Mapping[str, BinaryIO],
        watch: Watch | None = None,
    ) -> Edited:
        self.pipelines.append(pipeline)
        self.meanwhile()
        if self.takes_long and watch is not None and not watch(50):
            raise EditAbandoned("nobody wants the result any longer")
        content = self.stamp(source.read(), *(file.read() for file in assets.values()))
        for target in targets.values():
            target.write(content)
        drawn = Drawn(
            format=ImageFormat.WEBP,
            width=80,
            height=60,
            byte_size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        stages = {"decode": 0.25} | ({"analyze": 0.01} if self.analysis else {})
        return Edited(dict.fromkeys(targets, drawn), stages, self.analysis)

    @staticmethod
    def stamp(*contents: bytes) -> bytes:
        return b"drawn:" + b"+".join(contents)


class PostBag(Notifier):
    """
    Keeps what it is asked to send.

    Attributes:
        trouble: Raised instead, if a test sets it.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, Notice]] = []
        self.trouble: Exception | None = None

    def send(self, address: str, notice: Notice) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((address, notice))


class EndlessMemory(MemoryBudget):
    """
    Lets everybody in at once, or as a test says.

    Attributes:
        needs: What was asked for, in bytes.
        meanwhile: Called while each waits, before it is asked whether it is still wanted.
    """

    def __init__(self, meanwhile: Callable[[], object] | None = None) -> None:
        self.needs: list[int] = []
        self.meanwhile = meanwhile

    @contextmanager
    def share(self, need_bytes: int, is_wanted: Callable[[], bool]) -> Iterator[None]:
        self.needs.append(need_bytes)
        if self.meanwhile is not None:
            self.meanwhile()
            if not is_wanted():
                raise WaitAbandoned("not wanted")
        yield


class LetterBag(Postman):
    """
    Keeps the letters that it is asked to send.

    Attributes:
        trouble: Raised instead, if a test sets it.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, LetterText]] = []
        self.trouble: Exception | None = None

    def post(self, address: str, letter: LetterText) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.sent.append((address, letter))


class Postcards(MessagePublisher):
    """
    Keeps what it is asked to publish.

    Attributes:
        trouble: Raised instead, if a test sets it.
        unheard: Kinds of message that no queue takes.
    """

    def __init__(self) -> None:
        self.published: list[Message] = []
        self.trouble: Exception | None = None
        self.unheard: set[str] = set()

    def publish(self, messages: Sequence[Message]) -> Sequence[int]:
        if self.trouble is not None:
            raise self.trouble
        self.published += [one for one in messages if one.kind not in self.unheard]
        return [at for at, one in enumerate(messages) if one.kind in self.unheard]


class Tally(Telemetry):
    """Keeps every figure."""

    def __init__(self) -> None:
        self.tasks: list[str] = []
        self.stages: list[str] = []
        self.deliveries: list[tuple[str, str]] = []
        self.depths: dict[tuple[str, str], int] = {}

    def count_task(self, outcome: str) -> None:
        self.tasks.append(outcome)

    def observe_stage(self, stage: str, seconds: float) -> None:
        assert seconds >= 0
        self.stages.append(stage)

    def count_delivery(self, channel: str, outcome: str) -> None:
        self.deliveries.append((channel, outcome))

    def observe_use_case(self, name: str, outcome: str, seconds: float) -> None:
        raise AssertionError("use cases are watched from outside")

    def set_queue_depth(self, queue: str, state: str, count: int) -> None:
        self.depths[queue, state] = count


@attrs.define
class Workbench:
    """
    What the use cases are made of, and short ways to what tests need first.

    The clock starts a day before the real one, by which the database works: whatever is due by
    the one is due by the other.
    """

    database: SqliteDatabase
    object_store: DiskObjectStore
    clock: MovableClock = attrs.field(
        factory=lambda: MovableClock(datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))
    )
    ids: RandomIds = attrs.field(factory=RandomIds)
    errands: ThreadErrands = attrs.field(factory=ThreadErrands)
    key_tokens: Sha256KeyTokens = attrs.field(factory=Sha256KeyTokens)
    failpoints: ArmedFailpoints = attrs.field(factory=ArmedFailpoints)
    editor: StampingEditor = attrs.field(factory=StampingEditor)
    memory: MemoryBudget = attrs.field(factory=EndlessMemory)
    telemetry: Tally = attrs.field(factory=Tally)
    mail: PostBag = attrs.field(factory=PostBag)
    webhooks: PostBag = attrs.field(factory=PostBag)
    letters: LetterBag = attrs.field(factory=LetterBag)
    publisher: Postcards = attrs.field(factory=Postcards)
    policy: UploadPolicy = UploadPolicy()
    quotas: Quotas = Quotas()
    scanner: MalwareScanner = NoScanner()
    signing_secrets: DerivedSigningSecrets = DerivedSigningSecrets(KEY)

    # --- use cases ---------------------------------------------------------------------------

    @property
    def access_tokens(self) -> JWTAccessTokens:
        return JWTAccessTokens(
            {"k1": KEY}, "k1", issuer="safelight", audience="safelight", clock=self.clock
        )

    @property
    def session_tokens(self) -> SessionTokens:
        return SessionTokens(
            self.access_tokens,
            self.opaque_tokens,
            token_lifetime=15 * MINUTE,
            session_lifetime=timedelta(days=30),
            idle=timedelta(days=14),
        )

    @property
    def post_letter(self) -> PostLetter:
        return PostLetter(self.ids, self.clock)

    @property
    def end_account(self) -> EndAccount:
        return EndAccount(self.ids, self.clock)

    @property
    def opaque_tokens(self) -> Sha256OpaqueTokens:
        return Sha256OpaqueTokens(lambda: KEY)

    @property
    def send_letter(self) -> SendLetter:
        return SendLetter(
            self.database,
            self.letters,
            self.opaque_tokens,
            self.clock,
            self.telemetry,
            "https://images.example.com",
            lease=MINUTE,
            draw=lambda: 0.5,
        )

    @property
    def links(self) -> SignedLinks:
        return SignedLinks("https://images.example.com", {"k1": KEY}, "k1", self.clock)

    @property
    def upload_image(self) -> UploadImage:
        return UploadImage(
            self.database,
            self.object_store,
            self.inspect_file,
            self.clock,
            self.ids,
            self.failpoints,
            self.webhook_guard,
            quotas=self.quotas,
        )

    @property
    def inspect_file(self) -> InspectFile:
        scan = ScanFile(self.scanner, self.database, self.clock)
        return InspectFile(HeaderProbe(), SfntProbe(), self.policy, scan)

    def add_asset(self, allowance: AssetAllowance = AssetAllowance(100, 100 * MIB)) -> AddAsset:
        return AddAsset(
            self.database, self.object_store, self.inspect_file, allowance, self.clock, self.ids
        )

    def process_task(self, **overrides: Any) -> ProcessTask:
        return ProcessTask(
            self.database,
            self.object_store,
            HeaderProbe(),
            **{
                "memory": self.memory,
                "editor": self.editor,
                "clock": self.clock,
                "telemetry": self.telemetry,
                "failpoints": self.failpoints,
                "lease": MINUTE,
                "retries": RETRIES,
            }
            | overrides,
        )

    @property
    def return_expired_tasks(self) -> ReturnExpiredTasks:
        return ReturnExpiredTasks(self.database, self.clock)

    @property
    def send_delivery(self) -> SendDelivery:
        make_notice = MakeNotice(self.links, self.clock, timedelta(days=7))
        notifiers = {ChannelKind.EMAIL: self.mail, ChannelKind.WEBHOOK: self.webhooks}
        return SendDelivery(
            self.database,
            notifiers,
            make_notice,
            self.clock,
            self.telemetry,
            self.post_letter,
            lease=MINUTE,
            draw=lambda: 0.5,
        )

    @property
    def webhook_guard(self) -> RuleWebhookGuard:
        """Knows `inside.example`, and takes every other name for a public one."""

        def resolve(host: str, _: int) -> list[str]:
            return ["10.0.0.1" if host == "inside.example" else "93.184.215.14"]

        return RuleWebhookGuard(OutboundRules(resolve=resolve))

    @property
    def announce_outcome(self) -> AnnounceOutcome:
        return AnnounceOutcome(self.database, self.send_delivery, self.clock)

    def sweep(self, **overrides: Any) -> Sweep:
        return Sweep(
            self.database,
            self.clock,
            **{"patience": MINUTE, "delivery_lease": MINUTE} | overrides,
        )

    @property
    def measure_queues(self) -> MeasureQueues:
        return MeasureQueues(self.database, self.telemetry)

    # --- what tests need first ---------------------------------------------------------------

    def an_actor(self, **overrides: Any) -> Actor:
        """Somebody with an account who is signed in."""
        return self.actor_of(self.a_user(**overrides))

    def actor_of(self, user: User) -> Actor:
        return Actor(user.id, user.roles)

    def a_user(self, **overrides: Any) -> User:
        user = a_user(**overrides)
        self.write(lambda work: work.users.add(user))
        return user

    def upload(
        self,
        actor: Actor,
        content: bytes | Iterable[bytes] | None = None,
        pipeline: Pipeline = Pipeline(),
        attachments: Mapping[str, bytes] | None = None,
        notify: NotificationRequest = NotificationRequest(),
        file_name: str | None = "holiday.jpg",
        idempotency: IdempotencyKey | None = None,
    ) -> UploadedImage:
        stage_file = StageFile(self.object_store, self.policy)
        if content is None or isinstance(content, bytes):
            content = [pictures.small_jpeg() if content is None else content]
        with contextlib.ExitStack() as stack:
            picture = stack.enter_context(stage_file(content, file_name))
            staged = {
                name: stack.enter_context(stage_file([one], name))
                for name, one in (attachments or {}).items()
            }
            return self.upload_image(
                UploadImageRequest(
                    actor,
                    picture,
                    pipeline,
                    "a-request",
                    staged,
                    notify,
                    idempotency=idempotency,
                )
            )

    def a_completed_task(self, actor: Actor | None = None, **overrides: Any) -> Task:
        uploaded = self.upload(actor or self.an_actor(), **overrides)
        self.process_task()(uploaded.task_id)
        return self.task(uploaded.task_id)

    # --- what came of it ---------------------------------------------------------------------

    def write(self, change: Callable[[UnitOfWork], Any]) -> Any:
        with self.database.writing() as work:
            answer = change(work)
            work.commit()
        return answer

    def read(self, question: Callable[[UnitOfWork], Any]) -> Any:
        with self.database.reading() as work:
            return question(work)

    def task(self, task_id: UUID) -> Task:
        return self.read(lambda work: work.tasks.get(task_id))

    def image(self, image_id: UUID) -> Image:
        return self.read(lambda work: work.images.get(image_id))

    def log_of(self, task_id: UUID) -> list[tuple[str, str | None]]:
        entries = self.read(lambda work: work.processing_log.of_task(task_id))
        return [(entry.outcome, entry.error) for entry in entries]

    def deliveries_of(self, task_id: UUID) -> list[Delivery]:
        return self.read(lambda work: work.deliveries.of_task(task_id))

    def expired(self) -> list[UUID]:
        return self.write(lambda work: [task.id for task in work.tasks.expired(100)])

    def post_letters(self) -> list[tuple[str, LetterText]]:
        """Send every letter whose message is due, and return what was sent."""
        already = len(self.letters.sent)
        for kind, subject in self.take_outbox():
            if kind == "LetterDue":
                self.send_letter(subject)
        return self.letters.sent[already:]

    def outbox_count(self) -> int:
        return self.read(lambda work: work.outbox.count())

    def take_outbox(self) -> list[tuple[str, UUID]]:
        """Take what is due in the outbox, for good."""

        def take(work: UnitOfWork) -> list[tuple[str, UUID]]:
            entries = work.outbox.take_due(100, MINUTE)
            work.outbox.remove([entry.id for entry in entries])
            return [(entry.message.kind, entry.message.subject_id) for entry in entries]

        return self.write(take)

    def stored(self) -> set[str]:
        return set(self.object_store.keys())

    def content(self, key: str) -> bytes:
        with self.object_store.open(key) as file:
            return file.read()
