-- name: find_list
SELECT seed
  FROM certificate_status_lists
 WHERE number = %(number)s;

-- name: begin_list
-- Whoever asks for the list's first badge decides its seed, for ever; who asks at the same time waits for that.
INSERT INTO certificate_status_lists (number, seed)
VALUES (%(number)s, sha256((gen_random_uuid()::text || gen_random_uuid()::text)::bytea))
ON CONFLICT (number) DO NOTHING;

-- name: revoked
SELECT id
  FROM certificates
 WHERE id BETWEEN %(first)s AND %(last)s
   AND revoked_at IS NOT NULL;
