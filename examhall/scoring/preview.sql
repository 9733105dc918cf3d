-- name: answered
-- Each different answer to each of the items, and who gave it as a binary array; of an essay it matters only
-- whether there is one. Items are named as "36b". Not joined with the marks below: of that join PostgreSQL knows
-- too little, and would compare everybody with everybody.
SELECT question_number, sub_part, answer, array_send(array_agg(sitting_id)) AS sitting_ids
  FROM (SELECT answers.sitting_id, answers.question_number, answers.sub_part,
               CASE WHEN answers.question_number || answers.sub_part = ANY(%(essays)s::text[])
                    THEN to_jsonb(CASE WHEN answers.answer #>> '{}' ~ '\S' THEN '.' ELSE '' END)
                    ELSE answers.answer
               END AS answer
          FROM sittings
          JOIN answers
            ON answers.candidate_id = sittings.candidate_id
           AND answers.sitting_id = sittings.id
         WHERE sittings.exam_id = %(exam_id)s
           AND sittings.closed_at IS NOT NULL
           AND answers.question_number || answers.sub_part = ANY(%(labels)s::text[])) AS given
 GROUP BY question_number, sub_part, answer;

-- name: marked
-- Each different mark that the items have, and who has it.
SELECT marks.question_number, marks.sub_part, marks.points, marks.by_hand,
       array_send(array_agg(marks.sitting_id)) AS sitting_ids
  FROM sittings
  JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL
   AND marks.question_number || marks.sub_part = ANY(%(labels)s::text[])
 GROUP BY marks.question_number, marks.sub_part, marks.points, marks.by_hand;

-- name: results
-- In thousandths of a point, as binary arrays in the same order.
SELECT array_send(array_agg(sittings.id ORDER BY sittings.id) FILTER (WHERE is_marked)) AS sitting_ids,
       array_send(array_agg((points * 1000)::bigint ORDER BY sittings.id) FILTER (WHERE is_marked)) AS points,
       array_send(array_agg((max_points * 1000)::bigint ORDER BY sittings.id) FILTER (WHERE is_marked))
           AS max_points,
       count(*) FILTER (WHERE NOT is_marked)::integer AS waiting,
       (SELECT pass_percent FROM exams WHERE id = %(exam_id)s) AS pass_percent
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 CROSS JOIN LATERAL (SELECT results.key_version IS NOT DISTINCT FROM exams.key_version AS is_marked) AS state
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL;

-- name: names
SELECT sittings.id AS sitting_id, people.username, people.full_name
  FROM sittings
  JOIN people ON people.id = sittings.candidate_id
 WHERE sittings.id = ANY(%(sitting_ids)s);
