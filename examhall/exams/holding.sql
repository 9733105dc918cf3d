-- name: hold_exam
-- NO KEY: whoever starts the exam meanwhile takes the key share of its row and does not wait. All others who hold
-- it so do, as do FOR SHARE of every marking (results.sql) and of conclusions, and a correction of the key.
SELECT id, course_id, key_version
  FROM exams
 WHERE id = %(exam_id)s
   FOR NO KEY UPDATE;
