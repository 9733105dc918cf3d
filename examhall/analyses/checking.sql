-- name: exams
SELECT id, title, version, key_version, pass_percent::double precision AS pass_percent,
       ARRAY(SELECT DISTINCT topic
               FROM questions
              WHERE exam_id = exams.id AND topic IS NOT NULL
              ORDER BY topic) AS topics
  FROM exams
 WHERE id = ANY(%(exam_ids)s);

-- name: items
SELECT items.exam_id, questions.topic, items.question_number, items.sub_part, items.kind, items.presented,
       items.key, items.points
  FROM items
  JOIN questions ON questions.exam_id = items.exam_id AND questions.number = items.question_number
 WHERE items.exam_id = ANY(%(exam_ids)s)
 ORDER BY items.exam_id, items.question_number, items.sub_part;

-- name: sittings
SELECT id
  FROM sittings
 WHERE exam_id = ANY(%(exam_ids)s)
   AND id = ANY(%(sitting_ids)s);
