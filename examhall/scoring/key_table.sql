-- name: prompts
SELECT items.question_number, items.sub_part,
       CASE WHEN items.prompt = '' THEN questions.prompt ELSE items.prompt END AS prompt
  FROM items
  JOIN questions ON questions.exam_id = items.exam_id AND questions.number = items.question_number
 WHERE items.exam_id = %(exam_id)s;

-- name: given_answers
-- The most frequent answers of each item. Essays are not compared: of those it counts whether there is one.
SELECT question_number, sub_part, answer, times::integer, answered::integer
  FROM (SELECT question_number, sub_part, answer, count(*) AS times,
               sum(count(*)) OVER (PARTITION BY question_number, sub_part) AS answered,
               row_number() OVER (PARTITION BY question_number, sub_part
                                      ORDER BY count(*) DESC, answer::text) AS place
          FROM (SELECT answers.question_number, answers.sub_part,
                       CASE WHEN answers.question_number || answers.sub_part = ANY(%(essays)s::text[])
                            THEN '"…"'
                            ELSE answers.answer
                       END AS answer
                  FROM sittings
                  JOIN answers
                    ON answers.candidate_id = sittings.candidate_id
                   AND answers.sitting_id = sittings.id
                 WHERE sittings.exam_id = %(exam_id)s
                   AND sittings.closed_at IS NOT NULL
                   AND answers.answer <> 'null'
                   AND answers.question_number || answers.sub_part = ANY(%(labels)s::text[])) AS said
         GROUP BY question_number, sub_part, answer) AS given
 WHERE place <= %(most)s
 ORDER BY question_number, sub_part, place;

-- name: item_marks
SELECT marks.question_number, marks.sub_part, count(*)::integer AS presented, avg(marks.points) AS points
  FROM sittings
  JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL
   AND marks.question_number || marks.sub_part = ANY(%(labels)s::text[])
 GROUP BY marks.question_number, marks.sub_part;
