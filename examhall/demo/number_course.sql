-- name: students
-- Those with a password first: whoever tries the demo is in the course.
SELECT id, username
  FROM people
 WHERE roles @> '{candidate}'
 ORDER BY password_hash IS NULL, username
 LIMIT %(limit)s;
