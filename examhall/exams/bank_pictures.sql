-- name: same_picture
SELECT name, media_type, octet_length(content) AS bytes
  FROM bank_pictures
 WHERE bank_question_id = %(question_id)s
   AND content = %(content)s
 ORDER BY version DESC
 LIMIT 1;

-- name: insert_picture
INSERT INTO bank_pictures (bank_question_id, version, name, media_type, content)
VALUES (%(question_id)s, %(version)s, %(name)s, %(media_type)s, %(content)s);

-- name: picture
SELECT media_type, content
  FROM bank_pictures
 WHERE bank_question_id = %(question_id)s
   AND name = %(name)s
 ORDER BY version DESC
 LIMIT 1;

-- name: delete_picture
DELETE FROM bank_pictures
 WHERE bank_question_id = %(question_id)s
   AND name = %(name)s;
