-- name: upcoming
-- What runs first, then what is open, then what comes soonest.
SELECT exams.id AS exam_id, exams.title, own.opens_at, own.closes_at, own.duration_s,
       running.id AS sitting_id
  FROM exams
 CROSS JOIN admission(exams.id, exams.course_id, %(person_id)s)
 CROSS JOIN own_time(exams, %(person_id)s, statement_timestamp()) AS own
 CROSS JOIN LATERAL (SELECT count(*) AS attempts
                       FROM sittings
                      WHERE candidate_id = %(person_id)s
                        AND exam_id = exams.id) AS taken
  LEFT JOIN sittings AS running
    ON running.candidate_id = %(person_id)s
   AND running.exam_id = exams.id
   AND running.closed_at IS NULL
 WHERE admission.admitted
   AND (running.id IS NOT NULL
        OR (coalesce(own.closes_at, 'infinity') > statement_timestamp()
            AND taken.attempts < exams.attempts_allowed))
 ORDER BY running.id IS NULL, own.opens_at NULLS FIRST, exams.id
 LIMIT %(limit)s;

-- name: ratings
SELECT * FROM (
    SELECT rating_history.exam_id, exams.title, rating_history.happened_at, rating_history.place,
           rating_history.participants, rating_history.rating_before, rating_history.rating,
           rating_history.sigma, rating_history.number
      FROM rating_history
      JOIN exams ON exams.id = rating_history.exam_id
     WHERE rating_history.person_id = %(person_id)s
     ORDER BY rating_history.happened_at DESC, rating_history.exam_id DESC
     LIMIT %(limit)s
) AS latest
 ORDER BY happened_at, exam_id;

-- name: recent
SELECT sittings.id AS sitting_id, sittings.exam_id, exams.title, sittings.attempt_number,
       sittings.closed_at AS submitted_at, results.points, results.max_points,
       coalesce(results.unmarked, 0) AS unmarked, exam_places.place, exam_standings.participants
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
   AND results_released(exams)
  LEFT JOIN exam_places
    ON exam_places.exam_id = sittings.exam_id
   AND exam_places.person_id = sittings.candidate_id
   AND sittings.attempt_number = 1
  LEFT JOIN exam_standings ON exam_standings.exam_id = exam_places.exam_id
 WHERE sittings.candidate_id = %(person_id)s
   AND sittings.closed_at IS NOT NULL
 ORDER BY sittings.id DESC
 LIMIT %(limit)s;
