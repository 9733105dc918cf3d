-- name: chunks
-- By the id of the sitting, each chunk but the last equally large.
SELECT min(id) AS first_id, max(id) AS last_id
  FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(together)s AS chunk
          FROM sittings
         WHERE exam_id = %(exam_id)s
           AND closed_at IS NOT NULL) AS closed
 GROUP BY chunk
 ORDER BY chunk;

-- name: marked_by_an_older_key
SELECT sittings.candidate_id, sittings.id
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.id BETWEEN %(first_id)s AND %(last_id)s
   AND sittings.closed_at IS NOT NULL
   AND exams.key_version = %(key_version)s
   AND results.key_version IS DISTINCT FROM exams.key_version
 ORDER BY sittings.id
 LIMIT %(limit)s;

-- name: progress
SELECT count(*)::integer AS sittings,
       count(*) FILTER (WHERE results.key_version = exams.key_version)::integer AS marked
  FROM sittings
  JOIN exams ON exams.id = sittings.exam_id
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
 WHERE sittings.exam_id = %(exam_id)s
   AND sittings.closed_at IS NOT NULL;

-- name: changed
-- What came after a replaced result is the next one in its history, or the result as it is.
SELECT replaced_by AS key_version, count(*)::integer AS replaced,
       count(*) FILTER (WHERE after > points)::integer AS up,
       count(*) FILTER (WHERE after < points)::integer AS down
  FROM (SELECT result_history.replaced_by, result_history.points,
               coalesce(lead(result_history.points) OVER (PARTITION BY result_history.candidate_id,
                                                                       result_history.sitting_id
                                                              ORDER BY result_history.key_version),
                        results.points) AS after
          FROM result_history
          JOIN results USING (candidate_id, sitting_id)
         WHERE result_history.exam_id = %(exam_id)s) AS steps
 GROUP BY replaced_by;

-- name: changes_of_result
SELECT steps.points, steps.max_points, steps.new_points, steps.new_max_points, made.corrected_at, made.changes,
       made.reasons,
       CASE exams.release
            WHEN 'at_once' THEN true
            WHEN 'at_time' THEN exams.release_at <= made.corrected_at
            ELSE coalesce(exams.released_at <= made.corrected_at, false)
       END AS was_released
  FROM (SELECT result_history.exam_id, result_history.key_version, result_history.replaced_by,
               result_history.points, result_history.max_points,
               coalesce(lead(result_history.points) OVER by_version, results.points) AS new_points,
               coalesce(lead(result_history.max_points) OVER by_version, results.max_points) AS new_max_points
          FROM result_history
          JOIN results USING (candidate_id, sitting_id)
         WHERE result_history.candidate_id = %(candidate_id)s
           AND result_history.sitting_id = %(sitting_id)s
        WINDOW by_version AS (ORDER BY result_history.key_version)) AS steps
  JOIN exams ON exams.id = steps.exam_id
 CROSS JOIN LATERAL (SELECT max(corrected_at) AS corrected_at, jsonb_agg(changes ORDER BY key_version) AS changes,
                            array_agg(reason ORDER BY key_version) AS reasons
                       FROM key_corrections
                      WHERE key_corrections.exam_id = steps.exam_id
                        AND key_corrections.key_version > steps.key_version
                        AND key_corrections.key_version <= steps.replaced_by) AS made
 WHERE made.corrected_at IS NOT NULL
   AND results_released(exams)
   -- Somebody else's answer was marked again: that is nobody else's business.
   AND (jsonb_path_exists(made.changes, '$[*][*]') OR steps.new_points <> steps.points)
 ORDER BY steps.key_version DESC;
