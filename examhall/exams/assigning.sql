-- name: assign_person
INSERT INTO assignments (exam_id, person_id)
SELECT %(exam_id)s, %(person_id)s
 WHERE (EXISTS (SELECT FROM assignments WHERE exam_id = %(exam_id)s)
        OR EXISTS (SELECT FROM group_assignments WHERE exam_id = %(exam_id)s))
    ON CONFLICT (exam_id, person_id) DO NOTHING;

-- name: people_of
SELECT given.username, people.id AS person_id
  FROM unnest(%(usernames)s::text[]) WITH ORDINALITY AS given (username, place)
  LEFT JOIN people ON lower(people.username) = lower(given.username)
 ORDER BY given.place;

-- name: assign_people
INSERT INTO assignments (exam_id, person_id)
SELECT %(exam_id)s, person_id
  FROM unnest(%(person_ids)s::bigint[]) AS given (person_id)
 ORDER BY person_id
    ON CONFLICT (exam_id, person_id) DO NOTHING;

-- name: unassign_people
DELETE FROM assignments
 WHERE exam_id = %(exam_id)s
   AND person_id = ANY(%(person_ids)s);

-- name: assign_group
INSERT INTO group_assignments (exam_id, group_id)
VALUES (%(exam_id)s, %(group_id)s)
    ON CONFLICT (exam_id, group_id) DO NOTHING;

-- name: unassign_group
DELETE FROM group_assignments
 WHERE exam_id = %(exam_id)s
   AND group_id = %(group_id)s;

-- name: assigned
SELECT (SELECT count(*)::integer FROM assignments WHERE exam_id = exams.id) AS people,
       (SELECT count(*)::integer FROM group_assignments WHERE exam_id = exams.id) AS groups,
       exams.course_id, courses.code AS course_code
  FROM exams
  LEFT JOIN courses ON courses.id = exams.course_id
 WHERE exams.id = %(exam_id)s;

-- name: assigned_groups
SELECT groups.id, groups.name, groups.course_id,
       (SELECT count(*)::integer FROM memberships WHERE memberships.group_id = groups.id) AS members
  FROM group_assignments
  JOIN groups ON groups.id = group_assignments.group_id
 WHERE group_assignments.exam_id = %(exam_id)s
 ORDER BY lower(groups.name), groups.id;
