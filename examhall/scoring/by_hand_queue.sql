-- name: withdraw_changed
-- Whoever is let in again may write another answer: what was given for the first one is not for that.
WITH changed AS (
    DELETE FROM marking_tasks
     USING answers
     WHERE marking_tasks.sitting_id = ANY(%(sitting_ids)s)
       AND answers.candidate_id = marking_tasks.candidate_id
       AND answers.sitting_id = marking_tasks.sitting_id
       AND answers.question_number = marking_tasks.question_number
       AND answers.sub_part = marking_tasks.sub_part
       AND md5(answers.answer::text) <> marking_tasks.answer_hash
    RETURNING marking_tasks.*
), noted AS (
    INSERT INTO marking_events (exam_id, sitting_id, question_number, sub_part, what, task_id, opinion, person_id,
                                points)
    SELECT exam_id, sitting_id, question_number, sub_part, 'withdrawn', id, opinion, marker_id, points
      FROM changed
     WHERE finished_at IS NOT NULL
)
UPDATE marks
   SET by_hand = NULL
  FROM (SELECT DISTINCT candidate_id, sitting_id, question_number, sub_part FROM changed) AS gone
 WHERE marks.candidate_id = gone.candidate_id
   AND marks.sitting_id = gone.sitting_id
   AND marks.question_number = gone.question_number
   AND marks.sub_part = gone.sub_part
   AND marks.by_hand IS NOT NULL;

-- name: note_wanted
UPDATE marking_tasks
   SET is_wanted = NOT is_wanted
 WHERE sitting_id = ANY(%(sitting_ids)s)
   AND is_wanted <> EXISTS (SELECT
                              FROM unnest(%(waiting_in)s::bigint[], %(numbers)s::smallint[], %(sub_parts)s::text[])
                                AS waiting (sitting_id, question_number, sub_part)
                             WHERE waiting.sitting_id = marking_tasks.sitting_id
                               AND waiting.question_number = marking_tasks.question_number
                               AND waiting.sub_part = marking_tasks.sub_part);

-- name: add_tasks
-- In the order of the sittings, as every marking: two that add the same wait for each other, never in a circle.
-- What was marked before there were tasks has none.
INSERT INTO marking_tasks (exam_id, question_number, sub_part, candidate_id, sitting_id, opinion, answer_hash)
SELECT sittings.exam_id, waiting.question_number, waiting.sub_part, waiting.candidate_id, waiting.sitting_id,
       opinion, md5(answers.answer::text)
  FROM unnest(%(candidate_ids)s::bigint[], %(waiting_in)s::bigint[], %(numbers)s::smallint[],
              %(sub_parts)s::text[])
    AS waiting (candidate_id, sitting_id, question_number, sub_part)
  JOIN sittings
    ON sittings.candidate_id = waiting.candidate_id
   AND sittings.id = waiting.sitting_id
  JOIN answers
    ON answers.candidate_id = waiting.candidate_id
   AND answers.sitting_id = waiting.sitting_id
   AND answers.question_number = waiting.question_number
   AND answers.sub_part = waiting.sub_part
  JOIN questions
    ON questions.exam_id = sittings.exam_id
   AND questions.number = waiting.question_number
  LEFT JOIN marking_schemes
    ON marking_schemes.question_id = questions.id
   AND marking_schemes.sub_part = waiting.sub_part
 CROSS JOIN LATERAL generate_series(1, coalesce(marking_schemes.markers, 1)) AS opinion
 WHERE NOT EXISTS (SELECT
                     FROM marks
                    WHERE marks.candidate_id = waiting.candidate_id
                      AND marks.sitting_id = waiting.sitting_id
                      AND marks.question_number = waiting.question_number
                      AND marks.sub_part = waiting.sub_part
                      AND marks.by_hand IS NOT NULL)
 ORDER BY waiting.sitting_id, waiting.question_number, waiting.sub_part, opinion
ON CONFLICT (sitting_id, question_number, sub_part, opinion) DO NOTHING;
