-- name: distribution_of
-- The last bar is for all points and nothing less.
SELECT least(floor(points / %(width)s::numeric), %(bars)s)::integer AS bar, count(*) AS students
  FROM results
 WHERE exam_id = %(contest_id)s
 GROUP BY bar;

-- name: span_of
SELECT min(started_at) AS first_at, max(coalesce(closed_at, started_at)) AS last_at
  FROM sittings
 WHERE exam_id = %(contest_id)s;

-- name: arrivals_of
SELECT steps.at + %(step)s::interval AS at, sum(coalesce(changes.begun, 0)) OVER (ORDER BY steps.at)::integer AS begun,
       sum(coalesce(changes.handed_in, 0)) OVER (ORDER BY steps.at)::integer AS handed_in
  FROM generate_series(%(first_at)s::timestamptz, %(last_at)s::timestamptz, %(step)s::interval) AS steps (at)
  LEFT JOIN (SELECT date_bin(%(step)s::interval, moments.at, %(first_at)s::timestamptz) AS at,
                    sum(moments.begun) AS begun, sum(moments.handed_in) AS handed_in
               FROM sittings
              CROSS JOIN LATERAL (VALUES (sittings.started_at, 1, 0), (sittings.closed_at, 0, 1))
                                 AS moments (at, begun, handed_in)
              WHERE sittings.exam_id = %(contest_id)s
                AND moments.at IS NOT NULL
              GROUP BY 1) AS changes USING (at)
 ORDER BY steps.at;

-- name: students_of
SELECT people.id AS person_id, people.username, people.full_name, here.enrolled,
       CASE WHEN sittings.id IS NULL THEN 'absent'
            WHEN sittings.closed_at IS NULL THEN 'in_progress'
            ELSE 'submitted'
       END AS status,
       sittings.started_at, sittings.closed_at AS submitted_at, results.points, results.max_points
  FROM exams
 CROSS JOIN LATERAL (SELECT person_id, bool_or(enrolled) AS enrolled
                       FROM (SELECT person_id, true AS enrolled
                               FROM enrolments
                              WHERE course_id = exams.course_id
                                AND active
                              UNION ALL
                             SELECT candidate_id, false
                               FROM sittings
                              WHERE exam_id = exams.id) AS either
                      GROUP BY person_id) AS here
  JOIN people ON people.id = here.person_id
  LEFT JOIN sittings ON sittings.candidate_id = people.id AND sittings.exam_id = exams.id
  LEFT JOIN results ON results.candidate_id = sittings.candidate_id AND results.sitting_id = sittings.id
 WHERE exams.id = %(contest_id)s
 ORDER BY results.points DESC NULLS LAST, sittings.closed_at NULLS LAST, sittings.started_at NULLS LAST,
          lower(people.username)
 LIMIT %(limit)s;
