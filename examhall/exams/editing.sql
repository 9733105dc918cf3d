-- name: hold_exam
-- FOR UPDATE: other authors wait here, and so does a start, which takes the key share of its exam's row.
SELECT version, is_draft, opens_at
  FROM exams
 WHERE id = %(exam_id)s
   FOR UPDATE;

-- name: begun
SELECT NOT exams.is_draft AND coalesce(exams.opens_at <= statement_timestamp(), true) AS has_opened,
       EXISTS (SELECT FROM sittings WHERE sittings.exam_id = exams.id) AS has_sittings
  FROM exams
 WHERE exams.id = %(exam_id)s;

-- name: note_edit
WITH changed AS (
    UPDATE exams
       SET version = version + 1
     WHERE id = %(exam_id)s
    RETURNING version
)
INSERT INTO exam_edits (exam_id, version, part, edited_by, edited_at, before, after)
SELECT %(exam_id)s, version, %(part)s, %(edited_by)s, statement_timestamp(), %(before)s, %(after)s
  FROM changed
RETURNING version;

-- name: note_edits
INSERT INTO exam_edits (exam_id, version, part, edited_by, edited_at, before, after)
SELECT %(exam_id)s, %(version)s, part, %(edited_by)s, statement_timestamp(), before, after
  FROM unnest(%(parts)s::text[], %(befores)s::jsonb[], %(afters)s::jsonb[]) AS made (part, before, after);

-- name: changes_since
SELECT exam_edits.version, exam_edits.part, exam_edits.edited_by, people.full_name AS edited_by_name,
       exam_edits.edited_at, exam_edits.before, exam_edits.after
  FROM exam_edits
  LEFT JOIN people ON people.id = exam_edits.edited_by
 WHERE exam_edits.exam_id = %(exam_id)s
   AND exam_edits.part = %(part)s
   AND exam_edits.version > %(version)s
 ORDER BY exam_edits.version;

-- name: part_version
SELECT coalesce(max(version), 1) AS version
  FROM exam_edits
 WHERE exam_id = %(exam_id)s
   AND part = %(part)s;

-- name: changes_in
SELECT exam_edits.version, exam_edits.part, exam_edits.edited_by, people.full_name AS edited_by_name,
       exam_edits.edited_at, exam_edits.before, exam_edits.after
  FROM exam_edits
  LEFT JOIN people ON people.id = exam_edits.edited_by
 WHERE exam_edits.exam_id = %(exam_id)s
   AND exam_edits.version > %(version)s
 ORDER BY exam_edits.version, exam_edits.part;
