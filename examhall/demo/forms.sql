-- name: centres_here
SELECT id
  FROM organisations
 WHERE lower(code) = lower(%(code)s);

-- name: find_people
SELECT id, username, full_name
  FROM people
 WHERE username IN ('demo-admin', 'user')
    OR username BETWEEN 'candidate00001' AND 'candidate00005';
