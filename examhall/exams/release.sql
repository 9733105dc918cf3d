-- name: release_results
UPDATE exams
   SET released_at = coalesce(released_at, statement_timestamp())
 WHERE id = %(exam_id)s
   AND release = 'by_hand';
