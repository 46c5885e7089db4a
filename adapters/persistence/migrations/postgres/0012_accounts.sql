-- Sessions that go on by refresh tokens, of which only digests are kept. What an earlier version has
-- begun, or begins beside this one, cannot be refreshed and ends with its token.

ALTER TABLE sessions ADD COLUMN idle_until TIMESTAMP WITH TIME ZONE;
ALTER TABLE sessions ADD COLUMN last_used_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';
CREATE TABLE refresh_tokens (
    sha256 TEXT PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    successor_sha256 TEXT
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

-- Letters: mails about an account. A token is in the mail alone, here is its digest.
ALTER TABLE users ADD COLUMN email_verified_at TIMESTAMP WITH TIME ZONE;
CREATE TABLE letters (
    id UUID PRIMARY KEY,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    user_id UUID REFERENCES users (id),  -- NULL until it is known whether the address has an account
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    lease_until TIMESTAMP WITH TIME ZONE,
    rung_until TIMESTAMP WITH TIME ZONE,
    token_sha256 TEXT,
    token_expires_at TIMESTAMP WITH TIME ZONE,
    token_used_at TIMESTAMP WITH TIME ZONE
);
CREATE INDEX letters_due ON letters (due_at) WHERE status = 'pending';
CREATE INDEX letters_ended ON letters (created_at) WHERE status <> 'pending';
CREATE INDEX letters_address ON letters (lower(address), created_at);
CREATE INDEX letters_user ON letters (user_id);
CREATE UNIQUE INDEX letters_token ON letters (token_sha256);

-- What is left of accounts that were given up: a receipt, and the files until they are gone. The user
-- is no reference, for that row goes.
CREATE TABLE erasures (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    counts JSONB NOT NULL,
    destroyed_at TIMESTAMP WITH TIME ZONE,
    files_sha256 TEXT,
    closed_at TIMESTAMP WITH TIME ZONE,
    rung_until TIMESTAMP WITH TIME ZONE
);
CREATE INDEX erasures_open ON erasures (requested_at) WHERE closed_at IS NULL;
CREATE TABLE erased_files (
    erasure_id UUID NOT NULL REFERENCES erasures (id),
    position INTEGER NOT NULL,
    file_path TEXT NOT NULL,
    destroyed_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (erasure_id, position)
);
CREATE INDEX erased_files_left ON erased_files (erasure_id, position) WHERE destroyed_at IS NULL;
CREATE INDEX tasks_user ON tasks (user_id, created_at DESC, id DESC);
