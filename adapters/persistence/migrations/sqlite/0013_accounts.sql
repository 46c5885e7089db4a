-- Sessions that go on by refresh tokens, of which only digests are kept. What an earlier version has
-- begun, or begins beside this one, cannot be refreshed and ends with its token.

ALTER TABLE sessions ADD COLUMN idle_until TEXT;
ALTER TABLE sessions ADD COLUMN last_used_at TEXT;
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
CREATE TABLE refresh_tokens (
    sha256 TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    used_at TEXT,
    successor_sha256 TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Letters: mails about an account. A token is in the mail alone, here is its digest.
ALTER TABLE users ADD COLUMN email_verified_at TEXT;
CREATE TABLE letters (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    user_id TEXT REFERENCES users (id),  -- NULL until it is known whether the address has an account
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    lease_until TEXT,
    rung_until TEXT,
    token_sha256 TEXT,
    token_expires_at TEXT,
    token_used_at TEXT
) STRICT;
CREATE INDEX letters_due ON letters (due_at) WHERE status = 'pending';
CREATE INDEX letters_ended ON letters (created_at) WHERE status <> 'pending';
CREATE INDEX letters_address ON letters (lower(address), created_at);
CREATE INDEX letters_user ON letters (user_id);
CREATE UNIQUE INDEX letters_token ON letters (token_sha256);

-- What is left of accounts that were given up: a receipt, and the files until they are gone. The user
-- is no reference, for that row goes.
CREATE TABLE erasures (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    counts TEXT NOT NULL,
    destroyed_at TEXT,
    files_sha256 TEXT,
    closed_at TEXT,
    rung_until TEXT
) STRICT;
CREATE INDEX erasures_open ON erasures (requested_at) WHERE closed_at IS NULL;
CREATE TABLE erased_files (
    erasure_id TEXT NOT NULL REFERENCES erasures (id),
    position INTEGER NOT NULL,
    file_path TEXT NOT NULL,
    destroyed_at TEXT,
    PRIMARY KEY (erasure_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_files_left ON erased_files (erasure_id, position) WHERE destroyed_at IS NULL;
CREATE INDEX tasks_user ON tasks (user_id, created_at DESC, id DESC);
