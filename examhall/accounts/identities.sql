-- name: find_owner
SELECT person_id
  FROM identities
 WHERE provider = %(provider)s
   AND subject = %(subject)s;

-- name: find_by_email
SELECT id AS person_id
  FROM people
 WHERE lower(email) = lower(%(email)s);

-- name: take_turns
-- Until the end of the transaction.
SELECT pg_advisory_xact_lock(%(key)s);

-- name: connect
INSERT INTO identities (provider, subject, person_id)
VALUES (%(provider)s, %(subject)s, %(person_id)s);

-- name: lock_person
SELECT
  FROM people
 WHERE id = %(person_id)s
   FOR UPDATE;

-- name: list_connected
-- One without a password and with identities of one provider only has no other way in.
SELECT provider, min(connected_at) AS connected_at,
       people.password_hash IS NULL AND count(*) OVER () = 1 AS is_last
  FROM identities
  JOIN people ON people.id = identities.person_id
 WHERE person_id = %(person_id)s
 GROUP BY provider, people.password_hash
 ORDER BY provider;

-- name: disconnect
DELETE FROM identities
 WHERE person_id = %(person_id)s
   AND provider = %(provider)s;

-- name: spend_proof
INSERT INTO spent_proofs (digest, good_until)
VALUES (%(digest)s, %(good_until)s)
    ON CONFLICT (digest) DO NOTHING;
