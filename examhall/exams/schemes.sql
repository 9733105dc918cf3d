-- name: write_scheme
INSERT INTO marking_schemes (question_id, sub_part, markers, differ_above, third_rule, rubric, guidance, version)
VALUES (%(question_id)s, %(sub_part)s, %(markers)s, %(differ_above)s, %(third_rule)s, %(rubric)s, %(guidance)s,
        %(version)s)
ON CONFLICT (question_id, sub_part)
DO UPDATE SET markers = excluded.markers, differ_above = excluded.differ_above,
              third_rule = excluded.third_rule, rubric = excluded.rubric, guidance = excluded.guidance,
              version = excluded.version;

-- name: insert_schemes
INSERT INTO marking_schemes (question_id, sub_part, markers, differ_above, third_rule, rubric, guidance)
SELECT questions.id, new.sub_part, new.markers, new.differ_above, new.third_rule, new.rubric, new.guidance
  FROM unnest(%(numbers)s::smallint[], %(sub_parts)s::text[], %(markers)s::smallint[],
              %(differ_above)s::numeric[], %(third_rules)s::text[], %(rubrics)s::jsonb[], %(guidance)s::text[])
       AS new (number, sub_part, markers, differ_above, third_rule, rubric, guidance)
  JOIN questions ON questions.exam_id = %(exam_id)s AND questions.number = new.number;

-- name: list_schemes
-- Version 0: nothing is said of this item, it is marked as usual.
SELECT questions.id AS question_id, items.question_number, items.sub_part, items.kind, questions.prompt,
       items.prompt AS item_prompt, items.points,
       items.kind = 'essay' OR coalesce((items.key ->> 'by_hand')::boolean, false) AS by_hand,
       coalesce(marking_schemes.markers, 1) AS markers, marking_schemes.differ_above,
       coalesce(marking_schemes.third_rule, 'nearest') AS third_rule,
       coalesce(marking_schemes.rubric, '[]') AS rubric, coalesce(marking_schemes.guidance, '') AS guidance,
       coalesce(marking_schemes.version, 0) AS version
  FROM items
  JOIN questions
    ON questions.exam_id = items.exam_id
   AND questions.number = items.question_number
  LEFT JOIN marking_schemes
    ON marking_schemes.question_id = questions.id
   AND marking_schemes.sub_part = items.sub_part
 WHERE items.exam_id = %(exam_id)s
 ORDER BY items.question_number, items.sub_part;

-- name: copy_schemes
INSERT INTO marking_schemes (question_id, sub_part, markers, differ_above, third_rule, rubric, guidance)
SELECT copies.id, marking_schemes.sub_part, marking_schemes.markers, marking_schemes.differ_above,
       marking_schemes.third_rule, marking_schemes.rubric, marking_schemes.guidance
  FROM unnest(%(originals)s::bigint[], %(copies)s::bigint[]) AS copies (original, id)
  JOIN marking_schemes ON marking_schemes.question_id = copies.original;
