-- name: add_people
INSERT INTO people (username, full_name)
SELECT 'bell-' || n, 'Candidate ' || n
  FROM generate_series(1, %(people)s) AS n;

-- name: add_due_sittings
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at)
SELECT people.id, %(exam_id)s, 1, 7, now(), exams.closes_at, exams.closes_at + exams.grace_s * interval '1 second'
  FROM people
 CROSS JOIN exams
 WHERE people.username LIKE 'bell-%%'
   AND exams.id = %(exam_id)s
 ORDER BY people.id;

-- name: add_answers
-- After the Rasch model: abilities like a normal distribution (twelve uniform numbers), difficulties from -2 to 2.
INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
SELECT sittings.candidate_id, sittings.id, asked.question_number, asked.sub_part,
       CASE WHEN random() < 1 / (1 + exp(asked.difficulty - able.theta)) THEN asked.right_one ELSE asked.wrong END,
       1, now()
  FROM sittings
 CROSS JOIN LATERAL (SELECT sum(random()) - 6 + 0 * sittings.id AS theta FROM generate_series(1, 12)) AS able
 CROSS JOIN (SELECT question_number, sub_part, 4 * (row_number() OVER () * 7 %% 55) / 54.0 - 2 AS difficulty,
                    CASE kind WHEN 'single_choice' THEN key #> '{correct,0}'
                              WHEN 'number' THEN to_jsonb(key ->> 'value')
                              ELSE key #> '{accept,0}' END AS right_one,
                    CASE kind WHEN 'single_choice'
                              THEN CASE WHEN key #>> '{correct,0}' = 'A' THEN '"B"'::jsonb ELSE '"A"' END
                              ELSE '"-77"' END AS wrong
               FROM items
              WHERE exam_id = %(exam_id)s) AS asked
 WHERE sittings.exam_id = %(exam_id)s
 ORDER BY sittings.candidate_id, sittings.id;
