-- name: set_pass_mark
-- Claims the version: of two editors the second waits here and finds no such version. NO KEY: who starts the exam
-- and who makes a scenario official at the same time refer to its row, and would wait in a circle.
WITH held AS (
    SELECT id, pass_percent AS before
      FROM exams
     WHERE id = %(exam_id)s
       FOR NO KEY UPDATE
)
UPDATE exams
   SET pass_percent = %(percent)s,
       version = version + 1
  FROM held
 WHERE exams.id = held.id
   AND exams.version = %(version)s
RETURNING exams.version, held.before, exams.pass_percent AS after;
