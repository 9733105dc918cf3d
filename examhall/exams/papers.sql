-- name: paper
SELECT exam_papers.exam_id, exam_papers.version, exam_papers.file_name, exam_papers.size, exam_papers.pages,
       exam_papers.etag, exam_papers.path, people.full_name AS uploaded_by, exam_papers.uploaded_at,
       exam_papers.ended_at
  FROM exam_papers
  LEFT JOIN people ON people.id = exam_papers.uploaded_by
 WHERE exam_papers.exam_id = %(exam_id)s
   AND exam_papers.ended_at IS NULL;

-- name: papers
SELECT exam_papers.exam_id, exam_papers.version, exam_papers.file_name, exam_papers.size, exam_papers.pages,
       exam_papers.etag, exam_papers.path, people.full_name AS uploaded_by, exam_papers.uploaded_at,
       exam_papers.ended_at
  FROM exam_papers
  LEFT JOIN people ON people.id = exam_papers.uploaded_by
 WHERE exam_papers.exam_id = %(exam_id)s
 ORDER BY exam_papers.version DESC
 LIMIT 200;

-- name: begun
SELECT EXISTS (SELECT FROM sittings WHERE exam_id = %(exam_id)s) AS begun;

-- name: hold_exam
-- FOR UPDATE: a start takes the key share of its exam's row, so it waits for us or we for it. A moment: the file
-- is in the storage already.
SELECT version
  FROM exams
 WHERE id = %(exam_id)s
   FOR UPDATE;

-- name: end_paper
UPDATE exam_papers
   SET ended_at = clock_timestamp()
 WHERE exam_id = %(exam_id)s
   AND ended_at IS NULL;

-- name: insert_paper
INSERT INTO exam_papers (exam_id, version, file_name, size, pages, etag, path, uploaded_by)
SELECT %(exam_id)s, coalesce(max(version), 0) + 1, %(file_name)s, %(size)s, %(pages)s, %(etag)s, %(path)s,
       %(uploaded_by)s
  FROM exam_papers
 WHERE exam_id = %(exam_id)s;

-- name: files_to_delete
SELECT path
  FROM exam_papers
 WHERE ended_at < statement_timestamp() - %(unread_s)s * interval '1 second'
   AND path IS NOT NULL;

-- name: note_deleted
UPDATE exam_papers
   SET path = NULL
 WHERE path = ANY(%(paths)s)
   AND ended_at IS NOT NULL;

-- name: known_files
SELECT path
  FROM exam_papers
 WHERE path IS NOT NULL;
