-- Pipelines by name. A version is never changed; a name that is no longer there goes on counting.

CREATE TABLE presets (
    id INTEGER PRIMARY KEY,
    user_id TEXT REFERENCES users (id),
    name TEXT NOT NULL,
    newest INTEGER NOT NULL,
    is_there INTEGER NOT NULL
) STRICT;
-- NULLs differ from each other, and what is shared has no owner.
CREATE UNIQUE INDEX presets_name
    ON presets (coalesce(user_id, '00000000-0000-0000-0000-000000000000'), name);
CREATE INDEX presets_user ON presets (user_id, name);

CREATE TABLE preset_versions (
    preset_id INTEGER NOT NULL REFERENCES presets (id),
    version INTEGER NOT NULL,
    pipeline TEXT NOT NULL,
    locked INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (preset_id, version)
) STRICT, WITHOUT ROWID;

-- What a task's pipeline was made from: name, version and whether it was a shared one.
ALTER TABLE tasks ADD COLUMN preset TEXT;
