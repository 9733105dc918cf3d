-- name: standing
-- Of an exam, as those see it who wait for its calibration.
SELECT exams.id, exams.title, exams.kind, exams.key_version, exams.closes_at,
       coalesce(last_closing(exams) < statement_timestamp() - exams.grace_s * interval '1 second', false) AS is_over,
       conclusions.concluded_at, counted.sittings, counted.still_open, counted.unmarked,
       EXISTS (SELECT
                 FROM procrastinate_jobs
                WHERE task_name IN ('calibrate_exam', 'conclude_exam')
                  AND status IN ('todo', 'doing')
                  AND args ->> 'exam_id' = exams.id::text) AS is_coming
  FROM exams
  LEFT JOIN conclusions
    ON conclusions.exam_id = exams.id
   AND conclusions.key_version = exams.key_version
 CROSS JOIN LATERAL (SELECT count(*) AS sittings, count(*) FILTER (WHERE sittings.closed_at IS NULL) AS still_open,
                            count(*) FILTER (WHERE results.unmarked > 0) AS unmarked
                       FROM sittings
                       LEFT JOIN results
                         ON results.candidate_id = sittings.candidate_id
                        AND results.sitting_id = sittings.id
                      WHERE sittings.exam_id = exams.id) AS counted
 WHERE exams.id = %(exam_id)s;

-- name: newest
SELECT exam_id, key_version, calibrated_at, persons, items, items_estimated, log_likelihood, kr20, sem,
       separation, reliability, slope, intercept, lowest, highest, linked_to, found, read_s, compute_s
  FROM calibrations
 WHERE exam_id = %(exam_id)s
 ORDER BY key_version DESC
 LIMIT 1;

-- name: items
SELECT stored.question_number, stored.sub_part, items.kind, items.points::double precision AS points,
       questions.prompt, items.prompt AS item_prompt, items.presented -> 'options' AS options, stored.presented,
       stored.facility, stored.mean_share, stored.discrimination, stored.difficulty, stored.se, stored.infit,
       stored.outfit, stored.infit_t, stored.outfit_t, stored.details
  FROM item_calibrations AS stored
  JOIN items USING (exam_id, question_number, sub_part)
  JOIN questions
    ON questions.exam_id = items.exam_id
   AND questions.number = items.question_number
 WHERE stored.exam_id = %(exam_id)s
   AND stored.key_version = %(key_version)s
 ORDER BY stored.question_number, stored.sub_part;

-- name: persons
SELECT people.username, people.full_name, abilities.sitting_id, abilities.score, abilities.presented,
       abilities.theta, abilities.se, abilities.scaled, abilities.infit, abilities.outfit, abilities.infit_t,
       abilities.outfit_t
  FROM abilities
  LEFT JOIN people ON people.id = abilities.candidate_id
 WHERE abilities.exam_id = %(exam_id)s
   AND abilities.key_version = %(key_version)s
 ORDER BY abilities.candidate_id;

-- name: ability
-- By the key as it is now: what an older one said is not shown any more.
SELECT abilities.theta, abilities.se, abilities.scaled, abilities.se * calibrations.slope AS scaled_se,
       calibrations.lowest, calibrations.highest
  FROM abilities
  JOIN calibrations USING (exam_id, key_version)
  JOIN exams
    ON exams.id = abilities.exam_id
   AND exams.key_version = abilities.key_version
 WHERE abilities.candidate_id = %(candidate_id)s
   AND abilities.sitting_id = %(sitting_id)s
   AND abilities.theta IS NOT NULL;
