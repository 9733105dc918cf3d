-- name: exam_here
SELECT id
  FROM exams
 WHERE title = %(title)s;

-- name: students
-- Whoever looks around as a candidate first.
SELECT id, username
  FROM people
 WHERE roles = '{candidate}'
   AND active
 ORDER BY username <> 'user', id
 LIMIT %(limit)s;

-- name: papers
SELECT candidate_id, id AS sitting_id
  FROM sittings
 WHERE exam_id = %(exam_id)s
 ORDER BY id;

-- name: person
SELECT id, username
  FROM people
 WHERE lower(username) = %(username)s;

-- name: text_of
SELECT tasks.question_number, answers.answer #>> '{}' AS text
  FROM marking_tasks AS tasks
  JOIN answers
    ON answers.candidate_id = tasks.candidate_id
   AND answers.sitting_id = tasks.sitting_id
   AND answers.question_number = tasks.question_number
   AND answers.sub_part = tasks.sub_part
 WHERE tasks.id = %(task_id)s;
