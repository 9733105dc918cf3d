-- name: authored
SELECT exams.id, exams.title, exams.kind, exams.is_draft, exams.opens_at, exams.closes_at, exams.version,
       (SELECT count(*)::integer FROM questions WHERE exam_id = exams.id) AS questions,
       people.full_name AS created_by, exams.created_at
  FROM exams
  LEFT JOIN people ON people.id = exams.created_by
 WHERE exams.title ILIKE %(pattern)s
   AND (%(made_by)s::bigint IS NULL OR exams.created_by = %(made_by)s)
   AND (%(is_draft)s::boolean IS NULL OR exams.is_draft = %(is_draft)s)
   AND exams.id < %(before_id)s
 ORDER BY exams.id DESC
 LIMIT %(limit)s;

-- name: edits
SELECT exam_edits.version, exam_edits.part, exam_edits.edited_by, people.full_name AS edited_by_name,
       exam_edits.edited_at, exam_edits.before, exam_edits.after
  FROM exam_edits
  LEFT JOIN people ON people.id = exam_edits.edited_by
 WHERE exam_edits.exam_id = %(exam_id)s
   AND exam_edits.version < %(before_version)s
 ORDER BY exam_edits.version DESC
 FETCH FIRST %(limit)s ROWS WITH TIES;

-- name: series
SELECT name
  FROM series
 ORDER BY lower(name)
 LIMIT 500;
