-- Who marks by hand and nothing else.
ALTER TABLE people
    DROP CONSTRAINT people_roles_known,
    ADD CONSTRAINT people_roles_known
        CHECK (roles <@ ARRAY['candidate', 'invigilator', 'author', 'analyst', 'admin', 'marker']);

-- How an item is marked by hand; one without a row here by one marker, with points alone.
CREATE TABLE marking_schemes (
    question_id  bigint        NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
    sub_part     text          NOT NULL DEFAULT '',
    markers      smallint      NOT NULL DEFAULT 1 CHECK (markers BETWEEN 1 AND 2),
    -- Two markers further apart than this need a third opinion; NULL: never.
    differ_above numeric(8, 3) CHECK (differ_above >= 0),
    -- What counts then: the third alone, the mean of it and the nearest of the two, or the middle one.
    third_rule   text          NOT NULL DEFAULT 'nearest' CHECK (third_rule IN ('third', 'nearest', 'median')),
    -- [{"key": "c1", "name": "Content", "levels": [{"points": "2", "words": "..."}, ...]}, ...]
    rubric       jsonb         NOT NULL DEFAULT '[]',
    -- What markers are told, in Markdown.
    guidance     text          NOT NULL DEFAULT '',
    version      integer       NOT NULL DEFAULT 1,
    PRIMARY KEY (question_id, sub_part)
);

-- Who marks an exam beside its authors.
CREATE TABLE exam_markers (
    exam_id   bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    person_id bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    named_by  bigint REFERENCES people,
    named_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (exam_id, person_id)
);
CREATE INDEX exam_markers_person ON exam_markers (person_id);

-- One answer for one person to mark. Its number is at random, so that it tells nothing, not even whose answers
-- belong together. A queue: claimed by FOR UPDATE SKIP LOCKED.
CREATE TABLE marking_tasks (
    id              bigint        PRIMARY KEY DEFAULT 1 + floor(random() * 9e15)::bigint,
    exam_id         bigint        NOT NULL REFERENCES exams ON DELETE CASCADE,
    question_number smallint      NOT NULL,
    sub_part        text          NOT NULL,
    candidate_id    bigint        NOT NULL,
    sitting_id      bigint        NOT NULL,
    -- The first, the second, or the third that is asked for when those two differ.
    opinion         smallint      NOT NULL CHECK (opinion BETWEEN 1 AND 3),
    -- Of the answer that it is about: another one needs another mark.
    answer_hash     text          NOT NULL,
    -- Whether a mark by hand counts; not while the item is dropped, or marked by the machine.
    is_wanted       boolean       NOT NULL DEFAULT true,
    -- Who has it until then, or finished it.
    marker_id       bigint REFERENCES people,
    leased_until    timestamptz,
    skipped_by      bigint[]      NOT NULL DEFAULT '{}',
    points          numeric(8, 3),
    finished_at     timestamptz,
    -- Whether the candidate's points come from it.
    counts          boolean       NOT NULL DEFAULT false,
    CONSTRAINT marking_tasks_finished CHECK ((finished_at IS NULL) = (points IS NULL)),
    CONSTRAINT marking_tasks_marker CHECK (finished_at IS NULL OR marker_id IS NOT NULL)
);
CREATE UNIQUE INDEX marking_tasks_opinion ON marking_tasks (sitting_id, question_number, sub_part, opinion);
-- However many arrive at once, nobody marks the same answer twice.
CREATE UNIQUE INDEX one_opinion_each ON marking_tasks (sitting_id, question_number, sub_part, marker_id)
    WHERE marker_id IS NOT NULL;
CREATE INDEX marking_tasks_open ON marking_tasks (exam_id, question_number, sub_part, id)
    WHERE finished_at IS NULL;
CREATE INDEX marking_tasks_exam ON marking_tasks (exam_id);
CREATE INDEX marking_tasks_marker ON marking_tasks (marker_id, exam_id) WHERE marker_id IS NOT NULL;

-- What a marker wrote to a task, saved as it is written; each has a sheet of their own.
CREATE TABLE marking_sheets (
    task_id   bigint        NOT NULL REFERENCES marking_tasks ON DELETE CASCADE,
    person_id bigint        NOT NULL REFERENCES people,
    -- Of each criterion which level, counted from 0: {"c1": 2}.
    levels    jsonb         NOT NULL DEFAULT '{}',
    points    numeric(8, 3),
    -- For the candidate, and for the office.
    comment   text          NOT NULL DEFAULT '',
    note      text          NOT NULL DEFAULT '',
    -- Of two saves the higher stays, in whatever order they arrive.
    revision  bigint        NOT NULL,
    saved_at  timestamptz   NOT NULL,
    PRIMARY KEY (task_id, person_id)
);

-- What became of each answer that people mark, for ever.
CREATE TABLE marking_events (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz   NOT NULL DEFAULT clock_timestamp(),
    exam_id         bigint        NOT NULL,
    sitting_id      bigint        NOT NULL,
    question_number smallint      NOT NULL,
    sub_part        text          NOT NULL,
    what            text          NOT NULL CHECK (what IN
                    ('finished', 'reopened', 'third_asked', 'settled', 'withdrawn')),
    task_id         bigint,
    opinion         smallint,
    -- NULL: nobody in particular, as when marks settle.
    person_id       bigint REFERENCES people,
    points          numeric(8, 3),
    -- What was on the sheet.
    details         jsonb         NOT NULL DEFAULT '{}',
    reason          text          NOT NULL DEFAULT ''
);
CREATE INDEX marking_events_sitting ON marking_events (sitting_id, id);
CREATE INDEX marking_events_exam ON marking_events (exam_id, id);

-- What waits for a person already.
INSERT INTO marking_tasks (exam_id, question_number, sub_part, candidate_id, sitting_id, opinion, answer_hash)
SELECT results.exam_id, marks.question_number, marks.sub_part, marks.candidate_id, marks.sitting_id, 1,
       md5(answers.answer::text)
  FROM results
  JOIN marks USING (candidate_id, sitting_id)
  JOIN answers USING (candidate_id, sitting_id, question_number, sub_part)
 WHERE results.unmarked > 0
   AND marks.points IS NULL;
