-- name: stored
SELECT given.line, people.id, people.username, people.full_name, people.email, people.roles, people.active
  FROM unnest(%(lines)s::integer[], %(usernames)s::text[]) AS given (line, username)
  JOIN people ON lower(people.username) = lower(given.username);
