-- name: forget_links
-- Of several links only the newest is good.
DELETE FROM password_links
 WHERE person_id = %(person_id)s
    OR good_until < now();

-- name: keep_link
INSERT INTO password_links (token_hash, person_id, made_by, good_until)
SELECT %(token_hash)s, id, %(made_by)s, now() + %(life)s
  FROM people
 WHERE id = %(person_id)s
   AND active;

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
