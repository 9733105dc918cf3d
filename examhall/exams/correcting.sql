-- name: standing
SELECT title, version, key_version
  FROM exams
 WHERE id = %(exam_id)s;

-- name: take_version
-- Claims the version: of two authors the second waits here and finds no such version. Waits for every marking
-- that holds the exam FOR SHARE, and makes later ones wait until the corrected key is committed.
UPDATE exams
   SET version = version + 1,
       key_version = key_version + 1
 WHERE id = %(exam_id)s
   AND version = %(version)s
RETURNING title, version, key_version;

-- name: take_next_version
UPDATE exams
   SET version = version + 1,
       key_version = key_version + 1
 WHERE id = %(exam_id)s
RETURNING title, version, key_version;

-- name: items
SELECT question_number, sub_part, kind, presented, key, points
  FROM items
 WHERE exam_id = %(exam_id)s
 ORDER BY question_number, sub_part;

-- name: write_items
UPDATE items
   SET key = corrected.key,
       points = corrected.points
  FROM unnest(%(numbers)s::smallint[], %(sub_parts)s::text[], %(keys)s::jsonb[], %(points)s::numeric[])
    AS corrected (question_number, sub_part, key, points)
 WHERE items.exam_id = %(exam_id)s
   AND items.question_number = corrected.question_number
   AND items.sub_part = corrected.sub_part;

-- name: insert_correction
INSERT INTO key_corrections (exam_id, key_version, corrected_at, corrected_by, reason, document, changes)
VALUES (%(exam_id)s, %(key_version)s, statement_timestamp(), %(corrected_by)s, %(reason)s, %(document)s,
        %(changes)s);

-- name: corrections
SELECT key_corrections.key_version, key_corrections.corrected_at, people.full_name AS corrected_by,
       key_corrections.reason, key_corrections.document, key_corrections.changes
  FROM key_corrections
  LEFT JOIN people ON people.id = key_corrections.corrected_by
 WHERE key_corrections.exam_id = %(exam_id)s
 ORDER BY key_corrections.key_version DESC;

-- name: changes_made
SELECT key_version, changes
  FROM key_corrections
 WHERE exam_id = %(exam_id)s
   AND key_version = ANY(%(key_versions)s);
