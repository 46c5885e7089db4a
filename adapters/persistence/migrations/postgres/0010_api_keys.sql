-- What programs carry instead of a person's token. The secret itself is kept nowhere.

-- Its last use changes often and no indexed column with it: room in each page lets the new version
-- stay beside the old one.
CREATE TABLE api_keys (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    scopes TEXT ARRAY NOT NULL,
    presets TEXT ARRAY,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE
) WITH (fillfactor = 80);
CREATE INDEX api_keys_user ON api_keys (user_id);
