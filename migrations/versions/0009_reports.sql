-- Whether candidates get a report of this exam.
ALTER TABLE exams ADD COLUMN reports boolean NOT NULL DEFAULT false;

CREATE TABLE reports (
    candidate_id bigint      NOT NULL,
    sitting_id   bigint      NOT NULL,
    exam_id      bigint      NOT NULL,
    key_version  integer     NOT NULL,
    facts        jsonb       NOT NULL,
    comment      text        NOT NULL,
    comment_by   text        NOT NULL CHECK (comment_by IN ('template', 'model')),
    pdf          bytea       NOT NULL,
    made_at      timestamptz NOT NULL,
    PRIMARY KEY (candidate_id, sitting_id)
);
CREATE INDEX reports_exam ON reports (exam_id, sitting_id);

CREATE TABLE feedback_drafts (
    candidate_id bigint      NOT NULL,
    sitting_id   bigint      NOT NULL,
    exam_id      bigint      NOT NULL,
    key_version  integer     NOT NULL,
    draft        text        NOT NULL,
    model        text        NOT NULL,
    state        text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'approved', 'rejected')),
    written_at   timestamptz NOT NULL,
    decided_by   bigint,
    decided_at   timestamptz,
    PRIMARY KEY (candidate_id, sitting_id)
);
CREATE INDEX feedback_drafts_exam ON feedback_drafts (exam_id, state, sitting_id);

-- Tokens of the text model: reserved before a call, corrected after it.
CREATE TABLE feedback_spending (
    spent_on date   PRIMARY KEY,
    tokens   bigint NOT NULL,
    calls    integer NOT NULL
);
