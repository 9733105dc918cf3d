-- name: is_there
SELECT EXISTS (SELECT FROM exams WHERE title = %(title)s) AS is_there;

-- name: candidates
-- Those with a password first: whoever tries the demo sees results of their own.
SELECT id
  FROM people
 WHERE roles @> '{candidate}'
 ORDER BY password_hash IS NULL, username
 LIMIT %(limit)s;
