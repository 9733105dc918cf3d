-- name: validate_students
-- A contest is sat once: a student has one row.
WITH target AS (
    SELECT exams.id AS exam_id, exams.course_id
      FROM exams
     WHERE exams.id = %(contest_id)s
       AND exams.kind = 'contest'
       AND exams.course_id IS NOT NULL
       AND (%(course_id)s::bigint IS NULL OR exams.course_id = %(course_id)s)
     UNION ALL
    SELECT NULL, courses.id
      FROM courses
     WHERE %(contest_id)s::bigint IS NULL
       AND courses.id = %(course_id)s
)
SELECT wanted.student_id,
       CASE WHEN people.id IS NULL THEN 'unknown_student'
            WHEN NOT people.active THEN 'account_closed'
            WHEN NOT courses.active THEN 'course_inactive'
            WHEN enrolments.person_id IS NULL THEN 'not_enrolled'
            WHEN NOT enrolments.active THEN 'enrolment_inactive'
            WHEN NOT admission.admitted THEN 'not_assigned'
       END AS reason,
       sittings.id IS NOT NULL AS has_submitted
  FROM target
  JOIN courses ON courses.id = target.course_id
 CROSS JOIN (SELECT DISTINCT student_id
               FROM unnest(%(student_ids)s::bigint[]) AS student_id) AS wanted
  LEFT JOIN people ON people.id = wanted.student_id
  LEFT JOIN enrolments
    ON enrolments.course_id = target.course_id
   AND enrolments.person_id = wanted.student_id
  LEFT JOIN sittings
    ON sittings.exam_id = target.exam_id
   AND sittings.candidate_id = wanted.student_id
   AND sittings.closed_at IS NOT NULL
 CROSS JOIN admission(target.exam_id, target.course_id, wanted.student_id)
 ORDER BY wanted.student_id;

-- name: stats_of
-- A contest is sat once: a sitting is a student.
SELECT exams.id AS contest_id,
       (SELECT count(*) FROM enrolments WHERE course_id = exams.course_id AND active) AS enrolled,
       sat.started, sat.submitted, marked.average, marked.median, marked.highest, marked.lowest,
       marked.max_points
  FROM exams
 CROSS JOIN LATERAL (SELECT count(*) AS started, count(closed_at) AS submitted
                       FROM sittings
                      WHERE exam_id = exams.id) AS sat
 CROSS JOIN LATERAL (SELECT avg(points) AS average,
                            percentile_cont(0.5) WITHIN GROUP (ORDER BY points)::numeric AS median,
                            max(points) AS highest, min(points) AS lowest, max(max_points) AS max_points
                       FROM results
                      WHERE exam_id = exams.id) AS marked
 WHERE exams.id = ANY(%(contest_ids)s)
   AND exams.kind = 'contest'
   AND exams.course_id IS NOT NULL
 ORDER BY exams.id;

-- name: my_submissions
SELECT sittings.exam_id AS contest_id, sittings.id AS submission_id,
       CASE WHEN sittings.closed_at IS NULL THEN 'in_progress' ELSE 'submitted' END AS status,
       sittings.started_at, sittings.closed_at AS submitted_at, results.points, results.max_points
  FROM sittings
  JOIN exams
    ON exams.id = sittings.exam_id
   AND exams.kind = 'contest'
   AND exams.course_id IS NOT NULL
  LEFT JOIN results
    ON results.candidate_id = sittings.candidate_id
   AND results.sitting_id = sittings.id
   AND CASE exams.release
            WHEN 'at_once' THEN true
            WHEN 'at_time' THEN exams.release_at <= statement_timestamp()
            ELSE exams.released_at IS NOT NULL
       END
 WHERE sittings.candidate_id = %(candidate_id)s
   AND (%(contest_ids)s::bigint[] IS NULL OR sittings.exam_id = ANY(%(contest_ids)s))
   AND (%(only_exam_id)s::bigint IS NULL OR sittings.exam_id = %(only_exam_id)s)
 ORDER BY sittings.id DESC
 LIMIT %(limit)s;
