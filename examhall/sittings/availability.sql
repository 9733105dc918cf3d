-- name: availabilities
SELECT asked.n, exams.id AS exam_id, exams.title, exams.kind, exams.test_type, own.opens_at,
       own.closes_at, own.duration_s, exams.attempts_allowed, taken.attempts_used,
       taken.open_sitting_id, statement_timestamp() AS server_time, admission.admitted AS is_admitted,
       EXISTS (SELECT FROM pauses WHERE exam_id = exams.id) AS is_paused
  FROM unnest(%(candidate_ids)s::bigint[], %(exam_ids)s::bigint[]) WITH ORDINALITY
       AS asked (candidate_id, exam_id, n)
  JOIN exams ON exams.id = asked.exam_id
 CROSS JOIN admission(exams.id, exams.course_id, asked.candidate_id)
 CROSS JOIN own_time(exams, asked.candidate_id, statement_timestamp()) AS own
 CROSS JOIN LATERAL (SELECT count(*)::integer AS attempts_used,
                            max(id) FILTER (WHERE closed_at IS NULL) AS open_sitting_id
                       FROM sittings
                      WHERE candidate_id = asked.candidate_id
                        AND exam_id = exams.id) AS taken;

-- name: exams_of_test_types
-- For each the one that is open now, else the next to open, else the last that was.
SELECT asked.n, chosen.id AS exam_id
  FROM unnest(%(candidate_ids)s::bigint[], %(test_types)s::text[], %(only_exam_ids)s::bigint[])
       WITH ORDINALITY AS asked (candidate_id, test_type, only_exam_id, n)
 CROSS JOIN LATERAL (
     SELECT exams.id
       FROM exams
      CROSS JOIN admission(exams.id, exams.course_id, asked.candidate_id)
      CROSS JOIN own_time(exams, asked.candidate_id, statement_timestamp()) AS own
      WHERE exams.test_type = asked.test_type
        AND admission.admitted
        AND (asked.only_exam_id IS NULL OR exams.id = asked.only_exam_id)
      ORDER BY (own.opens_at IS NULL OR own.opens_at <= statement_timestamp())
               AND (own.closes_at IS NULL OR own.closes_at > statement_timestamp()) DESC,
               coalesce(own.closes_at, 'infinity') > statement_timestamp() DESC,
               CASE WHEN own.closes_at <= statement_timestamp() THEN own.closes_at END DESC,
               own.opens_at,
               exams.id DESC
      LIMIT 1) AS chosen;

-- name: my_exams
-- What this person may sit, the newest first: pages of it stay apart while exams are added.
SELECT exams.id AS exam_id, exams.title, exams.kind, exams.test_type, own.opens_at, own.closes_at,
       own.duration_s, exams.attempts_allowed, taken.attempts_used, taken.open_sitting_id,
       statement_timestamp() AS server_time, admission.admitted AS is_admitted,
       EXISTS (SELECT FROM pauses WHERE exam_id = exams.id) AS is_paused
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(candidate_id)s)
 CROSS JOIN own_time(exams, %(candidate_id)s, statement_timestamp()) AS own
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
