-- name: summarise_topics
-- The exam is not held: its candidates' marking would wait. In the order of the topics: two summaries at once
-- wait for each other, never in a circle, and the one by the newer key stays.
INSERT INTO exam_topics AS stored (exam_id, topic, key_version, mean_share)
SELECT exams.id, questions.topic, exams.key_version, sum(coalesce(marks.points, 0)) / sum(items.points)
  FROM exams
  JOIN results ON results.exam_id = exams.id
  JOIN sittings
    ON sittings.candidate_id = results.candidate_id
   AND sittings.id = results.sitting_id
   AND sittings.attempt_number = 1
  JOIN questions ON questions.exam_id = exams.id AND questions.topic IS NOT NULL
  JOIN items
    ON items.exam_id = exams.id
   AND items.question_number = questions.number
   AND is_drawn(sittings.drawn, items.question_number)
  LEFT JOIN marks
    ON marks.candidate_id = results.candidate_id
   AND marks.sitting_id = results.sitting_id
   AND marks.question_number = items.question_number
   AND marks.sub_part = items.sub_part
 WHERE exams.id = %(exam_id)s
 GROUP BY exams.id, questions.topic
HAVING sum(items.points) > 0
 ORDER BY questions.topic
ON CONFLICT (exam_id, topic)
DO UPDATE SET key_version = excluded.key_version, mean_share = excluded.mean_share
 WHERE stored.key_version <= excluded.key_version;

-- name: reached
-- Everybody's share of a topic, over several exams, is weighted as the person's own points are.
WITH latest AS MATERIALIZED (
    SELECT results.candidate_id, results.sitting_id, results.exam_id
      FROM results
      JOIN exams ON exams.id = results.exam_id
     WHERE results.candidate_id = %(person_id)s
       AND results_released(exams)
       AND EXISTS (SELECT FROM questions
                    WHERE questions.exam_id = exams.id
                      AND questions.topic IS NOT NULL)
     ORDER BY results.sitting_id DESC
     LIMIT %(exams)s
)
SELECT questions.topic, count(*) AS items, sum(marks.points)::double precision AS points,
       sum(items.points)::double precision AS max_points,
       sum(items.points ^ 2)::double precision AS squares,
       sum(exam_topics.mean_share * items.points)
       / nullif(sum(items.points) FILTER (WHERE exam_topics.mean_share IS NOT NULL), 0) AS mean_share
  FROM latest
  JOIN questions ON questions.exam_id = latest.exam_id AND questions.topic IS NOT NULL
  JOIN items ON items.exam_id = latest.exam_id AND items.question_number = questions.number
  JOIN marks
    ON marks.candidate_id = latest.candidate_id
   AND marks.sitting_id = latest.sitting_id
   AND marks.question_number = items.question_number
   AND marks.sub_part = items.sub_part
   AND marks.points IS NOT NULL
  LEFT JOIN exam_topics
    ON exam_topics.exam_id = latest.exam_id
   AND exam_topics.topic = questions.topic
 WHERE items.points > 0
 GROUP BY questions.topic
 ORDER BY max_points DESC, questions.topic
 LIMIT %(limit)s;
