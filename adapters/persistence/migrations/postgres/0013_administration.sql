-- Accounts that are switched off, and found by the beginnings of names and addresses; and the trail
-- of who did what. An entry outlives whom it names, so it refers to no row.

ALTER TABLE users ADD COLUMN disabled_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE users ADD COLUMN is_admin BOOLEAN
    GENERATED ALWAYS AS ('admin' = ANY (roles)) STORED;
CREATE INDEX users_by_name ON users (username_key COLLATE "C");
CREATE INDEX users_by_email ON users (lower(email) COLLATE "C");
CREATE INDEX users_admins ON users (username_key COLLATE "C") WHERE is_admin;
CREATE INDEX users_disabled ON users (username_key COLLATE "C") WHERE disabled_at IS NOT NULL;

CREATE TABLE audit_entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    user_id UUID,
    key_id UUID,
    command TEXT,
    address TEXT,
    subject TEXT,
    detail TEXT
);
CREATE INDEX audit_entries_newest ON audit_entries (at DESC, id DESC);
CREATE INDEX audit_entries_action ON audit_entries (action, at DESC, id DESC);
CREATE INDEX audit_entries_user ON audit_entries (user_id, at DESC, id DESC);
CREATE INDEX audit_entries_subject ON audit_entries (subject, at DESC, id DESC);

-- Attempts of one outcome, newest first.
CREATE INDEX processing_log_outcome ON processing_log (outcome, id);
