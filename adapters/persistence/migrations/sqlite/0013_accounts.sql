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
