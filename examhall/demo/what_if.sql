-- name: what_is_here
SELECT people.id AS owner_id, exams.id AS exam_id,
       (SELECT key #>> '{correct,0}'
          FROM items
         WHERE exam_id = %(right_keys)s
           AND question_number = %(question)s) AS right_answer,
       EXISTS (SELECT FROM projects WHERE name = %(project)s) AS is_there
  FROM exams, people
 WHERE exams.title = %(title)s
   AND people.username = %(owner)s;
