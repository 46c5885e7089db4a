-- What was found out about a picture, if its task was asked.

ALTER TABLE tasks ADD COLUMN analysis TEXT;
