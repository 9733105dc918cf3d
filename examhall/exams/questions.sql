-- name: exam
SELECT exams.title, exams.version, exams.is_draft, exams.shuffle_questions, exams.shuffle_options,
       exams.duration_s, exams.opens_at,
       NOT exams.is_draft AND coalesce(exams.opens_at <= statement_timestamp(), true) AS has_opened,
       EXISTS (SELECT FROM sittings WHERE sittings.exam_id = exams.id) AS has_sittings,
       (SELECT coalesce(max(version), 1) FROM exam_edits
         WHERE exam_edits.exam_id = exams.id AND exam_edits.part = 'order') AS order_version,
       ARRAY(SELECT name FROM pictures WHERE pictures.exam_id = exams.id ORDER BY name) AS pictures
  FROM exams
 WHERE exams.id = %(exam_id)s;

-- name: questions
SELECT questions.id, questions.number, questions.prompt, questions.topic, sections.title AS section,
       (SELECT coalesce(max(version), 1) FROM exam_edits
         WHERE exam_edits.exam_id = questions.exam_id
           AND exam_edits.part = 'question:' || questions.id) AS version,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'sub_part', items.sub_part, 'kind', items.kind, 'prompt', items.prompt,
                   'presented', items.presented, 'key', items.key, 'points', items.points::text)
                   ORDER BY items.sub_part), '[]')
          FROM items
         WHERE items.exam_id = questions.exam_id
           AND items.question_number = questions.number) AS items
  FROM questions
  LEFT JOIN sections ON sections.id = questions.section_id
 WHERE questions.exam_id = %(exam_id)s
   AND (%(question_id)s::bigint IS NULL OR questions.id = %(question_id)s)
 ORDER BY questions.number;

-- name: places
SELECT id, number
  FROM questions
 WHERE exam_id = %(exam_id)s
 ORDER BY number;

-- name: insert_question
-- In the section of the question that it is like, if any.
INSERT INTO questions (exam_id, number, prompt, topic, section_id)
VALUES (%(exam_id)s, %(number)s, %(prompt)s, %(topic)s,
        (SELECT section_id FROM questions WHERE exam_id = %(exam_id)s AND id = %(like)s))
RETURNING id, number;

-- name: update_question
UPDATE questions
   SET prompt = %(prompt)s,
       topic = %(topic)s
 WHERE exam_id = %(exam_id)s
   AND id = %(question_id)s;

-- name: delete_items
DELETE FROM items
 WHERE exam_id = %(exam_id)s
   AND question_number = %(number)s;

-- name: insert_items
INSERT INTO items (exam_id, question_number, sub_part, kind, prompt, presented, key, points)
SELECT %(exam_id)s, %(number)s, sub_part, kind, prompt, presented, key, points
  FROM unnest(%(sub_parts)s::text[], %(kinds)s::text[], %(prompts)s::text[], %(presented)s::jsonb[],
              %(keys)s::jsonb[], %(points)s::numeric[])
       AS new (sub_part, kind, prompt, presented, key, points);

-- name: delete_question
DELETE FROM questions
 WHERE exam_id = %(exam_id)s
   AND id = %(question_id)s;

-- name: set_aside
-- Beyond any place there is: of two questions that change places neither may have the other's number, not even
-- for the moment between two rows. Readers see nothing of it before the commit; items follow by their key.
UPDATE questions
   SET number = number + %(beyond)s
 WHERE exam_id = %(exam_id)s
   AND id = ANY(%(ids)s);

-- name: put_in_place
UPDATE questions
   SET number = placed.number
  FROM unnest(%(ids)s::bigint[], %(numbers)s::smallint[]) AS placed (id, number)
 WHERE questions.exam_id = %(exam_id)s
   AND questions.id = placed.id;
