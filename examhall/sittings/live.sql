-- name: standing
-- How a sitting stands, and what was announced to all or to it since it began: the oldest first. Announced is when
-- it was written, and heard when it was committed: who started in between was nowhere yet to hear it.
SELECT deadline_at, closes_at, closed_at, paused_at, statement_timestamp() AS server_time, said.announcements
  FROM sittings
 CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_array(latest.id, latest.message, latest.done_at) ORDER BY latest.id),
                        '[]') AS announcements
          FROM (SELECT interventions.id, message, done_at
                  FROM interventions
                 WHERE exam_id = sittings.exam_id
                   AND kind = 'announcement'
                   AND interventions.id > %(after)s
                   AND done_at >= sittings.started_at - %(margin_s)s * interval '1 second'
                   AND (sitting_ids IS NULL OR sittings.id = ANY(sitting_ids))
                 ORDER BY interventions.id DESC
                 LIMIT %(limit)s) AS latest
     ) AS said
 WHERE candidate_id = %(candidate_id)s
   AND sittings.id = %(sitting_id)s;

-- name: clocks
-- Who sits the exam, and whom this very intervention closed.
SELECT id AS sitting_id, deadline_at, closes_at, closed_at, closed_by, paused_at,
       statement_timestamp() AS server_time
  FROM sittings
 WHERE exam_id = %(exam_id)s
   AND (%(sitting_ids)s::bigint[] IS NULL OR id = ANY(%(sitting_ids)s))
   AND (closed_at IS NULL OR closed_at >= %(since)s);

-- name: results_released
SELECT results_released(exams) AS released
  FROM exams
 WHERE id = %(exam_id)s;
