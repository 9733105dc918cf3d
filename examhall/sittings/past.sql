-- name: insert_sittings
-- Open, though their time is over: the worker closes, marks and concludes them as any others.
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at)
SELECT candidate_id, exams.id, 1, candidate_id %% 1000000, exams.opens_at, exams.closes_at, exams.closes_at
  FROM exams
 CROSS JOIN unnest(%(candidate_ids)s::bigint[]) AS candidate_id
 WHERE exams.id = %(exam_id)s
ON CONFLICT DO NOTHING;

-- name: insert_answers
WITH given AS (
    SELECT sittings.candidate_id, sittings.id AS sitting_id, answered.question_number, answered.sub_part,
           answered.answer, exams.opens_at + answered.after_s * interval '1 second' AS saved_at
      FROM unnest(%(candidate_ids)s::bigint[], %(question_numbers)s::smallint[], %(sub_parts)s::text[],
                  %(answers)s::jsonb[], %(after_s)s::integer[])
        AS answered (candidate_id, question_number, sub_part, answer, after_s)
      JOIN sittings
        ON sittings.candidate_id = answered.candidate_id
       AND sittings.exam_id = %(exam_id)s
       AND sittings.attempt_number = 1
      JOIN exams ON exams.id = sittings.exam_id
     WHERE sittings.closed_at IS NULL
), kept AS (
    INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
    SELECT candidate_id, sitting_id, question_number, sub_part, answer, 1, saved_at
      FROM given
    ON CONFLICT DO NOTHING
    RETURNING candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at
)
INSERT INTO answer_history
       (candidate_id, sitting_id, question_number, sub_part, answer, revision, received_at, saved_at)
SELECT candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at, saved_at
  FROM kept;
