-- name: create_person
INSERT INTO people (username, full_name, email, password_hash, roles)
VALUES (%(username)s, %(full_name)s, %(email)s, %(password_hash)s, %(roles)s)
RETURNING id;

-- name: find_account
SELECT id, username, email, full_name, roles, language
  FROM people
 WHERE id = %(person_id)s
   AND active;

-- name: stored_hashes
SELECT given.line, people.password_hash
  FROM unnest(%(lines)s::integer[], %(usernames)s::text[]) AS given (line, username)
  JOIN people ON lower(people.username) = lower(given.username)
 WHERE people.password_hash IS NOT NULL;

-- name: lock_people
-- Conflicts with itself and with every other write, not with reading or with FOR SHARE.
LOCK TABLE people IN SHARE ROW EXCLUSIVE MODE;

-- name: conflicts
-- By the database's own idea of upper and lower case, which the unique indexes share.
WITH given AS (
    SELECT line, username, email,
           count(*) OVER (PARTITION BY lower(username)) AS same_username,
           count(*) OVER (PARTITION BY lower(email)) AS same_email
      FROM unnest(%(lines)s::integer[], %(usernames)s::text[], %(emails)s::text[])
           AS given (line, username, email)
)
SELECT line, 'username' AS "column", 'username_twice' AS reason
  FROM given
 WHERE same_username > 1
 UNION ALL
SELECT line, 'email', 'email_twice'
  FROM given
 WHERE email IS NOT NULL
   AND same_email > 1
 UNION ALL
SELECT given.line, 'email', 'email_taken'
  FROM given
  JOIN people ON lower(people.email) = lower(given.email)
 WHERE lower(people.username) <> lower(given.username)
 ORDER BY line;

-- name: admins
SELECT EXISTS (SELECT FROM people WHERE active AND 'admin' = ANY(roles)) AS any;

-- name: whose_rights_shrink
SELECT people.id
  FROM unnest(%(usernames)s::text[], %(password_hashes)s::text[], %(roles)s::text[], %(actives)s::boolean[])
       AS given (username, password_hash, roles, active)
  JOIN people ON lower(people.username) = lower(given.username)
 WHERE (people.active AND NOT given.active)
    OR given.password_hash IS NOT NULL
    OR NOT people.roles <@ string_to_array(given.roles, ',');

-- name: update_people
-- Only where something is different: an unchanged row keeps its version.
UPDATE people
   SET username      = wanted.username,
       full_name     = wanted.full_name,
       email         = wanted.email,
       password_hash = wanted.password_hash,
       roles         = wanted.roles,
       active        = wanted.active,
       version       = people.version + 1
  FROM (SELECT stored.id,
               given.username,
               given.full_name,
               coalesce(given.email, stored.email) AS email,
               coalesce(given.password_hash, stored.password_hash) AS password_hash,
               coalesce(string_to_array(given.roles, ','), stored.roles) AS roles,
               coalesce(given.active, stored.active) AS active
          FROM unnest(%(usernames)s::text[], %(full_names)s::text[], %(emails)s::text[],
                      %(password_hashes)s::text[], %(roles)s::text[], %(actives)s::boolean[])
               AS given (username, full_name, email, password_hash, roles, active)
          JOIN people AS stored ON lower(stored.username) = lower(given.username)) AS wanted
 WHERE people.id = wanted.id
   AND (people.username, people.full_name, people.email, people.password_hash, people.roles, people.active)
       IS DISTINCT FROM
       (wanted.username, wanted.full_name, wanted.email, wanted.password_hash, wanted.roles, wanted.active);

-- name: insert_people
INSERT INTO people (username, full_name, email, password_hash, roles, active)
SELECT given.username, given.full_name, given.email, given.password_hash,
       coalesce(string_to_array(given.roles, ','), '{candidate}'), coalesce(given.active, true)
  FROM unnest(%(usernames)s::text[], %(full_names)s::text[], %(emails)s::text[],
              %(password_hashes)s::text[], %(roles)s::text[], %(actives)s::boolean[])
       WITH ORDINALITY AS given (username, full_name, email, password_hash, roles, active, position)
 WHERE NOT EXISTS (SELECT FROM people WHERE lower(people.username) = lower(given.username))
 ORDER BY given.position;

-- name: keep_language
UPDATE people
   SET language = %(language)s
 WHERE id = %(person_id)s
   AND active
   AND language IS DISTINCT FROM %(language)s;
