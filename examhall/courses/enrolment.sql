-- name: hold_course
-- FOR UPDATE: two files for one course at once come one after the other.
SELECT id
  FROM courses
 WHERE id = %(course_id)s
   FOR UPDATE;

-- name: preview_enrolment
WITH given AS (
    SELECT line, username, active, count(*) OVER (PARTITION BY lower(username)) AS times
      FROM unnest(%(lines)s::integer[], %(usernames)s::text[], %(actives)s::boolean[])
           AS given (line, username, active)
), named AS (
    SELECT given.line, coalesce(people.username, given.username) AS username, people.id AS person_id,
           people.full_name, given.times, given.active
      FROM given
      LEFT JOIN people ON lower(people.username) = lower(given.username)
)
SELECT named.line, named.username, named.person_id, named.full_name, named.times, named.active,
       enrolments.active AS was_active
  FROM named
  LEFT JOIN enrolments ON enrolments.course_id = %(course_id)s AND enrolments.person_id = named.person_id
 UNION ALL
SELECT NULL, people.username, people.id, people.full_name, 1, false, true
  FROM enrolments
  JOIN people ON people.id = enrolments.person_id
 WHERE %(deactivate_missing)s
   AND enrolments.course_id = %(course_id)s
   AND enrolments.active
   AND enrolments.person_id NOT IN (SELECT person_id FROM named WHERE person_id IS NOT NULL)
 ORDER BY line NULLS LAST, username;

-- name: write_enrolments
INSERT INTO enrolments AS stored (course_id, person_id, active)
SELECT %(course_id)s, person_id, active
  FROM unnest(%(person_ids)s::bigint[], %(actives)s::boolean[]) AS given (person_id, active)
 ORDER BY person_id
ON CONFLICT (course_id, person_id) DO UPDATE SET active = excluded.active
 WHERE stored.active <> excluded.active;

-- name: list_students
SELECT people.id AS person_id, people.username, people.full_name, people.email, enrolments.active,
       enrolments.enrolled_at
  FROM enrolments
  JOIN people ON people.id = enrolments.person_id
 WHERE enrolments.course_id = %(course_id)s
   AND people.id > %(after)s
   AND (%(search)s::text IS NULL
        OR strpos(lower(people.username || ' ' || people.full_name), lower(%(search)s::text)) > 0)
 ORDER BY people.id
 LIMIT %(limit)s;
