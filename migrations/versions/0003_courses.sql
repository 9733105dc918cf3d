CREATE TABLE courses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What people call it, and what an exam file names: "ALG-1".
    code        text        NOT NULL,
    title       text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    -- The exams of a course that is not active are open to nobody.
    active      boolean     NOT NULL DEFAULT true,
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX courses_code ON courses (lower(code));

-- Who leaves a course stays here, not active: what they sat keeps its place in the statistics.
CREATE TABLE enrolments (
    course_id   bigint      NOT NULL REFERENCES courses ON DELETE CASCADE,
    person_id   bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    active      boolean     NOT NULL DEFAULT true,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (course_id, person_id)
);
CREATE INDEX enrolments_person ON enrolments (person_id, course_id) WHERE active;

ALTER TABLE exams ADD COLUMN course_id bigint REFERENCES courses;
ALTER TABLE exams ADD CONSTRAINT exams_contest_once
    CHECK (kind <> 'contest' OR course_id IS NULL OR attempts_allowed = 1);
CREATE INDEX exams_course ON exams (course_id, opens_at) WHERE course_id IS NOT NULL;

-- Who may sit an exam, in one place: of a course's, who is actively enrolled; of one assigned to some, who is
-- among them; of any other, everybody. LANGUAGE sql, STABLE and RETURNS TABLE: PostgreSQL puts the body in
-- the place of the call, which costs nothing.
CREATE FUNCTION admission(exam bigint, course bigint, person bigint) RETURNS TABLE (admitted boolean)
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
$$;
