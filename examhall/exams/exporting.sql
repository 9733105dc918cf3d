-- name: names
SELECT courses.code AS course,
       ARRAY(SELECT people.username
               FROM assignments
               JOIN people ON people.id = assignments.person_id
              WHERE assignments.exam_id = exams.id
              ORDER BY lower(people.username)) AS assigned
  FROM exams
  LEFT JOIN courses ON courses.id = exams.course_id
 WHERE exams.id = %(exam_id)s;

-- name: pictures
SELECT name, content
  FROM pictures
 WHERE exam_id = %(exam_id)s
 ORDER BY name;
