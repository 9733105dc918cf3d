-- name: give
INSERT INTO accommodations (exam_id, person_id, group_id, factor, extra_s, opens_at, closes_at, reason, created_by)
VALUES (%(exam_id)s, %(person_id)s, %(group_id)s, %(factor)s, %(extra_s)s, %(opens_at)s, %(closes_at)s, %(reason)s,
        %(created_by)s)
RETURNING id;

-- name: change
UPDATE accommodations
   SET factor = %(factor)s,
       extra_s = %(extra_s)s,
       opens_at = %(opens_at)s,
       closes_at = %(closes_at)s,
       reason = %(reason)s,
       version = version + 1
 WHERE id = %(accommodation_id)s
   AND version = %(version)s
RETURNING id;

-- name: withdraw
DELETE FROM accommodations
 WHERE id = %(accommodation_id)s;

-- name: window_of
SELECT opens_at, closes_at
  FROM exams
 WHERE id = %(exam_id)s;

-- name: read
-- In the order of the ids.
SELECT accommodations.id, accommodations.exam_id, exams.title AS exam_title, accommodations.person_id,
       accommodations.group_id, coalesce(people.full_name, groups.name) AS whose, people.username,
       accommodations.factor, accommodations.extra_s, accommodations.opens_at, accommodations.closes_at,
       accommodations.reason, accommodations.version, accommodations.created_at, givers.full_name AS given_by
  FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
  JOIN accommodations ON accommodations.id = wanted.id
  LEFT JOIN exams ON exams.id = accommodations.exam_id
  LEFT JOIN people ON people.id = accommodations.person_id
  LEFT JOIN groups ON groups.id = accommodations.group_id
  LEFT JOIN people AS givers ON givers.id = accommodations.created_by
 ORDER BY wanted.place;

-- name: of_exam
-- Those for this exam, and of those for every exam the ones of people who are to come to it.
SELECT accommodations.id
  FROM accommodations
  LEFT JOIN people ON people.id = accommodations.person_id
 WHERE accommodations.exam_id = %(exam_id)s
    OR (accommodations.exam_id IS NULL
        AND (accommodations.person_id IN (SELECT person_id FROM expected_people(%(exam_id)s))
             OR accommodations.group_id IN (SELECT memberships.group_id
                                              FROM memberships
                                              JOIN expected_people(%(exam_id)s) AS expected
                                                ON expected.person_id = memberships.person_id)))
 ORDER BY accommodations.exam_id NULLS LAST, accommodations.group_id NULLS LAST, lower(people.full_name),
          accommodations.id
 LIMIT %(limit)s;

-- name: of_person
-- Their own, and their groups'.
SELECT id
  FROM accommodations
 WHERE person_id = %(person_id)s
    OR group_id IN (SELECT group_id FROM memberships WHERE memberships.person_id = %(person_id)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: of_group
SELECT id
  FROM accommodations
 WHERE group_id = %(group_id)s
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: person_of
SELECT id
  FROM people
 WHERE lower(username) = lower(%(username)s);
