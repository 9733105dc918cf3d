-- name: marked_by_an_older_key
SELECT count(*), clock_timestamp()
  FROM results
  JOIN exams ON exams.id = results.exam_id
 WHERE results.exam_id = %(exam_id)s
   AND results.key_version < exams.key_version;
