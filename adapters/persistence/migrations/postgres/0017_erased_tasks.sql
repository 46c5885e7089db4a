-- Tasks of pictures that were let go, while they count against the account's quota: who erases a
-- picture has had it drawn all the same. The version before counts only those that are there.

CREATE TABLE erased_tasks (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX erased_tasks_user ON erased_tasks (user_id, created_at);
