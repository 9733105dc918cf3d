-- name: difficulties
-- By each exam's newest calibration, weighted by how many had the question; of one in parts, their mean.
SELECT questions.bank_question_id AS id, sum(found.difficulty * found.presented) / sum(found.presented) AS difficulty,
       sum(found.facility * found.presented) / sum(found.presented) AS facility,
       max(found.presented)::integer AS persons
  FROM questions
  JOIN item_calibrations AS found
    ON found.exam_id = questions.exam_id
   AND found.question_number = questions.number
   AND found.key_version = (SELECT max(key_version) FROM calibrations WHERE exam_id = questions.exam_id)
 WHERE questions.bank_question_id = ANY(%(ids)s::bigint[])
   AND found.difficulty IS NOT NULL
   AND found.presented > 0
 GROUP BY questions.bank_question_id;
