-- name: organisations
(SELECT id, code || ' · ' || name AS title FROM organisations WHERE active ORDER BY id DESC LIMIT %(limit)s)
 UNION
(SELECT id, code || ' · ' || name FROM organisations WHERE id = %(kept)s)
 ORDER BY title, id;

-- name: courses
(SELECT id, code || ' · ' || title AS title FROM courses WHERE active ORDER BY id DESC LIMIT %(limit)s)
 UNION
(SELECT id, code || ' · ' || title FROM courses WHERE id = %(kept)s)
 ORDER BY title, id;

-- name: exams
(SELECT id, title FROM exams ORDER BY id DESC LIMIT %(limit)s)
 UNION
(SELECT id, title FROM exams WHERE id = %(kept)s)
 ORDER BY id DESC;
