-- Columns named in the system design keep its names. Times are UTC text of fixed width, so that
-- they compare as text; UUIDs are text of 36 characters; documents and arrays are JSON text.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL,  -- casefolded: SQLite's lower() knows ASCII alone
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE UNIQUE INDEX users_username_key ON users (username_key);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE images (
    id TEXT PRIMARY KEY,
    file_path TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    processing_task TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    label TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frames INTEGER,
    byte_size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    newest_task_id TEXT NOT NULL  -- the task added last, whose status this row shows
);
CREATE INDEX images_user ON images (user_id, created_at DESC, id);

CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    pipeline TEXT NOT NULL,
    assets TEXT NOT NULL,
    notify TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    deaths INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    lease_until TEXT,
    rung_at TEXT NOT NULL,
    rings INTEGER NOT NULL DEFAULT 0,
    failure_code TEXT,
    failure_detail TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    announced_at TEXT
);
CREATE INDEX tasks_image ON tasks (image_id);
CREATE INDEX tasks_queued ON tasks (rung_at) WHERE status = 'queued';
CREATE INDEX tasks_unannounced ON tasks (rung_at)
    WHERE announced_at IS NULL AND status IN ('completed', 'failed');
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE status = 'in progress';

CREATE TABLE results (
    task_id TEXT NOT NULL REFERENCES tasks (id),
    position INTEGER NOT NULL,
    variant TEXT NOT NULL,
    file_path TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    byte_size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (task_id, variant)
);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    due_at TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at, id);
CREATE INDEX outbox_subject ON outbox (subject_id);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    occasion TEXT NOT NULL,
    due_at TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    lease_until TEXT,
    rung_until TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (task_id, channel, address)
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'pending';

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, url)
);

CREATE TABLE assets (
    id TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id),
    name TEXT NOT NULL,
    file_path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX assets_name ON assets (name, coalesce(user_id, ''));

CREATE TABLE processing_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    attempt INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    stage_seconds TEXT NOT NULL
);
CREATE INDEX processing_log_task ON processing_log (task_id, id);
