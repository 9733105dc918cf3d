-- name: keep
INSERT INTO interventions (exam_id, kind, done_by, sitting_ids, seconds, message, reason, request_key)
VALUES (%(exam_id)s, %(kind)s, %(done_by)s, %(sitting_ids)s, %(seconds)s, %(message)s, %(reason)s,
        %(request_key)s)
    ON CONFLICT (done_by, request_key) WHERE request_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: kept_before
SELECT id, exam_id, kind, done_by, done_at, sitting_ids, reached, seconds, message, reason
  FROM interventions
 WHERE done_by = %(done_by)s
   AND request_key = %(request_key)s;

-- name: reached
-- In the transaction that wrote it, and never again.
UPDATE interventions
   SET reached = %(reached)s
 WHERE id = %(id)s
RETURNING id, exam_id, kind, done_by, done_at, sitting_ids, reached, seconds, message, reason;

-- name: intervention
SELECT id, exam_id, kind, done_by, done_at, sitting_ids, reached, seconds, message, reason
  FROM interventions
 WHERE id = %(id)s;

-- name: list_interventions
SELECT interventions.id, interventions.exam_id, kind, done_by, done_at, sitting_ids, reached, seconds, message,
       reason, people.full_name
  FROM interventions
  LEFT JOIN people ON people.id = interventions.done_by
 WHERE interventions.exam_id = %(exam_id)s
   AND interventions.id < %(before_id)s
 ORDER BY interventions.id DESC
 LIMIT %(limit)s;

-- name: tell
SELECT pg_notify(%(channel)s, %(payload)s);

-- name: open_sittings
SELECT id
  FROM sittings
 WHERE exam_id = %(exam_id)s
   AND closed_at IS NULL
   AND (%(sitting_ids)s::bigint[] IS NULL OR id = ANY(%(sitting_ids)s));

-- name: give_time
-- FOR UPDATE in the order of the ids: saves of these sittings wait a moment, and none waits in a circle. One
-- that is being closed is waited for, and then not given any.
WITH held AS MATERIALIZED (
    SELECT candidate_id, id
      FROM sittings
     WHERE exam_id = %(exam_id)s
       AND closed_at IS NULL
       AND (%(sitting_ids)s::bigint[] IS NULL OR id = ANY(%(sitting_ids)s))
     ORDER BY id
       FOR UPDATE
)
UPDATE sittings
   SET deadline_at = deadline_at + make_interval(secs => %(seconds)s),
       closes_at = closes_at + make_interval(secs => %(seconds)s),
       granted_s = granted_s + %(seconds)s
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id
RETURNING sittings.id;

-- name: pause_exam
INSERT INTO pauses (exam_id, paused_by)
VALUES (%(exam_id)s, %(paused_by)s)
    ON CONFLICT (exam_id) DO NOTHING;

-- name: pause_sittings
-- Whose time is over already is closed as ever.
WITH held AS MATERIALIZED (
    SELECT sittings.candidate_id, sittings.id, pauses.paused_at
      FROM sittings
      JOIN pauses ON pauses.exam_id = sittings.exam_id
     WHERE sittings.exam_id = %(exam_id)s
       AND sittings.closed_at IS NULL
       AND sittings.deadline_at > pauses.paused_at
     ORDER BY sittings.id
       FOR UPDATE OF sittings
)
UPDATE sittings
   SET paused_at = held.paused_at
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id;

-- name: pause_latecomers
-- Their start did not see the pause yet, nor the pause their sitting. FOR SHARE: the exam is not resumed in
-- between, or they would stay paused for ever. One that is being resumed is left alone: who closes what is due
-- in all other exams waits for nobody here.
WITH held AS MATERIALIZED (
    SELECT sittings.candidate_id, sittings.id,
           greatest(sittings.started_at, pauses.paused_at) AS paused_at
      FROM pauses
      JOIN sittings ON sittings.exam_id = pauses.exam_id
     WHERE sittings.closed_at IS NULL
       AND sittings.paused_at IS NULL
       AND sittings.deadline_at > pauses.paused_at
     ORDER BY sittings.id
       FOR SHARE OF pauses SKIP LOCKED
       FOR UPDATE OF sittings SKIP LOCKED
)
UPDATE sittings
   SET paused_at = held.paused_at
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id;

-- name: resume_exam
DELETE FROM pauses
 WHERE exam_id = %(exam_id)s;

-- name: resume_sittings
WITH held AS MATERIALIZED (
    SELECT candidate_id, id, statement_timestamp() - paused_at AS stood
      FROM sittings
     WHERE exam_id = %(exam_id)s
       AND closed_at IS NULL
       AND paused_at IS NOT NULL
     ORDER BY id
       FOR UPDATE
)
UPDATE sittings
   SET deadline_at = deadline_at + held.stood,
       closes_at = closes_at + held.stood,
       paused_at = NULL
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id;

-- name: close_sittings
-- FOR UPDATE waits for the saves that hold a sitting, so closed_at is after every one of them.
WITH held AS MATERIALIZED (
    SELECT candidate_id, id
      FROM sittings
     WHERE exam_id = %(exam_id)s
       AND closed_at IS NULL
       AND (%(sitting_ids)s::bigint[] IS NULL OR id = ANY(%(sitting_ids)s))
     ORDER BY id
       FOR UPDATE
)
UPDATE sittings
   SET closed_at = clock_timestamp(),
       closed_by = 'staff'
  FROM held
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id
RETURNING sittings.candidate_id, sittings.id, sittings.exam_id;

-- name: readmit
-- FOR UPDATE: whoever marks one of these this moment is waited for, and who comes to mark it later finds it open.
-- The index one_open_sitting refuses whoever sits the exam again already.
WITH held AS MATERIALIZED (
    SELECT candidate_id, id, statement_timestamp() + make_interval(secs => %(seconds)s) AS deadline_at
      FROM sittings
     WHERE exam_id = %(exam_id)s
       AND closed_at IS NOT NULL
       AND id = ANY(%(sitting_ids)s)
     ORDER BY id
       FOR UPDATE
)
UPDATE sittings
   SET closed_at = NULL,
       closed_by = NULL,
       deadline_at = held.deadline_at,
       closes_at = held.deadline_at + exams.grace_s * interval '1 second',
       granted_s = granted_s + greatest(0, ceil(extract(epoch FROM held.deadline_at - sittings.deadline_at)))::integer,
       paused_at = CASE WHEN EXISTS (SELECT FROM pauses WHERE pauses.exam_id = exams.id) THEN statement_timestamp() END
  FROM held, exams
 WHERE sittings.candidate_id = held.candidate_id
   AND sittings.id = held.id
   AND exams.id = %(exam_id)s
RETURNING sittings.id;
