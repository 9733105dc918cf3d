-- name: read_exam
SELECT id, title, kind, test_type, instructions, duration_s, grace_s, shuffle_questions, shuffle_options,
       release, show_key, pass_percent, key_version, sealed_before_s
  FROM exams
 WHERE id = %(exam_id)s;

-- name: write_exam
-- A window of its own, and neither an author, a series nor a rating: those are of the real one. Results that a
-- person or a later hour releases are never released here.
INSERT INTO exams (id, title, kind, test_type, instructions, opens_at, closes_at, duration_s, grace_s,
                   attempts_allowed, shuffle_questions, shuffle_options, release, show_key, pass_percent,
                   key_version, sealed_before_s)
OVERRIDING SYSTEM VALUE
VALUES (%(id)s, %(title)s, %(kind)s, %(test_type)s, %(instructions)s, %(opens_at)s, %(closes_at)s,
        %(duration_s)s, %(grace_s)s, 1, %(shuffle_questions)s, %(shuffle_options)s,
        CASE %(release)s WHEN 'at_once' THEN 'at_once' ELSE 'by_hand' END, %(show_key)s, %(pass_percent)s,
        %(key_version)s, %(sealed_before_s)s);

-- name: read_sections
COPY (SELECT id, exam_id, place, title, instructions, shuffle, draw, unequal_points
        FROM sections
       WHERE exam_id = %(exam_id)s) TO STDOUT (FORMAT binary);

-- name: write_sections
COPY sections (id, exam_id, place, title, instructions, shuffle, draw, unequal_points)
FROM STDIN (FORMAT binary);

-- name: read_questions
COPY (SELECT exam_id, number, prompt, topic, id, section_id
        FROM questions
       WHERE exam_id = %(exam_id)s) TO STDOUT (FORMAT binary);

-- name: write_questions
COPY questions (exam_id, number, prompt, topic, id, section_id) FROM STDIN (FORMAT binary);

-- name: read_items
COPY (SELECT exam_id, question_number, sub_part, kind, prompt, presented, key, points
        FROM items
       WHERE exam_id = %(exam_id)s) TO STDOUT (FORMAT binary);

-- name: write_items
COPY items (exam_id, question_number, sub_part, kind, prompt, presented, key, points)
FROM STDIN (FORMAT binary);

-- name: read_pictures
COPY (SELECT exam_id, name, media_type, content
        FROM pictures
       WHERE exam_id = %(exam_id)s) TO STDOUT (FORMAT binary);

-- name: write_pictures
COPY pictures (exam_id, name, media_type, content) FROM STDIN (FORMAT binary);

-- name: assign_everybody
INSERT INTO assignments (exam_id, person_id)
SELECT %(exam_id)s, id
  FROM people;
