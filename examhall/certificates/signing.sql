-- name: insert_key
-- However many sign their first certificate at once: one row, and nobody waits for whoever has committed.
INSERT INTO signing_keys (id, public_key)
VALUES (%(id)s, %(public_key)s)
ON CONFLICT (id) DO NOTHING;

-- name: list_keys
SELECT id, public_key, created_at
  FROM signing_keys
 ORDER BY created_at DESC, id;
