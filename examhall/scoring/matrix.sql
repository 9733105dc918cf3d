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
-- One row for each thousand persons: its number, their marks and their answers to the questions with options. Of a
-- mark and of an answer eight bytes: 20 bits for the person in the thousand, 15 for the question, 28 for the
-- thousandths of a mark; the question's parts, in the same order; and the answers, a line each. Each thousand
-- is joined for itself along the keys of both tables, and with nothing else: nothing is sorted or compared with
-- all items, and memory does not grow with the exam.
COPY (
    WITH persons AS MATERIALIZED (
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
        SELECT person / 1000 AS thousand, array_agg(candidate_id) AS candidate_ids,
               array_agg(sitting_id) AS sitting_ids, array_agg(person %% 1000) AS persons
          FROM persons
         GROUP BY person / 1000
    )
    SELECT thousand, marked.cells, marked.parts, chosen.cells, chosen.parts, chosen.answers
      FROM thousands
     CROSS JOIN LATERAL (
        SELECT string_agg(int8send((each.person << 43) | (marks.question_number::bigint << 28)
                                   | (marks.points * 1000)::bigint), ''::bytea) AS cells,
               string_agg(marks.sub_part, chr(31)) AS parts
          FROM unnest(candidate_ids, sitting_ids, persons) AS each (candidate_id, sitting_id, person)
          JOIN marks USING (candidate_id, sitting_id)
         WHERE marks.points IS NOT NULL
     ) AS marked
     CROSS JOIN LATERAL (
        SELECT string_agg(int8send((each.person << 43) | (answers.question_number::bigint << 28)), ''::bytea)
                   AS cells,
               string_agg(answers.sub_part, chr(31)) AS parts,
               string_agg(answers.answer::text, chr(10)) AS answers
          FROM unnest(candidate_ids, sitting_ids, persons) AS each (candidate_id, sitting_id, person)
          JOIN answers USING (candidate_id, sitting_id)
         WHERE answers.question_number = ANY(%(with_options)s::smallint[])
     ) AS chosen
) TO STDOUT (FORMAT BINARY);
