-- name: find_person
-- Active or not: that is judged when the sign-in is stored, so that both take as long.
-- A username goes before an e-mail address that reads the same.
SELECT id, password_hash
  FROM (SELECT id, password_hash, 1 AS preference
          FROM people
         WHERE lower(username) = lower(%(name)s)
         UNION ALL
        SELECT id, password_hash, 2
          FROM people
         WHERE lower(email) = lower(%(name)s)) AS found
 ORDER BY preference
 LIMIT 1;

-- name: replace_hash
UPDATE people
   SET password_hash = %(new_hash)s
 WHERE id = %(person_id)s
   AND password_hash = %(password_hash)s;

-- name: open_sign_in
-- FOR SHARE: whoever deactivates this person or changes the password waits, and then finds the sign-in to end.
WITH person AS (
    SELECT id, username, email, full_name, roles
      FROM people
     WHERE id = %(person_id)s
       AND active
       AND (%(method)s <> 'password' OR password_hash = %(password_hash)s)
       FOR SHARE
), opened AS (
    INSERT INTO sign_ins (id, person_id, method, expires_at)
    SELECT %(sign_in_id)s, id, %(method)s, now() + %(life)s
      FROM person
), kept AS (
    INSERT INTO refresh_tokens (token_hash, sign_in_id)
    SELECT %(token_hash)s::bytea, %(sign_in_id)s
      FROM person
     WHERE %(token_hash)s::bytea IS NOT NULL
)
SELECT id, username, email, full_name, roles
  FROM person;

-- name: claim_refresh_token
-- Of several at once the first locks the row; the others wait for its commit and then find it used.
UPDATE refresh_tokens
   SET used_at = now()
 WHERE token_hash = %(token_hash)s
   AND used_at IS NULL
RETURNING sign_in_id;

-- name: find_family
SELECT sign_in_id
  FROM refresh_tokens
 WHERE token_hash = %(token_hash)s;

-- name: extend_sign_in
-- Locks the sign-in: whoever ends it comes before, or finds and ends the new token's family after.
UPDATE sign_ins
   SET expires_at = now() + %(life)s
  FROM people
 WHERE sign_ins.id = %(sign_in_id)s
   AND sign_ins.ended_at IS NULL
   AND sign_ins.expires_at > now()
   AND people.id = sign_ins.person_id
   AND people.active
RETURNING people.id, people.username, people.email, people.full_name, people.roles, sign_ins.exam_id;

-- name: keep_refresh_token
INSERT INTO refresh_tokens (token_hash, sign_in_id)
VALUES (%(token_hash)s, %(sign_in_id)s);

-- name: forget_spent_tokens
DELETE FROM refresh_tokens
 WHERE used_at < now() - %(kept_for)s;

-- name: forget_old_sign_ins
DELETE FROM sign_ins
 WHERE expires_at < now() - %(kept_for)s;

-- name: forget_spent_proofs
DELETE FROM spent_proofs
 WHERE good_until < now();
