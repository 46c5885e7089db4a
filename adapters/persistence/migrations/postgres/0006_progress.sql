-- How far the attempt under way is, in percent, for who looks on.

ALTER TABLE tasks ADD COLUMN progress INTEGER NOT NULL DEFAULT 0;
