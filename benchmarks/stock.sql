-- name: add_people
INSERT INTO people (username, full_name)
SELECT 'stock-' || n, 'Candidate ' || n
  FROM generate_series(1, %(people)s) AS n;

-- name: add_sittings
-- Attempt after attempt, as the years would bring them. Of the last, every so-manieth is still open.
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at,
                      closed_at, closed_by)
SELECT people.id, %(exam_id)s, attempt, people.id %% 1000, now() - interval '1 hour',
       now() + interval '1 day', now() + interval '1 day',
       CASE WHEN NOT is_open THEN now() END, CASE WHEN NOT is_open THEN 'candidate' END
  FROM generate_series(1, %(attempts)s) AS attempt
 CROSS JOIN people
 CROSS JOIN LATERAL (SELECT attempt = %(attempts)s AND people.id %% %(open_every)s = 0 AS is_open) AS o
 WHERE people.username LIKE 'stock-%%'
 ORDER BY attempt, people.id;

-- name: add_answers
INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
SELECT sittings.candidate_id, sittings.id, asked.question_number, asked.sub_part, '"1"', 1, now()
  FROM sittings
 CROSS JOIN (SELECT question_number, sub_part
               FROM items
              WHERE exam_id = %(exam_id)s
              ORDER BY question_number, sub_part
              LIMIT %(each)s) AS asked
 ORDER BY sittings.id, asked.question_number, asked.sub_part;

-- name: add_history
-- Over the last twenty days.
INSERT INTO answer_history
       (candidate_id, sitting_id, question_number, sub_part, answer, revision, received_at, saved_at)
SELECT candidate_id, sitting_id, question_number, sub_part, answer, revision, t.received_at, t.received_at
  FROM answers
 CROSS JOIN LATERAL (SELECT now() - (1 - sitting_id::double precision / %(sittings)s) * interval '20 days'
                                  AS received_at) AS t;

-- name: open_sittings
SELECT candidate_id, id
  FROM sittings
 WHERE exam_id = %(exam_id)s
   AND closed_at IS NULL
 ORDER BY candidate_id;

-- name: counts
SELECT (SELECT count(*) FROM answers) AS answers, (SELECT count(*) FROM answer_history) AS history;

-- name: add_due_sittings
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at)
SELECT people.id, %(exam_id)s, 1, 7, now(), t.due_at, t.due_at
  FROM people
 CROSS JOIN (SELECT clock_timestamp() + %(due_in_s)s * interval '1 second' AS due_at) AS t
 ORDER BY people.id
 LIMIT %(sittings)s
RETURNING closes_at;

-- name: add_answers_of_due
INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
SELECT sittings.candidate_id, sittings.id, number, '', '"1"', 1, now()
  FROM sittings
 CROSS JOIN generate_series(1, 10) AS number
 WHERE sittings.exam_id = %(exam_id)s;

-- name: still_open
SELECT count(*) AS open, clock_timestamp() AS now
  FROM sittings
 WHERE exam_id = %(exam_id)s
   AND closed_at IS NULL;

-- name: unscored
SELECT count(*) AS unscored, clock_timestamp() AS now
  FROM sittings
  LEFT JOIN results ON results.candidate_id = sittings.candidate_id AND results.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND results.sitting_id IS NULL;

-- name: connections
-- The server's own: neither the baseline's nor ours.
SELECT count(*)
  FROM pg_stat_activity
 WHERE datname = 'examhall'
   AND usename = 'examhall'
   AND backend_type = 'client backend';

-- name: people
SELECT id
  FROM people
 WHERE username LIKE 'stock-%%'
 ORDER BY id
 LIMIT %(people)s;
