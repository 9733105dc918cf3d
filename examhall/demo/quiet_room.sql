-- name: is_there
SELECT EXISTS (SELECT FROM groups WHERE lower(name) = lower(%(name)s)) AS is_there;
