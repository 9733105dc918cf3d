-- name: different_answers
-- Each different answer to each of the items, once. No answer is null; of an essay it matters only whether
-- there is one.
SELECT DISTINCT items.question_number, items.sub_part,
       CASE WHEN answers.answer IS NULL THEN 'null'
            WHEN items.kind = 'essay' THEN to_jsonb(CASE WHEN answers.answer #>> '{}' ~ '\S' THEN '.' ELSE '' END)
            ELSE answers.answer
       END AS answer
  FROM sittings
 CROSS JOIN unnest(%(numbers)s::smallint[], %(sub_parts)s::text[]) AS wanted (question_number, sub_part)
  JOIN items
    ON items.exam_id = sittings.exam_id
   AND items.question_number = wanted.question_number
   AND items.sub_part = wanted.sub_part
  LEFT JOIN answers
    ON answers.candidate_id = sittings.candidate_id
   AND answers.sitting_id = sittings.id
   AND answers.question_number = wanted.question_number
   AND answers.sub_part = wanted.sub_part
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL;

-- name: moves
-- What the new marks of the different answers add up to for each sitting, in thousandths, as binary arrays in
-- the same order. Where the machine has no mark, what a person gave counts, up to what the item is worth.
WITH remarked AS MATERIALIZED (
    SELECT question_number, sub_part, answer, points, most_points
      FROM unnest(%(numbers)s::smallint[], %(sub_parts)s::text[], %(answers)s::jsonb[], %(points)s::numeric[],
                  %(most_points)s::numeric[])
        AS remarked (question_number, sub_part, answer, points, most_points)
), current_results AS MATERIALIZED (
    SELECT sittings.candidate_id, sittings.id AS sitting_id, results.points, results.max_points,
           results.key_version IS NOT DISTINCT FROM exams.key_version AS is_marked
      FROM sittings
      JOIN exams ON exams.id = sittings.exam_id
      LEFT JOIN results
        ON results.candidate_id = sittings.candidate_id
       AND results.sitting_id = sittings.id
     WHERE sittings.exam_id = %(exam_id)s
       AND sittings.closed_at IS NOT NULL
), moves AS (
    SELECT marks.sitting_id,
           sum(coalesce(remarked.points, marks.by_hand + least(remarked.most_points - marks.by_hand, 0), 0)
               - coalesce(marks.points, 0)) AS move
      FROM current_results
      JOIN marks
        ON marks.candidate_id = current_results.candidate_id
       AND marks.sitting_id = current_results.sitting_id
      JOIN items
        ON items.exam_id = %(exam_id)s
       AND items.question_number = marks.question_number
       AND items.sub_part = marks.sub_part
      LEFT JOIN answers
        ON answers.candidate_id = marks.candidate_id
       AND answers.sitting_id = marks.sitting_id
       AND answers.question_number = marks.question_number
       AND answers.sub_part = marks.sub_part
      JOIN remarked
        ON remarked.question_number = marks.question_number
       AND remarked.sub_part = marks.sub_part
       AND remarked.answer = CASE WHEN answers.answer IS NULL THEN 'null'
                                  WHEN items.kind = 'essay'
                                  THEN to_jsonb(CASE WHEN answers.answer #>> '{}' ~ '\S' THEN '.' ELSE '' END)
                                  ELSE answers.answer
                             END
     WHERE current_results.is_marked
     GROUP BY marks.sitting_id
)
SELECT array_send(array_agg(sitting_id ORDER BY sitting_id) FILTER (WHERE is_marked)) AS sitting_ids,
       array_send(array_agg((points * 1000)::bigint ORDER BY sitting_id) FILTER (WHERE is_marked)) AS points,
       array_send(array_agg((max_points * 1000)::bigint ORDER BY sitting_id) FILTER (WHERE is_marked))
           AS max_points,
       array_send(array_agg((coalesce(move, 0) * 1000)::bigint ORDER BY sitting_id) FILTER (WHERE is_marked))
           AS moves,
       count(*) FILTER (WHERE NOT is_marked)::integer AS waiting,
       (SELECT pass_percent FROM exams WHERE id = %(exam_id)s) AS pass_percent
  FROM current_results
  LEFT JOIN moves USING (sitting_id);

-- name: names
SELECT sittings.id AS sitting_id, people.username, people.full_name
  FROM sittings
  JOIN people ON people.id = sittings.candidate_id
 WHERE sittings.id = ANY(%(sitting_ids)s);
