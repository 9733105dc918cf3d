-- name: forget_old_links
DELETE FROM password_links
 WHERE good_until < now()
   AND person_id <> %(person_id)s;

-- name: keep_link
-- Of several links only the newest is good, and of two made at once the later: each has its place in the index.
INSERT INTO password_links (token_hash, person_id, made_by, good_until)
SELECT %(token_hash)s, id, %(made_by)s, now() + %(life)s
  FROM people
 WHERE id = %(person_id)s
   AND active
    ON CONFLICT (person_id)
    DO UPDATE SET token_hash = excluded.token_hash, made_by = excluded.made_by, made_at = excluded.made_at,
                  good_until = excluded.good_until, used_at = NULL;

-- name: read_link
SELECT people.id, people.full_name, people.username
  FROM password_links
  JOIN people ON people.id = password_links.person_id
 WHERE password_links.token_hash = %(token_hash)s
   AND password_links.used_at IS NULL
   AND password_links.good_until > now()
   AND people.active;

-- name: use_link
-- Of several who come with one link at once, one finds it unused.
UPDATE password_links
   SET used_at = now()
 WHERE token_hash = %(token_hash)s
   AND used_at IS NULL
   AND good_until > now()
RETURNING person_id AS id;

-- name: set_password
UPDATE people
   SET password_hash = %(password_hash)s,
       version = version + 1
 WHERE id = %(person_id)s
   AND active;

-- name: forget_unused_link
-- The link before the person, as by whoever uses it; they are waited for.
DELETE FROM password_links
 WHERE person_id = %(person_id)s
   AND used_at IS NULL;
