"""How PostgreSQL goes about our questions when its tables are large: by their indexes."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from adapters.persistence.postgres import PostgresDatabase
from application.ports.repositories.files import FileKind
from application.ports.repositories.tasks import TaskFilter
from application.ports.unit_of_work import UnitOfWork
from domain.notifications.channel import Occasion
from domain.notifications.letter import LetterKind
from domain.tasks.task import Failure, FailureCode, Task, TaskStatus
from tests.builders import NOON
from tests.services.postgres import PrivatePostgres

ROWS = 20_000
MINUTE = timedelta(minutes=1)
FAILED = TaskFilter(TaskStatus.FAILED)
USER, TASK = UUID(int=7), UUID(int=7 + 3 * ROWS)

# The server tells the plan of every statement that it runs, with the values it is run with.
EXPLAINED = "?options=" + quote(
    "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 "
    "-c auto_explain.log_level=notice"
)

# As in a house that has been running for a while: nearly all is done, little waits.
SEED = f"""
CREATE FUNCTION id(n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$;
INSERT INTO users SELECT id(n), 'ada' || n, 'ada' || n, 'ada' || n || '@example.com', '', '{{user}}',
    now(), now() FROM generate_series(1, {ROWS}) n;
INSERT INTO sessions SELECT id(n), id(n), now(), now() FROM generate_series(1, {ROWS}) n;
INSERT INTO api_keys SELECT id(n), id(n % 1000 + 1), 'name', '', '{{images:read}}', NULL, now()
    FROM generate_series(1, {ROWS}) n;
INSERT INTO images SELECT id(n + {ROWS}), 'key', id(n % 200 + 1), '{{}}', 'completed', now(), now(),
    'label', 'jpeg', 1, 1, 1, 1, '', id(n + 3 * {ROWS}) FROM generate_series(1, {ROWS}) n;
INSERT INTO tasks SELECT id(n + 3 * {ROWS}), id(n + {ROWS}), id(n % 200 + 1), '{{}}', '{{}}', '{{}}', '',
    'interactive',
    CASE n % 1000 WHEN 0 THEN 'queued' WHEN 1 THEN 'in progress' ELSE 'completed' END, 1, 0, 1,
    now(), now() - interval '1 hour', 0, NULL, NULL, now(), now(), now(),
    CASE WHEN n % 1000 = 2 THEN NULL ELSE now() END FROM generate_series(1, {ROWS}) n;
INSERT INTO erased_tasks SELECT id(n % 200 + 1), now() FROM generate_series(1, {ROWS}) n;
INSERT INTO results SELECT id(n + 3 * {ROWS}), 0, 'main', '', 'jpeg', 1, 1, 1, ''
    FROM generate_series(1, {ROWS}) n;
INSERT INTO outbox (kind, subject_id, correlation_id, priority, due_at, created_at)
    SELECT 'TaskCompleted', id(n + 9 * {ROWS}), '', 'batch', now() + (n - 20) * interval '1 min', now()
    FROM generate_series(1, {ROWS}) n;
INSERT INTO deliveries SELECT id(n), id(n + 3 * {ROWS}), 'email', 'ada@example.com', '{Occasion.COMPLETED.value}',
    now() + (n - 20) * interval '1 min', CASE WHEN n % 10 = 0 THEN 'pending' ELSE 'delivered' END,
    1, NULL, NULL, NULL, now() FROM generate_series(1, {ROWS}) n;
INSERT INTO webhooks SELECT id(n), id(n), 'https://example.com/', now()
    FROM generate_series(1, {ROWS}) n;
INSERT INTO assets SELECT id(n), id(n), 'logo.png', '', '', now() FROM generate_series(1, {ROWS}) n;
INSERT INTO presets (user_id, name, newest, is_there)
    SELECT id(n), 'card', 2, 1 FROM generate_series(1, {ROWS}) n;
INSERT INTO preset_versions SELECT p.id, v, '{{}}', 0, now()
    FROM presets p, generate_series(1, 2) v;
INSERT INTO processing_log (task_id, attempt, started_at, ended_at, outcome, stage_seconds)
    SELECT id(n + 3 * {ROWS}), 1, now(), now(), 'completed', '{{}}' FROM generate_series(1, {ROWS}) n;
INSERT INTO idempotency_keys SELECT 'scope', 'key' || n, '', '{{}}', now() - n * interval '1 min'
    FROM generate_series(1, {ROWS}) n;
INSERT INTO refresh_tokens SELECT 'token' || n, id(n), now(), now(), 'token' || (n + 1)
    FROM generate_series(1, {ROWS}) n;
INSERT INTO letters SELECT id(n), 'password-reset', 'ada' || n || '@example.com', id(n), now(),
    now() + (n - 20) * interval '1 min', CASE WHEN n % 10 = 0 THEN 'pending' ELSE 'delivered' END,
    1, NULL, NULL, NULL, 'token' || n, now() FROM generate_series(1, {ROWS}) n;
INSERT INTO erasures SELECT id(n), id(n), now(), '{{}}', now(), '', now()
    FROM generate_series(1, {ROWS}) n;
INSERT INTO erased_files SELECT id(n), 1, 'key', CASE WHEN n % 1000 = 0 THEN NULL ELSE now() END
    FROM generate_series(1, {ROWS}) n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def url(mortal_postgres: PrivatePostgres) -> Iterator[str]:
    url = mortal_postgres.create_database()
    database = PostgresDatabase(url)
    with database.exclusive() as connection:
        connection.change(SEED)
    database.close()
    yield url
    mortal_postgres.drop_database(url)


@pytest.fixture(scope="module")
def database(url: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(url + EXPLAINED, pool_size=1)
    yield database
    database.close()


@pytest.fixture
def plans(database: PostgresDatabase) -> Iterator[list[str]]:
    """The plan of every statement that the test has run."""
    found: list[str] = []

    def hear(diagnostic: Any) -> None:
        if "Query Text" in (diagnostic.message_primary or ""):
            found.append(diagnostic.message_primary)

    with database.connection() as connection:
        connection.raw.add_notice_handler(hear)
        raw = connection.raw
    yield found
    raw.remove_notice_handler(hear)


def held() -> Task:
    task = Task(TASK, UUID(int=7 + ROWS), USER, None, NOON, "", fence=1)
    task.failure = Failure(FailureCode.INTERNAL, "")
    return task


@pytest.mark.parametrize("runs", [1, 12], ids=["fresh", "prepared"])
@pytest.mark.parametrize(
    ("indexes", "ask"),
    [
        ("tasks_pkey", lambda work: work.tasks.claim(TASK, MINUTE)),
        ("tasks_pkey", lambda work: work.tasks.save_if_held(held())),
        ("tasks_pkey", lambda work: work.tasks.extend_leases([(TASK, 1)], MINUTE)),
        ("images_pkey tasks_pkey", lambda work: work.tasks.newest_of(UUID(int=7 + ROWS))),
        ("images_pkey", lambda work: work.images.get(UUID(int=7 + ROWS))),
        ("tasks_pkey results_pkey", lambda work: work.tasks.get(TASK)),
        ("tasks_queued", lambda work: work.tasks.ring_again(MINUTE, 10)),
        ("tasks_unannounced", lambda work: work.tasks.announce_again(MINUTE, 10)),
        ("tasks_leased", lambda work: work.tasks.expired(10)),
        ("tasks_queued tasks_leased", lambda work: work.tasks.count_by_status()),
        ("tasks_queued", lambda work: work.tasks.count_queued(100)),
        ("tasks_queued", lambda work: work.tasks.count_queued_of(USER, 10)),
        (
            "idempotency_keys_pkey",
            lambda work: work.idempotency_keys.find("scope", "key7", timedelta(days=1)),
        ),
        ("outbox_due outbox_pkey", lambda work: work.outbox.take_due(10, MINUTE)),
        ("outbox_due", lambda work: work.outbox.has_due()),
        ("outbox_pkey", lambda work: work.outbox.remove([1])),
        ("deliveries_due", lambda work: work.deliveries.due(10)),
        ("deliveries_due", lambda work: work.deliveries.has_due()),
        ("deliveries_", lambda work: work.deliveries.claim(UUID(int=7), MINUTE)),
        ("deliveries_task_id", lambda work: work.deliveries.of_task(TASK)),
        ("users_email", lambda work: work.users.by_email("ada7@example.com")),
        ("users_username_key", lambda work: work.users.by_username("ada7")),
        ("sessions_pkey users_pkey", lambda work: work.sessions.with_user(USER)),
        ("sessions_user", lambda work: work.sessions.live_of(USER, NOON)),
        ("sessions_user", lambda work: work.sessions.revoke_all_of(USER, NOON)),
        ("sessions_user", lambda work: work.sessions.revoke_beyond(USER, NOON, keep=49)),
        ("refresh_tokens_pkey", lambda work: work.sessions.find_refresh_token("token7")),
        ("refresh_tokens_pkey", lambda work: work.sessions.rotate("token7", "next", NOON)),
        ("letters_due", lambda work: work.letters.due(10)),
        ("letters_due", lambda work: work.letters.has_due()),
        (
            "letters_address",
            lambda work: work.letters.count_to("ada7@example.com", LetterKind.PASSWORD_RESET, NOON),
        ),
        (
            "letters_token",
            lambda work: work.letters.use_token(LetterKind.PASSWORD_RESET, "token7", NOON),
        ),
        (
            "letters_user",
            lambda work: work.letters.void_tokens(USER, LetterKind.PASSWORD_RESET, NOON),
        ),
        ("tasks_user", lambda work: work.tasks.page_of(USER, None, None, 10)),
        ("tasks_user", lambda work: work.tasks.page_of(USER, TaskStatus.FAILED, None, 10)),
        (
            "erasures_open erased_files_left erasures_pkey",
            lambda work: work.erasures.has_due(NOON),
        ),
        (
            "erasures_open erased_files_left erasures_pkey",
            lambda work: work.erasures.due(NOON, 10),
        ),
        (
            "images_pkey tasks_image tasks_pkey results_pkey deliveries_task_id processing_log_task "
            "erased_tasks_user",
            lambda work: work.erasures.destroy_picture(UUID(int=7 + ROWS), NOON),
        ),
        ("erased_files_", lambda work: work.erasures.forget(USER)),
        ("tasks_pkey results_pkey", lambda work: work.tasks.hold(TASK)),
        ("api_keys_pkey users_pkey", lambda work: work.api_keys.with_user(USER)),
        ("api_keys_user", lambda work: work.api_keys.of_user(USER)),
        ("api_keys_pkey", lambda work: work.api_keys.note_use(USER, NOON)),
        ("webhooks_user_id", lambda work: work.webhooks.of_user(USER)),
        ("assets_name", lambda work: work.assets.find(USER, "nobodys.png")),
        ("presets_ preset_versions_pkey", lambda work: work.presets.find(USER, "card")),
        ("presets_ preset_versions_pkey", lambda work: work.presets.find(USER, "card", 1)),
        ("presets_ preset_versions_pkey", lambda work: work.presets.find(None, "card")),
        (
            "presets_ preset_versions_pkey",
            lambda work: work.presets.versions(USER, "card", None, 10),
        ),
        ("presets_ preset_versions_pkey", lambda work: work.presets.page(USER, None, 10)),
        ("presets_name", lambda work: work.presets.count(USER, 100)),
        ("presets_name", lambda work: work.presets.last_version(USER, "card")),
        ("presets_name", lambda work: work.presets.remove(USER, "card")),
        ("assets_n", lambda work: work.assets.owned(USER, "logo.png")),
        ("assets_newest", lambda work: work.assets.page(USER, None, 20)),
        ("assets_newest", lambda work: work.assets.amount_of(USER)),
        ("tasks_needing_files", lambda work: work.tasks.need_file("ab/0")),
        ("processing_log_task", lambda work: work.processing_log.of_task(TASK)),
        ("images_kept tasks_pkey", lambda work: work.files.forget_originals(-MINUTE, 10)),
        ("tasks_kept results_pkey", lambda work: work.files.forget_results(-MINUTE, 10)),
        (
            "processing_log_age deliveries_ended letters_ended sessions_end",
            lambda work: work.history.remove_older_than(-MINUTE, 10),
        ),
        ("images_pkey results_pkey assets_pkey", lambda work: work.files.named([TASK])),
        ("images_pkey", lambda work: work.files.page(FileKind.ORIGINAL, USER, 10)),
        ("tasks_pkey results_pkey", lambda work: work.files.page(FileKind.RESULT, USER, 10)),
        ("tasks_failed", lambda work: work.tasks.page(FAILED, (NOON, USER), 10)),
        (
            "idempotency_keys_age",
            lambda work: work.idempotency_keys.remove_older_than(timedelta(days=13), 10),
        ),
    ],
)
def test_no_question_reads_a_whole_table(
    database: PostgresDatabase,
    plans: list[str],
    indexes: str,
    ask: Callable[[UnitOfWork], object],
    runs: int,
) -> None:
    """The sixth time, a prepared statement may get a plan that fits all values and none well."""
    for _ in range(runs):
        with database.writing() as work:
            ask(work)  # and leave without a commit

    assert plans
    for index in indexes.split():
        assert any(index in plan for plan in plans), "\n".join(plans)
    assert not any("Seq Scan" in plan for plan in plans), "\n".join(plans)


@pytest.mark.parametrize("after", [None, (NOON, uuid4())], ids=["first", "next"])
@pytest.mark.parametrize("runs", [1, 12], ids=["fresh", "prepared"])
def test_a_customers_images_come_newest_first_without_sorting(
    database: PostgresDatabase, plans: list[str], after: Any, runs: int
) -> None:
    """Keyset pagination walks along `images_user`, and begins where the page before ended."""
    for _ in range(runs):
        with database.reading() as work:
            work.images.page(USER, after, 20)

    for plan in plans:
        assert "images_user" in plan
        assert not re.search("Sort|Filter|Seq Scan", plan), plan
        condition = re.search("Index Cond: .*", plan)
        assert condition and ("ROW(created_at, id) <" in condition[0]) == (after is not None)
