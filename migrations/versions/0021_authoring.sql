-- A draft is its authors' alone. What authors change is kept part by part, with who changed what from what.
ALTER TABLE exams
    ADD COLUMN is_draft boolean NOT NULL DEFAULT false,
    ADD COLUMN timezone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN request_key text,
    ADD COLUMN request_hash bytea;
CREATE UNIQUE INDEX exams_request ON exams (created_by, request_key) WHERE request_key IS NOT NULL;

CREATE TABLE exam_edits (
    exam_id   bigint      NOT NULL REFERENCES exams ON DELETE CASCADE,
    -- Of the exam, which this change made.
    version   integer     NOT NULL,
    -- 'settings', 'question:17', 'order', ...
    part      text        NOT NULL,
    edited_by bigint REFERENCES people,
    edited_at timestamptz NOT NULL,
    before    jsonb       NOT NULL,
    after     jsonb       NOT NULL,
    PRIMARY KEY (exam_id, part, version)
);

CREATE OR REPLACE FUNCTION admission(exam bigint, course bigint, person bigint) RETURNS TABLE (admitted boolean)
LANGUAGE sql STABLE ROWS 1
AS $$
SELECT (course IS NULL
        OR EXISTS (SELECT
                     FROM enrolments
                     JOIN courses ON courses.id = enrolments.course_id AND courses.active
                    WHERE enrolments.course_id = course
                      AND enrolments.person_id = person
                      AND enrolments.active))
   AND (NOT EXISTS (SELECT FROM assignments WHERE exam_id = exam)
        OR EXISTS (SELECT FROM assignments WHERE exam_id = exam AND person_id = person))
   AND NOT EXISTS (SELECT FROM exams WHERE exams.id = exam AND exams.is_draft)
$$;
