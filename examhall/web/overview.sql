-- name: my_exams
-- What is open to this person or will be, the running ones with their deadline.
SELECT exams.id, exams.title, own.opens_at, own.closes_at, own.duration_s, exams.attempts_allowed,
       size.questions,
       taken.attempts_used, running.id AS sitting_id, running.deadline_at,
       statement_timestamp() AS server_time
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(candidate_id)s)
 CROSS JOIN own_time(exams, %(candidate_id)s, statement_timestamp()) AS own
 CROSS JOIN exam_size(exams.id) AS size
 CROSS JOIN LATERAL (SELECT count(*)::integer AS attempts_used
                       FROM sittings
                      WHERE candidate_id = %(candidate_id)s
                        AND exam_id = exams.id) AS taken
  LEFT JOIN sittings AS running
    ON running.candidate_id = %(candidate_id)s
   AND running.exam_id = exams.id
   AND running.closed_at IS NULL
 WHERE admission.admitted
   AND (%(only_exam_id)s::bigint IS NULL OR exams.id = %(only_exam_id)s)
   AND (running.id IS NOT NULL
        OR (coalesce(own.closes_at, 'infinity') > statement_timestamp()
            AND taken.attempts_used < exams.attempts_allowed))
 ORDER BY running.id IS NULL, own.opens_at NULLS FIRST, exams.id
 LIMIT %(limit)s;

-- name: my_finished_sittings
-- Points only where they are released; those before the last correction of the key only if they were, too.
SELECT sittings.id AS sitting_id, sittings.attempt_number, sittings.closed_at AS submitted_at, exams.title,
       results.points, results.max_points, coalesce(results.unmarked, 0) AS unmarked,
       before.points AS points_before, before.max_points AS max_points_before
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
   AND results_released(exams)
  LEFT JOIN LATERAL (SELECT result_history.points, result_history.max_points
                       FROM result_history
                       JOIN key_corrections
                         ON key_corrections.exam_id = result_history.exam_id
                        AND key_corrections.key_version = result_history.replaced_by
                      WHERE result_history.candidate_id = results.candidate_id
                        AND result_history.sitting_id = results.sitting_id
                        AND CASE exams.release
                                 WHEN 'at_once' THEN true
                                 WHEN 'at_time' THEN exams.release_at <= key_corrections.corrected_at
                                 ELSE exams.released_at <= key_corrections.corrected_at
                            END
                      ORDER BY result_history.key_version DESC
                      LIMIT 1) AS before ON true
 WHERE sittings.candidate_id = %(candidate_id)s
   AND sittings.closed_at IS NOT NULL
   AND (%(only_exam_id)s::bigint IS NULL OR exams.id = %(only_exam_id)s)
 ORDER BY sittings.closed_at DESC, sittings.id DESC
 LIMIT %(limit)s;

-- name: size_of_exam
SELECT questions, points
  FROM exam_size(%(exam_id)s);

-- name: picture
SELECT pictures.media_type, pictures.content, exams.instructions,
       admission.admitted AS is_admitted,
       -- NULL: has not sat it.
       (SELECT bool_or(sittings.drawn IS NULL)
          FROM sittings
         WHERE candidate_id = %(person_id)s
           AND exam_id = pictures.exam_id) AS has_had_all,
       ARRAY(SELECT unnest(sittings.drawn)
               FROM sittings
              WHERE candidate_id = %(person_id)s
                AND exam_id = pictures.exam_id) AS drawn,
       EXISTS (SELECT FROM exam_markers
                WHERE exam_markers.exam_id = pictures.exam_id
                  AND exam_markers.person_id = %(person_id)s) AS is_marker
  FROM pictures
  JOIN exams ON exams.id = pictures.exam_id
 CROSS JOIN admission(exams.id, exams.course_id, %(person_id)s)
 WHERE pictures.exam_id = %(exam_id)s
   AND pictures.name = %(name)s;
