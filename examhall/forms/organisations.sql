-- name: create_organisation
INSERT INTO organisations (code, name, kind, email, created_by)
VALUES (%(code)s, %(name)s, %(kind)s, %(email)s, %(created_by)s)
RETURNING id;

-- name: edit_organisation
UPDATE organisations
   SET code = %(code)s,
       name = %(name)s,
       kind = %(kind)s,
       email = %(email)s,
       active = %(active)s,
       version = version + 1
 WHERE id = %(organisation_id)s
   AND version = %(version)s;

-- name: find_organisation
SELECT id, code, name, kind, email, active, version, created_at,
       (SELECT count(*) FROM organisation_members WHERE organisation_id = organisations.id) AS members
  FROM organisations
 WHERE id = %(organisation_id)s;

-- name: organisation_of_code
SELECT id
  FROM organisations
 WHERE lower(code) = lower(%(code)s)
   AND active;

-- name: list_organisations
SELECT id, code, name, kind, email, active, version, created_at,
       (SELECT count(*) FROM organisation_members WHERE organisation_id = organisations.id) AS members
  FROM organisations
 WHERE id < %(before_id)s
   AND (%(search)s::text IS NULL
        OR strpos(lower(code || ' ' || name), lower(%(search)s::text)) > 0)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: organisations_of
SELECT organisations.id, organisations.code, organisations.name, organisation_members.manager
  FROM organisation_members
  JOIN organisations ON organisations.id = organisation_members.organisation_id AND organisations.active
 WHERE organisation_members.person_id = %(person_id)s
 ORDER BY organisations.name, organisations.id;

-- name: find_manager
SELECT organisation_id AS id
  FROM organisation_members
 WHERE organisation_id = %(organisation_id)s
   AND person_id = %(person_id)s
   AND manager;

-- name: list_members
SELECT people.id AS person_id, people.username, people.full_name, organisation_members.manager,
       organisation_members.joined_at
  FROM organisation_members
  JOIN people ON people.id = organisation_members.person_id
 WHERE organisation_members.organisation_id = %(organisation_id)s
   AND organisation_members.person_id > %(after)s
 ORDER BY organisation_members.person_id
 LIMIT %(limit)s;

-- name: set_member
INSERT INTO organisation_members (organisation_id, person_id, manager)
SELECT %(organisation_id)s, id, %(manager)s
  FROM people
 WHERE lower(username) = lower(%(username)s)
    ON CONFLICT (organisation_id, person_id) DO UPDATE SET manager = excluded.manager
RETURNING person_id AS id;

-- name: remove_member
DELETE FROM organisation_members
 WHERE organisation_id = %(organisation_id)s
   AND person_id = %(person_id)s;

-- name: update_organisations
-- What a file leaves empty stays as it is. In the order of the ids, held first: two files at once come one
-- after the other and never wait for each other in a circle.
WITH given AS (
    SELECT *
      FROM unnest(%(codes)s::text[], %(names)s::text[], %(kinds)s::text[], %(emails)s::text[],
                  %(actives)s::boolean[]) AS given (code, name, kind, email, active)
), held AS (
    SELECT organisations.id, given.code, given.name, given.kind, given.email, given.active
      FROM organisations
      JOIN given ON lower(given.code) = lower(organisations.code)
     ORDER BY organisations.id
       FOR UPDATE OF organisations
)
UPDATE organisations
   SET code = held.code,
       name = held.name,
       kind = coalesce(held.kind, organisations.kind),
       email = coalesce(held.email, organisations.email),
       active = coalesce(held.active, organisations.active),
       version = organisations.version + 1
  FROM held
 WHERE organisations.id = held.id
   AND (organisations.code, organisations.name, organisations.kind, organisations.email, organisations.active)
       IS DISTINCT FROM
       (held.code, held.name, coalesce(held.kind, organisations.kind),
        coalesce(held.email, organisations.email), coalesce(held.active, organisations.active));

-- name: insert_organisations
-- The unique index organisations_code decides between two files at once.
INSERT INTO organisations (code, name, kind, email, active, created_by)
SELECT code, name, coalesce(kind, %(usual)s), email, coalesce(active, true), %(created_by)s
  FROM unnest(%(codes)s::text[], %(names)s::text[], %(kinds)s::text[], %(emails)s::text[],
              %(actives)s::boolean[]) AS given (code, name, kind, email, active)
 ORDER BY lower(code)
    ON CONFLICT (lower(code)) DO NOTHING;
