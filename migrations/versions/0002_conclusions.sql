-- A key is corrected more often than an exam is edited: results say which version of it they were marked by.
ALTER TABLE exams ADD COLUMN key_version integer NOT NULL DEFAULT 1;
ALTER TABLE results ADD COLUMN key_version integer NOT NULL DEFAULT 1;

CREATE TABLE conclusions (
    exam_id      bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    key_version  integer     NOT NULL,
    concluded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, key_version)
);
