-- By exam first: whether anybody still sits an exam is asked every few seconds once its window is over.
DROP INDEX one_open_sitting;
CREATE UNIQUE INDEX one_open_sitting ON sittings (exam_id, candidate_id) WHERE closed_at IS NULL;
CREATE INDEX results_unmarked ON results (exam_id) WHERE unmarked > 0;
