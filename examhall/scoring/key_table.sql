-- name: prompts
SELECT items.question_number, items.sub_part,
       CASE WHEN items.prompt = '' THEN questions.prompt ELSE items.prompt END AS prompt
  FROM items
  JOIN questions ON questions.exam_id = items.exam_id AND questions.number = items.question_number
 WHERE items.exam_id = %(exam_id)s;

-- name: given_answers
-- The most frequent answers of each item, and its mean points over all of them. Essays are not compared: of
-- those it counts whether there is one.
SELECT question_number, sub_part, answer, times::integer, presented::integer, points
  FROM (SELECT items.question_number, items.sub_part, said.answer, count(*) AS times,
               sum(count(*)) OVER of_item AS presented,
               sum(sum(marks.points)) OVER of_item / nullif(sum(count(marks.points)) OVER of_item, 0) AS points,
               row_number() OVER (PARTITION BY items.question_number, items.sub_part
                                      ORDER BY count(*) DESC, said.answer::text) AS place
          FROM sittings
         CROSS JOIN unnest(%(numbers)s::smallint[], %(sub_parts)s::text[]) AS wanted (question_number, sub_part)
          JOIN items
            ON items.exam_id = sittings.exam_id
           AND items.question_number = wanted.question_number
           AND items.sub_part = wanted.sub_part
          LEFT JOIN answers
            ON answers.candidate_id = sittings.candidate_id
           AND answers.sitting_id = sittings.id
           AND answers.question_number = items.question_number
           AND answers.sub_part = items.sub_part
          LEFT JOIN marks
            ON marks.candidate_id = sittings.candidate_id
           AND marks.sitting_id = sittings.id
           AND marks.question_number = items.question_number
           AND marks.sub_part = items.sub_part
         CROSS JOIN LATERAL (SELECT CASE WHEN items.kind = 'essay' AND answers.answer IS NOT NULL
                                         THEN '"…"'::jsonb
                                         ELSE nullif(answers.answer, 'null')
                                    END AS answer) AS said
         WHERE sittings.exam_id = %(exam_id)s
           AND sittings.closed_at IS NOT NULL
         GROUP BY items.question_number, items.sub_part, said.answer
        WINDOW of_item AS (PARTITION BY items.question_number, items.sub_part)) AS given
 WHERE place <= %(most)s
 ORDER BY question_number, sub_part, place;
