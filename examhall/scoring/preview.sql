-- name: answered
-- Each different answer to each of the items, with the mark it has, and who gave it as a binary array. No answer
-- is null; of an essay it matters only whether there is one, and what a person gave for it.
SELECT marks.question_number, marks.sub_part, said.answer, marks.points, marks.by_hand,
       array_send(array_agg(marks.sitting_id)) AS sitting_ids
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
   AND results.key_version = exams.key_version
  JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
  JOIN unnest(%(numbers)s::smallint[], %(sub_parts)s::text[], %(kinds)s::text[])
    AS changed (question_number, sub_part, kind)
    ON changed.question_number = marks.question_number
   AND changed.sub_part = marks.sub_part
  LEFT JOIN answers
    ON answers.candidate_id = marks.candidate_id
   AND answers.sitting_id = marks.sitting_id
   AND answers.question_number = marks.question_number
   AND answers.sub_part = marks.sub_part
 CROSS JOIN LATERAL (SELECT CASE WHEN answers.answer IS NULL THEN 'null'
                                 WHEN changed.kind = 'essay'
                                 THEN to_jsonb(CASE WHEN answers.answer #>> '{}' ~ '\S' THEN '.' ELSE '' END)
                                 ELSE answers.answer
                            END AS answer) AS said
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL
 GROUP BY marks.question_number, marks.sub_part, said.answer, marks.points, marks.by_hand;

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
