-- name: overall
SELECT exams.title, pauses.paused_at, statement_timestamp() AS server_time,
       size.items
  FROM exams
 CROSS JOIN exam_size(exams.id) AS size
  LEFT JOIN pauses ON pauses.exam_id = exams.id
 WHERE exams.id = %(exam_id)s;

-- name: seats
-- Written as JSON here, where it costs the web process nothing; what reads the same has not changed. Somebody's
-- answers lie together in the primary key; nobody's presence is believed of a process that is gone.
SELECT sittings.id,
       json_build_object(
           'id', sittings.id, 'full_name', people.full_name, 'username', people.username,
           'room', seating.room, 'seat', seating.seat,
           'attempt_number', sittings.attempt_number, 'started_at', to_char(sittings.started_at AT TIME ZONE 'UTC', %(utc)s),
           'deadline_at', to_char(sittings.deadline_at AT TIME ZONE 'UTC', %(utc)s), 'closed_at', to_char(sittings.closed_at AT TIME ZONE 'UTC', %(utc)s),
           'closed_by', sittings.closed_by, 'paused_at', to_char(sittings.paused_at AT TIME ZONE 'UTC', %(utc)s),
           'granted_s', sittings.granted_s, 'answered', given.answered,
           -- Of a draw its own: questions of one pool may have different numbers of parts.
           'items', CASE WHEN sittings.drawn IS NOT NULL
                         THEN (SELECT count(*)
                                 FROM items
                                WHERE items.exam_id = sittings.exam_id
                                  AND items.question_number = ANY(sittings.drawn))
                    END,
           'saved_at', to_char(given.saved_at AT TIME ZONE 'UTC', %(utc)s),
           'is_connected', coalesce(here.is_connected, false), 'since', to_char(here.since AT TIME ZONE 'UTC', %(utc)s))::text AS told
  FROM sittings
  JOIN people ON people.id = sittings.candidate_id
  LEFT JOIN seating ON seating.exam_id = sittings.exam_id AND seating.person_id = sittings.candidate_id
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
