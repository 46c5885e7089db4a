-- How often somebody has asked within a window. A crash may empty it: whoever asks then starts anew.

CREATE UNLOGGED TABLE rate_counts (
    subject TEXT PRIMARY KEY,
    used BIGINT NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX rate_counts_end ON rate_counts (ends_at);
