-- For the count of what one account has waiting.

CREATE INDEX tasks_queued_of_user ON tasks (user_id) WHERE status = 'queued';
