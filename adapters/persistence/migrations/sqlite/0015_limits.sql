-- How often somebody has asked within a window.

CREATE TABLE rate_counts (
    subject TEXT PRIMARY KEY,
    used INTEGER NOT NULL,
    ends_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX rate_counts_end ON rate_counts (ends_at);
