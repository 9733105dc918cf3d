-- name: create_course
INSERT INTO courses (code, title, description, created_by)
VALUES (%(code)s, %(title)s, %(description)s, %(created_by)s)
RETURNING id;

-- name: edit_course
UPDATE courses
   SET code = %(code)s,
       title = %(title)s,
       description = %(description)s,
       active = %(active)s,
       version = version + 1
 WHERE id = %(course_id)s
   AND version = %(version)s;

-- name: find_course
SELECT courses.id, courses.code, courses.title, courses.description, courses.active, courses.version,
       courses.created_at,
       (SELECT count(*) FROM enrolments WHERE course_id = courses.id AND active) AS enrolled,
       (SELECT count(*) FROM exams WHERE course_id = courses.id AND kind = 'contest') AS contests,
       statement_timestamp() AS server_time
  FROM courses
 WHERE courses.id = %(course_id)s;

-- name: course_of_code
SELECT id
  FROM courses
 WHERE lower(code) = lower(%(code)s);

-- name: list_courses
SELECT courses.id, courses.code, courses.title, courses.description, courses.active, courses.version,
       courses.created_at,
       (SELECT count(*) FROM enrolments WHERE course_id = courses.id AND active) AS enrolled,
       (SELECT count(*) FROM exams WHERE course_id = courses.id AND kind = 'contest') AS contests,
       statement_timestamp() AS server_time
  FROM courses
 WHERE courses.id < %(before_id)s
   AND (%(search)s::text IS NULL
        OR strpos(lower(courses.code || ' ' || courses.title), lower(%(search)s::text)) > 0)
 ORDER BY courses.id DESC
 LIMIT %(limit)s;

-- name: announce_course
SELECT pg_notify(%(channel)s, %(payload)s);
