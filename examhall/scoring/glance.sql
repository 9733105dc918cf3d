-- name: exams
SELECT exams.id, exams.title, exams.kind, courses.code AS course, exams.opens_at, exams.closes_at,
       exams.duration_s, standing.state, results_released(exams) AS is_released,
       (SELECT count(*)::integer FROM sittings WHERE exam_id = exams.id) AS sittings,
       (SELECT count(*)::integer FROM sittings WHERE exam_id = exams.id AND closed_at IS NULL) AS in_now
  FROM exams
  LEFT JOIN courses ON courses.id = exams.course_id
 CROSS JOIN LATERAL (SELECT CASE WHEN exams.is_draft THEN 'draft'
                                 WHEN exams.opens_at > statement_timestamp() THEN 'coming'
                                 WHEN last_closing(exams) <= statement_timestamp() THEN 'over'
                                 ELSE 'open'
                            END AS state) AS standing
 WHERE (exams.title ILIKE %(pattern)s OR courses.code ILIKE %(pattern)s)
   AND (%(state)s::text IS NULL OR standing.state = %(state)s)
   AND (%(before)s::bigint IS NULL OR exams.id < %(before)s)
   AND (%(made_by)s::bigint IS NULL OR exams.created_by = %(made_by)s)
 ORDER BY exams.id DESC
 LIMIT %(limit)s;

-- name: standing
WITH expected AS (
    SELECT person_id FROM expected_people(%(exam_id)s)
), came AS (
    SELECT count(DISTINCT candidate_id)::integer AS people,
           count(*) FILTER (WHERE closed_at IS NULL)::integer AS in_now,
           count(*) FILTER (WHERE closed_by = 'candidate')::integer AS handed_in,
           count(*) FILTER (WHERE closed_by = 'deadline')::integer AS by_deadline,
           count(*) FILTER (WHERE closed_by = 'staff')::integer AS by_staff
      FROM sittings
     WHERE exam_id = %(exam_id)s
), not_there AS (
    SELECT count(*)::integer AS expected,
           count(*) FILTER (WHERE NOT EXISTS (SELECT
                                                FROM sittings
                                               WHERE sittings.exam_id = %(exam_id)s
                                                 AND sittings.candidate_id = expected.person_id))::integer
               AS not_come
      FROM expected
)
SELECT exams.id, exams.title, exams.kind, courses.code AS course, exams.opens_at, exams.closes_at,
       exams.duration_s, exams.grace_s, exams.release, exams.release_at, exams.released_at,
       results_released(exams) AS is_released, exams.show_key, exams.pass_percent, exams.version,
       exams.key_version,
       CASE WHEN exams.is_draft THEN 'draft'
            WHEN exams.opens_at > statement_timestamp() THEN 'coming'
            WHEN last_closing(exams) <= statement_timestamp() THEN 'over'
            ELSE 'open'
       END AS state,
       statement_timestamp() AS server_time, size.questions, size.items, size.points,
       CASE WHEN named.any THEN not_there.expected END AS expected,
       CASE WHEN named.any THEN not_there.not_come END AS not_come,
       came.people, came.in_now, came.handed_in, came.by_deadline, came.by_staff
  FROM exams
 CROSS JOIN came
 CROSS JOIN not_there
  LEFT JOIN courses ON courses.id = exams.course_id
 CROSS JOIN exam_size(exams.id) AS size
 CROSS JOIN LATERAL (SELECT exams.course_id IS NOT NULL
                            OR EXISTS (SELECT FROM assignments WHERE exam_id = exams.id)
                            OR EXISTS (SELECT FROM group_assignments WHERE exam_id = exams.id) AS any) AS named
 WHERE exams.id = %(exam_id)s;

