-- name: state
SELECT exams.opens_at, exams.closes_at, statement_timestamp() AS server_time,
       (SELECT coalesce(sum(points), 0)::double precision FROM items WHERE exam_id = exams.id) AS points,
       (SELECT count(*)::integer
          FROM enrolments
         WHERE course_id = exams.course_id
           AND active
        HAVING exams.course_id IS NOT NULL) AS in_course,
       exams.sealed_before_s IS NOT NULL
       AND EXISTS (SELECT FROM sections WHERE exam_id = exams.id AND draw IS NOT NULL) AS seals_pools
  FROM exams
 WHERE exams.id = %(exam_id)s;
