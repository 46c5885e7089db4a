-- Two lanes. What an older version writes goes to the interactive one, as before.

ALTER TABLE tasks ADD COLUMN priority TEXT NOT NULL DEFAULT 'interactive';
ALTER TABLE outbox ADD COLUMN priority TEXT NOT NULL DEFAULT 'interactive';
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (priority, due_at, id);
