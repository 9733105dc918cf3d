-- name: what_is_here
SELECT EXISTS (SELECT FROM people) OR EXISTS (SELECT FROM exams) AS anything,
       EXISTS (SELECT FROM people WHERE username = %(marker)s) AS demo,
       (SELECT count(*) FROM people WHERE username LIKE 'candidate%%') AS candidates,
       EXISTS (SELECT FROM people WHERE username = 'test' AND NOT roles @> '{analyst}') AS accounts_are_older;

-- name: titles_here
SELECT title, min(id) AS id
  FROM exams
 GROUP BY title;

-- name: find_people
SELECT id, username
  FROM people
 WHERE username LIKE 'candidate%%' OR username = %(marker)s
 ORDER BY username;
