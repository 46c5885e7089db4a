-- A receiver that answers 410 is called no more. The version before goes on calling it.

ALTER TABLE webhooks ADD COLUMN disabled_at TEXT;
