-- name: insert_papers
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at)
SELECT papers.candidate_id, exams.id, 1, papers.candidate_id %% 1000000, begun.started_at, ends.deadline_at,
       ends.deadline_at + exams.grace_s * interval '1 second'
  FROM exams
 CROSS JOIN unnest(%(candidate_ids)s::bigint[], %(after_s)s::integer[]) AS papers (candidate_id, after_s)
 CROSS JOIN LATERAL (SELECT exams.opens_at + papers.after_s * interval '1 second' AS started_at) AS begun
 CROSS JOIN LATERAL (SELECT least(begun.started_at + exams.duration_s * interval '1 second',
                                  exams.closes_at) AS deadline_at) AS ends
 WHERE exams.id = %(exam_id)s
ON CONFLICT DO NOTHING;

-- name: hand_in_papers
UPDATE sittings
   SET closed_at = least(sittings.started_at + papers.taken_s * interval '1 second', sittings.deadline_at),
       closed_by = CASE
           WHEN sittings.started_at + papers.taken_s * interval '1 second' < sittings.deadline_at
           THEN 'candidate'
           ELSE 'deadline'
       END
  FROM unnest(%(candidate_ids)s::bigint[], %(taken_s)s::integer[]) AS papers (candidate_id, taken_s)
 WHERE sittings.candidate_id = papers.candidate_id
   AND sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NULL
RETURNING sittings.candidate_id, sittings.id, sittings.exam_id;

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
