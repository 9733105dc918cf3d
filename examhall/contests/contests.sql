-- name: contests_of_course
SELECT exams.id, exams.title, exams.opens_at, exams.closes_at, exams.duration_s,
       size.questions, size.points::double precision AS points
  FROM exams
 CROSS JOIN exam_size(exams.id) AS size
 WHERE exams.course_id = %(course_id)s
   AND exams.kind = 'contest'
   AND NOT exams.is_draft
 ORDER BY exams.id DESC
 LIMIT %(limit)s;

-- name: courses_of_person
SELECT enrolments.person_id, array_agg(courses.id ORDER BY courses.id DESC) AS course_ids
  FROM enrolments
  JOIN courses ON courses.id = enrolments.course_id AND courses.active
 WHERE enrolments.person_id = %(person_id)s
   AND enrolments.active
 GROUP BY enrolments.person_id;

-- name: enrolled_with_courses
SELECT enrolments.person_id, array_agg(courses.id ORDER BY courses.id DESC) AS course_ids
  FROM enrolments AS here
  JOIN enrolments ON enrolments.person_id = here.person_id AND enrolments.active
  JOIN courses ON courses.id = enrolments.course_id AND courses.active
 WHERE here.course_id = %(course_id)s
   AND here.active
 GROUP BY enrolments.person_id;

-- name: course
SELECT id, code, title
  FROM courses
 WHERE id = %(course_id)s;

-- name: find_contest
SELECT exams.id, exams.title, exams.opens_at, exams.closes_at, exams.duration_s,
       size.questions, size.points::double precision AS points,
       courses.id AS course_id, courses.code AS course_code, courses.title AS course_title,
       statement_timestamp() AS server_time
  FROM exams
  JOIN courses ON courses.id = exams.course_id
 CROSS JOIN exam_size(exams.id) AS size
 WHERE exams.id = %(contest_id)s
   AND exams.kind = 'contest';

-- name: announce_warming
SELECT pg_notify(%(channel)s, %(payload)s);
