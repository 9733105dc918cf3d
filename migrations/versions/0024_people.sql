-- Groups of people, whom exams are assigned to, and who has more time or a window of their own.

-- The words by which people are found: of their name, username and address, in lower case and without
-- apostrophes, which everybody writes otherwise. What is not ASCII is part of a word. No word may be longer than 2,046 bytes.
CREATE FUNCTION people_words(VARIADIC texts text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(
    string_to_array(
        regexp_replace(translate(lower(left(array_to_string(texts, ' '), 500)), '''`ʻʼ‘’', ''),
                       '[\s!-/:-@\[-^_{-~]+', ' ', 'g'),
        ' '),
    '');
CREATE INDEX people_words ON people USING gin (array_to_tsvector(people_words(username, full_name, email)));
CREATE INDEX people_name ON people (lower(full_name), id);

-- By which somebody sets a new password, once. The address holds the token; here is its SHA-256.
CREATE TABLE password_links (
    token_hash bytea       PRIMARY KEY,
    person_id  bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    made_by    bigint REFERENCES people,
    made_at    timestamptz NOT NULL DEFAULT now(),
    good_until timestamptz NOT NULL,
    used_at    timestamptz
);
-- Of several links only the newest is good.
CREATE UNIQUE INDEX password_links_person ON password_links (person_id);

-- People who belong together.
CREATE TABLE groups (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text        NOT NULL,
    description text        NOT NULL DEFAULT '',
    -- Its members are those of this course; it has none of its own.
    course_id   bigint REFERENCES courses,
    version     integer     NOT NULL DEFAULT 1,
    created_by  bigint REFERENCES people,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX groups_name ON groups (lower(name));
CREATE UNIQUE INDEX groups_course ON groups (course_id);

CREATE TABLE group_members (
    group_id  bigint      NOT NULL REFERENCES groups ON DELETE CASCADE,
    person_id bigint      NOT NULL REFERENCES people ON DELETE CASCADE,
    added_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, person_id)
);
CREATE INDEX group_members_person ON group_members (person_id, group_id);

-- Who is in which group at this moment, in one place.
CREATE VIEW memberships AS
SELECT group_id, person_id
  FROM group_members
 UNION ALL
SELECT groups.id AS group_id, enrolments.person_id
  FROM groups
  JOIN enrolments ON enrolments.course_id = groups.course_id AND enrolments.active;

-- The groups that an exam is assigned to: whoever is in one when they come, not when it was assigned.
CREATE TABLE group_assignments (
    exam_id  bigint NOT NULL REFERENCES exams ON DELETE CASCADE,
    group_id bigint NOT NULL REFERENCES groups,
    PRIMARY KEY (exam_id, group_id)
);
CREATE INDEX group_assignments_group ON group_assignments (group_id);

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
   AND (EXISTS (SELECT FROM assignments WHERE exam_id = exam AND person_id = person)
        OR EXISTS (SELECT
                     FROM group_assignments
                     JOIN memberships ON memberships.group_id = group_assignments.group_id
                    WHERE group_assignments.exam_id = exam
                      AND memberships.person_id = person)
        OR NOT (EXISTS (SELECT FROM assignments WHERE exam_id = exam)
                OR EXISTS (SELECT FROM group_assignments WHERE exam_id = exam)))
   AND NOT EXISTS (SELECT FROM exams WHERE exams.id = exam AND exams.is_draft)
$$;

-- Who is to come to an exam; nobody in particular where it is open to everybody.
CREATE FUNCTION expected_people(exam bigint) RETURNS TABLE (person_id bigint)
LANGUAGE sql STABLE
AS $$
SELECT named.person_id
  FROM (SELECT assignments.person_id
          FROM assignments
         WHERE assignments.exam_id = exam
         UNION
        SELECT memberships.person_id
          FROM group_assignments
          JOIN memberships ON memberships.group_id = group_assignments.group_id
         WHERE group_assignments.exam_id = exam
         UNION
        SELECT enrolments.person_id
          FROM exams
          JOIN enrolments ON enrolments.course_id = exams.course_id
         WHERE exams.id = exam
           AND NOT EXISTS (SELECT FROM assignments WHERE assignments.exam_id = exams.id)
           AND NOT EXISTS (SELECT FROM group_assignments WHERE group_assignments.exam_id = exams.id)) AS named
  JOIN exams ON exams.id = exam
 WHERE exams.course_id IS NULL
    OR EXISTS (SELECT
                 FROM enrolments
                WHERE enrolments.course_id = exams.course_id
                  AND enrolments.person_id = named.person_id
                  AND enrolments.active)
$$;

-- More time and windows of one's own: of a person or a group, in one exam or in all.
CREATE TABLE accommodations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL: in every exam.
    exam_id    bigint REFERENCES exams ON DELETE CASCADE,
    person_id  bigint REFERENCES people ON DELETE CASCADE,
    group_id   bigint REFERENCES groups,
    -- So many times the time that anybody else would have who starts at that moment; or so much more.
    factor     numeric(4, 2) CHECK (factor BETWEEN 1 AND 10),
    extra_s    integer CHECK (extra_s BETWEEN 1 AND 604800),
    -- Where one is NULL, the exam's own.
    opens_at   timestamptz,
    closes_at  timestamptz,
    reason     text        NOT NULL DEFAULT '',
    version    integer     NOT NULL DEFAULT 1,
    created_by bigint REFERENCES people,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT accommodations_whose CHECK (num_nonnulls(person_id, group_id) = 1),
    CONSTRAINT accommodations_time CHECK (num_nonnulls(factor, extra_s) <= 1),
    CONSTRAINT accommodations_something CHECK (num_nonnulls(factor, extra_s, opens_at, closes_at) >= 1),
    CONSTRAINT accommodations_window CHECK (closes_at > opens_at),
    CONSTRAINT accommodations_window_of CHECK (exam_id IS NOT NULL OR num_nonnulls(opens_at, closes_at) = 0)
);
CREATE UNIQUE INDEX one_accommodation ON accommodations (person_id, group_id, exam_id) NULLS NOT DISTINCT;
CREATE INDEX accommodations_group ON accommodations (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX accommodations_exam ON accommodations (exam_id, closes_at) WHERE exam_id IS NOT NULL;

-- When somebody may start an exam and how long they have: with the deadline of a start at that moment. What is
-- given does not add up: of several the one that gives most counts, but a time of their own for this exam and a
-- window of their own stand before all others. PostgreSQL puts the body in the place of the call.
CREATE FUNCTION own_time(exam exams, person bigint, at timestamptz)
RETURNS TABLE (opens_at timestamptz, closes_at timestamptz, duration_s integer, deadline_at timestamptz)
LANGUAGE sql STABLE ROWS 1
AS $$
SELECT coalesce(own.opens_at, exam.opens_at),
       coalesce(own.closes_at, exam.closes_at),
       exam.duration_s + greatest(round(exam.duration_s * (own.factor - 1)), own.extra_s)::integer,
       common.deadline_at
       + make_interval(secs => greatest(extract(epoch FROM common.deadline_at - at)
                                        * (own.factor - 1), own.extra_s)::double precision)
  FROM (SELECT CASE WHEN bool_or(given.has_window) THEN min(given.opens_at) FILTER (WHERE given.has_window)
                    ELSE min(given.opens_at) END AS opens_at,
               CASE WHEN bool_or(given.has_window) THEN max(given.closes_at) FILTER (WHERE given.has_window)
                    ELSE max(given.closes_at) END AS closes_at,
               coalesce(CASE WHEN bool_or(given.has_time) THEN max(given.factor) FILTER (WHERE given.has_time)
                             ELSE max(given.factor) END, 1) AS factor,
               coalesce(CASE WHEN bool_or(given.has_time) THEN max(given.extra_s) FILTER (WHERE given.has_time)
                             ELSE max(given.extra_s) END, 0) AS extra_s
          FROM (SELECT own.opens_at, own.closes_at, own.factor, own.extra_s,
                       num_nonnulls(own.opens_at, own.closes_at) > 0 AS has_window,
                       own.exam_id IS NOT NULL AND num_nonnulls(own.factor, own.extra_s) > 0 AS has_time
                  FROM accommodations AS own
                 WHERE own.person_id = person
                   AND (own.exam_id = exam.id OR own.exam_id IS NULL)
                 UNION ALL
                SELECT theirs.opens_at, theirs.closes_at, theirs.factor, theirs.extra_s, false, false
                  FROM accommodations AS theirs
                  JOIN memberships ON memberships.group_id = theirs.group_id
                 WHERE memberships.person_id = person
                   AND (theirs.exam_id = exam.id OR theirs.exam_id IS NULL)) AS given) AS own
 CROSS JOIN LATERAL (SELECT least(at + exam.duration_s * interval '1 second',
                                  coalesce(own.closes_at, exam.closes_at)) AS deadline_at) AS common
$$;

-- When nobody may start an exam any more, those with a window of their own included; NULL: it does not end.
CREATE FUNCTION last_closing(exam exams) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN CASE WHEN exam.closes_at IS NOT NULL
            THEN greatest(exam.closes_at, (SELECT max(accommodations.closes_at)
                                             FROM accommodations
                                            WHERE accommodations.exam_id = exam.id))
       END;

ALTER TABLE sittings ADD COLUMN allotted_s integer;

-- Whether candidates may see their results of this exam now: the one place that says so. Results that come at a
-- time after its end wait for windows of their own that end later, and for who still has time.
CREATE OR REPLACE FUNCTION results_released(exam exams) RETURNS boolean
LANGUAGE sql STABLE
RETURN CASE exam.release
            WHEN 'at_once' THEN true
            WHEN 'at_time' THEN exam.release_at <= statement_timestamp()
                                AND (exam.closes_at IS NULL
                                     OR exam.release_at < exam.closes_at
                                     OR (last_closing(exam) <= statement_timestamp()
                                         AND NOT EXISTS (SELECT
                                                           FROM sittings
                                                          WHERE sittings.exam_id = exam.id
                                                            AND sittings.closed_at IS NULL)))
            ELSE exam.released_at IS NOT NULL
       END;
