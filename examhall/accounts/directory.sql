-- name: list_people
SELECT id, username, email, full_name, roles, active, version, created_at
  FROM people
 WHERE (lower(full_name), id) > (%(after_name)s::text, %(after)s::bigint)
   AND (%(role)s::text IS NULL OR %(role)s = ANY(roles))
   AND (%(active)s::boolean IS NULL OR active = %(active)s)
   AND (%(group_id)s::bigint IS NULL
        OR id IN (SELECT person_id FROM memberships WHERE group_id = %(group_id)s))
 ORDER BY lower(full_name), id
 LIMIT %(limit)s;

-- name: search_people
-- By the beginnings of words, in whatever order. MATERIALIZED: found by their index first, then put in order.
WITH found AS MATERIALIZED (
    SELECT id, username, email, full_name, roles, active, version, created_at
      FROM people
     WHERE array_to_tsvector(people_words(username, full_name, email))
           @@ (SELECT string_agg('''' || word || ''':*', ' & ')::tsquery
                 FROM unnest(people_words(%(search)s::text)) AS word)
)
SELECT id, username, email, full_name, roles, active, version, created_at
  FROM found
 WHERE (lower(full_name), id) > (%(after_name)s::text, %(after)s::bigint)
   AND (%(role)s::text IS NULL OR %(role)s = ANY(roles))
   AND (%(active)s::boolean IS NULL OR active = %(active)s)
   AND (%(group_id)s::bigint IS NULL
        OR id IN (SELECT person_id FROM memberships WHERE group_id = %(group_id)s))
 ORDER BY lower(full_name), id
 LIMIT %(limit)s;

-- name: place_of
SELECT lower(full_name) AS name
  FROM people
 WHERE id = %(person_id)s;

-- name: find_person
SELECT id, username, email, full_name, roles, active, version, created_at
  FROM people
 WHERE id = %(person_id)s;

-- name: write_together
-- Waits for an import of people, which holds the table, before any row is held: neither waits in a circle.
LOCK TABLE people IN ROW EXCLUSIVE MODE;

-- name: hold_admins
-- FOR UPDATE, in the order of their ids: of two who take the right from the last two admins, one waits for the
-- other and then finds one left.
SELECT id
  FROM people
 WHERE active
   AND 'admin' = ANY(roles)
 ORDER BY id
   FOR UPDATE;

-- name: hold_person
SELECT id, username, email, full_name, roles, active, version, created_at
  FROM people
 WHERE id = %(person_id)s
   FOR UPDATE;

-- name: edit_person
UPDATE people
   SET username = %(username)s,
       full_name = %(full_name)s,
       email = %(email)s,
       roles = %(roles)s,
       active = %(active)s,
       version = version + 1
 WHERE id = %(person_id)s;

-- name: list_sign_ins
SELECT sign_ins.id, sign_ins.method, sign_ins.exam_id, exams.title AS exam_title, sign_ins.created_at,
       sign_ins.expires_at, sign_ins.ended_at, sign_ins.ended_by,
       sign_ins.ended_at IS NULL AND sign_ins.expires_at > statement_timestamp() AS is_live
  FROM sign_ins
  LEFT JOIN exams ON exams.id = sign_ins.exam_id
 WHERE sign_ins.person_id = %(person_id)s
 ORDER BY sign_ins.created_at DESC
 LIMIT %(limit)s;

-- name: whose_sign_in
SELECT person_id AS id
  FROM sign_ins
 WHERE id = %(sign_in_id)s;
