-- name: changed
-- Answers whose marks came to something else than what counts. What was withdrawn or reopened is among them.
SELECT sittings.exam_id, sittings.candidate_id, settled.sitting_id, settled.question_number, settled.sub_part,
       marks.by_hand
  FROM (SELECT DISTINCT ON (sitting_id, question_number, sub_part) sitting_id, question_number, sub_part, points
          FROM marking_events
         WHERE exam_id = %(exam_id)s
           AND what = 'settled'
         ORDER BY sitting_id, question_number, sub_part, id DESC) AS settled
  JOIN sittings
    ON sittings.exam_id = %(exam_id)s
   AND sittings.id = settled.sitting_id
  JOIN marks
    ON marks.candidate_id = sittings.candidate_id
   AND marks.sitting_id = sittings.id
   AND marks.question_number = settled.question_number
   AND marks.sub_part = settled.sub_part
 WHERE marks.by_hand IS DISTINCT FROM settled.points
 ORDER BY settled.sitting_id, settled.question_number, settled.sub_part;

-- name: exam
SELECT EXISTS (SELECT
                 FROM conclusions
                WHERE conclusions.exam_id = exams.id
                  AND conclusions.key_version = exams.key_version) AS is_concluded,
       (SELECT person_id
          FROM marking_events
         WHERE marking_events.exam_id = exams.id
           AND what = 'finished'
         ORDER BY id DESC
         LIMIT 1) AS marked_by
  FROM exams
 WHERE exams.id = %(exam_id)s;
