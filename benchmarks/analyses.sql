-- name: add_exam
INSERT INTO exams (title, kind, duration_s, pass_percent)
VALUES ('A million answers', 'mock_exam', 10800, 60)
RETURNING id;

-- name: add_questions
INSERT INTO questions (exam_id, number, prompt, topic)
SELECT %(exam_id)s, n, 'Question ' || n, (ARRAY['Algebra', 'Geometry', 'Calculus', 'Logic'])[1 + n %% 4]
  FROM generate_series(1, %(items)s) AS n;

-- name: add_items
INSERT INTO items (exam_id, question_number, kind, presented, key, points)
SELECT %(exam_id)s, n, 'single_choice',
       '{"options": [{"key": "A", "text": "a"}, {"key": "B", "text": "b"}, {"key": "C", "text": "c"},
                     {"key": "D", "text": "d"}]}', '{"correct": ["A"]}', 1
  FROM generate_series(1, %(items)s) AS n;

-- name: add_sittings
INSERT INTO sittings (candidate_id, exam_id, attempt_number, seed, started_at, deadline_at, closes_at, closed_at,
                      closed_by)
SELECT n, %(exam_id)s, 1, 7, now() - interval '3 hours', now(), now(), now() - n %% 3600 * interval '1 second',
       'candidate'
  FROM generate_series(1, %(sittings)s) AS n;

-- name: add_answers
-- Who is abler is right more often; one in thirty is left out.
INSERT INTO answers (candidate_id, sitting_id, question_number, sub_part, answer, revision, saved_at)
SELECT sittings.candidate_id, sittings.id, n, '',
       CASE WHEN random() < 0.2 + 0.7 * (sittings.candidate_id %% 97) / 97.0 THEN '"A"'::jsonb
            ELSE (ARRAY['"B"', '"C"', '"D"'])[1 + floor(random() * 3)::integer]::jsonb
       END, 1, now()
  FROM sittings
 CROSS JOIN generate_series(1, %(items)s) AS n
 WHERE sittings.exam_id = %(exam_id)s
   AND random() < 0.97
 ORDER BY sittings.id, n;

-- name: add_marks
INSERT INTO marks (candidate_id, sitting_id, question_number, sub_part, points)
SELECT sittings.candidate_id, sittings.id, n, '', (answers.answer IS NOT DISTINCT FROM '"A"')::integer
  FROM sittings
 CROSS JOIN generate_series(1, %(items)s) AS n
  LEFT JOIN answers
    ON answers.candidate_id = sittings.candidate_id
   AND answers.sitting_id = sittings.id
   AND answers.question_number = n
 WHERE sittings.exam_id = %(exam_id)s
 ORDER BY sittings.id, n;

-- name: add_results
INSERT INTO results (candidate_id, sitting_id, exam_id, exam_version, points, max_points, unmarked, marked_at)
SELECT candidate_id, sitting_id, %(exam_id)s, 1, sum(points), count(*), 0, now()
  FROM marks
  JOIN sittings USING (candidate_id)
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.id = marks.sitting_id
 GROUP BY candidate_id, sitting_id;

-- name: add_analysts
INSERT INTO people (username, full_name, roles)
SELECT 'analyst-' || n, 'Analyst ' || n, '{analyst}'
  FROM generate_series(1, %(people)s) AS n
RETURNING id;

-- name: statuses
SELECT count(*) FILTER (WHERE status = 'running') AS running,
       count(*) FILTER (WHERE status = 'done') AS done,
       count(*) FILTER (WHERE status NOT IN ('running', 'done')) AS others
  FROM calculations;

-- name: took
SELECT extract(epoch FROM finished_at - queued_at)::float, extract(epoch FROM finished_at - started_at)::float,
       length(candidates), length(result::text)
  FROM calculations
 WHERE id = %(calculation_id)s;
