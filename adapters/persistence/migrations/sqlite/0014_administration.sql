-- Accounts that are switched off, and found by the beginnings of names and addresses; and the trail
-- of who did what. An entry outlives whom it names, so it refers to no row.

ALTER TABLE users ADD COLUMN disabled_at TEXT;
ALTER TABLE users ADD COLUMN is_admin INTEGER
    GENERATED ALWAYS AS (instr(roles, '"admin"') > 0) VIRTUAL;
CREATE INDEX users_admins ON users (username_key) WHERE is_admin;
CREATE INDEX users_disabled ON users (username_key) WHERE disabled_at IS NOT NULL;

CREATE TABLE audit_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    user_id TEXT,
    key_id TEXT,
    command TEXT,
    address TEXT,
    subject TEXT,
    detail TEXT
) STRICT;
CREATE INDEX audit_entries_newest ON audit_entries (at DESC, id DESC);
CREATE INDEX audit_entries_action ON audit_entries (action, at DESC, id DESC);
CREATE INDEX audit_entries_user ON audit_entries (user_id, at DESC, id DESC);
CREATE INDEX audit_entries_subject ON audit_entries (subject, at DESC, id DESC);

-- Attempts of one outcome, newest first.
CREATE INDEX processing_log_outcome ON processing_log (outcome, id);
