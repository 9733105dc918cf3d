-- name: reader
-- Time is judged as for saves: by closes_at, the deadline and the grace, whether the session is swept or not.
SELECT exams.title,
       EXISTS (SELECT FROM sittings
                WHERE candidate_id = %(person_id)s
                  AND exam_id = exams.id
                  AND closed_at IS NULL
                  AND (closes_at > statement_timestamp() OR paused_at IS NOT NULL)) AS is_sitting,
       EXISTS (SELECT FROM sittings
                WHERE candidate_id = %(person_id)s
                  AND exam_id = exams.id) AS has_sat,
       admission.admitted AS is_admitted,
       coalesce(own.closes_at <= statement_timestamp(), false) AS window_over
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(person_id)s)
 CROSS JOIN own_time(exams, %(person_id)s, statement_timestamp()) AS own
 WHERE exams.id = %(exam_id)s;
