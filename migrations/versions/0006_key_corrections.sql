ALTER TABLE exams
    ADD COLUMN show_key boolean NOT NULL DEFAULT false,
    ADD COLUMN pass_percent numeric(5, 2),
    ADD CONSTRAINT exams_pass_percent CHECK (pass_percent > 0 AND pass_percent <= 100);

CREATE TABLE key_corrections (
    exam_id      bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- The version of the key that it made.
    key_version  integer     NOT NULL,
    corrected_at timestamptz NOT NULL DEFAULT now(),
    corrected_by bigint REFERENCES people,
    reason       text        NOT NULL,
    -- What was asked for, as it was sent.
    document     jsonb       NOT NULL,
    -- Each item that it changed: {question_number, sub_part, kind, from: {key, points}, to: {key, points}}.
    changes      jsonb       NOT NULL,
    PRIMARY KEY (exam_id, key_version)
);

ALTER TABLE marks ADD COLUMN by_hand numeric(8, 3);

CREATE TABLE result_history (
    candidate_id bigint         NOT NULL,
    sitting_id   bigint         NOT NULL,
    exam_id      bigint         NOT NULL,
    -- The key that it was marked by, and the one whose marking replaced it.
    key_version  integer        NOT NULL,
    replaced_by  integer        NOT NULL,
    exam_version integer        NOT NULL,
    points       numeric(10, 3) NOT NULL,
    max_points   numeric(10, 3) NOT NULL,
    unmarked     integer        NOT NULL,
    marked_at    timestamptz    NOT NULL,
    replaced_at  timestamptz    NOT NULL,
    PRIMARY KEY (candidate_id, sitting_id, key_version)
);
CREATE INDEX result_history_exam ON result_history (exam_id, replaced_by);
