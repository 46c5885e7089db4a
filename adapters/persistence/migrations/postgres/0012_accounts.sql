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
