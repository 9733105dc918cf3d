-- name: exam
SELECT exams.id, exams.version, title, kind, instructions, shuffle_questions, shuffle_options,
       ARRAY(SELECT name FROM pictures WHERE exam_id = exams.id ORDER BY name) AS pictures,
       exam_papers.version AS paper_version
  FROM exams
  LEFT JOIN exam_papers ON exam_papers.exam_id = exams.id AND exam_papers.ended_at IS NULL
 WHERE exams.id = %(exam_id)s;

-- name: items
-- Not their keys: what is not read here cannot leave the server by mistake.
SELECT questions.number, questions.prompt AS question_prompt, items.sub_part, items.kind, items.prompt,
       items.presented, items.points, coalesce(sections.place, 0) AS section
  FROM questions
  JOIN items ON items.exam_id = questions.exam_id AND items.question_number = questions.number
  LEFT JOIN sections ON sections.id = questions.section_id
 WHERE questions.exam_id = %(exam_id)s
 ORDER BY section, questions.number, items.sub_part;

-- name: sections
SELECT place, title, instructions, shuffle, draw
  FROM sections
 WHERE exam_id = %(exam_id)s
 ORDER BY place;
