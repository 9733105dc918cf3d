-- name: write_loose
INSERT INTO loose_files (path, discard_at)
SELECT path, now() + %(loose_for)s
  FROM unnest(%(paths)s::text[]) AS path;

-- name: take_loose
-- One that is being marked is waited for; the condition is then looked at again.
DELETE FROM loose_files
 WHERE path = ANY(%(paths)s)
   AND NOT discarding;

-- name: write_files
INSERT INTO form_files (submission_id, field, path, media_type, size, name)
SELECT %(submission_id)s, field, path, media_type, size, name
  FROM unnest(%(fields)s::text[], %(paths)s::text[], %(media_types)s::text[], %(sizes)s::bigint[],
              %(names)s::text[]) WITH ORDINALITY AS given (field, path, media_type, size, name, place)
 ORDER BY place;

-- name: hasten
UPDATE loose_files
   SET discard_at = now()
 WHERE path = ANY(%(paths)s);

-- name: drop_files
WITH dropped AS (
    DELETE FROM form_files
     WHERE submission_id = %(submission_id)s
 RETURNING path
)
INSERT INTO loose_files (path, discard_at)
SELECT path, now()
  FROM dropped;

-- name: list_files
SELECT id, submission_id, field, path, media_type, size, name
  FROM form_files
 WHERE submission_id = %(submission_id)s
 ORDER BY id;

-- name: find_file
SELECT id, submission_id, field, path, media_type, size, name
  FROM form_files
 WHERE submission_id = %(submission_id)s
   AND id = %(file_id)s;

-- name: mark_discarding
-- SKIP LOCKED: one that is just becoming a submission's is left alone.
UPDATE loose_files
   SET discarding = true
 WHERE path IN (SELECT path
                  FROM loose_files
                 WHERE discard_at <= now()
                 ORDER BY discard_at
                 LIMIT %(limit)s
                   FOR UPDATE SKIP LOCKED)
RETURNING path;

-- name: forget_loose
DELETE FROM loose_files
 WHERE path = ANY(%(paths)s)
   AND discarding;
