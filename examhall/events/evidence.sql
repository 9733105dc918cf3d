-- name: find_sitting
-- By the sitting's id alone: the index by exam and id is gone through once for each exam.
SELECT sittings.id, sittings.candidate_id, people.username, people.full_name, sittings.exam_id, exams.title,
       sittings.attempt_number, sittings.started_at, sittings.deadline_at, sittings.closes_at, sittings.closed_at,
       sittings.closed_by, sittings.granted_s, sittings.paused_at, sittings.drawn, results.points,
       results.max_points, results.key_version, results.unmarked
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN people ON people.id = sittings.candidate_id
  LEFT JOIN results ON results.candidate_id = sittings.candidate_id AND results.sitting_id = sittings.id
 WHERE sittings.id = %(sitting_id)s
   AND (%(exam_id)s::bigint IS NULL OR sittings.exam_id = %(exam_id)s);

-- name: items_of
SELECT items.question_number, items.sub_part, items.kind, items.prompt, questions.prompt AS question_prompt,
       items.presented
  FROM sittings
  JOIN items ON items.exam_id = sittings.exam_id
  JOIN questions ON questions.exam_id = items.exam_id AND questions.number = items.question_number
 WHERE sittings.id = %(sitting_id)s
   AND sittings.exam_id = %(exam_id)s
   AND is_drawn(sittings.drawn, items.question_number)
 ORDER BY items.question_number, items.sub_part;

-- name: changes_of
-- The history has no index but by time: what was received while it was sat is scanned. Each side has some room,
-- for a save is received before it is stored.
SELECT question_number, sub_part, answer, revision, received_at, saved_at
  FROM answer_history
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
   AND received_at >= %(started_at)s::timestamptz - interval '5 minutes'
   AND received_at <= %(ended_at)s::timestamptz + interval '1 hour'
 ORDER BY saved_at, received_at
 LIMIT %(most)s;

-- name: happenings_of
-- What is known but of the answers. Each has an instant, a name, what follows from the name, and who did it.
-- Marks by hand of an answer that waits for another mark are without points to a reader who may give it.
SELECT created_at AS at, 'signed_in' AS what, jsonb_build_object('method', method) AS details, NULL AS full_name
  FROM sign_ins
 WHERE person_id = %(candidate_id)s
   AND (exam_id IS NULL OR exam_id = %(exam_id)s)
   AND created_at BETWEEN %(started_at)s::timestamptz - interval '12 hours' AND %(ended_at)s
 UNION ALL
SELECT at, what, jsonb_build_object('detail', detail), NULL
  FROM events
 WHERE exam_id = %(exam_id)s
   AND at BETWEEN %(started_at)s::timestamptz - interval '12 hours'
              AND %(ended_at)s::timestamptz + interval '30 days'
   AND (sitting_id = %(sitting_id)s OR (sitting_id IS NULL AND person_id = %(candidate_id)s))
   AND what = ANY (%(noted)s)
 UNION ALL
SELECT done_at, kind, jsonb_build_object('seconds', seconds, 'message', message, 'reason', reason,
                                         'all', sitting_ids IS NULL), people.full_name
  FROM interventions
  LEFT JOIN people ON people.id = done_by
 WHERE interventions.exam_id = %(exam_id)s
   AND CASE WHEN sitting_ids IS NULL THEN done_at BETWEEN %(started_at)s AND %(ended_at)s
            ELSE %(sitting_id)s = ANY (sitting_ids) END
 UNION ALL
SELECT marked_at, 'marked', jsonb_build_object('points', points, 'max_points', max_points, 'key', key_version,
                                               'unmarked', unmarked), NULL
  FROM results
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
 UNION ALL
SELECT marked_at, 'marked', jsonb_build_object('points', points, 'max_points', max_points, 'key', key_version,
                                               'unmarked', unmarked), NULL
  FROM result_history
 WHERE candidate_id = %(candidate_id)s
   AND sitting_id = %(sitting_id)s
 UNION ALL
SELECT corrected_at, 'key_corrected', jsonb_build_object('key', key_version, 'reason', reason), people.full_name
  FROM key_corrections
  LEFT JOIN people ON people.id = corrected_by
 WHERE key_corrections.exam_id = %(exam_id)s
   AND corrected_at >= %(started_at)s
 UNION ALL
SELECT at, 'by_hand_' || what, jsonb_build_object('question', question_number, 'sub_part', sub_part,
                                                  'points', CASE WHEN is_blind THEN NULL ELSE points END,
                                                  'reason', reason), people.full_name
  FROM marking_events
  LEFT JOIN people ON people.id = marking_events.person_id
  LEFT JOIN (SELECT question_number, sub_part,
                    bool_or(finished_at IS NULL AND is_wanted)
                    AND NOT bool_or(finished_at IS NOT NULL AND marker_id = %(blind_id)s) AS is_blind
               FROM marking_tasks
              WHERE marking_tasks.sitting_id = %(sitting_id)s
                AND %(blind_id)s::bigint IS NOT NULL
              GROUP BY question_number, sub_part) AS tasks USING (question_number, sub_part)
 WHERE marking_events.sitting_id = %(sitting_id)s
 UNION ALL
SELECT issued_at, 'certificate', jsonb_build_object('serial', serial), people.full_name
  FROM certificates
  LEFT JOIN people ON people.id = issued_by
 WHERE holder_id = %(candidate_id)s
   AND certificates.sitting_id = %(sitting_id)s
 UNION ALL
SELECT revoked_at, 'certificate_revoked', jsonb_build_object('serial', serial, 'reason', revocation_reason),
       people.full_name
  FROM certificates
  LEFT JOIN people ON people.id = revoked_by
 WHERE holder_id = %(candidate_id)s
   AND certificates.sitting_id = %(sitting_id)s
   AND revoked_at IS NOT NULL
 ORDER BY 1
 LIMIT %(most)s;
