-- name: find_exam
SELECT id, title
  FROM exams
 WHERE id = %(exam_id)s;

-- name: stay_for_slow_readers
-- Whoever pages through the export may take an hour over it.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: rows
-- Everybody who was assigned or enrolled or sat, also those with nothing to show; one row per item of each sitting.
SELECT people.username, people.full_name, people.email, sittings.id AS sitting_id, sittings.attempt_number,
       sittings.started_at, sittings.closed_at, sittings.closed_by, items.question_number, items.sub_part,
       items.kind, answers.answer, answers.revision, answers.saved_at, marks.points,
       items.points AS max_points
  FROM (SELECT person_id FROM assignments WHERE exam_id = %(exam_id)s
         UNION
        SELECT person_id FROM expected_people(%(exam_id)s)
         UNION
        SELECT enrolments.person_id
          FROM exams
          JOIN enrolments ON enrolments.course_id = exams.course_id
         CROSS JOIN admission(exams.id, exams.course_id, enrolments.person_id)
         WHERE exams.id = %(exam_id)s
           AND admission.admitted
         UNION
        SELECT candidate_id FROM sittings WHERE exam_id = %(exam_id)s) AS everybody
  JOIN people ON people.id = everybody.person_id
  LEFT JOIN sittings
    ON sittings.candidate_id = people.id
   AND sittings.exam_id = %(exam_id)s
  LEFT JOIN items
    ON items.exam_id = sittings.exam_id
   AND is_drawn(sittings.drawn, items.question_number)
  LEFT JOIN answers
    ON answers.candidate_id = sittings.candidate_id
   AND answers.sitting_id = sittings.id
   AND answers.question_number = items.question_number
   AND answers.sub_part = items.sub_part
  LEFT JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
   AND marks.question_number = items.question_number
   AND marks.sub_part = items.sub_part
 ORDER BY lower(people.username), sittings.attempt_number, items.question_number, items.sub_part;