-- name: results
WITH marked AS (
    SELECT results.points, results.max_points,
           least(width_bucket(results.points, 0, results.max_points, %(bands)s), %(bands)s) AS band,
           results.points * 100 >= exams.pass_percent * results.max_points AS passed
      FROM results
      JOIN exams ON exams.id = results.exam_id
     WHERE results.exam_id = %(exam_id)s
       AND results.key_version = exams.key_version
       AND results.max_points > 0
)
SELECT count(marked.points)::integer AS marked,
       (SELECT count(*)::integer
          FROM sittings
          JOIN exams ON exams.id = sittings.exam_id
          LEFT JOIN results
            ON results.candidate_id = sittings.candidate_id
           AND results.sitting_id = sittings.id
         WHERE sittings.exam_id = %(exam_id)s
           AND sittings.closed_at IS NOT NULL
           AND results.key_version IS DISTINCT FROM exams.key_version) AS waiting,
       max(max_points) AS max_points, avg(points) AS mean,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY points) AS median, stddev_samp(points) AS sd,
       min(points) AS lowest, max(points) AS highest, count(*) FILTER (WHERE passed)::integer AS passed,
       unmarked.items AS unmarked_items, unmarked.sittings AS unmarked_sittings,
       (SELECT array_agg(coalesce(counted.results, 0)::integer ORDER BY band)
          FROM generate_series(1, %(bands)s::integer) AS band
          LEFT JOIN (SELECT band, count(*) AS results FROM marked GROUP BY band) AS counted USING (band)) AS bands
  FROM (SELECT coalesce(sum(unmarked), 0)::integer AS items, count(*)::integer AS sittings
          FROM results
         WHERE exam_id = %(exam_id)s
           AND unmarked > 0) AS unmarked
  LEFT JOIN marked ON true
 GROUP BY unmarked.items, unmarked.sittings;

-- name: pace
-- Both curves count to the end of each of equally many spans between the first start and the last end.
WITH span AS (
    SELECT min(started_at) AS first_at,
           greatest(max(coalesce(closed_at, statement_timestamp())), min(started_at) + interval '1 second')
               AS last_at
      FROM sittings
     WHERE exam_id = %(exam_id)s
), steps AS (
    SELECT step, first_at + (last_at - first_at) * (step::double precision / %(points)s) AS at
      FROM span, generate_series(0, %(points)s::integer) AS step
     WHERE first_at IS NOT NULL
), placed AS (
    SELECT ceil(extract(epoch FROM started_at - first_at) / extract(epoch FROM last_at - first_at)
                * %(points)s)::integer AS came,
           ceil(extract(epoch FROM closed_at - first_at) / extract(epoch FROM last_at - first_at)
                * %(points)s)::integer AS handed_in,
           extract(epoch FROM closed_at - started_at) AS used_s,
           extract(epoch FROM closed_at - started_at)
           / nullif(extract(epoch FROM deadline_at - started_at), 0) AS used
      FROM sittings, span
     WHERE exam_id = %(exam_id)s
), curves AS (
    SELECT steps.step, steps.at, (sum(coalesce(starts.number, 0)) OVER by_step)::integer AS came,
           (sum(coalesce(ends.number, 0)) OVER by_step)::integer AS handed_in
      FROM steps
      LEFT JOIN (SELECT came AS step, count(*) AS number FROM placed GROUP BY came) AS starts USING (step)
      LEFT JOIN (SELECT handed_in AS step, count(*) AS number
                   FROM placed
                  WHERE handed_in IS NOT NULL
                  GROUP BY handed_in) AS ends USING (step)
    WINDOW by_step AS (ORDER BY step)
)
SELECT coalesce(array_agg(at ORDER BY step), '{}') AS at, coalesce(array_agg(came ORDER BY step), '{}') AS came,
       coalesce(array_agg(handed_in ORDER BY step), '{}') AS handed_in,
       (SELECT array_agg(coalesce(counted.sittings, 0)::integer ORDER BY band)
          FROM generate_series(1, %(time_bands)s::integer) AS band
          LEFT JOIN (SELECT greatest(least(ceil(used * %(time_bands)s), %(time_bands)s), 1)::integer AS band,
                            count(*) AS sittings
                       FROM placed
                      WHERE used IS NOT NULL
                      GROUP BY 1) AS counted USING (band)) AS time_bands,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY used_s) FROM placed) AS median_time_s
  FROM curves;
