-- name: outcome_of
SELECT exams.id AS exam_id, places.place, settled.participants, history.rating_before, history.rating,
       history.sigma, history.number
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  JOIN exam_places AS places
    ON places.exam_id = sittings.exam_id
   AND places.person_id = sittings.candidate_id
  JOIN exam_standings AS settled ON settled.exam_id = places.exam_id
  LEFT JOIN rating_history AS history
    ON history.exam_id = places.exam_id
   AND history.person_id = places.person_id
 WHERE sittings.candidate_id = %(candidate_id)s
   AND sittings.id = %(sitting_id)s
   AND sittings.attempt_number = 1
   AND results_released(exams);
