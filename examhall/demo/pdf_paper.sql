-- name: what_is_here
SELECT exams.id AS exam_id,
       EXISTS (SELECT FROM exam_papers WHERE exam_id = exams.id)
       OR EXISTS (SELECT FROM sittings WHERE exam_id = exams.id) AS is_done
  FROM exams
 WHERE exams.title = %(title)s
 ORDER BY exams.id
 LIMIT 1;
