-- name: claim
-- Of any number at once the primary key lets one insert; the others wait for its commit.
INSERT INTO made_once (person_id, kind, request_key, request_hash)
VALUES (%(person_id)s, %(kind)s, %(request_key)s, %(request_hash)s)
    ON CONFLICT (person_id, kind, request_key) DO NOTHING
RETURNING person_id;

-- name: made_before
SELECT thing_id, request_hash
  FROM made_once
 WHERE person_id = %(person_id)s
   AND kind = %(kind)s
   AND request_key = %(request_key)s;

-- name: note_made
UPDATE made_once
   SET thing_id = %(thing_id)s
 WHERE person_id = %(person_id)s
   AND kind = %(kind)s
   AND request_key = %(request_key)s;

-- name: forget_old_requests
DELETE FROM made_once
 WHERE made_at < now() - %(kept_for)s;
