-- name: add_people
INSERT INTO people (username, full_name)
SELECT 'student-' || n, 'Student ' || n
  FROM generate_series(1, %(people)s) AS n;

-- name: add_course
INSERT INTO courses (code, title)
VALUES ('BENCH', 'A large course')
RETURNING id;

-- name: enrol
INSERT INTO enrolments (course_id, person_id)
SELECT %(course_id)s, id
  FROM people
 WHERE username LIKE 'student-%%';

-- name: add_contests
WITH added AS (
    INSERT INTO exams (title, kind, duration_s, course_id, opens_at, closes_at)
    SELECT 'Round ' || n, 'contest', 3600, %(course_id)s, now() + (n - 6) * interval '1 week',
           now() + (n - 6) * interval '1 week' + interval '2 hours'
      FROM generate_series(1, %(contests)s) AS n
    RETURNING id
)
INSERT INTO questions (exam_id, number, prompt)
SELECT id, number, 'How many?'
  FROM added
 CROSS JOIN generate_series(1, 8) AS number;

-- name: people
SELECT id
  FROM people
 WHERE username LIKE 'student-%'
 ORDER BY id;

-- name: contests
SELECT id
  FROM exams
 WHERE course_id IS NOT NULL
 ORDER BY id;
