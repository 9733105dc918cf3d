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

-- name: fall_due
-- All at the same instant, which is the end of the exam's grace.
WITH ends AS (
    UPDATE exams
       SET opens_at = now() - interval '1 day',
           closes_at = clock_timestamp() + %(due_in_s)s * interval '1 second' - grace_s * interval '1 second'
     WHERE id = %(exam_id)s
    RETURNING id, closes_at, closes_at + grace_s * interval '1 second' AS due_at
)
UPDATE sittings
   SET deadline_at = ends.closes_at,
       closes_at = ends.due_at
  FROM ends
 WHERE sittings.exam_id = ends.id
RETURNING sittings.closes_at;

-- name: still_open
SELECT count(*), clock_timestamp()
  FROM sittings
 WHERE exam_id = %(exam_id)s
   AND closed_at IS NULL;

-- name: unmarked
SELECT (SELECT count(*) FROM sittings WHERE exam_id = %(exam_id)s)
       - (SELECT count(*) FROM results WHERE exam_id = %(exam_id)s), clock_timestamp();

-- name: not_concluded
SELECT 1 - count(*), clock_timestamp()
  FROM conclusions
 WHERE exam_id = %(exam_id)s;

-- name: not_calibrated
SELECT 1 - count(*), clock_timestamp()
  FROM calibrations
 WHERE exam_id = %(exam_id)s;

-- name: jobs_left
-- Everything that follows from the results: ratings, streaks, achievements.
SELECT count(*), clock_timestamp()
  FROM procrastinate_jobs
 WHERE status IN ('todo', 'doing')
   AND args ->> 'exam_id' = %(exam_id)s::text;

-- name: figures
SELECT persons, items_estimated, read_s, compute_s
  FROM calibrations
 WHERE exam_id = %(exam_id)s;
