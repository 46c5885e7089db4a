-- Assets of one's own: what they are and how large, pages of them, and whether a task needs one.
-- All that were there are the logo that ships.

ALTER TABLE assets ADD COLUMN kind TEXT NOT NULL DEFAULT 'picture';
ALTER TABLE assets ADD COLUMN byte_size INTEGER NOT NULL DEFAULT 0;
UPDATE assets SET byte_size = 5256
    WHERE sha256 = 'da2abb0ec88ff14975cb114cf1b6509334553a3c782a7419f3c9c026956af2ab';
CREATE INDEX assets_newest ON assets (user_id, created_at DESC, id DESC);
CREATE INDEX tasks_needing_files ON tasks (created_at)
    WHERE status IN ('queued', 'in progress') AND assets <> '{}';
