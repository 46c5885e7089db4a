-- Columns named in the system design keep its names and types.

CREATE TABLE users (
    id UUID PRIMARY KEY,
    username VARCHAR NOT NULL,
    username_key TEXT NOT NULL,  -- casefolded by us: every lower() knows its own locale alone
    email VARCHAR NOT NULL,
    password_hash TEXT NOT NULL,
    roles TEXT ARRAY NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE UNIQUE INDEX users_username_key ON users (username_key);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE sessions (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX sessions_user ON sessions (user_id);

-- A row's status changes often and none of its indexed columns: room in each page lets the new
-- version stay beside the old one, and the indexes as they are.
CREATE TABLE images (
    id UUID PRIMARY KEY,
    file_path TEXT NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id),
    processing_task JSONB NOT NULL,
    status TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    label TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frames INTEGER,
    byte_size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    newest_task_id UUID NOT NULL  -- the task added last, whose status this row shows
) WITH (fillfactor = 80);
CREATE INDEX images_user ON images (user_id, created_at DESC, id);

CREATE TABLE tasks (
    id UUID PRIMARY KEY,
    image_id UUID NOT NULL REFERENCES images (id),
    user_id UUID NOT NULL REFERENCES users (id),
    pipeline JSONB NOT NULL,
    assets JSONB NOT NULL,
    notify JSONB NOT NULL,
    correlation_id TEXT NOT NULL,
    priority TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    deaths INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    rung_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rings INTEGER NOT NULL DEFAULT 0,
    failure_code TEXT,
    failure_detail TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    announced_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX tasks_image ON tasks (image_id);
CREATE INDEX tasks_queued ON tasks (rung_at) WHERE status = 'queued';
CREATE INDEX tasks_unannounced ON tasks (rung_at)
    WHERE announced_at IS NULL AND status IN ('completed', 'failed');
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE status = 'in progress';

CREATE TABLE results (
    task_id UUID NOT NULL REFERENCES tasks (id),
    position INTEGER NOT NULL,
    variant TEXT NOT NULL,
    file_path TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    byte_size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (task_id, variant)
);

-- Short-lived rows: what is dead is swept up long before a fifth of the table is.
CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    correlation_id TEXT NOT NULL,
    priority TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX outbox_due ON outbox (priority, due_at, id);
CREATE INDEX outbox_subject ON outbox (subject_id);

CREATE TABLE deliveries (
    id UUID PRIMARY KEY,
    task_id UUID NOT NULL REFERENCES tasks (id),
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    occasion TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    lease_until TIMESTAMP WITH TIME ZONE,
    rung_until TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    UNIQUE (task_id, channel, address)
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'pending';

CREATE TABLE webhooks (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    url TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    UNIQUE (user_id, url)
);

CREATE TABLE assets (
    id UUID PRIMARY KEY,
    user_id UUID REFERENCES users (id),
    name TEXT NOT NULL,
    file_path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
);
-- NULLs differ from each other, and what is shared has no owner.
CREATE UNIQUE INDEX assets_name
    ON assets (name, coalesce(user_id, '00000000-0000-0000-0000-000000000000'));

CREATE TABLE processing_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id UUID NOT NULL REFERENCES tasks (id),
    attempt INTEGER NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    stage_seconds JSONB NOT NULL
);
CREATE INDEX processing_log_task ON processing_log (task_id, id);
