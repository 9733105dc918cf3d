-- name: sections
SELECT id, place, title, instructions, shuffle, draw, unequal_points
  FROM sections
 WHERE exam_id = %(exam_id)s
 ORDER BY place;

-- name: is_sealed
SELECT sealed_before_s IS NOT NULL AS is_sealed
  FROM exams
 WHERE id = %(exam_id)s;

-- name: pooled
-- What each question is worth, and where it is; 0 is in no section.
SELECT questions.id, questions.number, coalesce(questions.section_id, 0) AS section_id,
       coalesce(sum(items.points), 0) AS points
  FROM questions
  LEFT JOIN items ON items.exam_id = questions.exam_id AND items.question_number = questions.number
 WHERE questions.exam_id = %(exam_id)s
 GROUP BY questions.id, questions.number, questions.section_id
 ORDER BY questions.number;

-- name: delete_others
DELETE FROM sections
 WHERE exam_id = %(exam_id)s
   AND id <> ALL(%(ids)s::bigint[]);

-- name: update_sections
-- Places are unique at the end of the statement, so that sections can change theirs with each other.
UPDATE sections
   SET place = wanted.place, title = wanted.title, instructions = wanted.instructions, shuffle = wanted.shuffle,
       draw = wanted.draw, unequal_points = wanted.unequal_points
  FROM unnest(%(ids)s::bigint[], %(places)s::smallint[], %(titles)s::text[], %(instructions)s::text[],
              %(shuffle)s::boolean[], %(draw)s::smallint[], %(unequal_points)s::boolean[])
       AS wanted (id, place, title, instructions, shuffle, draw, unequal_points)
 WHERE sections.exam_id = %(exam_id)s
   AND sections.id = wanted.id;

-- name: insert_sections
INSERT INTO sections (exam_id, place, title, instructions, shuffle, draw, unequal_points)
SELECT %(exam_id)s, place, title, instructions, shuffle, draw, unequal_points
  FROM unnest(%(places)s::smallint[], %(titles)s::text[], %(instructions)s::text[], %(shuffle)s::boolean[],
              %(draw)s::smallint[], %(unequal_points)s::boolean[])
       AS new (place, title, instructions, shuffle, draw, unequal_points);

-- name: assign_questions
UPDATE questions
   SET section_id = sections.id
  FROM unnest(%(ids)s::bigint[], %(places)s::smallint[]) AS wanted (id, place)
  LEFT JOIN sections ON sections.exam_id = %(exam_id)s AND sections.place = wanted.place
 WHERE questions.exam_id = %(exam_id)s
   AND questions.id = wanted.id
   AND questions.section_id IS DISTINCT FROM sections.id;
