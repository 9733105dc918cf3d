ALTER TABLE sittings
    -- Given while it was sat, beyond what everybody has; the deadline has it in it.
    ADD COLUMN granted_s integer NOT NULL DEFAULT 0,
    -- Its clock stands still since then: it is not due, and gets the time back.
    ADD COLUMN paused_at timestamptz;

-- Exams that are paused at this moment.
CREATE TABLE pauses (
    exam_id   bigint      PRIMARY KEY REFERENCES exams ON DELETE CASCADE,
    paused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    paused_by bigint REFERENCES people
);

-- What staff did to an exam while it was sat, for ever: appended in the transaction that does it.
CREATE TABLE interventions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    exam_id     bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    kind        text        NOT NULL CHECK (kind IN ('time', 'announcement', 'pause', 'resume', 'close')),
    done_by     bigint REFERENCES people,
    done_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Whom it was for; NULL: everybody who sits it.
    sitting_ids bigint[],
    -- How many it reached.
    reached     integer     NOT NULL DEFAULT 0,
    seconds     integer,
    message     text        NOT NULL DEFAULT '',
    reason      text        NOT NULL DEFAULT '',
    -- A repeat of the same request does nothing and is told what the first did.
    request_key text,
    CONSTRAINT interventions_seconds CHECK ((kind = 'time') = (seconds IS NOT NULL))
);
CREATE UNIQUE INDEX interventions_request ON interventions (done_by, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX interventions_exam ON interventions (exam_id, id DESC);
