-- name: save_batch
-- FOR SHARE lets one candidate's saves run side by side, yet makes a close wait for them, and them for it.
-- Sittings are locked in the order of their ids and answers written in the order of their keys: no deadlock.
WITH batch AS MATERIALIZED (
    SELECT *, statement_timestamp() - age_us * interval '1 microsecond' AS received_at
      FROM unnest(%(candidate_ids)b::bigint[], %(sitting_ids)b::bigint[], %(question_numbers)b::smallint[],
                  %(sub_parts)b::text[], %(answers)b::jsonb[], %(revisions)b::bigint[],
                  %(ages_us)b::bigint[]) WITH ORDINALITY
        AS batch (candidate_id, sitting_id, question_number, sub_part, answer, revision, age_us, n)
),
held AS MATERIALIZED (
    SELECT candidate_id, id, deadline_at, closes_at, closed_at, closed_by, paused_at
      FROM sittings
     WHERE (candidate_id, id) IN (SELECT candidate_id, sitting_id FROM batch)
     ORDER BY id
       FOR SHARE
),
judged AS MATERIALIZED (
    SELECT batch.*, held.deadline_at,
           CASE WHEN held.id IS NULL THEN 'session_not_found'
                WHEN held.closed_by IN ('candidate', 'staff') THEN 'already_submitted'
                WHEN held.closed_at IS NOT NULL
                     OR (batch.received_at > held.closes_at AND held.paused_at IS NULL) THEN 'time_expired'
           END AS refusal
      FROM batch
      LEFT JOIN held ON held.candidate_id = batch.candidate_id AND held.id = batch.sitting_id
),
upserted AS (
    -- A repeat writes again (<=): acknowledged without a write of its own, it could be lost in a failover.
    -- Revision 0 is a client that counts none: it comes after whatever is there.
    -- Of several changes of one answer the newest is chosen among those accepted, never among all: a refused
    -- one must not push an accepted one out.
    INSERT INTO answers AS stored
           (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
    SELECT DISTINCT ON (sitting_id, question_number, sub_part)
           candidate_id, sitting_id, question_number, sub_part, answer, revision, statement_timestamp()
      FROM judged
     WHERE refusal IS NULL
     ORDER BY sitting_id, question_number, sub_part, revision = 0 DESC, revision DESC, n DESC
    ON CONFLICT (candidate_id, sitting_id, question_number, sub_part)
    DO UPDATE SET answer = excluded.answer,
                  revision = CASE excluded.revision WHEN 0 THEN stored.revision + 1 ELSE excluded.revision END,
                  saved_at = excluded.saved_at
     WHERE stored.revision <= excluded.revision OR excluded.revision = 0
),
kept AS (
    INSERT INTO answer_history
           (candidate_id, sitting_id, question_number, sub_part, answer, revision, received_at, saved_at)
    SELECT candidate_id, sitting_id, question_number, sub_part, answer, revision, received_at,
           statement_timestamp()
      FROM judged
     WHERE refusal IS NULL
)
SELECT refusal, deadline_at, statement_timestamp() AS saved_at
  FROM judged
 ORDER BY n;

-- name: what_is_sat
SELECT exam_id, drawn
  FROM sittings
 WHERE id = %(sitting_id)s
   AND candidate_id = %(candidate_id)s;
