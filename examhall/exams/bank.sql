-- name: search
-- The newest version of each, the last changed question first. Of a text every word is to be found.
SELECT bank_questions.id, bank_questions.version, newest.subject, newest.topic, newest.kinds, newest.document,
       bank_questions.archived_at, people.full_name AS saved_by, newest.saved_at, used.exams
  FROM bank_questions
  JOIN bank_versions AS newest
    ON newest.bank_question_id = bank_questions.id
   AND newest.version = bank_questions.version
  LEFT JOIN people ON people.id = newest.saved_by
 CROSS JOIN LATERAL (SELECT count(DISTINCT exam_id)::integer AS exams
                       FROM questions
                      WHERE questions.bank_question_id = bank_questions.id) AS used
 WHERE (%(question_id)s::bigint IS NULL OR bank_questions.id = %(question_id)s)
   AND (%(archived)s::boolean IS NULL OR (bank_questions.archived_at IS NOT NULL) = %(archived)s)
   AND (%(subject)s::text IS NULL OR newest.subject = %(subject)s)
   AND (%(topic)s::text IS NULL OR newest.topic = %(topic)s)
   AND (%(kind)s::text IS NULL OR %(kind)s = ANY(newest.kinds))
   AND newest.words ILIKE ALL(%(patterns)s::text[])
   AND bank_questions.id < %(before)s
 ORDER BY bank_questions.id DESC
 LIMIT %(limit)s;

-- name: versions
SELECT bank_versions.version, subject, topic, document, people.full_name AS saved_by, saved_at
  FROM bank_versions
  LEFT JOIN people ON people.id = bank_versions.saved_by
 WHERE bank_question_id = %(question_id)s
   AND bank_versions.version < %(before)s
 ORDER BY bank_versions.version DESC
 LIMIT %(limit)s;

-- name: hold
-- FOR UPDATE: of two who save a version at once the second waits, and is told.
SELECT version
  FROM bank_questions
 WHERE id = %(question_id)s
   FOR UPDATE;

-- name: insert_question
INSERT INTO bank_questions (created_by)
VALUES (%(by)s)
RETURNING id;

-- name: insert_version
INSERT INTO bank_versions (bank_question_id, version, subject, topic, document, kinds, words, saved_by)
VALUES (%(question_id)s, %(version)s, %(subject)s, %(topic)s, %(document)s, %(kinds)s, %(words)s, %(by)s);

-- name: set_version
UPDATE bank_questions
   SET version = %(version)s
 WHERE id = %(question_id)s;

-- name: set_archived
UPDATE bank_questions
   SET archived_at = CASE WHEN %(archived)s THEN coalesce(archived_at, statement_timestamp()) END
 WHERE id = %(question_id)s;

-- name: keep_pictures
INSERT INTO bank_pictures (bank_question_id, version, name, media_type, content)
SELECT %(question_id)s, %(version)s, name, media_type, content
  FROM pictures
 WHERE exam_id = %(exam_id)s
   AND name = ANY(%(names)s);

-- name: pass_pictures_on
-- Of any version before it: one may have been brought for a version that somebody else made newer.
INSERT INTO bank_pictures (bank_question_id, version, name, media_type, content)
SELECT DISTINCT ON (name) bank_question_id, %(version)s, name, media_type, content
  FROM bank_pictures
 WHERE bank_question_id = %(question_id)s
   AND version < %(version)s
   AND name = ANY(%(names)s)
 ORDER BY name, version DESC;

-- name: pictures
SELECT name, content
  FROM bank_pictures
 WHERE bank_question_id = %(question_id)s
   AND version = %(version)s
 ORDER BY name;

-- name: picture_names
SELECT DISTINCT name
  FROM bank_pictures
 WHERE bank_question_id = %(question_id)s
 ORDER BY name;

-- name: hold_link
-- FOR UPDATE: however often and by how many at once a question is saved, the bank has it once.
SELECT bank_question_id, bank_version
  FROM questions
 WHERE exam_id = %(exam_id)s
   AND id = %(question_id)s
   FOR UPDATE;

-- name: link
UPDATE questions
   SET bank_question_id = %(bank_id)s,
       bank_version = %(version)s
 WHERE exam_id = %(exam_id)s
   AND id = %(question_id)s;

-- name: links
-- What of the bank an exam's questions are, and which version there is by now.
SELECT questions.id, questions.bank_question_id, questions.bank_version, bank_questions.version AS newest,
       bank_versions.subject, bank_versions.topic
  FROM questions
  JOIN bank_questions ON bank_questions.id = questions.bank_question_id
  JOIN bank_versions
    ON bank_versions.bank_question_id = bank_questions.id
   AND bank_versions.version = bank_questions.version
 WHERE questions.exam_id = %(exam_id)s
 ORDER BY questions.number;
