-- What happened, in the order in which it was written down: no names, no addresses, nothing but ids.
CREATE TABLE events (
    at         timestamptz NOT NULL,
    what       text        NOT NULL,
    person_id  bigint,
    exam_id    bigint,
    sitting_id bigint,
    -- A refusal's code, or how many events were not kept.
    detail     text
) PARTITION BY RANGE (at);
CREATE INDEX events_exam ON events (exam_id, at);
CREATE INDEX events_at ON events USING brin (at);
CREATE TABLE events_rest PARTITION OF events DEFAULT;

-- What the worker made of them and of the stored answers: per exam and ten seconds.
CREATE TABLE activity_counts (
    exam_id  bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    at       timestamptz NOT NULL,
    sign_ins integer     NOT NULL DEFAULT 0,
    -- People seen for the first time.
    arrivals integer     NOT NULL DEFAULT 0,
    starts   integer     NOT NULL DEFAULT 0,
    saves    integer     NOT NULL DEFAULT 0,
    hand_ins integer     NOT NULL DEFAULT 0,
    closes   integer     NOT NULL DEFAULT 0,
    refusals integer     NOT NULL DEFAULT 0,
    looks    integer     NOT NULL DEFAULT 0,
    -- Sittings that saved within the minute that begins here; in its first ten seconds alone.
    active   integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (exam_id, at)
);

CREATE TABLE question_times (
    exam_id         bigint   NOT NULL REFERENCES exams ON DELETE CASCADE,
    question_number smallint NOT NULL,
    sittings        integer  NOT NULL,
    lower_s         real     NOT NULL,
    median_s        real     NOT NULL,
    upper_s         real     NOT NULL,
    PRIMARY KEY (exam_id, question_number)
);

CREATE TABLE activity_rollups (
    exam_id        bigint      PRIMARY KEY REFERENCES exams ON DELETE CASCADE,
    computed_at    timestamptz NOT NULL,
    took_s         real        NOT NULL,
    -- All of the exam, and those whose time per question was taken.
    sittings       integer     NOT NULL,
    timed_sittings integer     NOT NULL,
    -- Events of any exam that were not kept while this one ran.
    lost_events    bigint      NOT NULL,
    -- When the time per question was taken.
    timed_at       timestamptz
);

-- Each run of `examhall maintain`, and what it did.
CREATE TABLE maintenance (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    did         text[]      NOT NULL
);
