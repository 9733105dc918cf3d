-- name: concluded_before
-- Not by what a repeat of this request finds: the exam may be over since.
SELECT exams.id
  FROM exams
  JOIN conclusions ON conclusions.exam_id = exams.id AND conclusions.key_version = exams.key_version
 WHERE exams.id = %(exam_id)s
   AND concluded_at <= %(at)s;

-- name: drop_results
DELETE FROM results
 USING sittings
 WHERE sittings.candidate_id = results.candidate_id
   AND sittings.id = results.sitting_id
   AND sittings.exam_id = %(exam_id)s
   AND sittings.id = ANY(%(sitting_ids)s)
   AND sittings.closed_at IS NULL;
