-- name: history
SELECT marking_events.at, marking_events.question_number, marking_events.sub_part, marking_events.what,
       marking_events.opinion, people.full_name, marking_events.points, marking_events.details,
       marking_events.reason
  FROM marking_events
  LEFT JOIN people ON people.id = marking_events.person_id
 WHERE marking_events.sitting_id = %(sitting_id)s
 ORDER BY marking_events.id;

-- name: counted
SELECT tasks.question_number, tasks.sub_part, sheets.levels, sheets.comment,
       coalesce(marking_schemes.rubric, '[]') AS rubric
  FROM marking_tasks AS tasks
  JOIN exams ON exams.id = tasks.exam_id
  JOIN marking_sheets AS sheets
    ON sheets.task_id = tasks.id
   AND sheets.person_id = tasks.marker_id
  JOIN questions
    ON questions.exam_id = tasks.exam_id
   AND questions.number = tasks.question_number
  LEFT JOIN marking_schemes
    ON marking_schemes.question_id = questions.id
   AND marking_schemes.sub_part = tasks.sub_part
 WHERE tasks.sitting_id = %(sitting_id)s
   AND tasks.candidate_id = %(candidate_id)s
   AND tasks.counts
   AND tasks.is_wanted
   AND tasks.finished_at IS NOT NULL
   AND results_released(exams)
 ORDER BY tasks.question_number, tasks.sub_part, tasks.id;
