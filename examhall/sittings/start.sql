-- name: open_sitting
-- However many starts arrive at once, the indexes one_open_sitting and sittings_attempt let one insert.
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at)
SELECT %(candidate_id)s, exams.id, taken.attempts + 1, %(seed)s, statement_timestamp(), ends.deadline_at,
       ends.deadline_at + exams.grace_s * interval '1 second'
  FROM exams
 CROSS JOIN LATERAL (SELECT count(*) AS attempts
                       FROM sittings
                      WHERE candidate_id = %(candidate_id)s
                        AND exam_id = exams.id) AS taken
 CROSS JOIN LATERAL (SELECT least(statement_timestamp() + exams.duration_s * interval '1 second',
                                  exams.closes_at) AS deadline_at) AS ends
 WHERE exams.id = %(exam_id)s
   AND (exams.opens_at IS NULL OR exams.opens_at <= statement_timestamp())
   AND (exams.closes_at IS NULL OR exams.closes_at > statement_timestamp())
   AND taken.attempts < exams.attempts_allowed
   AND (NOT EXISTS (SELECT FROM assignments WHERE exam_id = exams.id)
        OR EXISTS (SELECT FROM assignments WHERE exam_id = exams.id AND person_id = %(candidate_id)s))
ON CONFLICT DO NOTHING
RETURNING candidate_id, id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
          closed_at, closed_by, statement_timestamp() AS server_time;

-- name: open_sitting_of
SELECT candidate_id, id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
       closed_at, closed_by, statement_timestamp() AS server_time
  FROM sittings
 WHERE candidate_id = %(candidate_id)s
   AND exam_id = %(exam_id)s
   AND closed_at IS NULL;

-- name: sitting
SELECT candidate_id, id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
       closed_at, closed_by, statement_timestamp() AS server_time
  FROM sittings
 WHERE candidate_id = %(candidate_id)s
   AND id = %(sitting_id)s;

-- name: answers_of
SELECT question_number, sub_part, answer, revision, saved_at
  FROM answers
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
 ORDER BY question_number, sub_part;
