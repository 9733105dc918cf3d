-- name: overall
SELECT exams.title, pauses.paused_at, statement_timestamp() AS server_time,
       (SELECT count(*)::integer FROM items WHERE exam_id = exams.id) AS items
  FROM exams
  LEFT JOIN pauses ON pauses.exam_id = exams.id
 WHERE exams.id = %(exam_id)s;

-- name: seats
-- Somebody's answers lie together in the primary key; nobody's presence is believed of a process that is gone.
SELECT sittings.id, people.full_name, people.username, sittings.attempt_number, sittings.started_at,
       sittings.deadline_at, sittings.closed_at, sittings.closed_by, sittings.paused_at, sittings.granted_s,
       given.answered, given.saved_at, coalesce(here.is_connected, false) AS is_connected, here.since
  FROM sittings
  JOIN people ON people.id = sittings.candidate_id
 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE answer <> 'null')::integer AS answered,
                            max(saved_at) AS saved_at
                       FROM answers
                      WHERE answers.candidate_id = sittings.candidate_id
                        AND answers.sitting_id = sittings.id) AS given
  LEFT JOIN LATERAL (SELECT bool_or(is_connected AND seen_at IS NOT NULL) AS is_connected, max(since) AS since
                       FROM presence
                       LEFT JOIN presence_processes
                         ON presence_processes.process = presence.process
                        AND seen_at > statement_timestamp() - make_interval(secs => %(gone_s)s)
                      WHERE presence.sitting_id = sittings.id) AS here ON true
 WHERE sittings.exam_id = %(exam_id)s
 ORDER BY sittings.id DESC
 LIMIT %(limit)s;
