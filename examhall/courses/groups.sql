-- name: create_group
INSERT INTO groups (name, description, course_id, created_by)
VALUES (%(name)s, %(description)s, %(course_id)s, %(created_by)s)
RETURNING id;

-- name: edit_group
UPDATE groups
   SET name = %(name)s,
       description = %(description)s,
       version = version + 1
 WHERE id = %(group_id)s
   AND version = %(version)s;

-- name: delete_group
DELETE FROM groups
 WHERE id = %(group_id)s;

-- name: find_group
SELECT groups.id, groups.name, groups.description, groups.course_id, courses.code AS course_code, groups.version,
       groups.created_at,
       (SELECT count(*)::integer FROM memberships WHERE memberships.group_id = groups.id) AS members
  FROM groups
  LEFT JOIN courses ON courses.id = groups.course_id
 WHERE groups.id = %(group_id)s;

-- name: list_groups
SELECT groups.id, groups.name, groups.description, groups.course_id, courses.code AS course_code, groups.version,
       groups.created_at,
       (SELECT count(*)::integer FROM memberships WHERE memberships.group_id = groups.id) AS members
  FROM groups
  LEFT JOIN courses ON courses.id = groups.course_id
 WHERE groups.id < %(before_id)s
   AND (%(search)s::text IS NULL OR strpos(lower(groups.name), lower(%(search)s::text)) > 0)
 ORDER BY groups.id DESC
 LIMIT %(limit)s;

-- name: groups_of
SELECT groups.id, groups.name, groups.course_id
  FROM memberships
  JOIN groups ON groups.id = memberships.group_id
 WHERE memberships.person_id = %(person_id)s
 ORDER BY lower(groups.name), groups.id;

-- name: list_members
SELECT people.id AS person_id, people.username, people.full_name, people.active
  FROM memberships
  JOIN people ON people.id = memberships.person_id
 WHERE memberships.group_id = %(group_id)s
   AND people.id > %(after)s
   AND (%(search)s::text IS NULL
        OR strpos(lower(people.username || ' ' || people.full_name), lower(%(search)s::text)) > 0)
 ORDER BY people.id
 LIMIT %(limit)s;

-- name: hold_group
-- FOR UPDATE: two lists for one group at once come one after the other.
SELECT id, course_id
  FROM groups
 WHERE id = %(group_id)s
   FOR UPDATE;

-- name: named
SELECT given.username, people.id AS person_id, people.full_name,
       EXISTS (SELECT
                 FROM group_members
                WHERE group_members.group_id = %(group_id)s
                  AND group_members.person_id = people.id) AS is_member
  FROM unnest(%(usernames)s::text[]) WITH ORDINALITY AS given (username, place)
  LEFT JOIN people ON lower(people.username) = lower(given.username)
 ORDER BY given.place;

-- name: add_members
INSERT INTO group_members (group_id, person_id)
SELECT %(group_id)s, person_id
  FROM unnest(%(person_ids)s::bigint[]) AS given (person_id)
 ORDER BY person_id
ON CONFLICT (group_id, person_id) DO NOTHING;

-- name: remove_members
DELETE FROM group_members
 WHERE group_id = %(group_id)s
   AND person_id = ANY(%(person_ids)s);

-- name: others_than
SELECT person_id AS id
  FROM group_members
 WHERE group_id = %(group_id)s
   AND person_id <> ALL(%(person_ids)s::bigint[]);
