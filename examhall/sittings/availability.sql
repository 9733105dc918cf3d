-- name: availability_of_exam
SELECT exams.id AS exam_id, exams.title, exams.kind, exams.test_type, exams.opens_at, exams.closes_at,
       exams.duration_s, exams.attempts_allowed, taken.attempts_used, taken.open_sitting_id,
       statement_timestamp() AS server_time, admission.admitted AS is_admitted
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(candidate_id)s)
 CROSS JOIN LATERAL (SELECT count(*)::integer AS attempts_used,
                            max(id) FILTER (WHERE closed_at IS NULL) AS open_sitting_id
                       FROM sittings
                      WHERE candidate_id = %(candidate_id)s
                        AND exam_id = exams.id) AS taken
 WHERE exams.id = %(exam_id)s;

-- name: exam_of_test_type
-- The one that is open now, else the next to open, else the last that was.
SELECT exams.id
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(candidate_id)s)
 WHERE exams.test_type = %(test_type)s
   AND admission.admitted
   AND (%(only_exam_id)s::bigint IS NULL OR exams.id = %(only_exam_id)s)
 ORDER BY (exams.opens_at IS NULL OR exams.opens_at <= statement_timestamp())
          AND (exams.closes_at IS NULL OR exams.closes_at > statement_timestamp()) DESC,
          coalesce(exams.closes_at, 'infinity') > statement_timestamp() DESC,
          CASE WHEN exams.closes_at <= statement_timestamp() THEN exams.closes_at END DESC,
          exams.opens_at,
          exams.id DESC
 LIMIT 1;

-- name: my_exams
-- What this person may sit, the newest first: pages of it stay apart while exams are added.
SELECT exams.id AS exam_id, exams.title, exams.kind, exams.test_type, exams.opens_at, exams.closes_at,
       exams.duration_s, exams.attempts_allowed, taken.attempts_used, taken.open_sitting_id,
       statement_timestamp() AS server_time, admission.admitted AS is_admitted
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(candidate_id)s)
 CROSS JOIN LATERAL (SELECT count(*)::integer AS attempts_used,
                            max(id) FILTER (WHERE closed_at IS NULL) AS open_sitting_id
                       FROM sittings
                      WHERE candidate_id = %(candidate_id)s
                        AND exam_id = exams.id) AS taken
 WHERE admission.admitted
   AND (%(only_exam_id)s::bigint IS NULL OR exams.id = %(only_exam_id)s)
   AND exams.id < %(before_id)s
 ORDER BY exams.id DESC
 LIMIT %(limit)s;
