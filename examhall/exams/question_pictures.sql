-- name: pictures
SELECT name, media_type, octet_length(content) AS bytes
  FROM pictures
 WHERE exam_id = %(exam_id)s
 ORDER BY name;

-- name: texts
-- Everything of an exam that can show a picture.
SELECT instructions AS text, NULL::smallint AS number
  FROM exams
 WHERE id = %(exam_id)s
UNION ALL
SELECT instructions, NULL
  FROM sections
 WHERE exam_id = %(exam_id)s
UNION ALL
SELECT prompt, number
  FROM questions
 WHERE exam_id = %(exam_id)s
UNION ALL
SELECT prompt, question_number
  FROM items
 WHERE exam_id = %(exam_id)s
UNION ALL
SELECT choice.value ->> 'text', question_number
  FROM items
 CROSS JOIN LATERAL unnest(ARRAY['options', 'left', 'right']) AS side (name)
 CROSS JOIN LATERAL jsonb_array_elements(items.presented -> side.name) AS choice (value)
 WHERE exam_id = %(exam_id)s
   AND items.presented ? side.name;

-- name: insert_picture
INSERT INTO pictures (exam_id, name, media_type, content)
VALUES (%(exam_id)s, %(name)s, %(media_type)s, %(content)s);

-- name: same_picture
SELECT name, media_type, octet_length(content) AS bytes
  FROM pictures
 WHERE exam_id = %(exam_id)s
   AND content = %(content)s;

-- name: delete_picture
DELETE FROM pictures
 WHERE exam_id = %(exam_id)s
   AND name = %(name)s;
