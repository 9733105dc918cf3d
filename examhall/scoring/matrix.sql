-- name: one_snapshot
-- The exam, its candidates and their marks are read one after the other, and belong together.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

-- name: exam
SELECT id, title, kind, key_version, scale_mean, scale_sd, scale_linked_to
  FROM exams
 WHERE id = %(exam_id)s;

-- name: items
-- In the order of the matrix's columns. What is worth nothing, as a question that was dropped, says nothing.
SELECT question_number, sub_part, kind, key, points::double precision AS points,
       CASE kind WHEN 'true_false' THEN ARRAY['true', 'false']
                 WHEN 'single_choice' THEN options.keys
                 WHEN 'multiple_choice' THEN options.keys
                 ELSE '{}' END AS options
  FROM items
 CROSS JOIN LATERAL (SELECT coalesce(array_agg(option ->> 'key' ORDER BY place), '{}') AS keys
                       FROM jsonb_array_elements(presented -> 'options') WITH ORDINALITY AS o (option, place)
                    ) AS options
 WHERE exam_id = %(exam_id)s
   AND points > 0
 ORDER BY question_number, sub_part;

-- name: persons
-- In the order of the matrix's rows: candidate and sitting, eight bytes each. First attempts only.
SELECT coalesce(string_agg(int8send(sittings.candidate_id) || int8send(sittings.id), ''::bytea
                           ORDER BY sittings.candidate_id), '') AS ids
  FROM sittings
  JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.attempt_number = 1
   AND results.key_version = %(key_version)s;

-- name: cells
-- One row for each thousand persons, of eight bytes a mark: 24 bits for the row of the matrix, 12 for the column,
-- 12 for what it is, 16 for its value. What it is: 0, a mark, in hundredths of what the item is worth, 100
-- only if it is all; 1, an answer to a choice, with a bit for each option chosen. Each thousand is joined for
-- itself, along the keys of both tables: nothing is sorted, and memory does not grow with the exam.
COPY (
    WITH asked AS MATERIALIZED (
        SELECT items.question_number, items.sub_part, points,
               CASE WHEN jsonb_array_length(presented -> 'options') > 15 THEN NULL
                    WHEN kind IN ('true_false', 'single_choice') THEN 'one'
                    WHEN kind = 'multiple_choice' THEN 'several' END AS chosen,
               row_number() OVER (ORDER BY items.question_number, items.sub_part) - 1 AS number,
               CASE kind WHEN 'true_false' THEN ARRAY['true', 'false']
                         ELSE ARRAY(SELECT option ->> 'key'
                                      FROM jsonb_array_elements(presented -> 'options')
                                           WITH ORDINALITY AS o (option, place)
                                     ORDER BY place) END AS options
          FROM items
         WHERE items.exam_id = %(exam_id)s
           AND points > 0
    ), persons AS MATERIALIZED (
        SELECT sittings.candidate_id, sittings.id AS sitting_id,
               row_number() OVER (ORDER BY sittings.candidate_id) - 1 AS person
          FROM sittings
          JOIN results
            ON results.candidate_id = sittings.candidate_id
           AND results.sitting_id = sittings.id
         WHERE sittings.exam_id = %(exam_id)s
           AND sittings.attempt_number = 1
           AND results.key_version = %(key_version)s
    ), thousands AS MATERIALIZED (
        SELECT array_agg(candidate_id) AS candidate_ids, array_agg(sitting_id) AS sitting_ids,
               array_agg(person) AS persons
          FROM persons
         GROUP BY person / 1000
    )
    SELECT packed.cells
      FROM thousands
     CROSS JOIN LATERAL (
        SELECT string_agg(int8send((cell.person << 40) | (cell.number << 28) | (cell.what << 16) | cell.value),
                          ''::bytea) AS cells
          FROM (
            SELECT each.person, asked.number, 0::bigint AS what,
                   CASE WHEN marks.points >= asked.points THEN 100
                        ELSE least(floor(100 * marks.points / asked.points), 99)
                   END::bigint AS value
              FROM unnest(candidate_ids, sitting_ids, persons) AS each (candidate_id, sitting_id, person)
              JOIN marks USING (candidate_id, sitting_id)
              JOIN asked USING (question_number, sub_part)
             WHERE marks.points IS NOT NULL
            UNION ALL
            SELECT each.person, asked.number, 1::bigint,
                   CASE asked.chosen
                        WHEN 'one' THEN 1 << (array_position(asked.options, answers.answer #>> '{}') - 1)
                        WHEN 'several' THEN (SELECT bit_or(1 << (place::integer - 1))
                                               FROM unnest(asked.options) WITH ORDINALITY AS o (option, place)
                                              WHERE answers.answer ? option)
                   END::bigint
              FROM unnest(candidate_ids, sitting_ids, persons) AS each (candidate_id, sitting_id, person)
              JOIN answers USING (candidate_id, sitting_id)
              JOIN asked USING (question_number, sub_part)
          ) AS cell
         WHERE cell.value IS NOT NULL
     ) AS packed
     WHERE packed.cells IS NOT NULL
) TO STDOUT (FORMAT BINARY);
