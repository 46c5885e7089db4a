-- A list of images goes on where a page ended: one comparison of (created_at, id) finds the place
-- only if both columns run the same way.

DROP INDEX images_user;
CREATE INDEX images_user ON images (user_id, created_at DESC, id DESC);
