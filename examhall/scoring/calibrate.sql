-- name: common_items
-- The same question, asked with the same options, in the earlier exam; with its newest difficulty.
SELECT items.question_number, items.sub_part, earlier.difficulty
  FROM items
  JOIN questions
    ON questions.exam_id = items.exam_id
   AND questions.number = items.question_number
  JOIN questions AS earlier_questions
    ON earlier_questions.exam_id = %(earlier_id)s
   AND earlier_questions.prompt = questions.prompt
  JOIN items AS earlier_items
    ON earlier_items.exam_id = earlier_questions.exam_id
   AND earlier_items.question_number = earlier_questions.number
   AND earlier_items.sub_part = items.sub_part
   AND earlier_items.kind = items.kind
   AND earlier_items.prompt = items.prompt
   AND earlier_items.presented = items.presented
  JOIN item_calibrations AS earlier
    ON earlier.exam_id = earlier_items.exam_id
   AND earlier.question_number = earlier_items.question_number
   AND earlier.sub_part = earlier_items.sub_part
   AND earlier.key_version = %(key_version)s
 WHERE items.exam_id = %(exam_id)s
   AND earlier.difficulty IS NOT NULL;

-- name: earlier_scale
SELECT key_version, slope, intercept, lowest, highest
  FROM calibrations
 WHERE exam_id = %(exam_id)s
   AND slope IS NOT NULL
 ORDER BY key_version DESC
 LIMIT 1;

-- name: forget_calibration
DELETE FROM calibrations
 WHERE exam_id = %(exam_id)s
   AND key_version = %(key_version)s;

-- name: forget_abilities
DELETE FROM abilities
 WHERE exam_id = %(exam_id)s
   AND key_version = %(key_version)s;

-- name: insert_calibration
INSERT INTO calibrations (exam_id, key_version, calibrated_at, persons, items, items_estimated, log_likelihood,
                          kr20, sem, separation, reliability, slope, intercept, lowest, highest, linked_to,
                          found, read_s, compute_s)
VALUES (%(exam_id)s, %(key_version)s, statement_timestamp(), %(persons)s, %(items)s, %(items_estimated)s,
        %(log_likelihood)s, %(kr20)s, %(sem)s, %(separation)s, %(reliability)s, %(slope)s, %(intercept)s,
        %(lowest)s, %(highest)s, %(linked_to)s, %(found)s, %(read_s)s, %(compute_s)s);

-- name: insert_items
INSERT INTO item_calibrations (exam_id, key_version, question_number, sub_part, presented, facility, mean_share,
                               discrimination, difficulty, se, infit, outfit, infit_t, outfit_t, details)
SELECT %(exam_id)s, %(key_version)s, item.*
  FROM unnest(%(question_numbers)s::smallint[], %(sub_parts)s::text[], %(presented)s::integer[],
              %(facility)s::double precision[], %(mean_share)s::double precision[],
              %(discrimination)s::double precision[], %(difficulty)s::double precision[],
              %(se)s::double precision[], %(infit)s::double precision[], %(outfit)s::double precision[],
              %(infit_t)s::double precision[], %(outfit_t)s::double precision[], %(details)s::jsonb[]) AS item;

-- name: copy_abilities
COPY abilities (candidate_id, sitting_id, exam_id, key_version, score, presented, theta, se, scaled, infit,
                outfit, infit_t, outfit_t)
FROM STDIN (FORMAT BINARY);
