-- Why files of which a row tells are not in the store, NULL while they are; and what looking for
-- the old ones needs.

ALTER TABLE images ADD COLUMN gone TEXT;
ALTER TABLE tasks ADD COLUMN gone TEXT;
CREATE INDEX images_kept ON images (created_at) WHERE gone IS NULL;
CREATE INDEX tasks_kept ON tasks (finished_at) WHERE gone IS NULL AND status = 'completed';
CREATE INDEX tasks_failed ON tasks (created_at DESC, id DESC) WHERE status = 'failed';
CREATE INDEX tasks_cancelled ON tasks (created_at DESC, id DESC) WHERE status = 'cancelled';
CREATE INDEX processing_log_age ON processing_log (ended_at);
CREATE INDEX deliveries_ended ON deliveries (created_at) WHERE status <> 'pending';
CREATE INDEX sessions_end ON sessions (expires_at);
