-- name: hold_running
-- FOR UPDATE in the order of the ids: whoever hands in the same sittings waits here, and finds them closed.
SELECT sittings.candidate_id, sittings.id
  FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS wanted (candidate_id, id)
  JOIN sittings USING (candidate_id, id)
 WHERE sittings.closed_at IS NULL
 ORDER BY sittings.id
   FOR UPDATE OF sittings;

-- name: hand_in
-- FOR UPDATE waits for the saves that hold a sitting, so closed_at is after every one of them.
WITH held AS MATERIALIZED (
    SELECT sittings.candidate_id, sittings.id
      FROM unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS wanted (candidate_id, id)
      JOIN sittings USING (candidate_id, id)
     WHERE sittings.closed_at IS NULL
     ORDER BY sittings.id
       FOR UPDATE OF sittings
)
UPDATE sittings
   SET closed_at = clock_timestamp(),
       closed_by = CASE WHEN sittings.paused_at IS NOT NULL OR statement_timestamp() <= sittings.closes_at
                        THEN 'candidate' ELSE 'deadline' END
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id
RETURNING sittings.candidate_id, sittings.id, sittings.exam_id, sittings.closed_at;

-- name: answers_given
SELECT answers.sitting_id, answers.question_number, answers.sub_part, answers.answer
  FROM answers
  JOIN unnest(%(candidate_ids)s::bigint[], %(sitting_ids)s::bigint[]) AS wanted (candidate_id, sitting_id)
 USING (candidate_id, sitting_id)
 WHERE answers.answer <> 'null';
