-- name: announcements
-- Of all, and of this sitting; the oldest first.
SELECT id, message, done_at
  FROM (SELECT id, message, done_at
          FROM interventions
         WHERE exam_id = %(exam_id)s
           AND kind = 'announcement'
           AND id > %(after)s
           AND done_at >= %(since)s
           AND (sitting_ids IS NULL OR %(sitting_id)s = ANY(sitting_ids))
         ORDER BY id DESC
         LIMIT %(limit)s) AS latest
 ORDER BY id;

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
