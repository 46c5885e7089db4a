-- Who people are to the providers by which they sign in; and sign-ins that a provider is to answer,
-- of whose secrets only what the answer is compared with is kept, for minutes.

CREATE TABLE identities (
    id UUID PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    email TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE
);
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE INDEX identities_user ON identities (user_id, created_at, id);

CREATE TABLE sign_in_attempts (
    state_sha256 TEXT PRIMARY KEY,
    browser_sha256 TEXT NOT NULL,
    provider TEXT NOT NULL,
    nonce TEXT NOT NULL,
    code_verifier TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    user_id UUID REFERENCES users (id),
    session_id UUID
);
CREATE INDEX sign_in_attempts_end ON sign_in_attempts (expires_at);
CREATE INDEX sign_in_attempts_user ON sign_in_attempts (user_id) WHERE user_id IS NOT NULL;
