-- name: submit_sitting
-- FOR UPDATE waits for the saves that hold the sitting, so closed_at is after every one of them;
-- whoever comes to hold it afterwards sees it closed.
WITH held AS MATERIALIZED (
    SELECT candidate_id, id
      FROM sittings
     WHERE candidate_id = %(candidate_id)s
       AND id = %(sitting_id)s
       AND closed_at IS NULL
       FOR UPDATE
)
UPDATE sittings
   SET closed_at = clock_timestamp(),
       closed_by = CASE WHEN sittings.paused_at IS NOT NULL OR statement_timestamp() <= sittings.closes_at
                        THEN 'candidate' ELSE 'deadline' END
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id
RETURNING sittings.candidate_id, sittings.id, sittings.exam_id;

-- name: close_due
-- SKIP LOCKED: several workers take different sittings, and one that a save holds this moment is taken
-- in the next round, a few milliseconds later.
WITH due AS MATERIALIZED (
    SELECT candidate_id, id
      FROM sittings
     WHERE closed_at IS NULL
       AND paused_at IS NULL
       AND closes_at < clock_timestamp() - %(margin_ms)s * interval '1 millisecond'
     ORDER BY closes_at
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
)
UPDATE sittings
   SET closed_at = clock_timestamp(),
       closed_by = 'deadline'
  FROM due
 WHERE sittings.candidate_id = due.candidate_id
   AND sittings.id = due.id
RETURNING sittings.candidate_id, sittings.id, sittings.exam_id;

-- name: next_due
SELECT extract(epoch FROM min(closes_at) - clock_timestamp())::double precision AS seconds
  FROM sittings
 WHERE closed_at IS NULL
   AND paused_at IS NULL;
