-- name: give_what_follows
-- FOR UPDATE in the order of the ids, as by saves and by time that is given. By the rule of a start, at the moment
-- when each started. One line in the record for all who get as many whole minutes.
WITH held AS MATERIALIZED (
    SELECT candidate_id, id, started_at,
           coalesce(allotted_s,
                    floor(extract(epoch FROM deadline_at - started_at))::integer - granted_s) AS allotted_s
      FROM sittings
     WHERE exam_id = %(exam_id)s
       AND closed_at IS NULL
     ORDER BY id
       FOR UPDATE
), owed AS (
    SELECT held.candidate_id, held.id, held.allotted_s,
           floor(extract(epoch FROM own.deadline_at - held.started_at))::integer - held.allotted_s AS seconds
      FROM held
      JOIN exams ON exams.id = %(exam_id)s
     CROSS JOIN own_time(exams, held.candidate_id, held.started_at) AS own
), given AS (
    UPDATE sittings
       SET deadline_at = deadline_at + make_interval(secs => owed.seconds),
           closes_at = closes_at + make_interval(secs => owed.seconds),
           granted_s = granted_s + owed.seconds,
           allotted_s = owed.allotted_s + owed.seconds
      FROM owed
     WHERE sittings.candidate_id = owed.candidate_id
       AND sittings.id = owed.id
       AND owed.seconds > 0
    RETURNING sittings.id, owed.seconds
), told AS (
    INSERT INTO interventions (exam_id, kind, done_by, sitting_ids, reached, seconds, reason)
    SELECT %(exam_id)s, 'time', %(done_by)s, array_agg(id ORDER BY id), count(*)::integer,
           CASE WHEN seconds < 60 THEN seconds ELSE seconds / 60 * 60 END, %(reason)s
      FROM given
     GROUP BY CASE WHEN seconds < 60 THEN seconds ELSE seconds / 60 * 60 END
    RETURNING id, reached
)
SELECT told.reached
  FROM told
 CROSS JOIN LATERAL pg_notify(%(channel)s, %(exam_id)s || ' ' || told.id);
