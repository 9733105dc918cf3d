-- Exams that belong together, such as the weekly mock exam: a streak is to sit them one after the other.
CREATE TABLE series (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text   NOT NULL
);
CREATE UNIQUE INDEX series_name ON series (lower(name));
ALTER TABLE exams ADD COLUMN series_id bigint REFERENCES series;
CREATE INDEX exams_series ON exams (series_id, opens_at) WHERE series_id IS NOT NULL;
ALTER TABLE questions ADD COLUMN topic text;

-- Whether candidates may see their results of this exam now: the one place that says so.
CREATE FUNCTION results_released(exam exams) RETURNS boolean
LANGUAGE sql STABLE
RETURN CASE exam.release
            WHEN 'at_once' THEN true
            WHEN 'at_time' THEN exam.release_at <= statement_timestamp()
            ELSE exam.released_at IS NOT NULL
       END;

CREATE TABLE streaks (
    series_id     bigint      NOT NULL REFERENCES series ON DELETE CASCADE,
    person_id     bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    current       integer     NOT NULL,
    longest       integer     NOT NULL,
    sat           integer     NOT NULL,
    followed_at   timestamptz NOT NULL,
    PRIMARY KEY (series_id, person_id)
);
CREATE INDEX streaks_person ON streaks (person_id);
CREATE INDEX streaks_current ON streaks (current, person_id);

CREATE TABLE achievements (
    person_id bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    name      text        NOT NULL,
    given_at  timestamptz NOT NULL DEFAULT now(),
    -- The exam after which it was given, if one.
    exam_id   bigint REFERENCES exams ON DELETE SET NULL,
    PRIMARY KEY (person_id, name)
);

-- Which achievements were given after which exam, by which table of rules: a new rule is given for the past too.
CREATE TABLE exam_awards (
    exam_id     bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    key_version integer     NOT NULL,
    rules       text        NOT NULL,
    awarded_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, key_version, rules)
);

-- How everybody did in an exam, by topic: what one person's share is compared with.
CREATE TABLE exam_topics (
    exam_id     bigint           NOT NULL REFERENCES exams ON DELETE CASCADE,
    topic       text             NOT NULL,
    key_version integer          NOT NULL,
    mean_share  double precision NOT NULL,
    PRIMARY KEY (exam_id, topic)
);
