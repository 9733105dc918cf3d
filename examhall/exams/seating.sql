-- name: name_people
SELECT given.line, coalesce(people.username, given.username) AS username, people.id AS person_id,
       count(*) OVER (PARTITION BY lower(given.username)) AS times
  FROM unnest(%(lines)s::integer[], %(usernames)s::text[]) AS given (line, username)
  LEFT JOIN people ON lower(people.username) = lower(given.username)
 ORDER BY given.line;

-- name: unseat
DELETE FROM seating
 WHERE exam_id = %(exam_id)s
   AND person_id <> ALL(%(person_ids)s::bigint[]);

-- name: seat
INSERT INTO seating AS stored (exam_id, person_id, room, seat)
SELECT %(exam_id)s, person_id, room, seat
  FROM unnest(%(person_ids)s::bigint[], %(rooms)s::text[], %(seats)s::text[]) AS given (person_id, room, seat)
 ORDER BY person_id
    ON CONFLICT (exam_id, person_id) DO UPDATE SET room = excluded.room, seat = excluded.seat
 WHERE (stored.room, stored.seat) <> (excluded.room, excluded.seat);

-- name: list_seating
SELECT people.username, people.full_name, seating.room, seating.seat
  FROM seating
  JOIN people ON people.id = seating.person_id
 WHERE seating.exam_id = %(exam_id)s
 ORDER BY seating.room, seating.seat, people.full_name, people.id
 LIMIT %(limit)s;
