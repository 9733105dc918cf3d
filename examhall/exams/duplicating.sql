-- name: hold_original
-- FOR SHARE: nobody changes it until the copy is there; who starts it takes less, and waits for nothing.
SELECT id
  FROM exams
 WHERE id = %(exam_id)s
   FOR SHARE;

-- name: copy_exam
-- Without its times and what depends on them: results released at a time are released by hand.
INSERT INTO exams (title, kind, test_type, instructions, timezone, duration_s, grace_s, attempts_allowed,
                   shuffle_questions, shuffle_options, release, show_key, pass_percent, course_id, series_id,
                   rated, live_standing, reports, scale_mean, scale_sd, scale_linked_to, is_draft, created_by,
                   request_key, request_hash)
SELECT coalesce(%(title)s, title), kind, test_type, instructions, timezone, duration_s, grace_s,
       attempts_allowed, shuffle_questions, shuffle_options,
       CASE release WHEN 'at_time' THEN 'by_hand' ELSE release END, show_key, pass_percent, course_id, series_id,
       rated, live_standing, reports, scale_mean, scale_sd, scale_linked_to, true, %(created_by)s,
       %(request_key)s, %(request_hash)s
  FROM exams
 WHERE id = %(exam_id)s
    ON CONFLICT (created_by, request_key) WHERE request_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: copy_sections
INSERT INTO sections (exam_id, place, title, instructions, shuffle, draw, unequal_points)
SELECT %(copy_id)s, place, title, instructions, shuffle, draw, unequal_points
  FROM sections
 WHERE exam_id = %(exam_id)s;

-- name: copy_questions
INSERT INTO questions (exam_id, number, prompt, topic, section_id, bank_question_id, bank_version)
SELECT %(copy_id)s, questions.number, questions.prompt, questions.topic, copies.id, questions.bank_question_id,
       questions.bank_version
  FROM questions
  LEFT JOIN sections ON sections.id = questions.section_id
  LEFT JOIN sections AS copies ON copies.exam_id = %(copy_id)s AND copies.place = sections.place
 WHERE questions.exam_id = %(exam_id)s;

-- name: copy_items
INSERT INTO items (exam_id, question_number, sub_part, kind, prompt, presented, key, points)
SELECT %(copy_id)s, question_number, sub_part, kind, prompt, presented, key, points
  FROM items
 WHERE exam_id = %(exam_id)s;

-- name: copied_questions
SELECT originals.id AS original_id, copies.id
  FROM questions AS originals
  JOIN questions AS copies
    ON copies.exam_id = %(copy_id)s
   AND copies.number = originals.number
 WHERE originals.exam_id = %(exam_id)s;

-- name: copy_pictures
INSERT INTO pictures (exam_id, name, media_type, content)
SELECT %(copy_id)s, name, media_type, content
  FROM pictures
 WHERE exam_id = %(exam_id)s;
